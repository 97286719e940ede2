package org.lethe.recsys.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Formerly;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Scale;
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
 * Measures whether an attacker can still tell, from the model, that the forgotten pairs were trained on.
 *
 * <p>There are three attacks. <em>MIO</em> is a membership inference oracle (CURE4Rec, "Completeness"; the paper does not
 * publish its features, so these are a reconstruction). A logistic regression learns on remaining users to separate
 * training pairs from test pairs by {@link PairFeatures}. It then classifies the forgotten pairs and the test pairs of the
 * same users. <em>Score</em> separates the same pairs by the raw score alone. Test pairs are real choices of the same
 * people; random unseen items would be separated by taste, not by memory.
 *
 * <p><em>Calibrated</em> subtracts from the score the item's mean over remaining users, in units of the item's deviation
 * (difficulty calibration; Watson, Guo, Cormode and Sablayrolles 2022). It compares pairs within each user and averages
 * over users ({@link PerUserAuc}). It is the strongest of the three on few or inactive users, and needs 10 users with both
 * kinds of pair.
 *
 * <p>Each attack is reported as AUC, beside its AUC on the model before and on the reference; a retrained model need not
 * have 0.5. The first two also report the share of forgotten pairs found at 1 % false alarms. Intervals come from resampled
 * users.
 *
 * <p>The completeness gap is (after − reference) / (before − reference) in MIO's AUC: 0 is as good as retraining, 1 is
 * nothing forgotten. Below 0 the model forgot too much, which also reveals the forgotten pairs. Further findings are the
 * overlap of top-k recommendations with the reference's. For models of two tables, the distance of the parameters from the
 * reference's is given as a share of that before.
 *
 * <p>A method that learns in a form of its own, as SISA in shards, is compared with that form, learned without the data.
 *
 * <p>The bar for each AUC: like that of retrained models, of which {@code retrainings} have other seeds than the reference.
 * It fails if a paired bootstrap over the forgotten users separates the model from each of them by more than {@code
 * margin}, in one direction. So it allows what another seed alone does: with two of them, fewer than 5 of 100 independent
 * retrainings miss any of the three bars (RecsysTrialsLawsTest). It is undecided if the attack does not separate the model
 * before from a retrained one, or if users are too few. With fewer than 10 forgotten users, pairs are resampled, and the conclusion
 * covers those users alone. A request about items or interactions has no users of its own. Unseen pairs are then the test
 * pairs removed with it, or else those of the affected users.
 *
 * <p>Cost: {@code retrainings} trainings for each data set, model, request and seed, shared with other audits of
 * forgetting and all methods; three attacks on each model, each the scores of at most 3 · {@code maxUsers} users; linear in {@code resamples} times pairs.
 *
 * @param k number of recommendations of each user whose overlap is measured
 * @param maxUsers largest number of users in the attack, of remaining users and of forgotten users each
 * @param resamples number of resamples for the intervals
 * @param degrees whether the attacker also uses the number of remaining interactions of the user and of the item
 * @param margin difference of AUC that passes even if it is not due to chance
 * @param retrainings number of retrained models of other seeds, beside the reference
 */
@Named("completeness")
public record Completeness(
        int k, @Formerly("users") int maxUsers, int resamples, boolean degrees, double margin, int retrainings)
        implements Audit<Split, Recommender> {
    private static final int FEWEST = 10; // users for an attack that compares within each

    public Completeness {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(maxUsers >= 10, "maxUsers", maxUsers, "at least 10");
        Check.require(resamples >= 100, "resamples", resamples, "at least 100");
        Check.require(margin >= 0 && margin < 0.5, "margin", margin, "0 up to, but not including, 0.5");
        Check.require(retrainings >= 0, "retrainings", retrainings, "at least 0");
    }

    /** Top 20, 500 users, 1,000 resamples, no degrees, a margin of 0.02, two retrainings of other seeds. */
    public Completeness() {
        this(20, 500, 1_000, false, 0.02, 2);
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
        Membership membership = Membership.of(sets, maxUsers, random);
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
        Function<Recommender, Outcome> attack = m -> membership.attack(m, degrees, random);
        Outcome before = attacked.computeIfAbsent(c.before(), attack);
        List<Outcome> references = new ArrayList<>();
        c.references().forEach(m -> references.add(attacked.computeIfAbsent(m, attack)));
        Outcome after = attacked.computeIfAbsent(c.after(), attack);
        int[] owners = membership.questions().owners();
        int people = Arrays.stream(owners).max().orElse(0) + 1;
        int n = membership.questions().size();
        Keyed draws = random.of("resamples");
        findings.add(new Finding("retrained-models", references.size(), references.size(), Direction.NONE));

        Compared mio = compared(o -> sampled(o.mio(), people, draws), after, before, references);
        findings.add(judged("mio-auc", n, people, mio));
        findings.add(finding("mio-auc-before", mio.before, n, Direction.NONE));
        findings.add(finding("mio-auc-reference", mio.reference(), n, Direction.NONE));
        findings.add(new Finding("mio-accuracy", after.accuracy(), n, Direction.HALF));
        findings.add(
                new Finding("mio-rate", after.rate(), membership.questions().members(), Direction.LOWER)
                        .on(Scale.SHARE));
        findings.add(found("mio-tpr@1%", after.mio(), 0.01, people, n, draws));
        findings.add(found("mio-tpr@0.1%", after.mio(), 0.001, people, n, draws));
        if (Double.isFinite(after.onRetained())) {
            findings.add(new Finding(
                            "mio-auc-retained",
                            after.onRetained(),
                            membership.lessons().size(),
                            Direction.NONE)
                    .on(Scale.SHARE));
        }

        Compared score = compared(o -> sampled(o.score(), people, draws), after, before, references);
        findings.add(judged("score-auc", n, people, score));
        findings.add(finding("score-auc-before", score.before, n, Direction.NONE));
        findings.add(finding("score-auc-reference", score.reference(), n, Direction.NONE));
        findings.add(found("score-tpr@1%", after.score(), 0.01, people, n, draws));

        if (after.calibrated().owners() >= FEWEST) {
            Compared calibrated = compared(o -> sampled(o.calibrated(), people, draws), after, before, references);
            findings.add(judged("calibrated-auc", n, people, calibrated));
            findings.add(finding("calibrated-auc-before", calibrated.before, n, Direction.NONE));
            findings.add(finding("calibrated-auc-reference", calibrated.reference(), n, Direction.NONE));
            gap("completeness-gap(calibrated)", n, calibrated).ifPresent(findings::add);
        }

        gap("completeness-gap", n, mio).ifPresent(findings::add);
        gap("completeness-gap(score)", n, score).ifPresent(findings::add);
    }

    /** One measure of the model after, of the model before and of all retrained models, under the same resamples. */
    private record Compared(Sampled after, Sampled before, List<Sampled> references) {
        Sampled reference() {
            return references.getFirst();
        }

        List<Difference> differences(Sampled model) {
            return references.stream().map(model::less).toList();
        }
    }

    private static Compared compared(
            Function<Outcome, Sampled> measure, Outcome after, Outcome before, List<Outcome> references) {
        return new Compared(
                measure.apply(after),
                measure.apply(before),
                references.stream().map(measure).toList());
    }

    private Sampled sampled(Roc roc, int people, Keyed draws) {
        return Sampled.of(resamples, people, draws, roc::auc);
    }

    private Sampled sampled(PerUserAuc within, int people, Keyed draws) {
        return Sampled.of(resamples, people, draws, within::value);
    }

    private Finding judged(String name, int n, int people, Compared compared) {
        return finding(name, compared.after, n, Direction.HALF)
                .judged(Resampling.likeReferences(
                        bar(),
                        compared.differences(compared.after),
                        compared.differences(compared.before),
                        margin,
                        people,
                        people == n ? "pairs" : "forgotten users"))
                .tested(Resampling.pValue(compared.after.differences(compared.reference())));
    }

    private Finding found(String name, Roc roc, double fpr, int people, int n, Keyed draws) {
        return finding(name, Sampled.of(resamples, people, draws, w -> roc.tprAt(fpr, w)), n, Direction.LOWER);
    }

    private static Finding finding(String name, Sampled measured, int n, Direction direction) {
        return new Finding(name, measured.value(), n, direction).on(Scale.SHARE).within(measured.interval());
    }

    private Optional<Finding> gap(String name, int n, Compared compared) {
        Sampled after = compared.after;
        Sampled before = compared.before;
        Sampled reference = compared.reference();
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
                        "jaccard@" + k, Arrays.stream(jaccard).average().orElse(0), people.length, Direction.HIGHER)
                .on(Scale.SHARE);
        return people.length == 0 ? finding : finding.within(Statistics.bootstrap(jaccard, random.of("jaccard")));
    }

    /** The Jaccard overlap of two lists: size of the intersection over that of the union; 1 if both are empty. */
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
                : Optional.of(new Finding("parameter-distance", distance(after, reference) / whole, 1, Direction.LOWER)
                        .on(Scale.POSITIVE));
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
        return String.format(Locale.ROOT, "within %s of a retrained model, or not told from it", margin);
    }

    @Override
    public boolean ownForm() {
        return true;
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public String limits() {
        return "No attack we ran finds more than these findings; a stronger attacker, one with several models or with the"
                + " partition of shards, might. Intervals are over the forgotten users of this request.";
    }
}
