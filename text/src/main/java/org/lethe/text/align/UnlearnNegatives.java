package org.lethe.text.align;

import org.lethe.Check;
import org.lethe.Named;

/**
 * Unlearns every candidate with the same weight: what U2A (arXiv 2504.06659) is compared with, in the same code.
 *
 * @param base loss by which an answer is unlearned: ga, grad-diff or npo
 * @param learningRate learning rate of AdamW
 * @param epochs number of epochs
 * @param batch number of answers in a step
 * @param lambda strength λ of the pull towards the start
 * @param utilityFloor percent by which the cross-entropy of wanted answers may grow
 */
@Named("unlearn-negatives")
public record UnlearnNegatives(
        Base base, double learningRate, int epochs, int batch, double lambda, double utilityFloor) implements Aligning {
    public UnlearnNegatives {
        Check.require(utilityFloor >= 0, "utilityFloor", utilityFloor, "at least 0");
        new AnswerUnlearning(base, learningRate, epochs, batch, lambda);
    }

    /** Four epochs beside the wanted answers. */
    public UnlearnNegatives() {
        this(Base.GRAD_DIFF, 1e-3, 4, 16, 0.1, 2);
    }

    @Override
    public AlignmentCourse align(AlignmentRun run) {
        return uniform(BilevelDescent.Choice.ALL, run.task().candidates().size(), run);
    }

    /** One round with equal weights. */
    AlignmentCourse uniform(BilevelDescent.Choice choice, int budget, AlignmentRun run) {
        BilevelDescent descent = new BilevelDescent(
                choice, budget, 1, true, false, false, false, 0, 1, new InverseHessian(InverseHessian.Form.IDENTITY));
        return new AnswerUnlearning(base, learningRate, epochs, batch, lambda).align(run, descent);
    }
}
