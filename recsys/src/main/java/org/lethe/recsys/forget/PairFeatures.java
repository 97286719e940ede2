package org.lethe.recsys.forget;

import java.util.Arrays;
import org.lethe.LetheException;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.statistics.LogisticRegression;

/**
 * The features of a pair for an attacker: the score s, σ(s), the loss −log σ(s) and the share of the user's items that
 * score lower.
 *
 * <p>Further features are s against the user's mean and deviation, s against the item's, and the lengths of both embeddings
 * if the model has them. On request, the logarithms of both degrees in the remaining data are added.
 */
final class PairFeatures {
    /** Column of the score against the item's mean and deviation. */
    static final int AGAINST_ITEM = 5;

    private final Recommender model;
    private final double[] itemMean;
    private final double[] itemScale;
    private final boolean degrees;
    private final Interactions seen;

    /** The mean and deviation of an item are over the users of {@code panel}. */
    PairFeatures(Recommender model, int[] panel, Interactions seen, boolean degrees) {
        this.model = model;
        this.seen = seen;
        this.degrees = degrees;
        int items = model.items();
        itemMean = new double[items];
        itemScale = new double[items];
        float[] scores = new float[items];
        for (int user : panel) {
            model.scores(user, scores);
            for (int i = 0; i < items; i++) {
                itemMean[i] += scores[i] / (double) panel.length;
                itemScale[i] += (double) scores[i] * scores[i] / panel.length;
            }
        }
        for (int i = 0; i < items; i++) {
            double deviation = Math.sqrt(Math.max(0, itemScale[i] - itemMean[i] * itemMean[i]));
            itemScale[i] = deviation > 1e-12 ? 1 / deviation : 0;
        }
    }

    /** One row per pair; pairs of a user must stand together for the scores of that user to be computed once. */
    double[][] of(int[] users, int[] items) {
        double[][] rows = new double[users.length][];
        float[] scores = new float[model.items()];
        float[] sorted = scores;
        double mean = 0;
        double scale = 0;
        for (int k = 0; k < users.length; k++) {
            if (k == 0 || users[k] != users[k - 1]) {
                model.scores(users[k], scores);
                sorted = scores.clone();
                Arrays.sort(sorted);
                double sum = 0;
                double squares = 0;
                for (float s : sorted) {
                    sum += s;
                }
                mean = sum / sorted.length;
                for (float s : sorted) {
                    squares += (s - mean) * (s - mean);
                }
                double deviation = Math.sqrt(squares / sorted.length);
                scale = deviation > 1e-12 ? 1 / deviation : 0;
            }
            rows[k] = row(users[k], items[k], scores[items[k]], below(sorted, scores[items[k]]), mean, scale);
        }
        return rows;
    }

    private double[] row(int user, int item, double s, double rank, double mean, double scale) {
        if (!Double.isFinite(s)) {
            throw new LetheException(
                    LetheException.Code.NUMERIC,
                    "completeness: the score of a pair is " + s + " in the audited model, expected a finite number");
        }
        double loss = Math.log1p(Math.exp(-Math.abs(s))) + Math.max(-s, 0);
        double[] row = new double[10];
        int n = 0;
        row[n++] = s;
        row[n++] = LogisticRegression.sigmoid(s);
        row[n++] = loss;
        row[n++] = rank;
        row[n++] = (s - mean) * scale;
        row[n++] = (s - itemMean[item]) * itemScale[item];
        if (model instanceof Embeddings e) {
            row[n++] = length(e.userRows(), user, e.dims());
            row[n++] = length(e.itemRows(), item, e.dims());
        }
        if (degrees) {
            row[n++] = Math.log1p(seen.degree(user));
            int[] starts = seen.byItem().starts();
            row[n++] = Math.log1p(starts[item + 1] - starts[item]);
        }
        return Arrays.copyOf(row, n);
    }

    /** The share of scores below a value, ties counting half. */
    private static double below(float[] sorted, float value) {
        int low = bound(sorted, value, false);
        int high = bound(sorted, value, true);
        return (low + high) / 2.0 / sorted.length;
    }

    private static int bound(float[] sorted, float value, boolean after) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int mid = (low + high) >>> 1;
            if (sorted[mid] < value || (after && sorted[mid] == value)) {
                low = mid + 1;
            } else {
                high = mid;
            }
        }
        return low;
    }

    private static double length(float[] rows, int row, int dims) {
        double sum = 0;
        for (int d = 0; d < dims; d++) {
            double x = rows[row * dims + d];
            sum += x * x;
        }
        return Math.sqrt(sum);
    }
}
