package org.lethe.recsys.balance;

import java.util.Arrays;

/**
 * The point of equal payoffs for many vertices, each beside the same block of affinities: where f is concave and its maximum has
 * full support, this is the constrained dominant set, by a linear system instead of dynamics.
 *
 * <p>With {@code M = αI − W_A} and affinities w of vertex t to the block, equal payoffs λ mean {@code M x_A = x_t w − λ 1} and
 * {@code w·x_A = λ}, and the weights have sum 1. M is positive definite because α exceeds λ_max of W_A. Along the simplex, f
 * has the curvature {@code −d_A(M + 1wᵀ + w1ᵀ)d_A}. It is strictly concave if {@code |1||w| − 1·w < α − λ_max}; then there is one
 * maximiser only, and dynamics from any start end there.
 *
 * <p>Cost: one Cholesky factor, {@code O(n³)}, and two triangular systems for each vertex.
 */
final class FullSupport {
    /** The largest block worth a factor. */
    static final int MOST = 2_048;

    private final int n;
    private final double[] factor; // L of M = LLᵀ, row by row
    private final double[] ones; // M⁻¹1
    private final double gap; // α − λ_max

    /** The block {@code [n, n]} under an α above its λ_max. */
    FullSupport(double[] block, int n, double alpha, double eigenvalue) {
        this.n = n;
        gap = alpha - eigenvalue;
        factor = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = (i == j ? alpha : 0) - block[i * n + j];
                for (int k = 0; k < j; k++) {
                    sum -= factor[i * n + k] * factor[j * n + k];
                }
                factor[i * n + j] = i == j ? Math.sqrt(sum) : sum / factor[j * n + j];
            }
        }
        ones = new double[n];
        Arrays.fill(ones, 1);
        solve(ones);
    }

    /** Whether f has one maximiser only, for a vertex with these affinities to the block. */
    boolean unique(double[] w) {
        double sum = 0;
        double squares = 0;
        for (double value : w) {
            sum += value;
            squares += value * value;
        }
        return Math.sqrt(n * squares) - sum < gap;
    }

    /**
     * Writes the weights of equal payoffs, those below 0 set to 0: of the block, then of the vertex. Leaves {@code into} alone if
     * they are no weights at all.
     */
    void weights(double[] w, double[] into) {
        double[] own = w.clone();
        solve(own); // M⁻¹w
        double wOwn = 0;
        double wOnes = 0;
        double sumOwn = 0;
        double sumOnes = 0;
        for (int a = 0; a < n; a++) {
            wOwn += w[a] * own[a];
            wOnes += w[a] * ones[a];
            sumOwn += own[a];
            sumOnes += ones[a];
        }
        double payoff = wOwn / (1 + wOnes); // λ / x_t
        double vertex = 1 / (1 + sumOwn - payoff * sumOnes);
        if (!(vertex > 0 && vertex <= 1)) {
            return;
        }
        double total = vertex;
        for (int a = 0; a < n; a++) {
            own[a] = Math.max(0, vertex * (own[a] - payoff * ones[a]));
            total += own[a];
        }
        for (int a = 0; a < n; a++) {
            into[a] = own[a] / total;
        }
        into[n] = vertex / total;
    }

    private void solve(double[] x) {
        for (int i = 0; i < n; i++) {
            double sum = x[i];
            for (int k = 0; k < i; k++) {
                sum -= factor[i * n + k] * x[k];
            }
            x[i] = sum / factor[i * n + i];
        }
        for (int i = n - 1; i >= 0; i--) {
            x[i] /= factor[i * n + i];
            double value = x[i];
            for (int k = 0; k < i; k++) {
                x[k] -= value * factor[i * n + k];
            }
        }
    }
}
