package org.lethe.recsys.neural.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.neural.forget.Removal.Weighted;

/** Refits rows of the tables of a network, each as the minimiser of a convex problem given all other weights. */
final class Rows {
    private static final int STATES = 4096; // that stand for all retained examples
    private static final int BATCH = 256;

    private final Removal removal;
    private final double ridge;
    private final double tolerance;

    Rows(Removal removal, double ridge, double tolerance) {
        this.removal = removal;
        this.ridge = ridge;
        this.tolerance = tolerance;
    }

    void zero(String table, int[] items) {
        for (int i : items) {
            set(table, i, new double[removal.leaves.columns(table)]);
        }
    }

    private void set(String table, int item, double[] row) {
        try (var _ = new PointerScope()) {
            removal.leaves.tensor(table).detach().select(0, item).copy_(Tensor.create(row, row.length));
        }
    }

    /**
     * States with what came next after them.
     *
     * @param values the states, one after the other
     * @param counts how many examples each stands for
     * @param hits for each item that is asked for, how many of these led to it
     */
    private record States(double[] values, double[] counts, double[][] hits) {}

    /** Refits the rows with which some items score, one after the other. */
    void scored(int[] items) {
        String table = removal.network.scoredRows();
        int dims = removal.leaves.columns(table);
        States states = removal.network.stateIsLastRow() ? ofItems(items, dims) : ofExamples(items);
        int m = states.counts.length;
        double[] bias = bias();
        double[] others = new double[m]; // the logarithm of what all other items add to the normaliser
        double[][] logits = new double[items.length][m];
        normalisers(states, items, dims, others, logits);
        double[] offsets = new double[m];
        for (int k = 0; k < items.length; k++) {
            for (int n = 0; n < m; n++) {
                double sum = others[n];
                for (int l = 0; l < items.length; l++) {
                    sum = l == k ? sum : added(sum, logits[l][n]);
                }
                offsets[n] = bias[items[k]] - sum;
            }
            double[] row = new Convex.Scored(states.values, offsets, states.counts, states.hits[k], ridge)
                    .minimum(dims, tolerance);
            for (int n = 0; n < m; n++) {
                double score = bias[items[k]];
                for (int d = 0; d < dims; d++) {
                    score = Math.fma(states.values[n * dims + d], row[d], score);
                }
                logits[k][n] = score;
            }
            set(table, items[k], row);
        }
        removal.env.ledger().count("rows-refitted", items.length);
    }

    private static double added(double a, double b) {
        return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
    }

    /** The bias of each item: its score after a state of zeros. */
    private double[] bias() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            int dims = removal.leaves.columns(removal.network.scoredRows());
            return Removal.doubles(removal.network.logits(removal.weights, Tensor.create(new double[dims], 1, dims)));
        }
    }

    private void normalisers(States states, int[] items, int dims, double[] others, double[][] logits) {
        for (int from = 0; from < others.length; from += BATCH) {
            int to = Math.min(others.length, from + BATCH);
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                Tensor numbers = Removal.numbers(items);
                Tensor all = removal.network.logits(
                        removal.weights,
                        Tensor.create(Arrays.copyOfRange(states.values, from * dims, to * dims), to - from, dims));
                double[] own = Removal.doubles(all.index_select(1, numbers)); // [batch, asked]
                double[] rest = Removal.doubles(all.index_fill(1, numbers, new Scalar(Double.NEGATIVE_INFINITY))
                        .logsumexp(1));
                for (int n = from; n < to; n++) {
                    others[n] = rest[n - from];
                    for (int k = 0; k < items.length; k++) {
                        logits[k][n] = own[(n - from) * items.length + k];
                    }
                }
            }
        }
    }

    /** The states of the last items of retained examples, where the row of the last item is the state. */
    private States ofItems(int[] asked, int dims) {
        int[] slot = new int[removal.itemCount()];
        Arrays.fill(slot, -1);
        for (int k = 0; k < asked.length; k++) {
            slot[asked[k]] = k;
        }
        double[] counts = new double[slot.length];
        double[][] hits = new double[asked.length][slot.length];
        boolean[] near = new boolean[slot.length];
        Followers.each(removal.left, (last, next) -> {
            counts[last]++;
            if (slot[next] >= 0) {
                hits[slot[next]][last]++;
                near[last] = true;
            }
        });
        Keyed random = removal.random("states");
        int[] found = IntStream.range(0, slot.length).filter(i -> counts[i] > 0).toArray();
        int[] close = Arrays.stream(found).filter(i -> near[i]).toArray();
        int[] far = Arrays.stream(found).filter(i -> !near[i]).toArray();
        int[] some = IntStream.of(far)
                .boxed()
                .sorted(Comparator.comparingLong(i -> random.at(i)))
                .limit(STATES)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
        int[] chosen =
                IntStream.concat(Arrays.stream(close), Arrays.stream(some)).toArray();
        double[] table = table(removal.network.readRows());
        double[] values = new double[chosen.length * dims];
        double[] many = new double[chosen.length];
        double[][] led = new double[asked.length][chosen.length];
        for (int n = 0; n < chosen.length; n++) {
            System.arraycopy(table, chosen[n] * dims, values, n * dims, dims);
            many[n] = counts[chosen[n]] * (n < close.length ? 1 : (double) far.length / some.length);
            for (int k = 0; k < asked.length; k++) {
                led[k][n] = hits[k][chosen[n]];
            }
        }
        return new States(values, many, led);
    }

    private double[] table(String name) {
        try (var _ = new PointerScope()) {
            return Removal.doubles(removal.leaves.tensor(name));
        }
    }

    /** The states of examples: those near the request, and others. */
    private States ofExamples(int[] asked) {
        Weighted sample = removal.representative(STATES / 4, STATES / 4);
        List<double[]> parts = new ArrayList<>();
        for (int from = 0; from < sample.prefixes().size(); from += BATCH) {
            int to = Math.min(sample.prefixes().size(), from + BATCH);
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                parts.add(Removal.doubles(removal.states(sample.prefixes().subList(from, to))));
            }
        }
        double[] values = parts.stream().flatMapToDouble(Arrays::stream).toArray();
        double[][] hits = new double[asked.length][sample.weights().length];
        for (int n = 0; n < sample.weights().length; n++) {
            int k = Arrays.binarySearch(asked, sample.prefixes().get(n).next());
            if (k >= 0) {
                hits[k][n] = sample.weights()[n];
            }
        }
        return new States(values, sample.weights(), hits);
    }

    /** Refits the rows of some last items, which are the states after them. */
    void read(int[] items) {
        int[] slot = new int[removal.itemCount()];
        Arrays.fill(slot, -1);
        for (int k = 0; k < items.length; k++) {
            slot[items[k]] = k;
        }
        double[][] counts = new double[items.length][slot.length];
        Followers.each(removal.left, (last, next) -> {
            if (slot[last] >= 0) {
                counts[slot[last]][next]++;
            }
        });
        double[] table = table(removal.network.scoredRows());
        double[] bias = bias();
        int dims = table.length / slot.length;
        double[][] rows = new double[items.length][];
        removal.env
                .workers()
                .each(
                        items.length,
                        k -> rows[k] = new Convex.Read(table, bias, counts[k], ridge).minimum(dims, tolerance));
        for (int k = 0; k < items.length; k++) {
            set(removal.network.readRows(), items[k], rows[k]);
        }
        removal.env.ledger().count("rows-refitted", items.length);
    }
}
