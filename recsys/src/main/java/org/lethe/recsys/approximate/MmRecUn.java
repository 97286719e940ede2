package org.lethe.recsys.approximate;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.backbone.Batches;
import org.lethe.recsys.backbone.ItemTowers;
import org.lethe.recsys.backbone.Vbpr;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;
import org.lethe.recsys.forget.Forgetting;

/**
 * Reverse personalised ranking in a recommender of several modalities (MMRecUn), for the model {@code vbpr}: what is forgotten is
 * ranked down, what remains is ranked up, in the rows of users and items and in the towers of every modality.
 *
 * <p>Minimises {@code alpha · mean over D_r of −log σ(s_ui − s_uj) + (1 − alpha) · mean over D_f of −log σ(s_uj − s_ui) + ridge ·
 * ‖θ − θ⁰‖²} by Adam from the model as it is, with items j that the user never took. An item that is withdrawn has the same
 * features as before; the reverse term teaches its row and the towers that its former users do not want it. Forgotten pairs sink below
 * items never seen if there are many epochs, which tells them apart as well.
 *
 * <p>A reconstruction from the abstract, on a factorisation in place of a graph. Approximate. Cost: so many epochs of training, each with
 * a pass over the forgotten pairs in every batch.
 *
 * @param alpha weight of what remains
 * @param epochs passes over what remains
 * @param batch mean number of remaining interactions per step
 * @param learningRate learning rate of Adam
 * @param ridge weight of the squared distance from the model as it was
 */
@Named("mmrecun")
@Taxonomy({Branch.REVERSE, Branch.MULTI_MODAL})
public record MmRecUn(double alpha, int epochs, int batch, double learningRate, double ridge) implements Forgetting {
    private static final int NEGATIVES = 4;

    public MmRecUn {
        Check.require(alpha >= 0 && alpha <= 1, "alpha", alpha, "0 to 1");
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
        Check.require(ridge >= 0 && ridge <= 1e6, "ridge", ridge, "0 to 1e6");
    }

    /** Five epochs at weights 0.7 and 0.3. */
    public MmRecUn() {
        this(0.7, 5, 256, 0.01, 1e-4);
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        vbpr(learner);
    }

    private Vbpr vbpr(Learner<Split, Recommender> learner) {
        if (learner instanceof Vbpr vbpr) {
            return vbpr;
        }
        throw Suited.refused(
                this, "needs a model of items with features, as vbpr, which " + Named.Of.name(learner) + " is not");
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        Vbpr vbpr = vbpr(learner);
        if (!(model instanceof Vbpr.Model before)) {
            throw Suited.refused(
                    this,
                    "works on a model of vbpr, not on a " + model.getClass().getSimpleName());
        }
        Interactions gone = forgotten.interactions();
        Interactions left = forgotten.remaining().train();
        if (gone.size() == 0) {
            return model;
        }
        env.ledger().count("interactions-touched", gone.size() + (long) epochs * left.size());
        ItemTowers towers = new ItemTowers(data.train(), vbpr.dims(), vbpr.own());
        double[] start = towers.of(before);
        double[] theta = start.clone();
        double[] gradient = new double[theta.length];
        ItemTowers.Descent descent = new ItemTowers.Descent(theta.length, learningRate);
        Keyed random = env.random("mmrecun");
        Batches batches = new Batches(left, batch);
        for (int epoch = 0; epoch < epochs; epoch++) {
            batches.plan(random.of("retained").of(epoch));
            for (int b = 0; b < batches.count; b++) {
                retain(towers, theta, batches, b, gradient);
                Triples down = Triples.of(
                        gone,
                        data.train(),
                        NEGATIVES,
                        random.of("forgotten").of(epoch).of(b));
                reverse(towers, theta, down, gradient);
                for (int n = 0; n < theta.length; n++) {
                    gradient[n] += 2 * ridge * (theta[n] - start[n]);
                }
                descent.step(theta, gradient);
            }
        }
        return finite(towers.model(theta));
    }

    private void retain(ItemTowers towers, double[] theta, Batches batches, int b, double[] gradient) {
        int from = batches.starts[b];
        int to = batches.starts[b + 1];
        for (int s = from; s < to; s++) {
            towers.add(
                    theta, batches.users[s], batches.positives[s], batches.negatives[s], alpha / (to - from), gradient);
        }
    }

    private void reverse(ItemTowers towers, double[] theta, Triples down, double[] gradient) {
        for (int n = 0; n < down.size(); n++) {
            towers.add(
                    theta,
                    down.users()[n],
                    /* above= */ down.negatives()[n],
                    /* below= */ down.positives()[n],
                    (1 - alpha) / down.size(),
                    gradient);
        }
    }

    private static Vbpr.Model finite(Vbpr.Model model) {
        for (float number : model.served().userRows()) {
            if (!Float.isFinite(number)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "mmrecun: a row of a user holds " + number + "; a smaller learningRate may help");
            }
        }
        return model;
    }

    @Override
    public Exactness exactness() {
        return Exactness.APPROXIMATE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(1.5);
    }
}
