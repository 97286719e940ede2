package org.lethe.federated.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lethe.federated.ScoreMap;
import org.lethe.transport.Line;

/**
 * The distribution that the scores of every group should have, and the maps that bring each group there: {@code T_a(s) =
 * Q̄(F_a(s))} (WassFFed; in one dimension this map is the optimal one).
 *
 * <p>Distributions are histograms of scores, summed over clients. F_a at a bin is the mean of its values at both sides, so that
 * equal scores go to the middle of what they cover.
 */
public enum FairTarget {
    /** The W2 barycenter {@code Q̄(u) = Σ w_a Q_a(u)}: scores move least. */
    W2_BARYCENTER,
    /** The W1 barycenter: at every score the weighted median of the distribution functions. */
    W1_MEDIAN,
    /** The distribution of all people together, {@code F̄ = Σ p_a F_a}, as in the published code. */
    MARGINAL;

    /** The target of distributions with weights that add up to 1. */
    public Line of(List<Line> groups, double... weights) {
        return switch (this) {
            case W2_BARYCENTER -> Line.barycenter(groups, weights);
            case W1_MEDIAN -> Line.median(groups, weights);
            case MARGINAL -> {
                int n = groups.stream().mapToInt(g -> g.points().length).sum();
                double[] points = new double[n];
                double[] masses = new double[n];
                int at = 0;
                for (int g = 0; g < weights.length; g++) {
                    Line group = groups.get(g);
                    for (int i = 0; i < group.points().length; i++) {
                        points[at] = group.points()[i];
                        masses[at++] = weights[g] * group.weights()[i];
                    }
                }
                yield Line.of(points, masses);
            }
        };
    }

    /**
     * The map of each group, one value for each bin; a group without records has none, and nothing moves where there is only
     * one group.
     *
     * @param histograms mass in each bin, {@code [group][bin]}; bins are evenly spaced from 0 to 1
     * @param equalWeights whether groups weigh the same in the target; as they have records otherwise
     */
    ScoreMap map(double[][] histograms, boolean equalWeights, double repair) {
        List<Line> lines = new ArrayList<>();
        List<Double> masses = new ArrayList<>();
        double all = 0;
        for (double[] histogram : histograms) {
            double mass = Arrays.stream(histogram).sum();
            if (mass > 0) {
                lines.add(line(histogram, mass));
                masses.add(equalWeights ? 1 : mass);
                all += equalWeights ? 1 : mass;
            }
        }
        float[][] values = new float[histograms.length][0];
        if (lines.size() < 2) {
            return new ScoreMap(values, repair);
        }
        double sum = all;
        Line target = of(lines, masses.stream().mapToDouble(m -> m / sum).toArray());
        for (int g = 0; g < histograms.length; g++) {
            double mass = Arrays.stream(histograms[g]).sum();
            if (mass > 0) {
                values[g] = values(histograms[g], mass, target);
            }
        }
        return new ScoreMap(values, repair);
    }

    private static Line line(double[] histogram, double mass) {
        int n = (int) Arrays.stream(histogram).filter(h -> h > 0).count();
        double[] points = new double[n];
        double[] weights = new double[n];
        int at = 0;
        for (int b = 0; b < histogram.length; b++) {
            if (histogram[b] > 0) {
                points[at] = (double) b / (histogram.length - 1);
                weights[at++] = histogram[b] / mass;
            }
        }
        return new Line(points, weights);
    }

    private static float[] values(double[] histogram, double mass, Line target) {
        float[] values = new float[histogram.length];
        double below = 0;
        for (int b = 0; b < values.length; b++) {
            double middle = below + histogram[b] / 2;
            below += histogram[b];
            values[b] = (float) Math.clamp(target.quantile(Math.clamp(middle / mass, 0, 1)), 0, 1);
        }
        return values;
    }
}
