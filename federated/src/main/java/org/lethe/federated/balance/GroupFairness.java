package org.lethe.federated.balance;

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
import org.lethe.Interval;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.federated.Classifier;
import org.lethe.federated.GroupRates;
import org.lethe.federated.Grouping;
import org.lethe.federated.Sites;
import org.lethe.numerics.Keyed;
import org.lethe.transport.Line;

/**
 * How differently groups are served: every common metric of decisions, the distance between the groups' scores, and who pays.
 *
 * <p>The request says which metric is judged: demographic parity by its difference and by the distance W1 of the scores, which needs
 * no threshold, equal opportunity and equalized odds (worst case) by their differences. All others are reported too, because
 * repairing one can spoil another: demographic parity training raises the gap of true positive rates on Adult.
 *
 * @param maxRemaining largest share of the judged gaps before that may remain
 * @param tolerated gap that counts as none, where the model before has no more
 */
@Named("group-fairness")
public record GroupFairness(double maxRemaining, double tolerated) implements Audit<Sites, Classifier> {
    private static final int FINE = 1_000; // bins of scores in resamples; the value itself is exact
    private static final String W1 = "strong-demographic-parity-w1";

    public GroupFairness {
        Check.require(maxRemaining > 0 && maxRemaining < 1, "maxRemaining", maxRemaining, "between 0 and 1");
        Check.require(tolerated >= 0 && tolerated < 1, "tolerated", tolerated, "at least 0 and below 1");
    }

    /** At most half of a gap remains; 0.02 counts as none. */
    public GroupFairness() {
        this(0.5, 0.02);
    }

    @Override
    public List<Finding> examine(Case<Sites, Classifier> c, Env env) {
        BalanceSites request = BalanceSites.in(c.request())
                .orElseThrow(() -> new IllegalArgumentException("group-fairness got a request without groups"));
        Grouping grouping = request.grouping(c.remaining());
        Predictions predictions = Predictions.of(c, env);
        List<GroupRates> after = predictions.rates(predictions.after());
        List<GroupRates> before = c.untouched() ? after : predictions.rates(predictions.before());
        GroupRates.Metric judged = judged(request.fairness());
        int n = predictions.inGroups();
        List<Finding> findings = new ArrayList<>();
        double[] moved = distances(predictions, predictions.after());
        double[] were = c.untouched() ? moved : distances(predictions, predictions.before());
        for (GroupRates.Metric metric : order(judged)) {
            double[] now = Predictions.values(after, r -> r.value(metric));
            double[] was = Predictions.values(before, r -> r.value(metric));
            Direction direction =
                    metric == GroupRates.Metric.DEMOGRAPHIC_PARITY_RATIO ? Direction.HIGHER : Direction.LOWER;
            for (Finding finding : Predictions.finding(metric.label(), now, n, direction)) {
                findings.add(metric == judged ? finding.judged(verdict(now, was)) : finding);
            }
            findings.addAll(Predictions.finding(metric.label() + "-before", was, n, Direction.NONE));
            if (metric == judged && judged == GroupRates.Metric.DEMOGRAPHIC_PARITY_DIFFERENCE) {
                strong(moved, were, n, true, findings);
            }
        }
        if (judged != GroupRates.Metric.DEMOGRAPHIC_PARITY_DIFFERENCE) {
            strong(moved, were, n, false, findings);
        }
        for (int g = 0; g < grouping.count(); g++) {
            whoPays(grouping.names().get(g), g, after, before, findings);
        }
        return findings;
    }

    private static GroupRates.Metric judged(BalanceSites.Fairness fairness) {
        return switch (fairness) {
            case DEMOGRAPHIC_PARITY -> GroupRates.Metric.DEMOGRAPHIC_PARITY_DIFFERENCE;
            case EQUAL_OPPORTUNITY -> GroupRates.Metric.EQUAL_OPPORTUNITY_DIFFERENCE;
            case EQUALIZED_ODDS -> GroupRates.Metric.EQUALIZED_ODDS_WORST_CASE;
        };
    }

    private static List<GroupRates.Metric> order(GroupRates.Metric first) {
        List<GroupRates.Metric> order = new ArrayList<>(List.of(first));
        Arrays.stream(GroupRates.Metric.values()).filter(m -> m != first).forEach(order::add);
        return order;
    }

    private void strong(double[] now, double[] was, int n, boolean judged, List<Finding> into) {
        for (Finding finding : Predictions.finding(W1, now, n, Direction.LOWER)) {
            into.add(judged ? finding.judged(verdict(now, was)) : finding);
        }
        into.addAll(Predictions.finding(W1 + "-before", was, n, Direction.NONE));
    }

    /** The gap after against its share of the gap before, in the same resamples. */
    private Verdict verdict(double[] now, double[] was) {
        String bar = String.format(Locale.ROOT, "at most %s of the gap before remains", maxRemaining);
        if (!Double.isFinite(was[0])) {
            return new Verdict.Undecided(bar, "the model before has no such gap, as a group has no such test records");
        }
        double[] over = new double[now.length];
        Arrays.setAll(over, i -> now[i] - maxRemaining * was[i]);
        Interval interval = Predictions.interval(over);
        if (was[0] <= tolerated) {
            return now[0] <= tolerated
                    ? new Verdict.Undecided(
                            bar, String.format(Locale.ROOT, "the gap before is %.3f, no more than tolerated", was[0]))
                    : new Verdict.Fail(bar);
        }
        if (interval.high() <= 0 || now[0] <= tolerated && over[0] <= 0) {
            return new Verdict.Pass(bar);
        }
        return interval.low() > 0
                ? new Verdict.Fail(bar)
                : new Verdict.Undecided(bar, "the interval of what remains crosses the bar");
    }

    /** The largest W1 between two groups' scores: exact, then in resamples by fine bins. */
    private static double[] distances(Predictions predictions, float[] scores) {
        int[] groups = predictions.groups();
        int count = predictions.count();
        double[] distances = new double[Predictions.RESAMPLES + 1];
        List<Optional<Line>> lines = new ArrayList<>();
        for (int g = 0; g < count; g++) {
            int group = g;
            double[] own = IntStream.range(0, groups.length)
                    .filter(i -> groups[i] == group)
                    .mapToDouble(i -> scores[i])
                    .toArray();
            lines.add(own.length == 0 ? Optional.empty() : Optional.of(Line.of(own)));
        }
        distances[0] = Double.NaN;
        for (int a = 0; a < count; a++) {
            for (int b = a + 1; b < count; b++) {
                if (lines.get(a).isPresent() && lines.get(b).isPresent()) {
                    double distance =
                            lines.get(a).orElseThrow().distance(lines.get(b).orElseThrow(), 1);
                    distances[0] = Double.isNaN(distances[0]) ? distance : Math.max(distances[0], distance);
                }
            }
        }
        int[] cell = new int[groups.length];
        Arrays.setAll(cell, i -> groups[i] * FINE + Math.min(FINE - 1, (int) (scores[i] * FINE)));
        for (int r = 0; r < Predictions.RESAMPLES; r++) {
            double[][] histograms = new double[count][FINE];
            Keyed draws = predictions.key().of(r);
            for (int i = 0; i < cell.length; i++) {
                int of = Keyed.below(draws.at(i), cell.length);
                if (groups[of] >= 0) {
                    histograms[groups[of]][cell[of] % FINE]++;
                }
            }
            distances[r + 1] = largest(histograms);
        }
        return distances;
    }

    private static double largest(double[][] histograms) {
        double largest = Double.NaN;
        double[] sizes = Arrays.stream(histograms)
                .mapToDouble(h -> Arrays.stream(h).sum())
                .toArray();
        for (int a = 0; a < histograms.length; a++) {
            for (int b = a + 1; b < histograms.length; b++) {
                if (sizes[a] == 0 || sizes[b] == 0) {
                    continue;
                }
                double below = 0;
                double sum = 0;
                for (int k = 0; k < FINE; k++) {
                    below += histograms[a][k] / sizes[a] - histograms[b][k] / sizes[b];
                    sum += Math.abs(below);
                }
                largest = Double.isNaN(largest) ? sum / FINE : Math.max(largest, sum / FINE);
            }
        }
        return largest;
    }

    private static void whoPays(
            String name, int g, List<GroupRates> after, List<GroupRates> before, List<Finding> into) {
        long n = after.getFirst().size(g);
        double[] now = Predictions.values(after, r -> r.accuracy(g));
        double[] was = Predictions.values(before, r -> r.accuracy(g));
        into.addAll(Predictions.share("accuracy of " + name, now, n, Direction.HIGHER));
        into.addAll(
                Predictions.finding("accuracy-change of " + name, Predictions.minus(now, was), n, Direction.HIGHER));
        into.addAll(Predictions.share(
                "selection-rate of " + name, Predictions.values(after, r -> r.selectionRate(g)), n, Direction.NONE));
        into.addAll(Predictions.share(
                "selection-rate-before of " + name,
                Predictions.values(before, r -> r.selectionRate(g)),
                n,
                Direction.NONE));
        into.addAll(Predictions.share(
                "true-positive-rate of " + name,
                Predictions.values(after, r -> r.truePositiveRate(g)),
                n,
                Direction.NONE));
        into.addAll(Predictions.share(
                "false-positive-rate of " + name,
                Predictions.values(after, r -> r.falsePositiveRate(g)),
                n,
                Direction.NONE));
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Sites, Classifier> method) {
        return BalanceSites.in(request).isPresent()
                ? Optional.empty()
                : Optional.of("group-fairness needs a request that names groups");
    }

    @Override
    public String limits() {
        return "Equal rates of these groups say nothing about other groups, about smaller ones within them, or about whether the"
                + " labels themselves were fair.";
    }
}
