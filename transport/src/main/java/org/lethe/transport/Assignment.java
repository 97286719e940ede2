package org.lethe.transport;

import java.util.Arrays;

/**
 * The cheapest way to put n points into K groups of given sizes: exact, with its certificate.
 *
 * <p>Every point starts in the group of least price-adjusted cost. Then shortest augmenting paths on the graph of the K
 * groups move one point along each of their edges. The weight of an edge a → b is the cheapest move of a point from a
 * to b. (Successive shortest paths; Ahuja, Magnanti and Orlin 1993, section 9.7, with the points contracted.) One heap
 * per ordered pair gives the cheapest move; entries whose point has left are dropped when they reach the top. Ties go
 * to the smaller id. Costs O(nK) for the start and O(K² + K log n) for each augmentation; memory 12·nK bytes.
 *
 * @param labels the group of each point
 * @param cost the sum of the chosen costs
 * @param prices one number per group such that every point is in a group of least {@code cost − price}
 * @param dual the value of the dual problem at {@code prices}: equal to {@code cost} up to rounding
 * @param augmentations shortest paths that were needed
 */
public record Assignment(int[] labels, double cost, double[] prices, double dual, int augmentations) {

    /** Groups whose sizes differ by at most one: ⌊n/K⌋ or ⌈n/K⌉, whichever is cheaper for each group. */
    public static Assignment even(double[] cost, int points, int groups) {
        return even(cost, points, groups, new double[Math.max(groups, 0)]);
    }

    /** As {@link #even(double[], int, int)}, started from the prices of a similar problem: same cost, fewer steps. */
    public static Assignment even(double[] cost, int points, int groups, double[] prices) {
        require(groups >= 1, "groups", groups, "at least 1");
        int[] least = new int[groups];
        int[] most = new int[groups];
        Arrays.fill(least, points / groups);
        Arrays.fill(most, points / groups + (points % groups == 0 ? 0 : 1));
        return within(cost, points, least, most, prices);
    }

    /** Groups of exactly the given sizes, which must add up to the number of points. */
    public static Assignment sized(double[] cost, int... sizes) {
        return within(cost, Arrays.stream(sizes).sum(), sizes, sizes, new double[sizes.length]);
    }

    /**
     * Groups with at least {@code least[k]} and at most {@code most[k]} points.
     *
     * @param cost n × K costs, one row per point
     * @param prices where to start: zeros, or the prices of a similar problem
     */
    public static Assignment within(double[] cost, int points, int[] least, int[] most, double[] prices) {
        int groups = least.length;
        require(groups >= 1, "groups", groups, "at least 1");
        require(most.length == groups, "most.length", most.length, "one bound per group, " + groups);
        require(prices.length == groups, "prices.length", prices.length, "one price per group, " + groups);
        require(points >= 0, "points", points, "at least 0");
        require(cost.length == (long) points * groups, "cost.length", cost.length, points + " x " + groups);
        long fewest = 0;
        long largest = 0;
        for (int k = 0; k < groups; k++) {
            require(least[k] >= 0 && least[k] <= most[k], "least[" + k + "]", least[k], "0 to " + most[k]);
            require(Double.isFinite(prices[k]), "prices[" + k + "]", prices[k], "a finite number");
            fewest += least[k];
            largest += most[k];
        }
        require(fewest <= points && points <= largest, "points", points, "from " + fewest + " to " + largest);
        for (int i = 0; i < cost.length; i++) {
            if (!Double.isFinite(cost[i])) {
                throw new IllegalArgumentException("cost of point " + i / groups + " in group " + i % groups + " is "
                        + cost[i] + ", expected a finite number");
            }
        }
        return new Groups(cost, points, least, most, prices).solve();
    }

    /** The number of points in each group. */
    public int[] sizes() {
        int[] sizes = new int[prices.length];
        for (int label : labels) {
            sizes[label]++;
        }
        return sizes;
    }

    private static void require(boolean condition, String name, Object value, String expected) {
        if (!condition) {
            throw new IllegalArgumentException(name + " is " + value + ", expected " + expected);
        }
    }

    /**
     * The graph of the groups. Invariant: no cycle of moves between groups lowers the cost. It holds at the start, where
     * every move has a price-adjusted cost of at least zero, and a move along a shortest path keeps it.
     */
    private static final class Groups {
        final double[] cost;
        final int points;
        final int groups;
        final int[] least;
        final int[] most;
        final double[] start;
        final int[] labels;
        final int[] sizes;
        final Moves[] moves; // [from * groups + to]
        final double[] weight; // the cheapest move of each ordered pair, infinite where the group is empty
        final double[] distance;
        final int[] before;
        final double slack; // below this a difference is rounding
        int augmentations;

        Groups(double[] cost, int points, int[] least, int[] most, double[] start) {
            this.cost = cost;
            this.points = points;
            this.groups = least.length;
            this.least = least;
            this.most = most;
            this.start = start;
            labels = new int[points];
            sizes = new int[groups];
            moves = new Moves[groups * groups];
            weight = new double[groups * groups];
            distance = new double[groups];
            before = new int[groups];
            double largest = 0;
            for (double c : cost) {
                largest = Math.max(largest, Math.abs(c));
            }
            slack = 8 * groups * largest * 0x1p-53;
        }

        Assignment solve() {
            nearest();
            collectMoves();
            // Must shrink and must grow; then one of the two alone; then exchanges among the sizes that are allowed.
            while (augment(Need.MUST, Need.MUST, Double.POSITIVE_INFINITY)) {}
            while (augment(Need.MUST, Need.MAY, Double.POSITIVE_INFINITY)) {}
            while (augment(Need.MAY, Need.MUST, Double.POSITIVE_INFINITY)) {}
            while (augment(Need.MAY, Need.MAY, -slack)) {}
            double total = 0;
            for (int i = 0; i < points; i++) {
                total += cost[i * groups + labels[i]];
            }
            double[] prices = prices();
            return new Assignment(labels, total, prices, dual(prices), augmentations);
        }

        private void nearest() {
            for (int i = 0; i < points; i++) {
                int row = i * groups;
                int best = 0;
                double lowest = cost[row] - start[0];
                for (int k = 1; k < groups; k++) {
                    double c = cost[row + k] - start[k];
                    if (c < lowest) {
                        lowest = c;
                        best = k;
                    }
                }
                labels[i] = best;
                sizes[best]++;
            }
        }

        private void collectMoves() {
            for (int from = 0; from < groups; from++) {
                for (int to = 0; to < groups; to++) {
                    moves[from * groups + to] = new Moves(from == to ? 0 : sizes[from]);
                }
            }
            for (int i = 0; i < points; i++) {
                int from = labels[i];
                int row = i * groups;
                for (int to = 0; to < groups; to++) {
                    if (to != from) {
                        moves[from * groups + to].append(cost[row + to] - cost[row + from], i);
                    }
                }
            }
            for (int from = 0; from < groups; from++) {
                for (int to = 0; to < groups; to++) {
                    moves[from * groups + to].order();
                }
                refresh(from);
            }
        }

        private enum Need {
            MUST,
            MAY
        }

        private boolean shrinks(int k, Need need) {
            return sizes[k] > (need == Need.MUST ? most[k] : least[k]);
        }

        private boolean grows(int k, Need need) {
            return sizes[k] < (need == Need.MUST ? least[k] : most[k]);
        }

        /** Moves one point along each edge of the shortest path from a group that shrinks to one that grows. */
        private boolean augment(Need shrink, Need grow, double below) {
            boolean any = false;
            for (int k = 0; k < groups; k++) {
                boolean source = shrinks(k, shrink);
                any |= source;
                distance[k] = source ? 0 : Double.POSITIVE_INFINITY;
                before[k] = -1;
            }
            if (!any) {
                return false;
            }
            shortest();
            int end = -1;
            double best = below;
            for (int k = 0; k < groups; k++) {
                if (grows(k, grow) && before[k] >= 0 && distance[k] < best) {
                    best = distance[k];
                    end = k;
                }
            }
            if (end < 0) {
                return false;
            }
            augmentations++;
            // The path is read backwards, so each move takes its point before another one arrives.
            int to = end;
            while (before[to] >= 0) {
                int from = before[to];
                move(moves[from * groups + to].top(), to);
                to = from;
            }
            sizes[to]--;
            sizes[end]++;
            for (int k = end; k >= 0; k = before[k]) {
                refresh(k);
            }
            return true;
        }

        /** Bellman and Ford over the groups, from the distances that are set. */
        private void shortest() {
            boolean changed = true;
            for (int round = 0; changed && round < groups; round++) {
                changed = false;
                for (int from = 0; from < groups; from++) {
                    double base = distance[from];
                    if (base == Double.POSITIVE_INFINITY) {
                        continue;
                    }
                    int row = from * groups;
                    for (int to = 0; to < groups; to++) {
                        double reached = base + weight[row + to];
                        if (reached < distance[to] - slack) {
                            distance[to] = reached;
                            before[to] = from;
                            changed = true;
                        }
                    }
                }
            }
        }

        private void move(int point, int to) {
            labels[point] = to;
            int row = point * groups;
            for (int next = 0; next < groups; next++) {
                if (next != to) {
                    moves[to * groups + next].insert(cost[row + next] - cost[row + to], point);
                }
            }
        }

        private void refresh(int from) {
            for (int to = 0; to < groups; to++) {
                weight[from * groups + to] =
                        to == from ? Double.POSITIVE_INFINITY : moves[from * groups + to].cheapest(labels, from);
            }
        }

        /** Distances in the final graph, with free exchanges among the sizes that are allowed. */
        private double[] prices() {
            for (int from = 0; from < groups; from++) {
                for (int to = 0; to < groups; to++) {
                    if (from != to && grows(from, Need.MAY) && shrinks(to, Need.MAY)) {
                        weight[from * groups + to] = Math.min(weight[from * groups + to], 0);
                    }
                }
            }
            Arrays.fill(distance, 0);
            shortest();
            return distance.clone();
        }

        private double dual(double[] prices) {
            double value = 0;
            for (int i = 0; i < points; i++) {
                double lowest = Double.POSITIVE_INFINITY;
                for (int k = 0; k < groups; k++) {
                    lowest = Math.min(lowest, cost[i * groups + k] - prices[k]);
                }
                value += lowest;
            }
            // The cheapest allowed sizes: the least for all, the rest where the price is lowest.
            int rest = points;
            for (int k = 0; k < groups; k++) {
                value += least[k] * prices[k];
                rest -= least[k];
            }
            int[] order = new int[groups];
            Arrays.setAll(order, k -> k);
            for (int i = 1; i < groups; i++) {
                for (int j = i; j > 0 && prices[order[j]] < prices[order[j - 1]]; j--) {
                    int swapped = order[j];
                    order[j] = order[j - 1];
                    order[j - 1] = swapped;
                }
            }
            for (int k : order) {
                int more = Math.min(rest, most[k] - least[k]);
                value += more * prices[k];
                rest -= more;
            }
            return value;
        }
    }

    /** The moves out of one group into another: a binary heap by cost, then by point. */
    private static final class Moves {
        private double[] keys;
        private int[] ids;
        private int size;

        Moves(int capacity) {
            keys = new double[capacity];
            ids = new int[capacity];
        }

        void append(double key, int id) {
            if (size == ids.length) {
                int capacity = Math.max(8, size + (size >> 1));
                keys = Arrays.copyOf(keys, capacity);
                ids = Arrays.copyOf(ids, capacity);
            }
            keys[size] = key;
            ids[size++] = id;
        }

        void order() {
            for (int i = size / 2 - 1; i >= 0; i--) {
                sink(i, keys[i], ids[i]);
            }
        }

        void insert(double key, int id) {
            append(key, id);
            int hole = size - 1;
            while (hole > 0) {
                int parent = (hole - 1) >> 1;
                if (!less(key, id, keys[parent], ids[parent])) {
                    break;
                }
                keys[hole] = keys[parent];
                ids[hole] = ids[parent];
                hole = parent;
            }
            keys[hole] = key;
            ids[hole] = id;
        }

        int top() {
            return ids[0];
        }

        /** The least cost of a move, infinite if there is none; drops points that have left {@code group}. */
        double cheapest(int[] labels, int group) {
            while (size > 0 && labels[ids[0]] != group) {
                size--;
                if (size > 0) {
                    sink(0, keys[size], ids[size]);
                }
            }
            return size > 0 ? keys[0] : Double.POSITIVE_INFINITY;
        }

        private void sink(int at, double key, int id) {
            int hole = at;
            while (true) {
                int child = 2 * hole + 1;
                if (child >= size) {
                    break;
                }
                if (child + 1 < size && less(keys[child + 1], ids[child + 1], keys[child], ids[child])) {
                    child++;
                }
                if (!less(keys[child], ids[child], key, id)) {
                    break;
                }
                keys[hole] = keys[child];
                ids[hole] = ids[child];
                hole = child;
            }
            keys[hole] = key;
            ids[hole] = id;
        }

        private static boolean less(double key, int id, double otherKey, int otherId) {
            return key < otherKey || key == otherKey && id < otherId;
        }
    }
}
