package org.lethe.recsys.forget;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * Forgets by selective and collaborative influence: the embeddings of touched users move as if the forgotten labels became
 * neutral (SCIF, arXiv 2304.10199).
 *
 * <p>{@code p_u ← p_u + (H_u + n_u·damping·I)⁻¹ Σ [∇ℓ(z) − ∇ℓ(z̃)]} over the forgotten interactions z of u. z̃ is the same
 * pair with a neutral label, counting one negative per interaction. The label is the mean of the user's remaining
 * interactions, ½; if none remain, it is the mean of the item's, {@code d_i/(d_i + mean d)}. A pairwise loss uses ½:
 * neither item is preferred. H_u covers all n_u samples of the user before the request, with items fixed. Conjugate
 * gradients solve the system in double.
 *
 * <p>This is one influence step. It assumes that the gradient vanished at the end of training and that the loss is nearly
 * quadratic. Neither holds for an early-stopped logistic model: the embedding overshoots, and forgotten items score below
 * items never seen. With {@code steps}, the embedding instead takes Newton steps, each halved until the objective falls.
 * Their minimum is that of {@code (n_u·damping/2)‖p_u‖²} plus the loss in which a forgotten interaction and its negative
 * both have label ½.
 *
 * <p>This is a reconstruction: the paper has no code, and two independent ones disagree. Departures: blocks are single
 * users, and the paper's N is the number of samples of the block. All other embeddings keep their bits: approximate. For
 * LightGCN the propagated embeddings move. Cost: {@code O(degree·k²)} for each touched user.
 *
 * @param damping damping added to the mean Hessian
 * @param steps number of Newton steps with neutral labels; 0 for the single influence step of the paper
 */
@Named("scif")
@Taxonomy(Branch.INFLUENCE)
public record Scif(double damping, int steps) implements Forgetting {
    public Scif {
        Check.require(damping > 0 && damping <= 1e9, "damping", damping, "above 0 and at most 1e9");
        Check.require(steps >= 0, "steps", steps, "at least 0");
    }

    /** To the minimum, in at most 20 Newton steps: the paper's one step can turn a row round and make it long. */
    public Scif() {
        this(0.01, 20);
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        Forgetting.tables(this, learner);
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        EmbeddingLearner.Loss loss = Forgetting.tables(this, learner).loss();
        Embeddings before = Forgetting.embeddings(this, model);
        int[] touched = forgotten.touchedUsers();
        Interactions had = data.train().ofUsers(touched);
        Interactions goes = forgotten.interactions().ofUsers(touched);
        int[] kept = new int[data.items()];
        for (int i : data.train().columns()) {
            kept[i]++;
        }
        for (int i : forgotten.interactions().columns()) {
            kept[i]--;
        }
        double meanKept =
                (double) (data.train().size() - forgotten.interactions().size()) / data.items();
        env.ledger().count("interactions-touched", had.size());
        return Forgetting.withRows(this, before, touched, env, n -> {
            boolean left = had.degree(n) > goes.degree(n) || loss == EmbeddingLearner.Loss.PAIRWISE;
            RowObjective objective = RowObjective.of(n, had, before, loss, 0, env);
            int dims = before.dims();
            double[] labels = objective.y().clone();
            int samples = labels.length;
            double[] change = new double[dims];
            for (int k = 0; k < had.degree(n); k++) {
                int item = had.item(had.from(n) + k);
                if (goes.contains(n, item)) {
                    double neutral = left ? 0.5 : kept[item] == 0 ? 0 : kept[item] / (kept[item] + meanKept);
                    for (int d = 0; d < dims; d++) {
                        change[d] += (neutral - 1) * objective.x()[k * dims + d];
                    }
                    for (int sample = k;
                            sample < samples;
                            sample += had.degree(n)) { // the interaction, and its negative
                        labels[sample] = 0.5;
                    }
                }
            }
            double[] row = RowObjective.row(before, touched[n]);
            double weight = damping * Math.max(1, samples);
            if (steps > 0) {
                return new RowObjective(objective.squared(), dims, objective.x(), labels, weight).newton(row, 0, steps);
            }
            double[] moved = objective.solve(row, change, weight);
            for (int d = 0; d < dims; d++) {
                moved[d] += row[d];
            }
            return moved;
        });
    }

    @Override
    public Exactness exactness() {
        return Exactness.APPROXIMATE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(1.1);
    }
}
