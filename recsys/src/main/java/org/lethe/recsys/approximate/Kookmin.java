package org.lethe.recsys.approximate;

import java.util.Comparator;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;

/**
 * Forgets by resetting rows and fine-tuning (Kookmin, one of the seven algorithms of ERASE).
 *
 * <p>By default, the rows of the users of forgotten pairs begin anew, and so does the share {@code itemShare} of the items in forgotten
 * pairs, those with the smallest mean gradient of the retained less that of the forgotten pairs. Then all retained pairs of those rows and
 * a sample of others are fine-tuned by Adam, with ten times the step for reset rows.
 *
 * <p>The form that ERASE runs resets the hundredth of the entries of each table with the smallest absolute difference of the two
 * gradients. In tables, almost all entries have gradients of exactly 0: it resets rows of users and items that the request does not
 * concern, and leaves the forgotten rows alone. A hundredth for every request adds up: 63 % after 100. It fine-tunes on 16 retained
 * pairs for each forgotten one, with gradients of reset entries times ten, which Adam cancels. {@code entries} is this form. For
 * LightGCN the propagated tables move. Cost: fine-tuning, {@code O(pairs · dims)} an epoch.
 *
 * @param reset what begins anew
 * @param itemShare share of the touched items that begin anew, if rows do
 * @param epochs number of epochs of fine-tuning
 * @param learningRate learning rate of Adam
 */
@Named("kookmin")
@Taxonomy(Branch.REPAIR)
public record Kookmin(Reset reset, double itemShare, int epochs, double learningRate) implements TableMethod {
    private static final double SHARE = 0.01; // of the entries of a table, as coded
    private static final double SD = 0.02; // of a reset row

    /** What begins anew. */
    public enum Reset {
        /** Rows of forgotten pairs. */
        ROWS,
        /** Entries of the smallest difference of gradients anywhere, as coded. */
        ENTRIES
    }

    public Kookmin {
        Check.require(itemShare >= 0 && itemShare <= 1, "itemShare", itemShare, "0 to 1");
        Check.require(epochs >= 0, "epochs", epochs, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
    }

    /** All users and half of the items of forgotten pairs, 20 epochs of 0.002. */
    public Kookmin() {
        this(Reset.ROWS, 0.5, 20, 2e-3);
    }

    @Override
    public double[] moved(Problem problem) {
        double[] difference = difference(problem);
        double[] theta = problem.theta.clone();
        if (reset == Reset.ENTRIES) {
            int ofUsers = problem.users * problem.dims;
            Keyed random = problem.random("reset");
            double bound = 1 / Math.sqrt(problem.dims); // Kaiming-uniform with a = √5
            for (int n : smallest(difference, 0, ofUsers, SHARE)) {
                theta[n] = bound * (2 * Keyed.unit(random.at(n)) - 1);
            }
            for (int n : smallest(difference, ofUsers, theta.length, SHARE)) {
                theta[n] = bound * (2 * Keyed.unit(random.at(n)) - 1);
            }
            new Repair(epochs, learningRate)
                    .tune(problem, theta, problem.sample(problem.repairSize(16), "repair-sample"));
            return theta;
        }
        boolean[] begun = rows(problem, difference);
        Keyed random = problem.random("reset");
        int count = 0;
        for (int n = 0; n < theta.length; n++) {
            if (begun[n / problem.dims]) {
                theta[n] = SD * Keyed.normal(random.at(n));
                count += n % problem.dims == 0 ? 1 : 0;
            }
        }
        problem.env.ledger().count("rows-reset", count);
        Interactions some = problem.sample(problem.repairSize(16), "repair-sample");
        Interactions tuned =
                problem.left().where((u, i) -> begun[u] || begun[problem.users + i] || some.contains(u, i));
        new Repair(epochs, learningRate).tune(problem, theta, tuned, (u, i) -> false, 1, row -> begun[row] ? 10 : 1);
        return theta;
    }

    /** The mean gradient of retained pairs less that of forgotten ones; as coded, of 128 retained pairs for each of them. */
    private double[] difference(Problem problem) {
        Interactions kept =
                reset == Reset.ENTRIES ? problem.sample(128 * problem.requested(), "gradient") : problem.left();
        TripleLoss retained = problem.lossOfRows(problem.retained(kept, "gradient"));
        TripleLoss gone = problem.lossOfRows(problem.gone);
        double[] difference = Vectors.times(1.0 / Math.max(1, retained.size()), retained.gradient(problem.theta));
        Vectors.add(difference, -1.0 / gone.size(), gone.gradient(problem.theta));
        return difference;
    }

    /** The rows that begin anew. */
    boolean[] rows(Problem problem, double[] difference) {
        boolean[] rows = problem.touched();
        int[] items = IntStream.range(problem.users, problem.rows())
                .filter(r -> rows[r])
                .toArray();
        double[] lengths = new double[rows.length];
        for (int n = 0; n < difference.length; n++) {
            lengths[n / problem.dims] += difference[n] * difference[n];
        }
        int[] order = IntStream.of(items)
                .boxed()
                .sorted(Comparator.comparingDouble(r -> lengths[r]))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int n = (int) Math.ceil(itemShare * order.length); n < order.length; n++) {
            rows[order[n]] = false;
        }
        return rows;
    }

    /** The entries between two positions with the smallest absolute value, a share of them but at least one; ties by position. */
    public static int[] smallest(double[] values, int from, int to, double share) {
        return IntStream.range(from, to)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer n) -> Math.abs(values[n]))
                        .thenComparingInt(n -> n))
                .limit(Math.max(1, (int) (share * (to - from))))
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }
}
