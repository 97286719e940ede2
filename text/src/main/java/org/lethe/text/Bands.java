package org.lethe.text;

import static org.lethe.Check.require;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Statistics;

/**
 * Measures of texts with their bootstrap intervals, over resampled samples.
 *
 * <p>The same key gives the same resamples, so two models measured on the same samples are compared pair by pair:
 * {@code mean(a, key).less(mean(b, key))} is their difference with its interval.
 */
public final class Bands {
    private Bands() {}

    /** The mean over samples. */
    public static Sampled mean(double[] values, Keyed key) {
        check("values", values);
        return Sampled.of(Statistics.RESAMPLES, values.length, key, times -> mean(values, times));
    }

    /**
     * The harmonic mean of means, as of TOFU's model utility. All measures of one set come from the same samples and
     * are resampled together; the sets are resampled independently of each other.
     *
     * @param sets for each set, its measures, each with a value for every sample of the set
     */
    public static Sampled harmonicMean(List<List<double[]>> sets, Keyed key) {
        require(!sets.isEmpty(), "sets.size", sets.size(), "at least 1");
        for (int s = 0; s < sets.size(); s++) {
            List<double[]> measures = sets.get(s);
            require(!measures.isEmpty(), "sets[" + s + "].size", measures.size(), "at least 1 measure");
            for (int i = 0; i < measures.size(); i++) {
                String name = "sets[" + s + "][" + i + "]";
                check(name, measures.get(i));
                require(
                        measures.get(i).length == measures.getFirst().length,
                        name + ".length",
                        measures.get(i).length,
                        "as the first of the set, " + measures.getFirst().length);
                require(
                        Arrays.stream(measures.get(i)).allMatch(v -> v >= 0),
                        "the least of " + name,
                        Arrays.stream(measures.get(i)).min().orElseThrow(),
                        "at least 0");
            }
        }
        double value = utility(sets, (_, _) -> 1);
        double[] drawn = Resampling.each(Statistics.RESAMPLES, b -> {
            int[][] times = new int[sets.size()][];
            Arrays.setAll(
                    times, s -> Resampling.draw(key.of(s).of(b), sets.get(s).getFirst().length));
            return utility(sets, (s, i) -> times[s][i]);
        });
        return new Sampled(value, drawn);
    }

    /** How often a sample of a set counts. */
    private interface Times {
        int of(int set, int sample);
    }

    private static double utility(List<List<double[]>> sets, Times times) {
        double[] parts = new double[sets.stream().mapToInt(List::size).sum()];
        int next = 0;
        for (int s = 0; s < sets.size(); s++) {
            int set = s;
            for (double[] measure : sets.get(s)) {
                parts[next++] = mean(measure, i -> times.of(set, i));
            }
        }
        return TofuMetrics.modelUtility(parts);
    }

    private static double mean(double[] values, IntUnaryOperator times) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += times.applyAsInt(i) * values[i];
        }
        return sum / values.length;
    }

    private static void check(String name, double[] values) {
        require(values.length >= 1, name + ".length", values.length, "at least 1");
        for (int i = 0; i < values.length; i++) {
            require(Double.isFinite(values[i]), name + "[" + i + "]", values[i], "a finite number");
        }
    }
}
