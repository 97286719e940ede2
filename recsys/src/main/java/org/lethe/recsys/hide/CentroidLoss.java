package org.lethe.recsys.hide;

import java.util.List;
import org.lethe.Env;
import org.lethe.recsys.UserLoss;

/**
 * RAID's alignment loss, which pulls each user towards its image under the map onto the centroid of the classes.
 *
 * <p>{@code L = μ/V · Σ_k λ_k mean_{i in k} ‖y_i − T_k(y_i)‖²}. The targets stay fixed from one refresh to the next. V is
 * the mean variance of a dimension, so that μ has the same meaning in every model.
 */
final class CentroidLoss implements UserLoss {
    private static final double LONGEST = 1; // of a user's gradient

    private final Raid settings;
    private final Centroid centroid;
    private final List<Classes> all;
    private double[] targets = new double[0];
    private double variance = 1;

    CentroidLoss(Raid settings, Centroid centroid, List<Classes> all) {
        this.settings = settings;
        this.centroid = centroid;
        this.all = all;
    }

    @Override
    public boolean active(int epoch) {
        return epoch >= settings.warmup() && (settings.schedule() == Raid.Schedule.JOINT || refreshes(epoch));
    }

    private boolean refreshes(int epoch) {
        return (epoch - settings.warmup()) % settings.refresh() == 0;
    }

    @Override
    public boolean eligible(int epoch) {
        return active(epoch);
    }

    @Override
    public void aim(int epoch, float[] rows, int width, Env env) {
        if (!refreshes(epoch)) {
            return;
        }
        targets = env.ledger().timed("centroid", () -> centroid.displacements(rows, width, env));
        for (int n = 0; n < targets.length; n++) {
            targets[n] += rows[n];
        }
        double squares = 0;
        for (int d = 0; d < width; d++) {
            double sum = 0;
            double square = 0;
            for (int n = d; n < rows.length; n += width) {
                sum += rows[n];
                square += (double) rows[n] * rows[n];
            }
            double users = (double) rows.length / width;
            squares += square / users - sum / users * (sum / users);
        }
        variance = Math.max(squares, Double.MIN_NORMAL);
    }

    @Override
    public double add(int[] users, int count, float[] rows, float[] gradient) {
        int width = rows.length / Math.max(1, count);
        double weight = settings.weight() * (settings.schedule() == Raid.Schedule.JOINT ? 1 : settings.refresh());
        double total = 0;
        for (Classes classes : all) {
            int[] present = new int[classes.size()];
            for (int n = 0; n < count; n++) {
                if (classes.of()[users[n]] >= 0) {
                    present[classes.of()[users[n]]]++;
                }
            }
            for (int n = 0; n < count; n++) {
                int k = classes.of()[users[n]];
                if (k >= 0) {
                    double share = weight / variance / classes.size() / present[k] / all.size();
                    total += pull(users[n], n, width, share, rows, gradient);
                }
            }
        }
        return total;
    }

    private double pull(int user, int n, int width, double share, float[] rows, float[] gradient) {
        double square = 0;
        for (int d = 0; d < width; d++) {
            double off = rows[n * width + d] - targets[user * width + d];
            square += off * off;
        }
        double shorten = Math.min(1, LONGEST / Math.max(2 * share * Math.sqrt(square), Double.MIN_NORMAL));
        for (int d = 0; d < width; d++) {
            double off = rows[n * width + d] - targets[user * width + d];
            gradient[n * width + d] += (float) (2 * share * shorten * off);
        }
        return share * square;
    }
}
