package org.lethe.recsys.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.Membership.Outcome;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Difference;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Roc;
import org.lethe.statistics.Statistics;

/**
 * Whether an attacker can still tell, from the model, that the forgotten pairs were trained on.
 *
 * <p>Three attacks. <em>MIO</em>, a membership inference oracle (CURE4Rec, "Completeness"; the paper does not publish its
 * features, so these are a reconstruction): a logistic regression learns, on users that remain, to tell training pairs from
 * test pairs by what the model shows of them ({@link PairFeatures}), and is then asked about the forgotten pairs and about
 * the test pairs of the same users. <em>Score</em>: the raw score alone, between the same two kinds of pair. Test pairs are
 * real choices of the same people; random unseen items would be told apart by taste, not by memory. <em>Calibrated</em>: the
 * score less the item's mean over users that remain, in the item's deviations (difficulty calibration; Watson, Guo,
 * Cormode and Sablayrolles 2022), compared within each user and averaged over users ({@link PerUserAuc}); the strongest of the
 * three on few or little active users. It needs 10 users who have both kinds of pair. All are reported as AUC, the first two
 * also as the share of forgotten pairs found at 1 % false alarms, with intervals from resampled users, beside the values for
 * the model before and for the reference: a retrained model need not sit at 0.5.
 *
 * <p>The completeness gap is (after − reference) / (before − reference) in MIO's AUC: 0 is as good as retraining, 1 is
 * nothing forgotten, less than 0 is forgotten too hard, which gives the forgotten away as well. Further descriptions: the
 * overlap of lists with the reference's, and for models of two tables the distance of the parameters from the
 * reference's, as a share of how far the model before is from it.
 *
 * <p>The bar, for each AUC: like the reference's. It fails where a paired bootstrap over the forgotten users tells the two
 * apart by more than {@code margin}, on either side; it is undecided where the attack does not even tell the model before
 * from the reference, or users are too few. With fewer than 10 forgotten users pairs are resampled instead, and the
 * conclusion is about those users alone. A request about items or interactions has no users of its own: unseen pairs are
 * then the test pairs that went with it, or else those of the users who lost something.
 *
 * <p>Cost: three attacks, each the scores of at most 3 · {@code users} users; linear in {@code resamples} times pairs.
 *
 * @param k length of the lists whose overlap is measured
 * @param users how many users at most the attacker looks at, of those who remain and of those forgotten
 * @param resamples how many resamples the intervals come from
 * @param degrees whether the attacker also uses how many interactions the user and the item have in what remains
 * @param margin difference of AUC that is let pass even where it is not due to chance
 */
@Named("completeness")
public record Completeness(int k, int users, int resamples, boolean degrees, double margin)
        implements Audit<Split, Recommender> {
    private static final int FEWEST = 10; // users for an attack that compares within each

    public Completeness {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(users >= 10, "users", users, "at least 10");
        Check.require(resamples >= 100, "resamples", resamples, "at least 100");
        Check.require(margin >= 0 && margin < 0.5, "margin", margin, "0 up to, but not including, 0.5");
    }

    /** Lists of 20, 500 users, 1,000 resamples, no degrees, a margin of two hundredths. */
    public Completeness() {
        this(20, 500, 1_000, false, 0.02);
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Split, Recommender> method) {
        return request instanceof ForgetRequest
                ? Optional.empty()
                : Optional.of("completeness looks at requests to forget, not " + Named.Of.name(request));
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> given, Env env) {
        Case<Split, Recommender> c = ForgetSets.served(given);
        ForgetSets sets = ForgetSets.of(c);
        Keyed random = env.random("completeness");
        Membership membership = Membership.of(sets, users, random);
        int members = membership.questions().members();
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding("forgotten-pairs", sets.gone().interactions().size(), members, Direction.NONE));
        if (!membership.possible()) {
            String why = sets.empty() ? "nothing was to be forgotten" : "there are no unseen pairs to compare with";
            findings.set(0, findings.getFirst().judged(new Verdict.Undecided(bar(), why)));
        } else {
            attacks(c, membership, random, findings);
        }
        findings.add(overlap(c, sets, env, random));
        distance(c).ifPresent(findings::add);
        return findings;
    }

    private void attacks(Case<Split, Recommender> c, Membership membership, Keyed random, List<Finding> findings) {
        IdentityHashMap<Recommender, Outcome> attacked = new IdentityHashMap<>(); // a control is a model twice
        Outcome before = attacked.computeIfAbsent(c.before(), m -> membership.attack(m, degrees, random));
        Outcome reference = attacked.computeIfAbsent(c.reference(), m -> membership.attack(m, degrees, random));
        Outcome after = attacked.computeIfAbsent(c.after(), m -> membership.attack(m, degrees, random));
        int[] owners = membership.questions().owners();
        int people = Arrays.stream(owners).max().orElse(0) + 1;
        int n = membership.questions().size();
        Keyed draws = random.of("resamples");

        Sampled mioAfter = sampled(after.mio(), people, draws);
        Sampled mioBefore = sampled(before.mio(), people, draws);
        Sampled mioReference = sampled(reference.mio(), people, draws);
        findings.add(judged("mio-auc", n, people, mioAfter, mioBefore, mioReference));
        findings.add(finding("mio-auc-before", mioBefore, n, Direction.NONE));
        findings.add(finding("mio-auc-reference", mioReference, n, Direction.NONE));
        findings.add(new Finding("mio-acc", after.accuracy(), n, Direction.HALF));
        findings.add(
                new Finding("mio-rate", after.rate(), membership.questions().members(), Direction.LOWER));
        findings.add(found("mio-tpr@1%", after.mio(), 0.01, people, n, draws));
        findings.add(found("mio-tpr@0.1%", after.mio(), 0.001, people, n, draws));
        if (Double.isFinite(after.onRetained())) {
            findings.add(new Finding(
                    "mio-auc-retained", after.onRetained(), membership.lessons().size(), Direction.NONE));
        }

        Sampled scoreAfter = sampled(after.score(), people, draws);
        Sampled scoreBefore = sampled(before.score(), people, draws);
        Sampled scoreReference = sampled(reference.score(), people, draws);
        findings.add(judged("score-auc", n, people, scoreAfter, scoreBefore, scoreReference));
        findings.add(finding("score-auc-before", scoreBefore, n, Direction.NONE));
        findings.add(finding("score-auc-reference", scoreReference, n, Direction.NONE));
        findings.add(found("score-tpr@1%", after.score(), 0.01, people, n, draws));

        if (after.calibrated().owners() >= FEWEST) {
            Sampled calibratedAfter = sampled(after.calibrated(), people, draws);
            Sampled calibratedBefore = sampled(before.calibrated(), people, draws);
            Sampled calibratedReference = sampled(reference.calibrated(), people, draws);
            findings.add(judged("calibrated-auc", n, people, calibratedAfter, calibratedBefore, calibratedReference));
            findings.add(finding("calibrated-auc-before", calibratedBefore, n, Direction.NONE));
            findings.add(finding("calibrated-auc-reference", calibratedReference, n, Direction.NONE));
            gap("completeness-gap(calibrated)", n, calibratedAfter, calibratedBefore, calibratedReference)
                    .ifPresent(findings::add);
        }

        gap("completeness-gap", n, mioAfter, mioBefore, mioReference).ifPresent(findings::add);
        gap("completeness-gap(score)", n, scoreAfter, scoreBefore, scoreReference)
                .ifPresent(findings::add);
    }

    private Sampled sampled(Roc roc, int people, Keyed draws) {
        return Sampled.of(resamples, people, draws, roc::auc);
    }

    private Sampled sampled(PerUserAuc within, int people, Keyed draws) {
        return Sampled.of(resamples, people, draws, within::value);
    }

    private Finding judged(String name, int n, int people, Sampled after, Sampled before, Sampled reference) {
        Difference ofAfter = after.less(reference);
        return finding(name, after, n, Direction.HALF)
                .judged(Resampling.likeReference(
                        bar(),
                        ofAfter,
                        before.less(reference),
                        margin,
                        people,
                        people == n ? "pairs" : "forgotten users"))
                .tested(Resampling.pValue(after.differences(reference)));
    }

    private Finding found(String name, Roc roc, double fpr, int people, int n, Keyed draws) {
        return finding(name, Sampled.of(resamples, people, draws, w -> roc.tprAt(fpr, w)), n, Direction.LOWER);
    }

    private static Finding finding(String name, Sampled measured, int n, Direction direction) {
        return new Finding(name, measured.value(), n, direction).within(measured.interval());
    }

    private Optional<Finding> gap(String name, int n, Sampled after, Sampled before, Sampled reference) {
        double whole = before.value() - reference.value();
        if (whole == 0) {
            return Optional.empty();
        }
        double value = (after.value() - reference.value()) / whole;
        double[] drawn = IntStream.range(0, resamples)
                .mapToDouble(b -> (after.drawn()[b] - reference.drawn()[b])
                        / (before.drawn()[b] - reference.drawn()[b]))
                .toArray();
        return Optional.of(new Finding(name, value, n, Direction.ZERO).within(Resampling.interval(value, drawn)));
    }

    private Finding overlap(Case<Split, Recommender> c, ForgetSets sets, Env env, Keyed random) {
        Split remaining = sets.gone().remaining();
        int[] people = IntStream.range(0, remaining.users())
                .filter(u -> remaining.train().degree(u) > 0)
                .toArray();
        int[][] ours = Ranking.top(c.after(), remaining.train(), people, k, env.workers());
        int[][] theirs = Ranking.top(c.reference(), remaining.train(), people, k, env.workers());
        double[] jaccard = IntStream.range(0, people.length)
                .mapToDouble(p -> jaccard(ours[p], theirs[p]))
                .toArray();
        Finding finding = new Finding(
                "jaccard@" + k, Arrays.stream(jaccard).average().orElse(0), people.length, Direction.HIGHER);
        return people.length == 0 ? finding : finding.within(Statistics.bootstrap(jaccard, random.of("jaccard")));
    }

    /** The size of what two lists share over the size of what either holds; 1 where both are empty. */
    static double jaccard(int[] left, int[] right) {
        int[] sorted = right.clone();
        Arrays.sort(sorted);
        long shared = Arrays.stream(left)
                .filter(i -> Arrays.binarySearch(sorted, i) >= 0)
                .count();
        long either = left.length + right.length - shared;
        return either == 0 ? 1 : (double) shared / either;
    }

    private static Optional<Finding> distance(Case<Split, Recommender> c) {
        if (!(c.after() instanceof Embeddings after
                && c.before() instanceof Embeddings before
                && c.reference() instanceof Embeddings reference
                && after.dims() == reference.dims()
                && before.dims() == reference.dims())) {
            return Optional.empty();
        }
        double whole = distance(before, reference);
        return whole == 0
                ? Optional.empty()
                : Optional.of(
                        new Finding("parameter-distance", distance(after, reference) / whole, 1, Direction.LOWER));
    }

    private static double distance(Embeddings left, Embeddings right) {
        return Math.sqrt(squares(left.userRows(), right.userRows()) + squares(left.itemRows(), right.itemRows()));
    }

    private static double squares(float[] left, float[] right) {
        double sum = 0;
        for (int n = 0; n < left.length; n++) {
            double difference = (double) left[n] - right[n];
            sum += difference * difference;
        }
        return sum;
    }

    private String bar() {
        return String.format(Locale.ROOT, "within %s of the reference, or not told from it", margin);
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public String limits() {
        return "No attack we ran tells more than the findings say; a stronger attacker, one with several models or with the"
                + " partition of shards, may. Intervals are over the forgotten users of this request.";
    }
}
