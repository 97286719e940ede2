package org.lethe.recsys.neural.forget;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.lethe.recsys.sequence.Events;

/**
 * What follows some items in the data, as shares {@code (c_j + 5 π_j) / (c + 5)}: c_j counts how often j came next after the item, c is
 * their sum, and π is the popularity of j. What a model that never saw an example can know of it, nearly.
 */
final class Followers {
    private static final double PRIOR = 5; // clicks that popularity stands for

    private final Map<Integer, double[]> counts = new HashMap<>(); // by the item before
    private final double[] popularity; // plus ½, so that nothing is impossible
    private double all;

    Followers(Events data, int items, Collection<Integer> last) {
        popularity = new double[items];
        Arrays.fill(popularity, 0.5);
        all = items / 2.0;
        last.forEach(i -> counts.put(i, new double[items]));
        each(data, (before, next) -> {
            popularity[next]++;
            all++;
            double[] after = counts.get(before);
            if (after != null) {
                after[next]++;
            }
        });
    }

    /** A click that trains, with the one before it in its session. */
    @FunctionalInterface
    interface Step {
        void of(int last, int next);
    }

    /** All of them, in order. */
    static void each(Events data, Step step) {
        for (int g = 0; g < data.groupCount(); g++) {
            int last = -1;
            for (int e = data.from(g); e < data.to(g); e++) {
                if (data.holds(e)) {
                    if (last >= 0 && data.trains(e)) {
                        step.of(last, data.item(e));
                    }
                    last = data.item(e);
                }
            }
        }
    }

    /** The shares after an item. */
    double[] shares(int last) {
        double[] after = counts.getOrDefault(last, new double[popularity.length]);
        double sum = Arrays.stream(after).sum();
        double[] shares = new double[after.length];
        for (int j = 0; j < shares.length; j++) {
            shares[j] = (after[j] + PRIOR * popularity[j] / all) / (sum + PRIOR);
        }
        return shares;
    }

    /** −log of the share of what came next. */
    double loss(Prefix prefix) {
        return -Math.log(shares(prefix.last())[prefix.next()]);
    }
}
