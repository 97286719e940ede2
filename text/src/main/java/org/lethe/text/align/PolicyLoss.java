package org.lethe.text.align;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.text.TokenScores;

/**
 * The clipped losses of reinforcement learning on the tokens of sampled answers: PPO (Schulman et al. 2017, eq. 7) and
 * GRPO (Shao et al. 2024, eq. 3).
 *
 * <p>A token's loss is −min(r A, clip(r, 1−ε, 1+ε) A) + c·(exp(d) − d − 1), with r = π/π_old, A its advantage and d =
 * log ref − log π.
 *
 * @param clip largest change ε of a token's probability that is rewarded
 * @param divergence weight c of the divergence from the reference
 * @param perAnswer whether tokens are averaged within answers and then answers, or all tokens alike
 */
public record PolicyLoss(double clip, double divergence, boolean perAnswer) {
    public PolicyLoss {
        Check.require(clip > 0 && clip < 1, "clip", clip, "between 0 and 1");
        Check.require(divergence >= 0 && divergence < 1e6, "divergence", divergence, "0 or more, below 1e6");
    }

    /**
     * The loss of a batch of answers, a single number.
     *
     * @param scores of the answers under the model that learns
     * @param old log p of each token when the answers were sampled, {@code [scored]}
     * @param reference log p of each token under the reference, {@code [scored]}
     * @param advantages of each token, {@code [scored]}
     */
    public Tensor of(TokenScores scores, Tensor old, Tensor reference, Tensor advantages) {
        Tensor ratio = scores.tokens().sub(old).exp();
        Tensor bounded =
                torch.clamp(ratio, new ScalarOptional(new Scalar(1 - clip)), new ScalarOptional(new Scalar(1 + clip)));
        Tensor loss =
                torch.minimum(ratio.mul(advantages), bounded.mul(advantages)).neg(); // [scored]
        if (divergence > 0) {
            Tensor d = reference.sub(scores.tokens());
            loss = loss.add(d.exp().sub(d).sub(new Scalar(1.0)), new Scalar(divergence));
        }
        return perAnswer ? scores.means(loss).mean() : loss.mean();
    }

    /**
     * GRPO's advantages of the answers to one prompt: (r − mean) / (sd + 10⁻⁴), with the sample's sd; 0 where all are
     * alike.
     */
    public static double[] advantages(double[] rewards) {
        double mean = Arrays.stream(rewards).average().orElse(0);
        double squares =
                Arrays.stream(rewards).map(r -> (r - mean) * (r - mean)).sum();
        double sd = Math.sqrt(squares / Math.max(1, rewards.length - 1));
        return Arrays.stream(rewards).map(r -> (r - mean) / (sd + 1e-4)).toArray();
    }

    /**
     * PPO's advantages of the tokens of one answer and what their values should be, by generalised advantage estimation
     * with γ = 1 (Schulman et al. 2016, eq. 16).
     *
     * @param rewards of each token
     * @param values expected at each token
     * @param lambda how far rewards reach back
     */
    public static double[] advantages(double[] rewards, double[] values, double lambda) {
        double[] advantages = new double[rewards.length];
        double later = 0;
        for (int t = rewards.length - 1; t >= 0; t--) {
            double next = t + 1 < rewards.length ? values[t + 1] : 0;
            later = rewards[t] + next - values[t] + lambda * later;
            advantages[t] = later;
        }
        return advantages;
    }
}
