package org.lethe.recsys.neural.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.approximate.Vectors;

/**
 * Forgets by resetting rows and fine-tuning (after the entry of Kookmin University to the NeurIPS 2023 unlearning challenge, as ERASE
 * uses it).
 *
 * <p>By default, of the rows of items in erased examples, those that are read and those that score, the share {@code itemShare}
 * with the smallest mean gradient of the retained less that of the erased examples begins anew. Then retained examples of those
 * items and a sample of others are fine-tuned by Adam, with ten times the step for reset rows.
 *
 * <p>The form that ERASE runs resets the hundredth of the entries of each tensor with the smallest absolute difference of the two
 * gradients. Almost all entries of a table have gradients of exactly 0: it resets rows that the request does not concern. A
 * hundredth for every request adds up: 63 % after 100. {@code entries} is this form; it multiplies gradients of reset entries by
 * ten, which Adam cancels. Cost: fine-tuning, {@code O(examples · items · width)} an epoch.
 *
 * @param reset what begins anew
 * @param itemShare share of the touched rows that begin anew, if rows do
 * @param epochs number of epochs of fine-tuning
 * @param learningRate learning rate of Adam
 */
@Named("kookmin")
@Taxonomy({Branch.REPAIR, Branch.SEQUENCE})
public record Kookmin(Reset reset, double itemShare, int epochs, double learningRate) implements NetworkMethod {
    private static final double SHARE = 0.01; // of the entries of a tensor, as coded
    private static final double SD = 0.02; // of a reset row
    private static final int NEAR = 512;

    /** What begins anew. */
    public enum Reset {
        /** Rows of items in erased examples. */
        ROWS,
        /** Entries of the smallest difference of gradients anywhere, as coded. */
        ENTRIES
    }

    public Kookmin {
        Check.require(itemShare >= 0 && itemShare <= 1, "itemShare", itemShare, "0 to 1");
        Check.require(epochs >= 0, "epochs", epochs, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
    }

    /** Half of the rows, ten epochs of 0.002. */
    public Kookmin() {
        this(Reset.ROWS, 0.5, 10, 2e-3);
    }

    @Override
    public void move(Removal removal) {
        double[] difference = Vectors.plus(
                removal.meanGradient(removal.sample(128, "gradient")), -1, removal.meanGradient(removal.gone));
        double[] theta = removal.leaves.values();
        List<Prefix> tuned = new ArrayList<>(removal.sample(16, "repair"));
        if (reset == Reset.ENTRIES) {
            entries(removal, difference, theta);
            removal.leaves.set(theta);
            new Tuning(removal, learningRate).epochs(epochs, tuned);
            return;
        }
        boolean[] begun = new boolean[theta.length];
        begin(removal, removal.network.readRows(), removal.readItems(), difference, begun);
        begin(removal, removal.network.scoredRows(), removal.scoredItems(), difference, begun);
        Keyed random = removal.random("reset");
        for (int n = 0; n < theta.length; n++) {
            theta[n] = begun[n] ? SD * Keyed.normal(random.at(n)) : theta[n];
        }
        removal.leaves.set(theta);
        tuned.addAll(removal.near(NEAR).prefixes());
        new Tuning(removal, learningRate).epochs(epochs, tuned, begun, 10);
    }

    private void begin(Removal removal, String table, int[] items, double[] difference, boolean[] begun) {
        int columns = removal.leaves.columns(table);
        int from = removal.leaves.from(table);
        IntStream.of(items)
                .boxed()
                .sorted(Comparator.comparingDouble(
                                (Integer i) -> IntStream.range(from + i * columns, from + (i + 1) * columns)
                                        .mapToDouble(n -> difference[n] * difference[n])
                                        .sum())
                        .thenComparingInt(i -> i))
                .limit((long) Math.ceil(itemShare * items.length))
                .forEach(i -> Arrays.fill(begun, from + i * columns, from + (i + 1) * columns, true));
    }

    private static void entries(Removal removal, double[] difference, double[] theta) {
        Keyed random = removal.random("reset");
        for (String name : removal.leaves.names()) {
            long[] shape = removal.leaves.tensor(name).shape();
            int from = removal.leaves.from(name);
            int to = from + (int) removal.leaves.tensor(name).numel();
            for (int n : org.lethe.recsys.approximate.Kookmin.smallest(difference, from, to, SHARE)) {
                theta[n] = shape.length == 2 // Kaiming-uniform with a = √5
                        ? (2 * Keyed.unit(random.at(n)) - 1) / Math.sqrt(shape[1])
                        : SD * Keyed.normal(random.at(n));
            }
        }
    }
}
