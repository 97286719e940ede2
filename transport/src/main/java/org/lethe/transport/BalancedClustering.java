package org.lethe.transport;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.lethe.numerics.Keyed;

/**
 * K-means whose groups all have the same size, up to one point: the optimal balanced clustering of UltraRE.
 *
 * <p>Each round finds the exact assignment of least total squared distance under the size limits ({@link Assignment}),
 * and then moves every centre to the mean of its points. Neither step can raise the objective {@code Σ‖x − c‖²}. The
 * rounds end when no label changes. The first centres are the K points with the smallest keyed hashes, so a point that
 * was not among them can be deleted without moving the start. Follows Li et al. 2023 (UltraRE) at ε = 0, as its code
 * does. Where K does not divide n, each group has ⌊n/K⌋ or ⌈n/K⌉ points and no point is split. A round costs O(nKd) and
 * an assignment.
 *
 * @param clusters number of groups K
 * @param rounds most rounds of assigning and moving centres
 */
public record BalancedClustering(int clusters, int rounds) {
    public BalancedClustering {
        if (clusters < 1) {
            throw new IllegalArgumentException("clusters is " + clusters + ", expected at least 1");
        }
        if (rounds < 1) {
            throw new IllegalArgumentException("rounds is " + rounds + ", expected at least 1");
        }
    }

    /** At most ten rounds, as in UltraRE. */
    public BalancedClustering(int clusters) {
        this(clusters, 10);
    }

    /**
     * Points in groups.
     *
     * @param labels the group of each point, in the order of the rows that were asked for
     * @param centroids the mean of each group, K rows of d
     * @param objectives the sum of squared distances to these means after each round: never rises
     * @param converged whether the last round changed no label
     */
    public record Result(int[] labels, double[] centroids, double[] objectives, boolean converged) {
        /** The sum of squared distances of the points to their centroids. */
        public double objective() {
            return objectives[objectives.length - 1];
        }

        /** Rounds that were needed. */
        public int rounds() {
            return objectives.length;
        }
    }

    /** Clusters all rows of a table with {@code dims} columns; a row's number is its key. */
    public Result cluster(float[] table, int dims, Keyed random) {
        int[] rows = new int[dims < 1 ? 0 : table.length / dims];
        Arrays.setAll(rows, i -> i);
        return cluster(table, dims, rows, random);
    }

    /** Clusters some rows of a table with {@code dims} columns; a row's number in the table is its key. */
    public Result cluster(float[] table, int dims, int[] rows, Keyed random) {
        check(table, dims, rows);
        return rounds(table, dims, rows, start(table, dims, rows, random), even(rows.length, 0), even(rows.length, 1));
    }

    /** As {@link #cluster(float[], int, int[], Keyed)}, but group k has exactly {@code sizes[k]} points. */
    public Result cluster(float[] table, int dims, int[] rows, int[] sizes, Keyed random) {
        check(table, dims, rows);
        if (sizes.length != clusters || Arrays.stream(sizes).asLongStream().sum() != rows.length) {
            throw new IllegalArgumentException("sizes is " + Arrays.toString(sizes) + ", expected " + clusters
                    + " numbers with a sum of " + rows.length);
        }
        for (int size : sizes) {
            if (size < 1) {
                throw new IllegalArgumentException("a size is " + size + ", expected at least 1");
            }
        }
        return rounds(table, dims, rows, start(table, dims, rows, random), sizes, sizes);
    }

    /** Clusters some rows of a table from given centres, K rows of {@code dims}. */
    public Result cluster(float[] table, int dims, int[] rows, double[] centres) {
        check(table, dims, rows);
        if (centres.length != clusters * dims) {
            throw new IllegalArgumentException(
                    "centres has " + centres.length + " numbers, expected " + clusters + " x " + dims);
        }
        return rounds(table, dims, rows, centres.clone(), even(rows.length, 0), even(rows.length, 1));
    }

    /** The size of every group rounded down, or up by {@code more} where K does not divide n. */
    private int[] even(int n, int more) {
        int[] sizes = new int[clusters];
        Arrays.fill(sizes, n / clusters + (n % clusters == 0 ? 0 : more));
        return sizes;
    }

    /**
     * The groups after some points have left; as few others move as the sizes allow.
     *
     * <p>A point keeps its group, unless a group has become too large or too small. Then as few points as possible
     * move, and of these the cheapest by the old centroids. Only groups that lost or gained a point get new centroids,
     * so results computed from any other group stay valid. O(nKd).
     *
     * @param rows the points that stay, in any order
     * @param before the result for all points
     * @param rowsBefore the rows of that result, in its order
     */
    public Left without(float[] table, int dims, int[] rows, Result before, int[] rowsBefore) {
        check(table, dims, rows);
        if (before.centroids.length != clusters * dims || before.labels.length != rowsBefore.length) {
            throw new IllegalArgumentException("the result before has " + before.labels.length + " points and "
                    + before.centroids.length + " centroid numbers, expected " + rowsBefore.length + " and " + clusters
                    + " x " + dims);
        }
        int n = rows.length;
        Map<Integer, Integer> labelOf = new HashMap<>();
        for (int i = 0; i < rowsBefore.length; i++) {
            labelOf.put(rowsBefore[i], before.labels[i]);
        }
        int[] kept = new int[n];
        int[] sizes = new int[clusters];
        for (int i = 0; i < n; i++) {
            Integer label = labelOf.remove(rows[i]);
            if (label == null) {
                throw new IllegalArgumentException("row " + rows[i] + " was not clustered before, or is given twice");
            }
            kept[i] = label;
            sizes[label]++;
        }
        boolean[] touched = new boolean[clusters];
        for (int label : labelOf.values()) {
            touched[label] = true;
        }
        int[] labels = kept;
        boolean even = true;
        for (int size : sizes) {
            even &= size >= n / clusters && size <= (n + clusters - 1) / clusters;
        }
        if (!even) {
            double[] cost = new double[n * clusters];
            squaredDistances(table, dims, rows, before.centroids, cost);
            labels = Assignment.even(fewestMoves(cost, kept), n, clusters).labels();
            for (int i = 0; i < n; i++) {
                if (labels[i] != kept[i]) {
                    touched[labels[i]] = true;
                    touched[kept[i]] = true;
                }
            }
        }
        double[] fresh = new double[clusters * dims];
        means(table, dims, rows, labels, fresh);
        double[] centroids = before.centroids.clone();
        for (int k = 0; k < clusters; k++) {
            if (touched[k]) {
                System.arraycopy(fresh, k * dims, centroids, k * dims, dims);
            }
        }
        double[] objective = {objective(table, dims, rows, labels, centroids)};
        return new Left(new Result(labels, centroids, objective, before.converged), touched);
    }

    /**
     * Groups after points have left.
     *
     * @param groups the groups of those that stayed
     * @param touched which groups lost or gained a point
     */
    public record Left(Result groups, boolean[] touched) {}

    /** Costs by which staying is free and any move outweighs all that distances could save along a path of moves. */
    private double[] fewestMoves(double[] cost, int[] kept) {
        double[] change = new double[cost.length];
        double largest = 0;
        for (int e = 0; e < cost.length; e++) {
            change[e] = cost[e] - cost[e / clusters * clusters + kept[e / clusters]];
            largest = Math.max(largest, Math.abs(change[e]));
        }
        for (int e = 0; e < cost.length; e++) {
            change[e] += e % clusters == kept[e / clusters] ? 0 : 3.0 * clusters * (largest + Double.MIN_NORMAL);
        }
        return change;
    }

    private void check(float[] table, int dims, int[] rows) {
        if (dims < 1) {
            throw new IllegalArgumentException("dims is " + dims + ", expected at least 1");
        }
        if (table.length % dims != 0) {
            throw new IllegalArgumentException(
                    "table has " + table.length + " numbers, expected a multiple of dims, " + dims);
        }
        if (rows.length < clusters) {
            throw new IllegalArgumentException(
                    "points is " + rows.length + ", expected at least clusters, " + clusters);
        }
        for (int row : rows) {
            for (int j = 0; j < dims; j++) {
                float x = table[row * dims + j];
                if (!Float.isFinite(x)) {
                    throw new IllegalArgumentException(
                            "row " + row + " column " + j + " is " + x + ", expected a finite number");
                }
            }
        }
    }

    private double[] start(float[] table, int dims, int[] rows, Keyed random) {
        Keyed draw = random.of("balanced clustering start");
        // K smallest hashes by insertion: K is small beside n.
        int[] chosen = new int[clusters];
        long[] hashes = new long[clusters];
        int found = 0;
        for (int row : rows) {
            long hash = draw.at(row);
            if (found < clusters || hash < hashes[found - 1]) {
                int at = found < clusters ? found++ : found - 1;
                for (; at > 0 && hash < hashes[at - 1]; at--) {
                    hashes[at] = hashes[at - 1];
                    chosen[at] = chosen[at - 1];
                }
                hashes[at] = hash;
                chosen[at] = row;
            }
        }
        double[] centres = new double[clusters * dims];
        for (int k = 0; k < clusters; k++) {
            for (int j = 0; j < dims; j++) {
                centres[k * dims + j] = table[chosen[k] * dims + j];
            }
        }
        return centres;
    }

    private Result rounds(float[] table, int dims, int[] rows, double[] centres, int[] least, int[] most) {
        int n = rows.length;
        double[] cost = new double[n * clusters];
        double[] prices = new double[clusters];
        double[] objectives = new double[rounds];
        int[] labels = {};
        for (int round = 0; round < rounds; round++) {
            squaredDistances(table, dims, rows, centres, cost);
            Assignment assignment = Assignment.within(cost, n, least, most, prices);
            boolean settled = Arrays.equals(labels, assignment.labels());
            labels = assignment.labels();
            prices = assignment.prices();
            if (settled) {
                objectives[round] = objectives[round - 1];
                return new Result(labels, centres, Arrays.copyOf(objectives, round + 1), true);
            }
            means(table, dims, rows, labels, centres);
            objectives[round] = objective(table, dims, rows, labels, centres);
        }
        return new Result(labels, centres, objectives, false);
    }

    /** ‖x − c‖² for every point and centre; lanes are centres, so that the loop over them runs in vectors. */
    private void squaredDistances(float[] table, int dims, int[] rows, double[] centres, double[] cost) {
        double[] columns = new double[dims * clusters];
        for (int k = 0; k < clusters; k++) {
            for (int j = 0; j < dims; j++) {
                columns[j * clusters + k] = centres[k * dims + j];
            }
        }
        double[] sums = new double[clusters];
        for (int i = 0; i < rows.length; i++) {
            Arrays.fill(sums, 0);
            int row = rows[i] * dims;
            for (int j = 0; j < dims; j++) {
                add(sums, table[row + j], columns, j * clusters);
            }
            System.arraycopy(sums, 0, cost, i * clusters, clusters);
        }
    }

    private static void add(double[] sums, double x, double[] columns, int from) {
        for (int k = 0; k < sums.length; k++) {
            double difference = x - columns[from + k];
            sums[k] += difference * difference;
        }
    }

    private void means(float[] table, int dims, int[] rows, int[] labels, double[] centres) {
        Arrays.fill(centres, 0);
        int[] sizes = new int[clusters];
        for (int i = 0; i < rows.length; i++) {
            int to = labels[i] * dims;
            int row = rows[i] * dims;
            sizes[labels[i]]++;
            for (int j = 0; j < dims; j++) {
                centres[to + j] += table[row + j];
            }
        }
        for (int k = 0; k < clusters; k++) {
            for (int j = 0; j < dims; j++) {
                centres[k * dims + j] /= sizes[k];
            }
        }
    }

    private static double objective(float[] table, int dims, int[] rows, int[] labels, double[] centres) {
        double total = 0;
        for (int i = 0; i < rows.length; i++) {
            int row = rows[i] * dims;
            int centre = labels[i] * dims;
            double squared = 0;
            for (int j = 0; j < dims; j++) {
                double difference = table[row + j] - centres[centre + j];
                squared += difference * difference;
            }
            total += squared;
        }
        return total;
    }
}
