package org.lethe.recsys.balance;

import java.util.Arrays;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.recsys.UserLoss;

/**
 * The fairness loss of In-UCDS (arXiv 2309.01335): it pulls every disadvantaged user towards its advantaged neighbours.
 *
 * <p>{@code L = c Σ_t Σ_j w_tj ‖e_t − e_j‖²}, in every step. Neighbours are held fixed: the gradient of e_t is {@code 2c Σ_j w_tj
 * (e_t − e_j)}, that of e_j is 0. With weights of sum 1 the gradient is the one of {@code c ‖e_t − Σ_j w_tj e_j‖²}, the distance
 * to the weighted mean, so there is no separate form for it.
 *
 * <p>Given a part of the users, the loss takes the pairs of those users, times |I| over the number of disadvantaged users
 * among them, and the last embeddings it saw of their neighbours. It is then right in the mean over parts, and exact for all
 * users. Cost: {@code O(pairs · width)}.
 */
final class FairLoss implements UserLoss {
    private final double strength;
    private final int pulled; // |I|
    private final int[] starts; // of users, length users + 1
    private final int[] neighbours;
    private final float[] weights;
    private float[] rows = new float[0]; // [users, width], the last embeddings seen
    private int width;

    /**
     * The loss of some neighbours.
     *
     * @param weighted whether a pair counts as the neighbour's weight, or 1
     * @param counts how often each of {@code neighbours.users()} counts
     * @param users number of users
     */
    FairLoss(double strength, boolean weighted, Neighbours neighbours, double[] counts, int users) {
        this.strength = strength;
        this.neighbours = neighbours.neighbours();
        int[] pulledUsers = neighbours.users();
        pulled = pulledUsers.length;
        starts = new int[users + 1];
        weights = new float[this.neighbours.length];
        for (int t = 0; t < pulled; t++) {
            int from = neighbours.starts()[t];
            int to = neighbours.starts()[t + 1];
            starts[pulledUsers[t] + 1] = to - from;
            for (int k = from; k < to; k++) {
                weights[k] = (float) (counts[t] * (weighted ? neighbours.weights()[k] : 1));
            }
        }
        Arrays.parallelPrefix(starts, Integer::sum); // users ascend, as their neighbours do
    }

    @Override
    public boolean active(int epoch) {
        return true;
    }

    @Override
    public boolean ofAllUsers() {
        return true;
    }

    @Override
    public void aim(int epoch, float[] all, int width, Env env) {
        rows = all.clone();
        this.width = width;
    }

    @Override
    public double add(int[] users, int count, float[] given, float[] gradient) {
        int present = 0;
        for (int n = 0; n < count; n++) {
            System.arraycopy(given, n * width, rows, users[n] * width, width);
            present += starts[users[n]] < starts[users[n] + 1] ? 1 : 0;
        }
        if (present == 0) {
            return 0;
        }
        double scale = strength * pulled / present;
        double total = 0;
        for (int n = 0; n < count; n++) {
            for (int k = starts[users[n]]; k < starts[users[n] + 1]; k++) {
                int own = users[n] * width;
                int other = neighbours[k] * width;
                total += weights[k] * squaredDistance(own, other);
                pull((float) (2 * scale * weights[k]), own, other, gradient, n * width);
            }
        }
        if (!Double.isFinite(total)) {
            throw new LetheException(
                    LetheException.Code.NUMERIC,
                    "the fairness loss is " + total
                            + ", expected a finite number; lower the strength or the learning rate");
        }
        return scale * total;
    }

    /** Four sums side by side, which the processor adds at once. */
    private double squaredDistance(int own, int other) {
        double a = 0;
        double b = 0;
        double c = 0;
        double e = 0;
        int d = 0;
        for (; d + 3 < width; d += 4) {
            float p = rows[own + d] - rows[other + d];
            float q = rows[own + d + 1] - rows[other + d + 1];
            float r = rows[own + d + 2] - rows[other + d + 2];
            float s = rows[own + d + 3] - rows[other + d + 3];
            a += p * p;
            b += q * q;
            c += r * r;
            e += s * s;
        }
        for (; d < width; d++) {
            float p = rows[own + d] - rows[other + d];
            a += p * p;
        }
        return a + b + (c + e);
    }

    private void pull(float factor, int own, int other, float[] gradient, int at) {
        for (int d = 0; d < width; d++) {
            gradient[at + d] += factor * (rows[own + d] - rows[other + d]);
        }
    }
}
