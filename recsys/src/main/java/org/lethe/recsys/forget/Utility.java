package org.lethe.recsys.forget;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
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
import org.lethe.statistics.Statistics;

/**
 * Measures how well the model still recommends to the remaining users (CURE4Rec, "Ranking protocol and metrics"), by a full
 * ranking of the test part.
 *
 * <p>The metrics are both forms of NDCG, recall (published there as HR), hit rate, MRR and MAP: means over users with a
 * bootstrap interval over users. The bar: NDCG-full and recall are not worse than those of retrained models by more than
 * {@code margin}; {@code retrainings} of these have other seeds than the reference. The difference is taken user by user,
 * with a paired bootstrap interval; the p-value of Wilcoxon's signed-rank test is against the reference. A bar passes if for
 * some retrained model the whole interval meets it, fails if for each none of it does, and is undecided otherwise.
 *
 * <p>Doing nothing keeps this quality, so these bars reject only a ruined model (AuditControlsTest). Doing nothing also
 * keeps recommending the forgotten items. {@code forgotten-ndcgCut@k} ranks the forgotten pairs among all other items, and
 * must not be better than that of every retrained model. By this finding the audit rejects a method that does nothing.
 *
 * <p>A sharded model is judged by its combined answer. Two more findings describe the shards: {@code -local} ranks each
 * user by its own shard alone, and {@code -shard-mean} is the unweighted mean of the shards' means, as the paper's code
 * computes it.
 *
 * <p>Cost: the {@code retrainings} trainings of {@code completeness}, which audits share; a full ranking for each model
 * and 2,000 resamples per metric.
 *
 * @param k number of recommendations of each user
 * @param margin largest allowed loss of a metric against a retrained model
 * @param retrainings number of retrained models of other seeds, beside the reference
 */
@Named("utility")
public record Utility(int k, double margin, int retrainings) implements Audit<Split, Recommender> {
    private static final Set<String> JUDGED = Set.of("ndcgFull", "recall");

    public Utility {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(margin >= 0 && margin < 1, "margin", margin, "0 up to, but not including, 1");
        Check.require(retrainings >= 0, "retrainings", retrainings, "at least 0");
    }

    /** Top 20, a margin of 0.01, two retrainings of other seeds. */
    public Utility() {
        this(20, 0.01, 2);
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> given, Env env) {
        Case<Split, Recommender> c = ForgetSets.served(given);
        ForgetSets sets = ForgetSets.of(c);
        Split remaining = sets.gone().remaining();
        Keyed random = env.random("utility");
        Quality after = Ranking.test(c.after(), remaining, k, env.workers());
        List<Quality> references = c.references().stream()
                .map(model -> Ranking.test(model, remaining, k, env.workers()))
                .toList();
        List<Finding> findings = new ArrayList<>();
        if (after.users().length == 0) {
            findings.add(new Finding("test-users", 0, 0, Direction.NONE)
                    .judged(new Verdict.Undecided(bar(), "no user that remains has test pairs")));
        } else {
            List<Map<String, double[]>> retrained =
                    references.stream().map(Quality::perUser).toList();
            after.perUser()
                    .forEach((metric, values) -> findings.addAll(metric(
                            metric,
                            values,
                            retrained.stream()
                                    .map(metrics -> metrics.getOrDefault(metric, values))
                                    .toList(),
                            random)));
        }
        forgotten(c, sets, env, random).ifPresent(findings::add);
        if (given.after() instanceof Sharded sharded) {
            findings.addAll(shards(sharded, Ranking.test(sharded.local(), remaining, k, env.workers())));
        }
        return findings;
    }

    private List<Finding> metric(String metric, double[] after, List<double[]> references, Keyed random) {
        String name = metric.equals("averagePrecision") ? "map" : metric;
        Finding value = new Finding(at(name), Statistics.mean(after), after.length, Direction.HIGHER)
                .on(Scale.SHARE)
                .within(Statistics.bootstrap(after, random.of(name)));
        if (!JUDGED.contains(metric)) {
            return List.of(value);
        }
        double[] reference = references.getFirst();
        double difference = Statistics.mean(after) - Statistics.mean(reference);
        List<Interval> intervals = references.stream()
                .map(each ->
                        Statistics.pairedBootstrap(after, each, random.of(name).of("difference")))
                .toList();
        return List.of(
                value.judged(Resampling.notWorse(bar(), intervals, margin))
                        .tested(Statistics.wilcoxon(after, reference)),
                new Finding(at(name + "-difference"), difference, after.length, Direction.HIGHER)
                        .within(intervals.getFirst()));
    }

    private List<Finding> shards(Sharded sharded, Quality local) {
        List<Finding> findings = new ArrayList<>();
        local.perUser().forEach((metric, values) -> {
            if (JUDGED.contains(metric) && values.length > 0) {
                double[] means = sharded.shardMeans(local.users(), values);
                findings.add(
                        new Finding(at(metric + "-local"), Statistics.mean(values), values.length, Direction.HIGHER)
                                .on(Scale.SHARE));
                findings.add(
                        new Finding(at(metric + "-shard-mean"), Statistics.mean(means), means.length, Direction.HIGHER)
                                .on(Scale.SHARE));
            }
        });
        return findings;
    }

    private Optional<Finding> forgotten(Case<Split, Recommender> c, ForgetSets sets, Env env, Keyed random) {
        if (sets.empty()) {
            return Optional.empty();
        }
        Interactions known = sets.gone().remaining().train();
        Interactions gone = sets.gone().interactions();
        double[] before =
                Ranking.evaluate(c.before(), known, gone, k, env.workers()).ndcgCut();
        double[] after =
                Ranking.evaluate(c.after(), known, gone, k, env.workers()).ndcgCut();
        Keyed key = random.of("forgotten");
        List<Difference> ofAfter = new ArrayList<>();
        List<Difference> ofBefore = new ArrayList<>();
        for (Recommender model : c.references()) {
            double[] retrained =
                    Ranking.evaluate(model, known, gone, k, env.workers()).ndcgCut();
            ofAfter.add(difference(after, retrained, key));
            ofBefore.add(difference(before, retrained, key));
        }
        String bar =
                String.format(Locale.ROOT, "no better than a retrained model for what is forgotten, within %s", margin);
        Verdict verdict = ofAfter.stream().anyMatch(d -> d.value() < 0)
                ? new Verdict.Pass(bar)
                : Resampling.likeReferences(bar, ofAfter, ofBefore, margin, after.length, "users");
        return Optional.of(new Finding(at("forgotten-ndcgCut"), Statistics.mean(after), after.length, Direction.LOWER)
                .on(Scale.SHARE)
                .within(Statistics.bootstrap(after, key))
                .judged(verdict));
    }

    private static Difference difference(double[] left, double[] right, Keyed key) {
        return new Difference(
                Statistics.mean(left) - Statistics.mean(right), Statistics.pairedBootstrap(left, right, key));
    }

    private String at(String metric) {
        return metric + "@" + k;
    }

    private String bar() {
        return String.format(Locale.ROOT, "not worse than a retrained model by more than %s", margin);
    }

    @Override
    public Aspect aspect() {
        return Aspect.UTILITY;
    }

    @Override
    public String limits() {
        return "Quality on held-out pairs of the users that remain, by one split; it does not measure new"
                + " users, and a difference inside the margin is not proof of equality.";
    }
}
