package org.lethe.recsys.hide;

import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;

/**
 * User-to-user attribute unlearning of a finished model (arXiv 2310.05847): users of different classes are drawn together,
 * while a regulariser holds their lists.
 *
 * <p>Loss {@code Tr(Θᵀ L Θ) = Σ ‖θ_i − θ_j‖²} over pairs of users of different classes, by its closed form in
 * {@code O(users·width)} instead of a users × users matrix. Its minimum is one point for all; only the regulariser and the
 * number of steps prevent that. With {@code apart} above 0, the form the paper's text describes: the mean over pairs of
 * different classes, less {@code apart} times the mean over pairs of one class.
 *
 * <p>Approximate: nothing is promised about what an attacker finds. Costs, for each step, {@code O(users·width)} and the
 * scores of every user's list.
 *
 * @param steps of Adam, each on all users
 * @param learningRate of Adam
 * @param preserve what holds the lists together
 * @param weight of that, for each unit of its sum over users
 * @param margin by how much the score of an item of a list should exceed the next one's
 * @param list length of the lists that are held
 * @param apart how strongly users of one class are pushed apart, at most a half; 0 is the released code
 * @param tables which tables of users move
 */
@Named("u2u-r")
public record U2uR(
        int steps,
        double learningRate,
        Regulariser preserve,
        double weight,
        double margin,
        int list,
        double apart,
        ProtectedTables tables)
        implements Hiding {
    public U2uR {
        new Unlearning(Unlearning.Descent.ADAM, steps, learningRate, preserve, weight, margin, list, 1, tables);
        Check.require(apart >= 0 && apart <= 0.5, "apart", apart, "0 to 0.5");
    }

    /** The settings of the released code, on all tables. */
    public U2uR() {
        this(500, 1e-3, Regulariser.FUNCTION, 1e-6, 0.05, 20, 0, ProtectedTables.ALL);
    }

    public U2uR withSteps(int steps) {
        return new U2uR(steps, learningRate, preserve, weight, margin, list, apart, tables);
    }

    public U2uR withLearningRate(double learningRate) {
        return new U2uR(steps, learningRate, preserve, weight, margin, list, apart, tables);
    }

    public U2uR withPreserve(Regulariser preserve) {
        return new U2uR(steps, learningRate, preserve, weight, margin, list, apart, tables);
    }

    public U2uR withWeight(double weight) {
        return new U2uR(steps, learningRate, preserve, weight, margin, list, apart, tables);
    }

    public U2uR withMargin(double margin) {
        return new U2uR(steps, learningRate, preserve, weight, margin, list, apart, tables);
    }

    public U2uR withList(int list) {
        return new U2uR(steps, learningRate, preserve, weight, margin, list, apart, tables);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        UserRows before = Hiding.rows(this, model);
        List<Classes> targets = Hiding.known(Hiding.hide(this, request), data);
        Discrepancy discrepancy = (rows, width, gradient, random, workers) ->
                targets.forEach(classes -> addGradient(classes, rows, width, gradient));
        return new Unlearning(Unlearning.Descent.ADAM, steps, learningRate, preserve, weight, margin, list, 1, tables)
                .run(this, before, targets, discrepancy, data, env);
    }

    /** 2 (n_other θ_i − Σ_other θ_j) for each user, and the push of its own class. */
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
        double pull = apart > 0 ? 1 / Math.max(1, different) : 1;
        double push = apart / Math.max(1, together);
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
