package org.lethe.recsys.hide;

import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.UserRows;

/**
 * The simplest baseline: it moves the mean of every class onto the mean of all labelled users, {@code θ_i ← θ_i − m_k + m}.
 *
 * <p>Other differences between classes stay readable. When the means of a sample agree exactly, a classifier fitted to one
 * part is wrong on the rest more often than chance. An attacker that inverts its answers then succeeds. Several attributes
 * are matched one after the other. Cost: {@code O(users·width)}.
 */
@Named(value = "mean-matching", formerly = "mean-equalisation")
@Taxonomy(Branch.POST_TRAINING)
public record MeanMatching() implements Hiding {
    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        UserRows before = Suited.rows(this, model);
        Hide hide = Hiding.hide(this, request);
        float[] rows = before.userRows().clone();
        for (Classes classes : hide.targets(data.train())) {
            move(rows, before.width(), classes, hide.known(classes, data.train()));
        }
        return before.withUserRows(rows);
    }

    private static void move(float[] rows, int width, Classes all, Classes known) {
        int[] counts = known.counts();
        double[] means = new double[counts.length * width];
        double[] mean = new double[width];
        int labelled = 0;
        for (int u = 0; u < known.of().length; u++) {
            int k = known.of()[u];
            if (k >= 0) {
                labelled++;
                for (int d = 0; d < width; d++) {
                    means[k * width + d] += rows[u * width + d];
                    mean[d] += rows[u * width + d];
                }
            }
        }
        for (int u = 0; u < all.of().length; u++) {
            int k = all.of()[u];
            if (k >= 0 && counts[k] > 0) {
                for (int d = 0; d < width; d++) {
                    rows[u * width + d] += (float) (mean[d] / labelled - means[k * width + d] / counts[k]);
                }
            }
        }
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }
}
