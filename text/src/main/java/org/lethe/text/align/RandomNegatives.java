package org.lethe.text.align;

import org.lethe.Check;
import org.lethe.Named;

/**
 * Unlearns a random choice of candidates: as many as U2A (arXiv 2504.06659), chosen without its scores.
 *
 * @param base loss by which an answer is unlearned: ga, grad-diff or npo
 * @param budget share of the candidates that is unlearned, in percent; at least 8 candidates
 * @param learningRate learning rate of AdamW
 * @param epochs number of epochs
 * @param batch number of answers in a step
 * @param lambda strength λ of the pull towards the start
 * @param utilityFloor percent by which the cross-entropy of wanted answers may grow
 */
@Named("random-negatives")
public record RandomNegatives(
        Base base, double budget, double learningRate, int epochs, int batch, double lambda, double utilityFloor)
        implements Aligning {
    public RandomNegatives {
        Check.require(budget > 0 && budget <= 100, "budget", budget, "above 0, at most 100");
        Check.require(utilityFloor >= 0, "utilityFloor", utilityFloor, "at least 0");
        new AnswerUnlearning(base, learningRate, epochs, batch, lambda);
    }

    /** A quarter of the candidates for four epochs, beside the wanted answers. */
    public RandomNegatives() {
        this(Base.GRAD_DIFF, 25, 1e-3, 4, 16, 0.1, 2);
    }

    @Override
    public AlignmentCourse align(AlignmentRun run) {
        int most = U2a.budget(budget, run.task().candidates().size());
        return new UnlearnNegatives(base, learningRate, epochs, batch, lambda, utilityFloor)
                .uniform(BilevelDescent.Choice.RANDOM, most, run);
    }
}
