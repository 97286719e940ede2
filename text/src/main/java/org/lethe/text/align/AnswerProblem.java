package org.lethe.text.align;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;

/** Unlearning answers so that a language model is better aligned, as a problem with two levels. */
final class AnswerProblem implements BilevelProblem {
    private final AlignmentRun run;
    private final Base base;
    private final double lambda;
    private final List<Tensor> parameters;
    private final List<Encoded> retained;

    AnswerProblem(AlignmentRun run, Base base, double lambda) {
        this.run = run;
        this.base = base;
        this.lambda = lambda;
        parameters = run.parameters();
        int[] order = AlignmentRun.order(
                run.task().retained().size(), run.env().random("align").of("rest"));
        retained = Arrays.stream(order)
                .limit(block())
                .mapToObj(run.task().retained()::get)
                .toList();
    }

    private TokenBatch batch(int[] which) {
        return TokenBatch.of(
                Arrays.stream(which).mapToObj(run.task().candidates()::get).toList(), run.device());
    }

    @Override
    public List<Tensor> parameters() {
        return parameters;
    }

    @Override
    public int candidates() {
        return run.task().candidates().size();
    }

    @Override
    public Tensor losses(int[] which) {
        return base.loss().of(run.model(), run.reference(), batch(which));
    }

    @Override
    public int parts() {
        return run.objective().parts();
    }

    @Override
    public Tensor objective(int part) {
        return run.objective().part(run.model(), part);
    }

    @Override
    public double lambda() {
        return lambda;
    }

    @Override
    public Optional<Tensor> rest() {
        return base == Base.GRAD_DIFF
                ? Optional.of(TokenScores.of(run.model(), TokenBatch.of(retained, run.device()))
                        .crossEntropies()
                        .mean())
                : Optional.empty();
    }

    /** The curvature of an answer's mean cross-entropy in the logits of a token is (diag p − p pᵀ) / tokens. */
    @Override
    public Optional<Outputs> outputs(int[] which, double[] weights) {
        TokenBatch batch = batch(which);
        TokenScores scores = TokenScores.of(run.model(), batch);
        double[] perToken = new double[weights.length];
        Arrays.setAll(perToken, n -> weights[n] / batch.counts()[n]);
        Tensor p = torch.softmax(scores.logits().detach(), 1);
        Tensor weight =
                InverseHessian.tensor(perToken, p).index_select(0, batch.rows()).unsqueeze(1); // [scored, 1]
        return Optional.of(new Outputs(scores.logits(), u -> {
            Tensor pu = p.mul(u);
            return pu.sub(p.mul(pu.sum(new long[] {1}).unsqueeze(1))).mul(weight);
        }));
    }

    /** θ − θ₀ times 2λ onto the gradients: the pull towards the start. */
    void pull() {
        long at = 0;
        for (Tensor parameter : parameters) {
            Tensor start = run.start().narrow(0, at, parameter.numel()).view(parameter.shape());
            parameter.grad().add_(parameter.detach().sub(start), new Scalar(2 * lambda));
            at += parameter.numel();
        }
    }
}
