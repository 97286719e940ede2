package org.lethe.recsys.hide;

import org.lethe.numerics.Keyed;
import org.lethe.transport.Cloud;
import org.lethe.transport.Gaussian;

/**
 * Sampling noise for classes that were made exactly equal: it sets them as far apart as random samples of one distribution.
 *
 * <p>Classes with exactly equal moments are more similar than chance allows. A classifier fitted to some of their users is
 * then wrong on the others, and an attacker that inverts its answers reads the attribute (balanced accuracy far below one
 * half). Each class is therefore carried, by the affine map between normal distributions, onto the mean and covariance of a
 * sample of its size, drawn with repeats from all classes. For a mean this is exact: with noise of variance σ²/n, one part
 * of the class says nothing about the rest. Users to whom a method was not fitted stay where its maps put them. The error
 * of the fit already acts as their sampling noise.
 */
final class SamplingNoise {
    private SamplingNoise() {}

    /** Moves the embeddings, {@code [users, width]}, of the users to whom a method was fitted. */
    static void set(Classes known, double[] rows, int width, Keyed random) {
        int[][] alike = known.asIfAlike(random);
        Gaussian[] targets = new Gaussian[alike.length];
        for (int k = 0; k < targets.length; k++) {
            targets[k] = Gaussian.of(cloud(rows, width, alike[k]));
        }
        for (int k = 0; k < targets.length; k++) {
            int[] members = known.members(k);
            Cloud cloud = cloud(rows, width, members);
            double[] moved = Gaussian.of(cloud).map(targets[k]).apply(cloud.points());
            for (int n = 0; n < members.length; n++) {
                System.arraycopy(moved, n * width, rows, members[n] * width, width);
            }
        }
    }

    /**
     * Shifts each class, in its first {@code columns} dimensions; covariances stay. A user moves by about σ/√n in every dimension.
     * Mean and covariance together would move a user by σ√(width/n), which costs small classes recommendation quality.
     */
    static void setMeans(Classes known, float[] rows, int width, int columns, Keyed random) {
        int[][] alike = known.asIfAlike(random);
        double[][] shifts = new double[alike.length][columns];
        for (int k = 0; k < alike.length; k++) {
            addMean(rows, width, alike[k], 1, shifts[k]);
            addMean(rows, width, known.members(k), -1, shifts[k]);
        }
        for (int k = 0; k < alike.length; k++) {
            for (int user : known.members(k)) {
                for (int d = 0; d < columns; d++) {
                    rows[user * width + d] += (float) shifts[k][d];
                }
            }
        }
    }

    private static void addMean(float[] rows, int width, int[] users, int sign, double[] to) {
        for (int user : users) {
            for (int d = 0; d < to.length; d++) {
                to[d] += sign * (double) rows[user * width + d] / users.length;
            }
        }
    }

    private static Cloud cloud(double[] rows, int width, int[] users) {
        double[] points = new double[users.length * width];
        for (int n = 0; n < users.length; n++) {
            System.arraycopy(rows, users[n] * width, points, n * width, width);
        }
        return Cloud.of(points, width);
    }
}
