package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
import org.lethe.statistics.Statistics;

/**
 * Counts what became of each request of a stream, and how long they took (erase 4.4).
 *
 * <p>A request is served, late, failed, or void where nothing of it was left; late and failed ones of an approximate method
 * are replayed, that is, served by a training. The bar {@code answered} is that none is missing: served, void, replayed, or
 * late with an exact result. Nothing is skipped in silence, so doing nothing misses it. {@code breakEven} is the number of
 * requests after which their sum of seconds exceeds one training; a method that is dearer than that at the first request
 * saves nothing.
 *
 * <p>The latency of retraining is that of a training at each measuring point.
 *
 * @param p99 largest 99th percentile of the seconds of a request that passes; 0 for no bar
 * @param <D> the data of a subject
 * @param <M> its models
 */
@Named("latency")
public record Latency<D, M>(double p99) implements Audit<D, M> {
    public Latency {
        Check.require(p99 >= 0, "p99", p99, "seconds, at least 0");
    }

    /** Without a bar on the time. */
    public Latency() {
        this(0);
    }

    @Override
    public List<Finding> examine(Case<D, M> c, Env env) {
        Cost cost = c.fulfilled();
        long asked = ((ErasureStream) c.request()).requests();
        boolean exact = cost.count("replayed") == 0; // a late result of an approximate method is replayed
        long answered =
                cost.count("served") + cost.count("void") + cost.count("replayed") + (exact ? cost.count("late") : 0);
        String bar = "every request is answered";
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding(
                        "answered", asked == 0 ? 1 : Math.min(1, (double) answered / asked), asked, Direction.HIGHER)
                .on(Scale.SHARE)
                .judged(Verdict.of(answered >= asked, bar)));
        for (String state : List.of("served", "late", "failed", "replayed", "void")) {
            Direction direction =
                    state.equals("served") ? Direction.HIGHER : state.equals("void") ? Direction.NONE : Direction.LOWER;
            findings.add(new Finding(state, cost.count(state), asked, direction).on(Scale.POSITIVE));
        }
        if (cost.count("stopped-after") > 0) {
            findings.add(new Finding("stoppedAfter", cost.count("stopped-after"), asked, Direction.HIGHER)
                    .on(Scale.POSITIVE));
        }
        double[] seconds = cost.steps().getOrDefault(Serving.REQUEST, List.of()).stream()
                .mapToDouble(Double::doubleValue)
                .sorted()
                .toArray();
        if (seconds.length > 0) {
            findings.addAll(times(seconds, c));
        }
        return findings;
    }

    private List<Finding> times(double[] seconds, Case<D, M> c) {
        List<Finding> findings = new ArrayList<>();
        for (double q : new double[] {0.5, 0.95, 0.99, 1}) {
            String name = q == 1 ? "max" : "p" + Math.round(100 * q);
            Finding finding =
                    new Finding(name, Statistics.quantile(seconds, q), seconds.length, Direction.LOWER).in("s");
            findings.add(
                    q == 0.99 && p99 > 0
                            ? finding.judged(
                                    Verdict.of(finding.value() <= p99, String.format(Locale.ROOT, "at most %s s", p99)))
                            : finding);
        }
        double training = mean(c.referenced());
        if (training > 0) {
            double mean = Statistics.mean(seconds);
            findings.add(new Finding("breakEven", training / mean, seconds.length, Direction.HIGHER).in("×"));
        }
        return findings;
    }

    private static double mean(Cost cost) {
        List<Double> trainings = cost.steps().getOrDefault(Serving.REQUEST, List.of());
        return trainings.isEmpty() ? 0 : cost.seconds(Serving.REQUEST) / trainings.size();
    }

    @Override
    public Aspect aspect() {
        return Aspect.COST;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<D, M> method) {
        return ErasureStream.unsuited(this, request);
    }

    @Override
    public String limits() {
        return "Times are those of this machine while other cells may have been running; a request that is answered may"
                + " still be answered badly, which drift measures.";
    }
}
