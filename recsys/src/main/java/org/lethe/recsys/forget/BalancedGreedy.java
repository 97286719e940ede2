package org.lethe.recsys.forget;

import java.util.Arrays;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;

/**
 * RecEraser's balanced k-means: in each iteration, pairs of a unit and an anchor are taken in ascending distance. A free
 * unit goes to an anchor with room, and anchors move to the means of their units.
 *
 * <p>The literal form sorts all N·S pairs. Both sides rank by the same distance, so the result is the one stable matching,
 * and deferred acceptance finds it in any order. Every unit asks its nearest anchor. An anchor with too many units keeps
 * the nearest; the others ask their next anchor. Only such anchors select, in time linear in their units. Ties go to the
 * smaller unit, then to the smaller anchor. The code of CURE4Rec walks the list from the far end, and that of RecEraser
 * also averages an anchor over its coordinates; neither is copied.
 *
 * @param shards number of anchors S
 * @param capacity largest number of units of an anchor
 * @param rounds largest number of iterations
 */
public record BalancedGreedy(int shards, int capacity, int rounds) {
    private static final int BLOCK = 1 << 14;

    /** The capacity of a shard: {@code ⌈slack · units / shards⌉}. */
    public static int capacity(int units, int shards, double slack) {
        return (int) Math.ceil(slack * units / shards);
    }

    /** Units with a distance to each anchor, and anchors that follow their units. */
    public interface Space {
        /** Number of units. */
        int units();

        /** Puts each anchor at the position of a unit. */
        void start(int[] chosen);

        /** Prepares {@link #distances} after the anchors have moved. */
        void measure();

        /** The squared distances of a unit to all anchors. */
        void distances(int unit, float[] into);

        /** Moves every anchor that has units to their mean. */
        void move(int[] shardOf);
    }

    /** The shard of each unit. */
    public int[] assign(Space space, Keyed random, Workers workers) {
        space.start(chosen(space.units(), random));
        int[] shardOf = {};
        for (int round = 0; round < rounds; round++) {
            space.measure();
            int[] next = nearest(space, workers);
            if (Arrays.equals(next, shardOf)) {
                break;
            }
            shardOf = next;
            space.move(shardOf);
        }
        return shardOf;
    }

    /** The S units with the smallest keyed numbers. */
    private int[] chosen(int units, Keyed random) {
        long[] smallest = new long[units];
        for (int n = 0; n < units; n++) {
            smallest[n] = random.at(n) & 0xFFFFFFFF00000000L | n;
        }
        select(smallest, units, shards - 1);
        long[] first = Arrays.copyOf(smallest, shards);
        Arrays.sort(first);
        return Arrays.stream(first).mapToInt(bits -> (int) bits).toArray();
    }

    /** One round of the greedy assignment. */
    int[] nearest(Space space, Workers workers) {
        int units = space.units();
        int[] shardOf = new int[units];
        float[] at = new float[units];
        workers.each((units + BLOCK - 1) / BLOCK, block -> {
            float[] distances = new float[shards];
            for (int n = block * BLOCK; n < Math.min(units, (block + 1) * BLOCK); n++) {
                space.distances(n, distances);
                next(n, -1, -1, distances, shardOf, at);
            }
        });
        int[] sizes = new int[shards];
        for (int s : shardOf) {
            sizes[s]++;
        }
        float[] distances = new float[shards];
        long[] held = new long[units];
        for (boolean full = true; full; ) {
            full = false;
            for (int s = 0; s < shards; s++) {
                if (sizes[s] > capacity) {
                    full = true;
                    int count = 0;
                    for (int n = 0; n < units; n++) {
                        if (shardOf[n] == s) {
                            held[count++] = (long) Float.floatToIntBits(at[n]) << 32 | n;
                        }
                    }
                    select(held, count, capacity - 1);
                    for (int h = capacity; h < count; h++) {
                        int unit = (int) held[h];
                        space.distances(unit, distances);
                        next(unit, at[unit], s, distances, shardOf, at);
                        sizes[shardOf[unit]]++;
                    }
                    sizes[s] = capacity;
                }
            }
        }
        return shardOf;
    }

    /** The next nearest anchor after one without room, by distance and then by number. */
    private static void next(int unit, float after, int last, float[] distances, int[] shardOf, float[] at) {
        int best = -1;
        for (int s = 0; s < distances.length; s++) {
            float d = distances[s];
            if ((d > after || d == after && s > last) && (best < 0 || d < distances[best])) {
                best = s;
            }
        }
        shardOf[unit] = best;
        at[unit] = distances[best];
    }

    /** Reorders so that the {@code k + 1} smallest stand first (Hoare's selection; the values are distinct). */
    static void select(long[] values, int count, int k) {
        int from = 0;
        int to = count - 1;
        while (from < to) {
            long a = values[from];
            long b = values[(from + to) >>> 1];
            long c = values[to];
            long pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
            int i = from;
            int j = to;
            while (i <= j) {
                while (values[i] < pivot) {
                    i++;
                }
                while (values[j] > pivot) {
                    j--;
                }
                if (i <= j) {
                    long swap = values[i];
                    values[i++] = values[j];
                    values[j--] = swap;
                }
            }
            if (k <= j) {
                to = j;
            } else if (k >= i) {
                from = i;
            } else {
                return;
            }
        }
    }

    /** Rows of a table as units: users, or items. */
    public static final class Rows implements Space {
        private final float[] table;
        private final int dims;
        private final int[] rows;
        private final Anchors anchors;
        private float[] distances = {};

        /** Some rows of a table. */
        public Rows(float[] table, int dims, int[] rows, int shards) {
            this.table = table;
            this.dims = dims;
            this.rows = rows;
            this.anchors = new Anchors(shards, dims);
        }

        @Override
        public int units() {
            return rows.length;
        }

        @Override
        public void start(int[] chosen) {
            for (int s = 0; s < chosen.length; s++) {
                anchors.put(s, table, rows[chosen[s]] * dims);
            }
        }

        @Override
        public void measure() {
            distances = anchors.distances(table, rows);
        }

        @Override
        public void distances(int unit, float[] into) {
            System.arraycopy(distances, unit * into.length, into, 0, into.length);
        }

        @Override
        public void move(int[] shardOf) {
            int[] counts = new int[rows.length * anchors.count];
            for (int n = 0; n < rows.length; n++) {
                counts[n * anchors.count + shardOf[n]] = 1;
            }
            anchors.move(table, rows, counts);
        }
    }

    /**
     * Interactions as units: the distance is the product ‖u − a_u‖²·‖i − a_i‖² of two squared distances, each from a table
     * of users × anchors and items × anchors, so that a unit costs S products.
     */
    static final class Pairs implements Space {
        private final Embeddings embeddings;
        private final Interactions pairs;
        private final int[] userOf;
        private final int[] users;
        private final int[] items;
        private final Anchors ofUsers;
        private final Anchors ofItems;
        private float[] userDistances = {};
        private float[] itemDistances = {};

        Pairs(Embeddings embeddings, Interactions pairs, int shards) {
            this.embeddings = embeddings;
            this.pairs = pairs;
            userOf = new int[pairs.size()];
            for (int u = 0; u < pairs.users(); u++) {
                Arrays.fill(userOf, pairs.from(u), pairs.to(u), u);
            }
            users = new int[pairs.users()];
            Arrays.setAll(users, u -> u);
            items = new int[pairs.items()];
            Arrays.setAll(items, i -> i);
            ofUsers = new Anchors(shards, embeddings.dims());
            ofItems = new Anchors(shards, embeddings.dims());
        }

        @Override
        public int units() {
            return userOf.length;
        }

        @Override
        public void start(int[] chosen) {
            for (int s = 0; s < chosen.length; s++) {
                ofUsers.put(s, embeddings.userRows(), userOf[chosen[s]] * embeddings.dims());
                ofItems.put(s, embeddings.itemRows(), pairs.item(chosen[s]) * embeddings.dims());
            }
        }

        @Override
        public void measure() {
            userDistances = ofUsers.distances(embeddings.userRows(), users);
            itemDistances = ofItems.distances(embeddings.itemRows(), items);
        }

        @Override
        public void distances(int unit, float[] into) {
            int u = userOf[unit] * into.length;
            int i = pairs.item(unit) * into.length;
            for (int s = 0; s < into.length; s++) {
                into[s] = userDistances[u + s] * itemDistances[i + s];
            }
        }

        @Override
        public void move(int[] shardOf) {
            int shards = ofUsers.count;
            int[] userCounts = new int[users.length * shards];
            int[] itemCounts = new int[items.length * shards];
            for (int n = 0; n < shardOf.length; n++) {
                userCounts[userOf[n] * shards + shardOf[n]]++;
                itemCounts[pairs.item(n) * shards + shardOf[n]]++;
            }
            ofUsers.move(embeddings.userRows(), users, userCounts);
            ofItems.move(embeddings.itemRows(), items, itemCounts);
        }
    }

    /** One vector per shard. */
    private static final class Anchors {
        private final int count;
        private final int dims;
        private final double[] at;

        Anchors(int count, int dims) {
            this.count = count;
            this.dims = dims;
            this.at = new double[count * dims];
        }

        void put(int anchor, float[] table, int from) {
            for (int d = 0; d < dims; d++) {
                at[anchor * dims + d] = table[from + d];
            }
        }

        /** ‖row − anchor‖² for every row and anchor. */
        float[] distances(float[] table, int[] rows) {
            double[] columns = new double[dims * count]; // lanes are anchors
            for (int s = 0; s < count; s++) {
                for (int d = 0; d < dims; d++) {
                    columns[d * count + s] = at[s * dims + d];
                }
            }
            float[] distances = new float[rows.length * count];
            double[] sums = new double[count];
            for (int n = 0; n < rows.length; n++) {
                Arrays.fill(sums, 0);
                for (int d = 0; d < dims; d++) {
                    double x = table[rows[n] * dims + d];
                    for (int s = 0; s < count; s++) {
                        double difference = x - columns[d * count + s];
                        sums[s] += difference * difference;
                    }
                }
                for (int s = 0; s < count; s++) {
                    distances[n * count + s] = (float) sums[s];
                }
            }
            return distances;
        }

        /** Moves each anchor to the weighted mean of its rows; an anchor without rows stays. */
        void move(float[] table, int[] rows, int[] counts) {
            double[] sums = new double[at.length];
            long[] totals = new long[count];
            for (int n = 0; n < rows.length; n++) {
                for (int s = 0; s < count; s++) {
                    int times = counts[n * count + s];
                    if (times > 0) {
                        totals[s] += times;
                        for (int d = 0; d < dims; d++) {
                            sums[s * dims + d] += (double) times * table[rows[n] * dims + d];
                        }
                    }
                }
            }
            for (int s = 0; s < count; s++) {
                for (int d = 0; d < dims && totals[s] > 0; d++) {
                    at[s * dims + d] = sums[s * dims + d] / totals[s];
                }
            }
        }
    }
}
