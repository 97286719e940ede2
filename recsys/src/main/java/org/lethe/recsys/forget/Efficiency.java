package org.lethe.recsys.forget;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Cost;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/**
 * Measures the time of a request: preparing for it, carrying it out, and checking that it had an effect (CURE4Rec, section
 * on efficiency; the split into three and the parallel time are ours).
 *
 * <p><em>Prepare</em> is the time that learning spent on partition and pre-embeddings, once for all requests.
 * <em>Unlearn</em> is the time from the request to the model that serves, for one worker. <em>Unlearn-parallel</em> is the
 * critical path of the same work on several workers, with the longest shards first (Graham 1969). <em>Verify</em> is the
 * time of the method's own checks, plus this audit's comparison of scores. The three add up to the total. A speed-up is
 * relative to the reference, sequential against sequential. Other findings count work, which does not depend on the
 * machine.
 *
 * <p>Published times are training seconds of one average shard without the partition, so ours are not comparable with them.
 *
 * <p>There are two bars. {@code scores-changed} is the share of the examined forgotten pairs whose score changed; it must
 * not be 0. By it the audit rejects a method that does nothing, whose time is then not judged. {@code speed-up} must be at
 * least 1 / (1 + {@code tolerance}). Both judge the value itself; there is no interval.
 *
 * <p>Cost: the scores of at most 200 users.
 *
 * @param workers number of workers for the parallel time
 * @param tolerance share of the reference's time that a method may exceed it by, for timing noise
 */
@Named("efficiency")
public record Efficiency(int workers, double tolerance) implements Audit<Split, Recommender> {
    private static final Set<String> PREPARATION = Set.of("partition", "pre-embedding");
    private static final int LOOKED_AT = 200;

    public Efficiency {
        Check.require(workers >= 1, "workers", workers, "at least 1");
        Check.require(tolerance >= 0, "tolerance", tolerance, "at least 0");
    }

    /** Eight workers, a tolerance of 0.1. */
    public Efficiency() {
        this(8, 0.1);
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> c, Env env) {
        long from = System.nanoTime();
        ForgetSets sets = ForgetSets.of(c);
        Optional<Finding> changed = changed(c, sets.gone().interactions());
        double looking = (System.nanoTime() - from) / 1e9;

        Spent spent = Spent.of(c.fulfilled(), env.workers().count(), workers);
        Spent reference = Spent.of(c.referenced(), env.workers().count(), workers);
        double prepare = PREPARATION.stream().mapToDouble(c.learned()::seconds).sum();
        double verify = c.fulfilled().seconds("verify") + looking;
        List<Finding> findings = new ArrayList<>();
        changed.ifPresent(findings::add);
        findings.add(seconds("prepare-seconds", prepare));
        findings.add(seconds("unlearn-seconds", spent.sequential));
        findings.add(seconds("unlearn-parallel-seconds", spent.parallel));
        findings.add(seconds("verify-seconds", verify));
        findings.add(seconds("total-seconds", prepare + spent.sequential + verify));
        if (changed.filter(f -> f.value() > 0).isPresent() && spent.sequential > 0 && reference.sequential > 0) {
            double speedUp = reference.sequential / spent.sequential;
            findings.add(new Finding("speed-up", speedUp, 1, Direction.HIGHER)
                    .in("×")
                    .judged(Verdict.of(speedUp * (1 + tolerance) >= 1, bar())));
            findings.add(
                    new Finding("speed-up-parallel", reference.parallel / spent.parallel, 1, Direction.HIGHER).in("×"));
        }
        findings.add(amount("shards-touched", c.fulfilled().count("shards-touched")));
        findings.add(amount("interactions-touched", c.fulfilled().count("interactions-touched")));
        findings.add(amount("interactions-trained", c.fulfilled().count("interactions-trained")));
        return findings;
    }

    private String bar() {
        return String.format(Locale.ROOT, "at least %.3f ×", 1 / (1 + tolerance));
    }

    /** The share of forgotten pairs whose score changed, for a bounded number of users; empty if nothing is forgotten. */
    private static Optional<Finding> changed(Case<Split, Recommender> c, Interactions gone) {
        int looked = 0;
        int pairs = 0;
        int changed = 0;
        for (int u = 0; u < gone.users() && looked < LOOKED_AT; u++) {
            for (int k = gone.from(u); k < gone.to(u); k++) {
                changed += c.before().score(u, gone.item(k)) != c.after().score(u, gone.item(k)) ? 1 : 0;
                pairs++;
            }
            looked += gone.degree(u) > 0 ? 1 : 0;
        }
        String bar = "scores of what is forgotten change";
        return pairs == 0
                ? Optional.empty()
                : Optional.of(new Finding("scores-changed", (double) changed / pairs, pairs, Direction.NONE)
                        .on(Scale.SHARE)
                        .judged(Verdict.of(changed > 0, bar)));
    }

    private static Finding seconds(String name, double value) {
        return new Finding(name, value, 1, Direction.LOWER).in("s");
    }

    private static Finding amount(String name, long value) {
        return new Finding(name, value, 1, Direction.LOWER);
    }

    /**
     * The seconds of a step on one worker and on several. Work outside shards is done once. The wall-clock time of shards is
     * replaced by their sum, or by their critical path.
     */
    record Spent(double sequential, double parallel) {
        static Spent of(Cost cost, int ran, int workers) {
            List<Double> shards = cost.steps().getOrDefault("shard", List.of());
            double rest = Math.max(0, cost.seconds() - cost.seconds("verify") - criticalPath(shards, ran));
            return new Spent(rest + cost.seconds("shard"), rest + criticalPath(shards, workers));
        }

        /** The time until all workers are done, if the longest task goes first to the first free worker. */
        static double criticalPath(List<Double> tasks, int workers) {
            PriorityQueue<Double> free = new PriorityQueue<>();
            for (int w = 0; w < workers; w++) {
                free.add(0.0);
            }
            double last = 0;
            for (double task : tasks.stream().sorted(Comparator.reverseOrder()).toList()) {
                double end = free.remove() + task;
                last = Math.max(last, end);
                free.add(end);
            }
            return last;
        }
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Split, Recommender> method) {
        return request instanceof ForgetRequest forget && !forget.atOnce()
                ? Optional.of(
                        "efficiency times one request at once; latency times those of a " + Named.Of.name(request))
                : Optional.empty();
    }

    @Override
    public Aspect aspect() {
        return Aspect.COST;
    }

    @Override
    public String limits() {
        return "Times are one measurement on this machine while other cells may have been running; compare them within one"
                + " report only. That scores changed says nothing about whether the right thing was forgotten.";
    }
}
