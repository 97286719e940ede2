package org.lethe.recsys.approximate;

import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.forget.RowObjective;

/**
 * Forgets by alternating Newton steps on the users and the items, the touched rows first (AltEraser).
 *
 * <p>Minimises the loss of the retained pairs, each with one negative, plus a squared length of every row, from the present tables.
 * With the items fixed, the problem of each user is convex, and the other way round. A row takes Newton steps solved by
 * conjugate gradients, each halved until its objective does not rise, so that the whole objective never rises. The first sweep
 * visits the rows of forgotten pairs, the next one their neighbours too, and so on. It ends early when no gradient of a visited row is
 * above {@code tolerance}.
 *
 * <p>A reconstruction from the abstract. With {@code ridge: 0}, the weight of the squared length is chosen, for users and for items,
 * such that rows of untouched entities, refitted from zero, are as long as they are: models here stop early instead of being
 * regularised. A user or an item with nothing left ends at zero. For LightGCN the propagated tables move. Cost:
 * {@code O(samples of a row · dims)} a product, about {@code dims} products a Newton step, for every visited row.
 *
 * @param ridge weight of the squared length of each row; 0 to choose it
 * @param sweeps largest number of sweeps over users and items
 * @param newtonSteps largest number of Newton steps of a row in a sweep
 * @param items whether rows of items move
 * @param tolerance length of a row's gradient that counts as none
 */
@Named("alt-eraser")
@Taxonomy(Branch.INFLUENCE)
public record AltEraser(double ridge, int sweeps, int newtonSteps, boolean items, double tolerance)
        implements TableMethod {
    public AltEraser {
        Check.require(ridge >= 0 && ridge <= 1e9, "ridge", ridge, "0 to 1e9");
        Check.require(sweeps >= 1, "sweeps", sweeps, "at least 1");
        Check.require(newtonSteps >= 1, "newtonSteps", newtonSteps, "at least 1");
        Check.require(tolerance > 0, "tolerance", tolerance, "above 0");
    }

    /** A chosen ridge, two sweeps of at most three Newton steps over users and items. */
    public AltEraser() {
        this(0, 2, 3, true, 1e-6);
    }

    @Override
    public double[] moved(Problem problem) {
        RowFits fits = new RowFits(problem.lossOfRows(problem.retained()), problem.rows());
        boolean[] touched = problem.touched();
        double[] theta = problem.theta.clone();
        double ofUsers = ridge > 0 ? ridge : fits.ridge(theta, 0, problem.users, touched, problem.random("ridge"));
        double ofItems =
                ridge > 0 ? ridge : fits.ridge(theta, problem.users, problem.rows(), touched, problem.random("ridge"));
        Graph edges = new Graph(problem.data.train(), 0);
        for (int sweep = 0; sweep < sweeps; sweep++) {
            boolean[] reached = edges.near(touched, sweep);
            double largest = users(problem, fits, theta, reached, ofUsers);
            if (items) {
                largest = Math.max(largest, items(problem, fits, theta, reached, ofItems));
            }
            problem.env.ledger().count("sweeps", 1);
            if (largest <= tolerance) {
                break;
            }
        }
        return theta;
    }

    /** One visit of users, whose problems do not concern each other; the largest gradient before it. */
    private double users(Problem problem, RowFits fits, double[] theta, boolean[] reached, double ridge) {
        int[] rows =
                IntStream.range(0, problem.users).filter(row -> reached[row]).toArray();
        double[] largest = new double[rows.length];
        problem.env.workers().each(rows.length, n -> largest[n] = visit(fits, theta, rows[n], ridge));
        double most = 0;
        for (double one : largest) {
            most = Math.max(most, one);
        }
        return most;
    }

    /** One visit of items, in turn, since a pairwise loss ties them to each other. */
    private double items(Problem problem, RowFits fits, double[] theta, boolean[] reached, double ridge) {
        double largest = 0;
        for (int row = problem.users; row < problem.rows(); row++) {
            if (reached[row]) {
                largest = Math.max(largest, visit(fits, theta, row, ridge));
            }
        }
        return largest;
    }

    private double visit(RowFits fits, double[] theta, int row, double ridge) {
        RowObjective objective = fits.of(row, theta, ridge);
        double[] now = fits.row(theta, row);
        double gradient = Vectors.norm(objective.gradient(now));
        if (gradient > tolerance) {
            double[] next = objective.newton(now, 0, newtonSteps);
            System.arraycopy(next, 0, theta, row * next.length, next.length);
        }
        return gradient;
    }
}
