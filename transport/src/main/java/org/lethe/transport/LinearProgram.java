package org.lethe.transport;

import java.util.Arrays;

/**
 * {@code min cᵀx} over x ≥ 0 with Ax = b, by the simplex method on a dense tableau in two phases.
 *
 * <p>For programs of some hundred rows that have no tree: a pivot costs rows × columns. The tableau carries the inverse
 * of the basis, so ties in the choice of the leaving row are broken lexicographically and no basis comes twice
 * (Dantzig, Orden and Wolfe 1955). Rounding can still break that, so pivots are capped.
 */
final class LinearProgram {
    private static final double SMALL =
            1e-9; // a number below this is no pivot, and a price above its negative is no gain
    private static final double NOTHING = 1e-13;
    private static final double FEASIBLE = 1e-9; // of the right-hand side's sum

    private final int rows;
    private final int columns;
    private final int width; // columns, then the inverse of the basis, then the right-hand side
    private final double[] tableau; // and after the rows the prices of the second phase and those of the first
    private final int[] basis; // a number from columns on is the artificial variable of a row
    private final boolean[] turned; // rows whose right-hand side was negative
    private long pivots;

    /**
     * The result of the simplex method.
     *
     * @param x the variables
     * @param y the multiplier of each row
     * @param missed Σ|Ax − b| at the end of the first phase
     * @param pivots steps of both phases
     * @param status how it ended; unbounded programs do not occur here
     */
    record Solution(double[] x, double[] y, double missed, long pivots, TransportResult.Status status) {}

    private LinearProgram(double[] a, double[] b, double[] c) {
        rows = b.length;
        columns = c.length;
        width = columns + rows + 1;
        TransportProblem.require(
                (rows + 2L) * width < 1 << 27, "size of the program", rows + " x " + columns, "less than 1 GiB");
        tableau = new double[(rows + 2) * width];
        basis = new int[rows];
        turned = new boolean[rows];
        System.arraycopy(c, 0, tableau, rows * width, columns);
        for (int r = 0; r < rows; r++) {
            turned[r] = b[r] < 0;
            double sign = turned[r] ? -1 : 1;
            Rows.add(sign, a, r * columns, tableau, r * width, columns);
            tableau[r * width + columns + r] = 1;
            tableau[(r + 1) * width - 1] = sign * b[r];
            basis[r] = columns + r;
            Rows.add(-1, tableau, r * width, tableau, (rows + 1) * width, columns);
            tableau[(rows + 2) * width - 1] -= sign * b[r];
        }
    }

    /** Solves the program of the rows × columns matrix {@code a}. */
    static Solution solve(double[] a, double[] b, double[] c, long maxPivots) {
        LinearProgram program = new LinearProgram(a, b, c);
        boolean done = program.improve(program.rows + 1, maxPivots);
        double size = 1;
        for (double v : b) {
            size += Math.abs(v);
        }
        double missed = Math.max(0, -program.tableau[(program.rows + 2) * program.width - 1]);
        boolean feasible = missed <= FEASIBLE * size;
        if (feasible) {
            done = program.improve(program.rows, maxPivots);
        }
        TransportResult.Status status =
                done && !feasible ? TransportResult.Status.INFEASIBLE : TransportResult.Status.of(done);
        return program.solution(missed, status);
    }

    private Solution solution(double missed, TransportResult.Status status) {
        double[] x = new double[columns];
        double[] y = new double[rows];
        for (int r = 0; r < rows; r++) {
            if (basis[r] < columns) {
                x[basis[r]] = Math.max(0, tableau[(r + 1) * width - 1]);
            }
            double price = tableau[rows * width + columns + r];
            y[r] = turned[r] ? price : -price;
        }
        return new Solution(x, y, missed, pivots, status);
    }

    /** Pivots until no column has a price below 0; false if the cap was reached first. */
    private boolean improve(int prices, long maxPivots) {
        double largest = 1;
        for (int j = 0; j < columns; j++) {
            largest = Math.max(largest, Math.abs(tableau[prices * width + j]));
        }
        double[] none = new double[columns];
        while (true) {
            double least = RowMinimum.of(tableau, prices * width, none, 0, columns);
            if (least >= -SMALL * largest) {
                return true;
            }
            if (pivots == maxPivots) {
                return false;
            }
            int entering = RowMinimum.indexOf(least, tableau, prices * width, none, 0);
            int leaving = leaving(entering, prices == rows);
            if (leaving < 0) {
                return false;
            }
            pivot(leaving, entering);
        }
    }

    private int leaving(int entering, boolean second) {
        int best = -1;
        for (int r = 0; r < rows; r++) {
            double step = tableau[r * width + entering];
            if (second && basis[r] >= columns && Math.abs(step) > SMALL) {
                return r; // an artificial variable at 0 stays there
            }
            if (step > SMALL && (best < 0 || before(r, best, entering))) {
                best = r;
            }
        }
        return best;
    }

    private boolean before(int one, int two, int entering) {
        double first = tableau[one * width + entering];
        double second = tableau[two * width + entering];
        double ratio = tableau[(one + 1) * width - 1] / first;
        double other = tableau[(two + 1) * width - 1] / second;
        for (int j = columns; ratio == other && j < columns + rows; j++) {
            ratio = tableau[one * width + j] / first;
            other = tableau[two * width + j] / second;
        }
        return ratio < other;
    }

    private void pivot(int leaving, int entering) {
        pivots++;
        double[] row = Arrays.copyOfRange(tableau, leaving * width, (leaving + 1) * width);
        double step = row[entering];
        for (int j = 0; j < width; j++) {
            row[j] /= step;
        }
        row[entering] = 1;
        System.arraycopy(row, 0, tableau, leaving * width, width);
        for (int r = 0; r < rows + 2; r++) {
            double factor = tableau[r * width + entering];
            if (r == leaving || factor == 0) {
                continue;
            }
            Rows.add(-factor, row, 0, tableau, r * width, width);
            tableau[r * width + entering] = 0;
            double right = tableau[(r + 1) * width - 1];
            if (r < rows && right < NOTHING) {
                tableau[(r + 1) * width - 1] = 0;
            }
        }
        basis[leaving] = entering;
    }
}
