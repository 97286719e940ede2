package org.lethe.recsys.forget;

import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.backbone.AlternatingLearner;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * Forgets by alternating least squares on the remaining data, from the tables as they are (Unlearn-ALS), for
 * {@code als} and {@code explicit-als}.
 *
 * <p>First the rows of the users who lose something are solved, items fixed: {@code p_u = (Σ q qᵀ + λI)⁻¹ Σ r q} over what
 * remains, and for {@code als} a forgotten pair has the weight of a pair that never happened. A user who loses all gets the
 * initial row. Then exact half-steps alternate over all rows, until no number moves by {@code tolerance}. No half-step reads a
 * forgotten interaction; its value may be anything without changing one bit of the result.
 *
 * <p>The limit is a stationary point of the objective on the remaining data. Where that is unique up to rotation, as with
 * strong regularisation and enough dimensions, its scores are those of retraining to the end; elsewhere the start may decide
 * between several: approximate. Training that stopped early on the
 * validation part goes on here, past its best. {@code iterations: 0} solves the users' rows alone, and the items keep their memory of the
 * data. Cost: a few iterations of training; a row alone takes less than a
 * millisecond.
 *
 * @param tolerance largest change of a number in an iteration at which the tables have settled
 * @param iterations most iterations; 0 for the rows of touched users alone
 */
@Named("unlearn-als")
@Taxonomy(Branch.ALGEBRAIC)
public record UnlearnAls(double tolerance, int iterations) implements Forgetting {
    public UnlearnAls {
        Check.require(tolerance > 0 && tolerance <= 1e3, "tolerance", tolerance, "above 0 and at most 1000");
        Check.require(iterations >= 0, "iterations", iterations, "at least 0");
    }

    public UnlearnAls() {
        this(1e-3, 20);
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        alternating(learner);
    }

    private AlternatingLearner alternating(Learner<Split, Recommender> learner) {
        if (learner instanceof AlternatingLearner alternating) {
            return alternating;
        }
        throw Suited.refused(
                this, "needs a model of alternating least squares, als or explicit-als, not " + Named.Of.name(learner));
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        AlternatingLearner alternating = alternating(learner);
        Embeddings before = Forgetting.embeddings(this, model);
        Interactions gone = forgotten.interactions();
        if (gone.size() == 0) {
            return model;
        }
        Interactions left = forgotten.remaining().train();
        int[] touched =
                IntStream.range(0, data.users()).filter(u -> gone.degree(u) > 0).toArray();
        AlternatingLearner.Settled settled = alternating.settle(before, left, touched, tolerance, iterations, env);
        env.ledger().count("iterations", settled.iterations());
        env.ledger().count("rows-touched", touched.length);
        env.ledger().count("interactions-touched", (long) left.size() * settled.iterations());
        return settled.model();
    }

    @Override
    public Exactness exactness() {
        return Exactness.APPROXIMATE;
    }
}
