package org.lethe.recsys.approximate;

import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;

/**
 * Forgets by refitting the rows of forgotten pairs from zero on the retained pairs, all other rows fixed.
 *
 * <p>Given the other table, the row of a user is the minimiser of a convex problem, and so is that of an item: the loss of its retained
 * pairs, each with one negative, plus a squared length. Newton steps find it to a gradient of 1e-6. Items are refitted first, given the
 * present users, then users, given the new items. The new row of a user depends on the forgotten pairs only through the rows of
 * items that it meets; other rows keep their bits. A row with nothing left is zero.
 *
 * <p>Ours, after the row refit proposed for the neural models of ERASE; not exact. The weight of the squared length sets the balance
 * between forgetting too little and too much. With {@code ridge: 0}, it is chosen such that rows of untouched entities, refitted from
 * zero, are as long as they are. For LightGCN the propagated tables move. Cost: {@code O(samples of a row · dims)} a product, about
 * {@code dims} products a Newton step, for every row of a forgotten pair.
 *
 * @param ridge weight of the squared length of each row; 0 to choose it
 * @param items whether rows of items are refitted; without, less is forgotten and less is disturbed
 */
@Named("row-refit")
@Taxonomy(Branch.REPAIR)
public record RowRefit(double ridge, boolean items) implements TableMethod {
    public RowRefit {
        Check.require(ridge >= 0 && ridge <= 1e9, "ridge", ridge, "0 to 1e9");
    }

    /** A chosen ridge, users and items. */
    public RowRefit() {
        this(0, true);
    }

    @Override
    public double[] moved(Problem problem) {
        RowFits fits = new RowFits(problem.lossOfRows(problem.retained()), problem.rows());
        double[] theta = problem.theta.clone();
        if (items) {
            refit(problem, fits, theta, problem.users, problem.rows());
        }
        refit(problem, fits, theta, 0, problem.users);
        return theta;
    }

    private void refit(Problem problem, RowFits fits, double[] theta, int from, int to) {
        boolean[] touched = problem.touched();
        double weight = ridge > 0 ? ridge : fits.ridge(problem.theta, from, to, touched, problem.random("ridge"));
        int[] rows = IntStream.range(from, to).filter(row -> touched[row]).toArray();
        double[][] refitted = new double[rows.length][];
        problem.env.workers().each(rows.length, n -> refitted[n] = fits.fitted(fits.of(rows[n], theta, weight), 1e-7));
        for (int n = 0; n < rows.length; n++) {
            System.arraycopy(refitted[n], 0, theta, rows[n] * problem.dims, problem.dims);
        }
        problem.env.ledger().count("rows-refitted", rows.length);
    }
}
