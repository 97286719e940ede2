package org.lethe.recsys.forget;

import java.util.ArrayList;
import java.util.Arrays;
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
import org.lethe.Formerly;
import org.lethe.Interval;
import org.lethe.Named;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Ranking.Quality;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Difference;

/**
 * Measures whether users are served equally well (CURE4Rec, "Fairness"): A-IGF, the mean NDCG of the most active users
 * minus that of the others, and its absolute value.
 *
 * <p>Further findings are the worse served group, the Gini coefficient over users, and shardGF, the population variance of
 * the shards' NDCG (0 without shards). Remaining users are ordered by their training interactions, ties by ascending
 * number. The first ⌊activeShare · n⌋ are the active users. A-IGF has opposite signs for the two forms of NDCG: active
 * users have more test items than the top k has places, and only NDCG-full penalises this. The form is therefore part of
 * every name. Group means cover users with test items. Intervals resample users within each group.
 *
 * <p>A sharded model is judged by its combined answer; shardGF and {@code a-igf-local} rank each user by its own shard
 * alone, as the paper does.
 *
 * <p>The bar: |A-IGF| exceeds that of a retrained model by at most {@code margin}; {@code retrainings} retrained models have
 * other seeds than the reference. It passes if for some of them the whole interval of the difference meets it, fails if for
 * each none of it does, and is undecided otherwise. Doing nothing may be fair to the remaining users,
 * but it also keeps serving the forgotten ones. {@code forgotten-gap} is the mean NDCG of remaining users minus that of
 * forgotten users, and must be like that of retrained models. By this finding the audit rejects a method that does nothing; it needs
 * a request about users.
 *
 * <p>Cost: the {@code retrainings} trainings of {@code completeness}, which audits share, and two full rankings for each
 * model.
 *
 * @param activeShare share of the users that count as active
 * @param ndcg form of NDCG: full or cut
 * @param k number of recommendations of each user
 * @param margin largest allowed excess of |A-IGF| over that of a retrained model
 * @param retrainings number of retrained models of other seeds, beside the reference
 */
@Named("fairness")
public record Fairness(@Formerly("share") double activeShare, Ndcg ndcg, int k, double margin, int retrainings)
        implements Audit<Split, Recommender> {
    private static final int RESAMPLES = 1_000;

    /** The two forms of NDCG. */
    public enum Ndcg {
        /** The ideal ranking is as long as the user's test items. */
        FULL("ndcgFull"),
        /** The ideal ranking has at most k places. */
        CUT("ndcgCut");

        private final String metric;

        Ndcg(String metric) {
            this.metric = metric;
        }

        double[] of(Quality quality) {
            return this == FULL ? quality.ndcgFull() : quality.ndcgCut();
        }
    }

    public Fairness {
        Check.require(activeShare > 0 && activeShare < 1, "activeShare", activeShare, "between 0 and 1");
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(margin >= 0 && margin < 1, "margin", margin, "0 up to, but not including, 1");
        Check.require(retrainings >= 0, "retrainings", retrainings, "at least 0");
    }

    /** The most active 5 %, NDCG-full at 20, a margin of 0.02, two retrainings of other seeds. */
    public Fairness() {
        this(0.05, Ndcg.FULL, 20, 0.02, 2);
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> given, Env env) {
        Case<Split, Recommender> c = ForgetSets.served(given);
        ForgetSets sets = ForgetSets.of(c);
        Split remaining = sets.gone().remaining();
        Keyed random = env.random("fairness");
        Quality after = Ranking.test(c.after(), remaining, k, env.workers());
        List<Quality> references = c.references().stream()
                .map(model -> Ranking.test(model, remaining, k, env.workers()))
                .toList();
        boolean[] active = active(remaining.train(), activeShare);
        int[] front = IntStream.range(0, after.users().length)
                .filter(n -> active[after.users()[n]])
                .toArray();
        int[] rest = IntStream.range(0, after.users().length)
                .filter(n -> !active[after.users()[n]])
                .toArray();
        List<Finding> findings = new ArrayList<>();
        if (front.length == 0 || rest.length == 0) {
            findings.add(new Finding(name("a-igf"), 0, 0, Direction.ZERO)
                    .judged(new Verdict.Undecided(bar(), "one of the two groups has no user with test items")));
        } else {
            findings.addAll(gap(
                    new Gap(ndcg.of(after), front, rest),
                    references.stream()
                            .map(each -> new Gap(ndcg.of(each), front, rest))
                            .toList(),
                    random));
        }
        if (after.users().length > 0) {
            findings.add(new Finding(name("gini"), gini(ndcg.of(after)), after.users().length, Direction.LOWER)
                    .on(Scale.SHARE));
        }
        findings.addAll(shards(given.after(), remaining, active, env));
        forgottenGap(c, sets, env, random).ifPresent(findings::add);
        return findings;
    }

    private List<Finding> gap(Gap after, List<Gap> references, Keyed random) {
        int n = after.n();
        double[] drawn = new double[RESAMPLES];
        double[] absolute = new double[RESAMPLES];
        double[][] further = new double[references.size()][RESAMPLES];
        for (int b = 0; b < RESAMPLES; b++) {
            int[] front = Resampling.draw(random.of("front").of(b), after.front.length);
            int[] rest = Resampling.draw(random.of("rest").of(b), after.rest.length);
            drawn[b] = after.value(front, rest);
            absolute[b] = Math.abs(drawn[b]);
            for (int r = 0; r < further.length; r++) {
                further[r][b] = absolute[b] - Math.abs(references.get(r).value(front, rest));
            }
        }
        double value = after.value();
        List<Difference> against = IntStream.range(0, further.length)
                .mapToObj(r -> Difference.of(
                        Math.abs(value) - Math.abs(references.get(r).value()), further[r]))
                .toList();
        Difference reference = against.getFirst();
        return List.of(
                new Finding(name("a-igf"), value, n, Direction.ZERO)
                        .within(Resampling.interval(value, drawn))
                        .judged(Resampling.notWorse(
                                bar(),
                                against.stream()
                                        .map(Difference::interval)
                                        .map(i -> new Interval(-i.high(), -i.low(), i.level()))
                                        .toList(),
                                margin))
                        .tested(Resampling.pValue(further[0])),
                new Finding(name("a-igf-absolute"), Math.abs(value), n, Direction.LOWER)
                        .on(Scale.SHARE)
                        .within(Resampling.interval(Math.abs(value), absolute)),
                new Finding(name("a-igf-absolute-difference"), reference.value(), n, Direction.LOWER)
                        .within(reference.interval()),
                new Finding(name("worst-group"), after.worst(), n, Direction.HIGHER).on(Scale.SHARE),
                new Finding(
                        name("worst-group-difference"),
                        after.worst() - references.getFirst().worst(),
                        n,
                        Direction.HIGHER));
    }

    private List<Finding> shards(Recommender after, Split remaining, boolean[] active, Env env) {
        if (!(after instanceof Sharded sharded)) {
            return List.of(new Finding("shard-gf", 0, 1, Direction.LOWER).on(Scale.POSITIVE));
        }
        Quality local = Ranking.test(sharded.local(), remaining, k, env.workers());
        double[] means = sharded.shardMeans(local.users(), ndcg.of(local));
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding("shard-gf", variance(means), means.length, Direction.LOWER).on(Scale.POSITIVE));
        double front = Ranking.mean(ndcg.of(local.of(u -> active[u])));
        double rest = Ranking.mean(ndcg.of(local.of(u -> !active[u])));
        if (Double.isFinite(front) && Double.isFinite(rest)) {
            findings.add(new Finding(name("a-igf-local"), front - rest, local.users().length, Direction.ZERO));
        }
        return findings;
    }

    private Optional<Finding> forgottenGap(Case<Split, Recommender> c, ForgetSets sets, Env env, Keyed random) {
        if (sets.gone().users().length == 0) {
            return Optional.empty();
        }
        boolean[] gone = new boolean[c.data().users()];
        Arrays.stream(sets.gone().users()).forEach(u -> gone[u] = true);
        // everybody is judged on the first data, test items of the forgotten users included
        Quality after = Ranking.test(c.after(), c.data(), k, env.workers());
        int[] stay = IntStream.range(0, after.users().length)
                .filter(n -> !gone[after.users()[n]])
                .toArray();
        int[] leave = IntStream.range(0, after.users().length)
                .filter(n -> gone[after.users()[n]])
                .toArray();
        if (stay.length == 0 || leave.length == 0) {
            return Optional.empty();
        }
        Gap ofAfter = new Gap(ndcg.of(after), stay, leave);
        Gap ofBefore = new Gap(ndcg.of(Ranking.test(c.before(), c.data(), k, env.workers())), stay, leave);
        List<Gap> references = c.references().stream()
                .map(model -> new Gap(ndcg.of(Ranking.test(model, c.data(), k, env.workers())), stay, leave))
                .toList();
        double[] drawn = new double[RESAMPLES];
        double[][] afterLess = new double[references.size()][RESAMPLES];
        double[][] beforeLess = new double[references.size()][RESAMPLES];
        for (int b = 0; b < RESAMPLES; b++) {
            int[] s = Resampling.draw(random.of("stay").of(b), stay.length);
            int[] l = Resampling.draw(random.of("leave").of(b), leave.length);
            drawn[b] = ofAfter.value(s, l);
            double untreated = ofBefore.value(s, l);
            for (int r = 0; r < afterLess.length; r++) {
                double retrained = references.get(r).value(s, l);
                afterLess[r][b] = drawn[b] - retrained;
                beforeLess[r][b] = untreated - retrained;
            }
        }
        double value = ofAfter.value();
        String bar = String.format(Locale.ROOT, "within %s of a retrained model, or not told from it", margin);
        return Optional.of(new Finding(name("forgotten-gap"), value, leave.length, Direction.NONE)
                .within(Resampling.interval(value, drawn))
                .judged(Resampling.likeReferences(
                        bar,
                        differences(ofAfter, references, afterLess),
                        differences(ofBefore, references, beforeLess),
                        margin,
                        leave.length,
                        "forgotten users")));
    }

    private static List<Difference> differences(Gap of, List<Gap> references, double[][] drawn) {
        return IntStream.range(0, drawn.length)
                .mapToObj(r -> Difference.of(of.value() - references.get(r).value(), drawn[r]))
                .toList();
    }

    /** Whether each user is active. */
    static boolean[] active(Interactions train, double activeShare) {
        int[] order = train.mostActive();
        boolean[] active = new boolean[train.users()];
        // a product such as 0.05 · 940 = 47.000000000000004 or 46.99999999999999 has to count as 47
        int count = (int) Math.floor(activeShare * order.length + 1e-9);
        Arrays.stream(order, 0, count).forEach(u -> active[u] = true);
        return active;
    }

    /** Half the mean absolute difference of two users over the mean: 0 if all are equal, and 0 for no users. */
    static double gini(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double weighted = 0;
        double sum = 0;
        for (int n = 0; n < sorted.length; n++) {
            weighted += (2.0 * n + 1 - sorted.length) * sorted[n];
            sum += sorted[n];
        }
        return sum == 0 ? 0 : weighted / (sorted.length * sum);
    }

    /** The population variance of the shards' values. */
    static double variance(double[] shards) {
        double mean = Arrays.stream(shards).average().orElse(0);
        return Arrays.stream(shards).map(v -> (v - mean) * (v - mean)).average().orElse(0);
    }

    /** The mean of one group minus the mean of the other. */
    record Gap(double[] values, int[] front, int[] rest) {
        int n() {
            return front.length + rest.length;
        }

        double value() {
            return mean(front) - mean(rest);
        }

        double worst() {
            return Math.min(mean(front), mean(rest));
        }

        double value(int[] frontTimes, int[] restTimes) {
            return mean(front, frontTimes) - mean(rest, restTimes);
        }

        private double mean(int[] group) {
            return Arrays.stream(group).mapToDouble(n -> values[n]).sum() / group.length;
        }

        private double mean(int[] group, int[] times) {
            double sum = 0;
            for (int n = 0; n < group.length; n++) {
                sum += times[n] * values[group[n]];
            }
            return sum / group.length;
        }
    }

    private String name(String what) {
        return what + "(" + ndcg.metric + ")@" + k;
    }

    private String bar() {
        return String.format(Locale.ROOT, "|A-IGF| at most %s above that of a retrained model", margin);
    }

    @Override
    public Aspect aspect() {
        return Aspect.FAIRNESS;
    }

    @Override
    public String limits() {
        return "Fairness between heavy and light users by one form of NDCG; with few active users chance alone moves it by"
                + " hundredths, so use several seeds. Other groups and the items' side are not measured.";
    }
}
