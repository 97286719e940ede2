package org.lethe.recsys.sequence;

import java.util.Arrays;
import java.util.Map;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.Events.Example;

/**
 * Recommends what a user bought most often, then what all users buy most often: the baseline that a model of baskets has to
 * beat, and many do not (Li et al., TOIS 2023).
 *
 * <p>Exact to forget from: a count is a whole number. Cost: one pass over the data.
 *
 * @param counts whose baskets count: both, personal or global
 */
@Named("frequency")
public record Frequency(Counts counts) implements CountingLearner {
    /** Whose baskets count. */
    public enum Counts {
        /** Those of the user, then those of all. */
        BOTH,
        /** Those of the user; nothing else is recommended. */
        PERSONAL,
        /** Those of all. */
        GLOBAL
    }

    /** Personal, then global. */
    public Frequency() {
        this(Counts.BOTH);
    }

    @Override
    public Index train(Events data, Env env) {
        return new Index(counts, data);
    }

    @Override
    public Estimate estimate(Events data) {
        return new Estimate(1e-8 * data.size(), 16L * data.size());
    }

    /** In how many baskets each item is. */
    static final class Index extends BasketIndex {
        private final Counts counts;
        private final int[] baskets; // with an item, of all users
        private final int[][][] counted; // the baskets of each user that are in these counts

        Index(Counts counts, Events data) {
            super(data);
            this.counts = counts;
            baskets = new int[data.itemCount()];
            counted = new int[userCount()][0][];
            refresh(everybody());
        }

        private Index(Index other) {
            super(other);
            counts = other.counts;
            baskets = other.baskets.clone();
            counted = other.counted.clone();
        }

        Index(Safetensors file, String prefix) {
            super(file, prefix);
            counts = Arrays.stream(Counts.values()).toList().get((int) file.longs(prefix + "settings")[0]);
            baskets = new int[itemCount()];
            counted = new int[userCount()][0][];
            refresh(everybody());
        }

        @Override
        long[] settings() {
            return new long[] {Arrays.asList(Counts.values()).indexOf(counts)};
        }

        @Override
        void refresh(int... users) {
            for (int u : users) {
                count(counted[u], -1);
                counted[u] = neighbour(u) ? baskets(u) : new int[0][];
                count(counted[u], 1);
            }
        }

        private void count(int[][] of, int sign) {
            for (int[] basket : of) {
                for (int i : basket) {
                    baskets[i] += sign;
                }
            }
        }

        @Override
        Map<String, Safetensors.Tensor> derived() {
            return Map.of("baskets", Decremental.tensor(baskets));
        }

        @Override
        public void scores(Example after, double[] into) {
            Arrays.fill(into, counts == Counts.PERSONAL ? Double.NEGATIVE_INFINITY : 0);
            if (counts != Counts.GLOBAL) {
                for (int[] basket : after.history()) {
                    for (int i : basket) {
                        into[i] = Math.max(into[i], 0) + 1;
                    }
                }
            }
            if (counts != Counts.PERSONAL) {
                int most = Arrays.stream(baskets).max().orElse(0);
                for (int i = 0; i < into.length; i++) {
                    into[i] += baskets[i] / (most + 1.0); // below 1, so that it only fills up
                }
            }
        }

        @Override
        public Index copy() {
            return new Index(this);
        }

        @Override
        public String kind() {
            return "frequency";
        }
    }
}
