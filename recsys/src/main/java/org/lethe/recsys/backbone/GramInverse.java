package org.lethe.recsys.backbone;

import java.util.Arrays;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;

/**
 * The matrix {@code P = (XᵀX + λI)⁻¹} of a 0/1 matrix X of users and items, [items, items], in double. Immutable.
 *
 * <p>Rows of X are added and taken away without inverting again: for rows U, {@code P ∓ (PUᵀ)(I ± UPUᵀ)⁻¹(UP)} (Woodbury),
 * at most 16 at a time, in {@code O(rows · items²)}. Symmetric to the last bit, the same on any number of threads.
 */
final class GramInverse {
    private static final int BLOCK = 64; // columns that one step of the inversion takes
    private static final int AT_ONCE = 16; // rows of X that one pass over P takes
    private static final double SMALLEST = 1e-9; // least 1 − xᵀPx of a row that can be taken away

    private final double[][] p;

    GramInverse(double[][] p) {
        this.p = p;
    }

    /** Inverts from scratch, {@code O(interactions · row + items³/2)}, by block sweeps of the Gram matrix. */
    static GramInverse of(Interactions x, double lambda, Workers workers) {
        int size = x.items();
        double[][] a = new double[size][];
        Interactions.ByItem byItem = x.byItem();
        workers.each(size, i -> {
            double[] row = new double[size];
            for (int n = byItem.starts()[i]; n < byItem.starts()[i + 1]; n++) {
                int u = byItem.users()[n];
                for (int k = x.from(u); k < x.to(u); k++) {
                    row[x.item(k)]++;
                }
            }
            row[i] += lambda;
            a[i] = row;
        });
        for (int from = 0; from < size; from += BLOCK) {
            sweep(a, from, Math.min(size, from + BLOCK), workers);
        }
        workers.each(size, i -> {
            for (int j = i; j < size; j++) {
                a[i][j] = -a[i][j];
            }
        });
        workers.each(
                size,
                i -> { // below the diagonal, from above it
                    for (int j = 0; j < i; j++) {
                        a[i][j] = a[j][i];
                    }
                });
        return new GramInverse(a);
    }

    /**
     * Sweeps a block of indices K in the upper half of a symmetric matrix: {@code A_KK → −A_KK⁻¹ = −D}, {@code A_iK → A_iK D},
     * {@code A_ij → A_ij − A_iK D A_Kj}. After all sweeps the matrix is {@code −A⁻¹}.
     */
    private static void sweep(double[][] a, int from, int to, Workers workers) {
        int width = to - from;
        int size = a.length;
        double[][] panel = new double[width][size]; // A_K·, all columns
        double[][] inverse = new double[width][width];
        for (int k = 0; k < width; k++) {
            for (int j = 0; j < size; j++) {
                panel[k][j] = j >= from + k ? a[from + k][j] : a[j][from + k];
            }
            System.arraycopy(panel[k], from, inverse[k], 0, width);
        }
        invert(inverse);
        workers.each(size, i -> {
            double[] row = a[i];
            if (i >= from && i < to) {
                for (int j = i; j < to; j++) {
                    row[j] = -inverse[i - from][j - from];
                }
                Arrays.fill(row, to, size, 0);
                subtract(row, to, inverse[i - from], panel, -1);
                return;
            }
            double[] times = new double[width]; // A_iK D
            for (int k = 0; k < width; k++) {
                double with = panel[k][i];
                for (int l = 0; l < width; l++) {
                    times[l] += with * inverse[k][l];
                }
            }
            if (i < from) {
                subtract(row, i, times, panel, 1);
                System.arraycopy(times, 0, row, from, width);
            } else {
                subtract(row, i, times, panel, 1);
            }
        });
    }

    /** {@code row[j] −= sign Σ_k by[k] panel[k][j]} for j from {@code start} on. */
    private static void subtract(double[] row, int start, double[] by, double[][] panel, double sign) {
        int k = 0;
        for (; k + 4 <= by.length; k += 4) {
            double a = sign * by[k];
            double b = sign * by[k + 1];
            double c = sign * by[k + 2];
            double d = sign * by[k + 3];
            double[] p = panel[k];
            double[] q = panel[k + 1];
            double[] r = panel[k + 2];
            double[] s = panel[k + 3];
            for (int j = start; j < row.length; j++) {
                row[j] -= a * p[j] + b * q[j] + (c * r[j] + d * s[j]);
            }
        }
        for (; k < by.length; k++) {
            double a = sign * by[k];
            double[] p = panel[k];
            for (int j = start; j < row.length; j++) {
                row[j] -= a * p[j];
            }
        }
    }

    /** Inverts a small positive definite matrix in place, by sweeps of one index at a time. */
    private static void invert(double[][] a) {
        int size = a.length;
        for (int k = 0; k < size; k++) {
            double pivot = a[k][k];
            if (!(pivot > 0 && pivot < Double.POSITIVE_INFINITY)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "ease: the Gram matrix has a pivot of " + pivot + "; a larger lambda may help");
            }
            for (int i = 0; i < size; i++) {
                if (i != k) {
                    double by = a[i][k] / pivot;
                    for (int j = 0; j < size; j++) {
                        if (j != k) {
                            a[i][j] -= by * a[k][j];
                        }
                    }
                    a[i][k] = by;
                }
            }
            for (int j = 0; j < size; j++) {
                if (j != k) {
                    a[k][j] /= pivot;
                }
            }
            a[k][k] = -1 / pivot;
        }
        for (double[] row : a) {
            for (int j = 0; j < size; j++) {
                row[j] = -row[j];
            }
        }
    }

    int size() {
        return p.length;
    }

    double[] row(int i) {
        return p[i];
    }

    /** The sum of the rows of some items, each by ascending item: {@code Px}. */
    double[] times(int[] columns, int from, int to) {
        double[] sum = new double[p.length];
        for (int k = from; k < to; k++) {
            double[] row = p[columns[k]];
            for (int j = 0; j < sum.length; j++) {
                sum[j] += row[j];
            }
        }
        return sum;
    }

    /** With the rows of some users added to X. */
    GramInverse plus(Interactions x, int[] users, Workers workers) {
        return changed(x, users, 1, workers);
    }

    /**
     * With the rows of some users taken away from X. A {@code LetheException} where one cannot be taken, because
     * {@code xᵀPx} is 1 up to rounding: what remains would have no inverse.
     */
    GramInverse minus(Interactions x, int[] users, Workers workers) {
        return changed(x, users, -1, workers);
    }

    /** To first order with the rows of some users as they are now: {@code P + Σ (Px)(Px)ᵀ − Σ (Px')(Px')ᵀ}. */
    GramInverse nudged(Interactions before, Interactions now, int[] users, Workers workers) {
        double[][] taken = new double[users.length][];
        double[][] added = new double[users.length][];
        workers.each(users.length, n -> {
            taken[n] = times(before.columns(), before.from(users[n]), before.to(users[n]));
            added[n] = times(now.columns(), now.from(users[n]), now.to(users[n]));
        });
        double[][] next = new double[p.length][];
        workers.each(p.length, i -> {
            next[i] = p[i].clone();
            subtract(next[i], 0, column(taken, i), taken, -1);
            subtract(next[i], 0, column(added, i), added, 1);
        });
        return new GramInverse(next);
    }

    private GramInverse changed(Interactions x, int[] users, int sign, Workers workers) {
        double[][] now = p;
        for (int from = 0; from < users.length; from += AT_ONCE) {
            int[] some = Arrays.copyOfRange(users, from, Math.min(users.length, from + AT_ONCE));
            now = new GramInverse(now).pass(x, some, sign, workers);
        }
        return new GramInverse(now);
    }

    /**
     * With all interactions of some items taken away: rows and columns K become those of λI, and all others
     * {@code P − P_·K P_KK⁻¹ P_K·}, their inverse alone.
     */
    GramInverse without(int[] items, double lambda, Workers workers) {
        double[][] now = p;
        for (int from = 0; from < items.length; from += AT_ONCE) {
            now = eliminated(now, Arrays.copyOfRange(items, from, Math.min(items.length, from + AT_ONCE)), workers);
        }
        for (int item : items) { // a copy by now, unless there is no item
            now[item] = new double[p.length];
            now[item][item] = 1 / lambda;
        }
        return new GramInverse(now);
    }

    private static double[][] eliminated(double[][] p, int[] items, Workers workers) {
        int count = items.length;
        double[][] q = new double[count][];
        double[][] l = new double[count][count];
        for (int n = 0; n < count; n++) {
            q[n] = p[items[n]].clone();
            for (int m = 0; m <= n; m++) {
                l[n][m] = p[items[n]][items[m]];
            }
        }
        whitened(l, q, 0, "ease: a pivot of the inverse");
        double[][] now = new double[p.length][];
        workers.each(p.length, i -> {
            now[i] = p[i].clone();
            subtract(now[i], 0, column(q, i), q, 1);
            for (int item : items) {
                now[i][item] = 0;
            }
        });
        return now;
    }

    private static double[] column(double[][] q, int i) {
        double[] column = new double[q.length];
        for (int n = 0; n < column.length; n++) {
            column[n] = q[n][i];
        }
        return column;
    }

    /** Factorises the lower half of a small positive definite matrix, {@code LLᵀ}, and makes Q into {@code L⁻¹Q}. */
    private static void whitened(double[][] l, double[][] q, double least, String what) {
        int count = l.length;
        for (int n = 0; n < count; n++) {
            for (int m = 0; m <= n; m++) {
                double sum = l[n][m];
                for (int k = 0; k < m; k++) {
                    sum -= l[n][k] * l[m][k];
                }
                if (n == m && !(sum > least && sum < Double.POSITIVE_INFINITY)) {
                    throw new LetheException(
                            LetheException.Code.NUMERIC,
                            what + " is " + sum + ", expected above " + least + "; another lambda may help");
                }
                l[n][m] = n == m ? Math.sqrt(sum) : sum / l[m][m];
            }
        }
        for (int n = 0; n < count; n++) {
            for (int m = 0; m < n; m++) {
                double by = l[n][m];
                for (int j = 0; j < q[n].length; j++) {
                    q[n][j] -= by * q[m][j];
                }
            }
            for (int j = 0; j < q[n].length; j++) {
                q[n][j] /= l[n][n];
            }
        }
    }

    /** One pass: {@code P − sign QᵀQ} with {@code Q = L⁻¹UP} and {@code LLᵀ = I + sign UPUᵀ}. */
    private double[][] pass(Interactions x, int[] users, int sign, Workers workers) {
        int count = users.length;
        double[][] q = new double[count][];
        workers.each(count, n -> q[n] = times(x.columns(), x.from(users[n]), x.to(users[n])));
        double[][] l = new double[count][count];
        for (int n = 0; n < count; n++) {
            for (int m = 0; m <= n; m++) {
                double sum = 0;
                for (int k = x.from(users[n]); k < x.to(users[n]); k++) {
                    sum += q[m][x.item(k)];
                }
                l[n][m] = (n == m ? 1 : 0) + sign * sum;
            }
        }
        whitened(l, q, SMALLEST, "ease: 1 - x'Px of a row to take away");
        double[][] now = new double[p.length][];
        workers.each(p.length, i -> {
            now[i] = p[i].clone();
            subtract(now[i], 0, column(q, i), q, sign);
        });
        return now;
    }

    /** The largest residual {@code |P(XᵀX + λI)v − v|} for a keyed vector v of −1 and 1: the rounding errors so far. */
    double residual(Interactions x, double lambda, Env env) {
        Keyed random = env.random("ease-residual");
        double[] v = new double[p.length];
        double[] a = new double[p.length];
        for (int i = 0; i < v.length; i++) {
            v[i] = random.at(i) < 0 ? -1 : 1;
            a[i] = lambda * v[i];
        }
        for (int u = 0; u < x.users(); u++) {
            double sum = 0;
            for (int k = x.from(u); k < x.to(u); k++) {
                sum += v[x.item(k)];
            }
            for (int k = x.from(u); k < x.to(u); k++) {
                a[x.item(k)] += sum;
            }
        }
        double[] off = new double[p.length];
        env.workers().each(p.length, i -> {
            double sum = 0;
            for (int j = 0; j < a.length; j++) {
                sum += p[i][j] * a[j];
            }
            off[i] = Math.abs(sum - v[i]);
        });
        return Arrays.stream(off).max().orElse(0);
    }
}
