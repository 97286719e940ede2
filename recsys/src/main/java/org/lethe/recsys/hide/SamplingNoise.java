package org.lethe.recsys.hide;

import org.lethe.numerics.Keyed;
import org.lethe.transport.Cloud;
import org.lethe.transport.Gaussian;

/**
 * Gives back the sampling noise that was taken from classes when they were made exactly alike: it sets them as far apart as
 * samples of one distribution are.
 *
 * <p>Classes whose moments agree exactly are more alike than chance makes them: a classifier fitted to some of their users errs
 * on the others, and an attacker who turns its answers round reads the attribute (balanced accuracy far below one half). Each
 * class is therefore carried, by the affine map between normal distributions, onto mean and covariance of as many users as it
 * has, drawn with repeats from all classes alike. For a mean this is exact: with variance σ²/n of the noise, what is seen of a
 * part of the class says nothing about the rest. Users to whom a method was not fitted stay where its maps put them: the
 * error of the fit is their chance, and what is drawn for the others would mark them.
 */
final class SamplingNoise {
    private SamplingNoise() {}

    /** Moves the rows, {@code [users, width]}, of the users to whom a method was fitted. */
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
     * The means alone, of the first {@code columns} numbers of a row, by a shift of each class. It moves a user by about σ/√n in
     * every number; mean and covariance together move one by σ√(width/n), which users of small classes pay for with their lists.
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
