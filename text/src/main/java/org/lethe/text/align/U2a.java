package org.lethe.text.align;

import org.lethe.Check;
import org.lethe.Named;

/**
 * U2A, alignment by unlearning those unwanted answers that help (arXiv 2504.06659): each candidate's effect on an
 * alignment loss J is computed by implicit differentiation; the most helpful ones are unlearned, with weights that
 * follow the same gradient.
 *
 * <p>J is the DPO loss of the few pairs, with β = 0.3. A round (section 3) computes s_i = ∇Jᵀ H⁻¹ ∇l_i for all
 * candidates by two forward passes, adds the best with s_i above 0, moves weights by ω_i ← ω_i exp(η s_i / spread), and
 * unlearns Σ ω_i l_i + λ |θ − θ₀|² anew from the start. The result is the point with the best J on held-out pairs whose
 * utility is above the floor; it may be the start.
 *
 * <p>The published code moves weights with the wrong sign, so that what helps counts less ({@code paperSign: true}),
 * selects once ({@code oneShot: true}), takes H = 2λI ({@code inverse: identity}) and goes on from round to round
 * ({@code warm: true}, {@code rounds: 3}). Its λ is a mean over tensors; here λ does not depend on their number.
 *
 * <p>Gradient ascent alone ({@code base: ga}) lowers wanted answers too and soon meets the utility floor. The default
 * base therefore reads wanted answers beside unwanted ones.
 *
 * <p>Cost: per round one gradient of J, two forward passes and 32 backward ones over candidates, and {@code epochs}
 * over the budget; products with H come on top for other forms than the identity.
 *
 * @param base loss by which an answer is unlearned: ga, grad-diff or npo
 * @param objective J: preferences (the DPO loss), reward (the expected reward over a small grammar) or positives
 * @param budget largest share of the candidates that is unlearned, in percent; at least 8 candidates
 * @param rounds number of rounds
 * @param oneShot whether all are selected in the first round, instead of a part in each
 * @param weights whether weights move, or stay equal
 * @param inverse how H⁻¹ is computed: identity, diagonal, cg, ggn or neumann
 * @param warm whether a round goes on where the last one ended, instead of starting again
 * @param paperSign whether weights move with the sign of the published code
 * @param sparsity strength β of the term β Σ √ω
 * @param eta step size of the weights, relative to the spread of the scores
 * @param learningRate learning rate of AdamW
 * @param epochs number of epochs of a round
 * @param batch number of answers in a step
 * @param lambda strength λ of the pull towards the start
 * @param utilityFloor percent by which the cross-entropy of wanted answers may grow
 */
@Named("u2a")
public record U2a(
        Base base,
        Goal objective,
        double budget,
        int rounds,
        boolean oneShot,
        boolean weights,
        InverseHessian.Form inverse,
        boolean warm,
        boolean paperSign,
        double sparsity,
        double eta,
        double learningRate,
        int epochs,
        int batch,
        double lambda,
        double utilityFloor)
        implements Aligning {
    private static final int LEAST = 8;

    public U2a {
        Check.require(budget > 0 && budget <= 100, "budget", budget, "above 0, at most 100");
        Check.require(utilityFloor >= 0, "utilityFloor", utilityFloor, "at least 0");
        new BilevelDescent(
                BilevelDescent.Choice.SCORES,
                LEAST,
                rounds,
                oneShot,
                weights,
                warm,
                paperSign,
                sparsity,
                eta,
                new InverseHessian(inverse));
        new AnswerUnlearning(base, learningRate, epochs, batch, lambda);
    }

    /** A quarter of the candidates in four rounds, each from the start, beside the wanted answers. */
    public U2a() {
        this(
                Base.GRAD_DIFF,
                Goal.PREFERENCES,
                25,
                4,
                false,
                true,
                InverseHessian.Form.IDENTITY,
                false,
                false,
                0,
                1,
                1e-3,
                4,
                16,
                0.1,
                2);
    }

    /** As published: gradient ascent, one selection, three rounds that go on, and the sign of the published code. */
    public static U2a paper() {
        U2a usual = new U2a();
        return new U2a(
                Base.GA,
                usual.objective,
                usual.budget,
                3,
                true,
                true,
                InverseHessian.Form.IDENTITY,
                true,
                true,
                0,
                usual.eta,
                5e-4,
                usual.epochs,
                usual.batch,
                usual.lambda,
                usual.utilityFloor);
    }

    /** How many candidates a share of them is, at least 8 where there are so many. */
    static int budget(double percent, int candidates) {
        return Math.min(candidates, Math.max(LEAST, (int) Math.round(candidates * percent / 100)));
    }

    @Override
    public AlignmentCourse align(AlignmentRun run) {
        BilevelDescent descent = new BilevelDescent(
                BilevelDescent.Choice.SCORES,
                budget(budget, run.task().candidates().size()),
                rounds,
                oneShot,
                weights,
                warm,
                paperSign,
                sparsity,
                eta,
                new InverseHessian(inverse));
        return new AnswerUnlearning(base, learningRate, epochs, batch, lambda).align(run, descent);
    }
}
