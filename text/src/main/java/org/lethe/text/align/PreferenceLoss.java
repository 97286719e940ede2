package org.lethe.text.align;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * The losses of direct preference optimisation (Rafailov et al. 2023, eq. 7) and of its relatives.
 *
 * <p>With h = (log π − log ref)(chosen) − (log π − log ref)(rejected), the loss of a pair is −log σ(βh). At the
 * reference h is 0 and the loss log 2. Everything goes through log σ, so that no pair overflows.
 *
 * @param form which of them
 * @param beta strength β of the reference
 * @param smoothing share ε of pairs that are labelled the wrong way round; the robust and the smoothed form use it
 */
public record PreferenceLoss(Form form, double beta, double smoothing) {
    /** The losses of the family. */
    public enum Form {
        /** −log σ(βh): DPO. */
        SIGMOID,
        /** (−(1−ε) log σ(βh) + ε log σ(−βh)) / (1−2ε): unbiased under wrong labels (Chowdhury et al. 2024). */
        ROBUST,
        /** −(1−ε) log σ(βh) − ε log σ(−βh): the older, conservative form. */
        SMOOTHED,
        /** max(0, 1 − βh) (Zhao et al. 2023). */
        HINGE,
        /** (h̄ − 1/(2β))² with log-ratios per token, as the TRL library computes it. */
        IPO,
        /** (h − 1/(2β))² with sums, as in the paper (Azar et al. 2023, eq. 17). */
        IPO_SUMS,
        /** −log σ(βh̄) with log-ratios per token. */
        SIGMOID_NORM
    }

    public PreferenceLoss {
        Check.require(beta > 0 && beta < 1e6, "beta", beta, "above 0, below 1e6");
        Check.require(smoothing >= 0 && smoothing < 0.5, "smoothing", smoothing, "0 or more, below 0.5");
    }

    /** DPO without smoothing. */
    public PreferenceLoss(double beta) {
        this(Form.SIGMOID, beta, 0);
    }

    /**
     * One of the two answers of each pair.
     *
     * @param policy log p of the answer under the model that learns, {@code [pairs]}
     * @param reference the same under the reference, without gradient
     * @param tokens how many tokens of each are scored, {@code [pairs]}
     */
    public record Side(Tensor policy, Tensor reference, Tensor tokens) {
        Tensor ratio() {
            return policy.sub(reference);
        }

        Tensor meanRatio() {
            return ratio().div(tokens);
        }
    }

    /** The loss of each pair, {@code [pairs]}. */
    public Tensor of(Side chosen, Side rejected) {
        Tensor h = chosen.ratio().sub(rejected.ratio());
        return switch (form) {
            case SIGMOID -> logSigmoid(h, beta).neg();
            case ROBUST ->
                logSigmoid(h, beta)
                        .mul(new Scalar(-(1 - smoothing)))
                        .add(logSigmoid(h, -beta), new Scalar(smoothing))
                        .div(new Scalar(1 - 2 * smoothing));
            case SMOOTHED ->
                logSigmoid(h, beta).mul(new Scalar(-(1 - smoothing))).sub(logSigmoid(h, -beta), new Scalar(smoothing));
            case HINGE -> torch.relu(h.mul(new Scalar(-beta)).add(new Scalar(1.0)));
            case IPO ->
                chosen.meanRatio()
                        .sub(rejected.meanRatio())
                        .sub(new Scalar(1 / (2 * beta)))
                        .square();
            case IPO_SUMS -> h.sub(new Scalar(1 / (2 * beta))).square();
            case SIGMOID_NORM ->
                logSigmoid(chosen.meanRatio().sub(rejected.meanRatio()), beta).neg();
        };
    }

    private static Tensor logSigmoid(Tensor h, double by) {
        return torch.log_sigmoid(h.mul(new Scalar(by)));
    }

    /**
     * What a step tells about its pairs.
     *
     * @param chosen implicit reward β(log π − log ref) of each chosen answer
     * @param rejected the same of each rejected answer
     */
    public record Rewards(double[] chosen, double[] rejected) {
        private static final double TIE = 1e-5; // what processors differ by in 32 bits

        /** 1 where the chosen answer has the higher reward, 1/2 at a tie, as at the reference, else 0. */
        public double[] accuracies() {
            double[] right = margins();
            for (int p = 0; p < right.length; p++) {
                right[p] = right[p] > TIE ? 1 : right[p] < -TIE ? 0 : 0.5;
            }
            return right;
        }

        /** How far the chosen answer is ahead, pair by pair. */
        public double[] margins() {
            double[] ahead = new double[chosen.length];
            for (int p = 0; p < ahead.length; p++) {
                ahead[p] = chosen[p] - rejected[p];
            }
            return ahead;
        }
    }

    /** The implicit rewards of some pairs. */
    public Rewards rewards(Side chosen, Side rejected) {
        return new Rewards(reward(chosen), reward(rejected));
    }

    private double[] reward(Side side) {
        float[] ratios = Tensors.floats(side.ratio().detach());
        double[] rewards = new double[ratios.length];
        for (int p = 0; p < rewards.length; p++) {
            rewards[p] = beta * ratios[p];
        }
        return rewards;
    }
}
