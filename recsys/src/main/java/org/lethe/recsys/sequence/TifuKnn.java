package org.lethe.recsys.sequence;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.Events.Example;

/**
 * Recommends by how often and how lately items were bought, by a user and by users like him: TIFU-kNN (Hu et al., SIGIR
 * 2020).
 *
 * <p>The baskets of a user are put into groups. Inside a group older baskets count less, and older groups count less. The
 * score is a mean of the user's own vector and of the vectors nearest to it. Forgetting works out one user's vector again, in
 * the same order of sums, so that it has the bits of a rebuild. Neighbours are found at query time, so none can be stale.
 *
 * @param neighbours how many nearest users count
 * @param withinGroup weight of a basket, over that of the next one in its group
 * @param groupDecay weight of a group, over that of the next one
 * @param own weight of the user's own vector
 * @param groups how many groups
 * @param decay over which baskets the first weight falls
 */
@Named("tifu-knn")
public record TifuKnn(int neighbours, double withinGroup, double groupDecay, double own, int groups, Decay decay)
        implements CountingLearner {
    /** Over which baskets the weight inside a group falls. */
    public enum Decay {
        /** Inside each group, as the paper says. */
        GROUPS,
        /** Over the whole history, and groups by their largest number, as the released code does. */
        HISTORY
    }

    public TifuKnn {
        Check.require(neighbours >= 1, "neighbours", neighbours, "at least 1");
        Check.require(withinGroup > 0 && withinGroup <= 1, "withinGroup", withinGroup, "above 0, at most 1");
        Check.require(groupDecay > 0 && groupDecay <= 1, "groupDecay", groupDecay, "above 0, at most 1");
        Check.require(own >= 0 && own <= 1, "own", own, "0 to 1");
        Check.require(groups >= 1, "groups", groups, "at least 1");
    }

    /** The authors' setting for Ta-Feng. */
    public TifuKnn() {
        this(300, 0.9, 0.7, 0.7, 7, Decay.GROUPS);
    }

    @Override
    public Index train(Events data, Env env) {
        return new Index(this, data);
    }

    @Override
    public Estimate estimate(Events data) {
        return new Estimate(1e-6 * data.size(), 40L * data.size());
    }

    /** A vector with few entries, its items ascending. */
    record Sparse(int[] items, double[] values, double square) {
        static final Sparse NOTHING = new Sparse(new int[0], new double[0], 0);
    }

    /** The vector of a history of baskets (erase 3.3). */
    Sparse vector(int[][] baskets) {
        int n = baskets.length;
        if (n == 0) {
            return Sparse.NOTHING;
        }
        int count = Math.min(n, groups);
        int larger = n > groups ? n % groups : 0; // groups with one basket more, at the end
        int size = n > groups ? n / groups : 1;
        int[] items = Arrays.stream(baskets)
                .flatMapToInt(Arrays::stream)
                .sorted()
                .distinct()
                .toArray();
        double[] values = new double[items.length];
        int t = 0;
        for (int j = 1; j <= count; j++) {
            int here = size + (j > count - larger ? 1 : 0);
            double ofGroup = Math.pow(groupDecay, (decay == Decay.GROUPS ? count : groups) - j) / count / here;
            for (int s = 1; s <= here; s++) {
                double weight = ofGroup * Math.pow(withinGroup, decay == Decay.GROUPS ? here - s : n - 1 - t);
                for (int i : baskets[t]) {
                    values[Arrays.binarySearch(items, i)] += weight;
                }
                t++;
            }
        }
        double square = 0;
        for (double value : values) {
            square += value * value;
        }
        return new Sparse(items, values, square);
    }

    /** The vectors of all users. */
    static final class Index extends BasketIndex {
        private final TifuKnn settings;
        private final Sparse[] vectors;

        Index(TifuKnn settings, Events data) {
            super(data);
            this.settings = settings;
            vectors = new Sparse[userCount()];
            refresh(everybody());
        }

        private Index(Index other) {
            super(other);
            settings = other.settings;
            vectors = other.vectors.clone();
        }

        Index(Safetensors file, String prefix) {
            super(file, prefix);
            long[] read = file.longs(prefix + "settings");
            settings = new TifuKnn(
                    (int) read[0],
                    Double.longBitsToDouble(read[1]),
                    Double.longBitsToDouble(read[2]),
                    Double.longBitsToDouble(read[3]),
                    (int) read[4],
                    read[5] == 0 ? Decay.GROUPS : Decay.HISTORY);
            vectors = new Sparse[userCount()];
            refresh(everybody());
        }

        @Override
        long[] settings() {
            return new long[] {
                settings.neighbours,
                Double.doubleToRawLongBits(settings.withinGroup),
                Double.doubleToRawLongBits(settings.groupDecay),
                Double.doubleToRawLongBits(settings.own),
                settings.groups,
                settings.decay == Decay.GROUPS ? 0 : 1
            };
        }

        @Override
        void refresh(int... users) {
            for (int u : users) {
                vectors[u] = settings.vector(baskets(u));
            }
        }

        @Override
        Map<String, Safetensors.Tensor> derived() {
            long[] bits = Arrays.stream(vectors)
                    .flatMapToDouble(v -> Arrays.stream(v.values))
                    .mapToLong(Double::doubleToRawLongBits)
                    .toArray();
            long[] squares = Arrays.stream(vectors)
                    .mapToLong(v -> Double.doubleToRawLongBits(v.square))
                    .toArray();
            Map<String, Safetensors.Tensor> derived = new LinkedHashMap<>();
            derived.put("vectors", Safetensors.Tensor.of(bits, bits.length));
            derived.put("squares", Safetensors.Tensor.of(squares, squares.length));
            return derived;
        }

        @Override
        public void scores(Example after, double[] into) {
            Arrays.fill(into, 0);
            Sparse mine = settings.vector(after.history());
            for (int n = 0; n < mine.items.length; n++) {
                into[mine.items[n]] = mine.values[n];
            }
            int[] nearest = nearest(mine, into, after.user());
            Arrays.fill(into, 0);
            for (int u : nearest) {
                add(vectors[u], (1 - settings.own) / nearest.length, into);
            }
            add(mine, settings.own, into);
        }

        private static void add(Sparse vector, double weight, double[] into) {
            for (int n = 0; n < vector.items.length; n++) {
                into[vector.items[n]] += weight * vector.values[n];
            }
        }

        /** The nearest users by Euclid, ascending in number; ties go to the smaller number. */
        private int[] nearest(Sparse mine, double[] dense, int without) {
            double[] near = new double[vectors.length]; // minus the squared distance
            for (int u = 0; u < near.length; u++) {
                Sparse other = vectors[u];
                if (u == without || !neighbour(u) || other.items.length == 0) {
                    near[u] = Double.NEGATIVE_INFINITY;
                    continue;
                }
                double product = 0;
                for (int n = 0; n < other.items.length; n++) {
                    product += dense[other.items[n]] * other.values[n];
                }
                near[u] = 2 * product - other.square - mine.square;
            }
            return largest(near, settings.neighbours);
        }

        @Override
        public Index copy() {
            return new Index(this);
        }

        @Override
        public String kind() {
            return "tifu-knn";
        }
    }

    /** The places of the largest numbers, ascending; ties go to the smaller place, and −∞ is never taken. */
    static int[] largest(double[] values, int k) {
        double[] sorted = Arrays.stream(values)
                .filter(v -> v > Double.NEGATIVE_INFINITY)
                .sorted()
                .toArray();
        if (sorted.length <= k) {
            return IntStream.range(0, values.length)
                    .filter(n -> values[n] > Double.NEGATIVE_INFINITY)
                    .toArray();
        }
        double bar = sorted[sorted.length - k];
        int above = (int) Arrays.stream(values).filter(v -> v > bar).count();
        int[] chosen = new int[k];
        int size = 0;
        int ties = k - above;
        for (int n = 0; n < values.length; n++) {
            if (values[n] > bar || values[n] == bar && ties-- > 0) {
                chosen[size++] = n;
            }
        }
        return chosen;
    }
}
