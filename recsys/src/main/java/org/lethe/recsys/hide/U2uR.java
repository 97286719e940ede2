package org.lethe.recsys.hide;

import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Formerly;
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
 * User-to-user attribute unlearning of a finished model (arXiv 2310.05847): it pulls users of different classes together,
 * while a regulariser keeps their recommendations.
 *
 * <p>The loss is {@code Tr(Θᵀ L Θ) = Σ ‖θ_i − θ_j‖²} over pairs of users of different classes. Its closed form costs {@code
 * O(users·width)} instead of a users × users matrix. Its minimum is one point for all users; only the regulariser and the
 * number of steps prevent this. With {@code repulsion} above 0 it is the form that the paper's text describes: the mean
 * over pairs of different classes, minus {@code repulsion} times the mean over pairs of the same class.
 *
 * <p>Approximate: no attack accuracy is promised. Cost of a step: {@code O(users·width)} and the scores of every user's top
 * k.
 *
 * @param steps number of steps of Adam, each on all users
 * @param learningRate learning rate of Adam
 * @param regulariser what is kept close to the model before: function (the top-k order), parameters (the embeddings) or
 *     none
 * @param regulariserWeight weight of the regulariser, for each unit of its sum over users
 * @param margin smallest difference of the scores of two neighbouring recommendations
 * @param k number of recommendations of each user that the regulariser keeps in order
 * @param repulsion strength that pushes users of one class apart, at most 0.5; 0 is the released code
 * @param tables user tables that move: all or first
 */
@Named("u2u-r")
@Taxonomy(Branch.POST_TRAINING)
public record U2uR(
        int steps,
        double learningRate,
        @Formerly("preserve") Regulariser regulariser,
        @Formerly("weight") double regulariserWeight,
        double margin,
        @Formerly("list") int k,
        @Formerly("apart") double repulsion,
        ProtectedTables tables)
        implements Hiding {
    public U2uR {
        new Unlearning(
                Unlearning.Descent.ADAM, steps, learningRate, regulariser, regulariserWeight, margin, k, 1, tables);
        Check.require(repulsion >= 0 && repulsion <= 0.5, "repulsion", repulsion, "0 to 0.5");
    }

    /** The settings of the released code, on all tables. */
    public U2uR() {
        this(500, 1e-3, Regulariser.FUNCTION, 1e-6, 0.05, 20, 0, ProtectedTables.ALL);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        UserRows before = Suited.rows(this, model);
        List<Classes> targets = Hiding.known(Hiding.hide(this, request), data);
        Discrepancy discrepancy = (rows, width, gradient, random, workers) ->
                targets.forEach(classes -> addGradient(classes, rows, width, gradient));
        return new Unlearning(
                        Unlearning.Descent.ADAM,
                        steps,
                        learningRate,
                        regulariser,
                        regulariserWeight,
                        margin,
                        k,
                        1,
                        tables)
                .run(this, before, targets, discrepancy, data, env);
    }

    /** Adds 2 (n_other θ_i − Σ_other θ_j) for each user, and the repulsion of its own class. */
    void addGradient(Classes classes, float[] rows, int width, float[] gradient) {
        int[] counts = classes.counts();
        double[] sums = new double[counts.length * width];
        double[] all = new double[width];
        int labelled = 0;
        for (int u = 0; u < classes.of().length; u++) {
            int k = classes.of()[u];
            if (k >= 0) {
                labelled++;
                for (int d = 0; d < width; d++) {
                    sums[k * width + d] += rows[u * width + d];
                    all[d] += rows[u * width + d];
                }
            }
        }
        double together = 0; // pairs of one class
        for (int count : counts) {
            together += count * (count - 1.0) / 2;
        }
        double different = labelled * (labelled - 1.0) / 2 - together;
        double pull = repulsion > 0 ? 1 / Math.max(1, different) : 1;
        double push = repulsion / Math.max(1, together);
        for (int u = 0; u < classes.of().length; u++) {
            int k = classes.of()[u];
            if (k >= 0) {
                for (int d = 0; d < width; d++) {
                    double row = rows[u * width + d];
                    double own = counts[k] * row - sums[k * width + d];
                    double other = (labelled - counts[k]) * row - (all[d] - sums[k * width + d]);
                    gradient[u * width + d] += (float) (2 * (pull * other - push * own));
                }
            }
        }
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }
}
