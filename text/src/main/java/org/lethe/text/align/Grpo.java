package org.lethe.text.align;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.torch.Optimiser;
import org.lethe.torch.UpdateRule;

/**
 * GRPO, reinforcement learning from groups of the model's own answers to one prompt (Shao et al. 2024): an answer
 * counts by how much its reward exceeds its group's mean, in standard deviations. One step for each batch of answers,
 * on the prompts of the request's pairs.
 *
 * <p>Cost: a step samples {@code prompts · group} answers token by token, without a cache, and reads them twice.
 *
 * @param prompts number of prompts in a step
 * @param group number of answers to each prompt
 * @param steps number of steps
 * @param clip largest change of a token's probability that is rewarded
 * @param divergence weight of the divergence from the start; 0 for none
 * @param reward whether rewards come from the data's program, or from a model learned from the pairs
 * @param learningRate learning rate of AdamW
 * @param utilityFloor percent by which the cross-entropy of wanted answers may grow
 */
@Named("grpo")
public record Grpo(
        int prompts,
        int group,
        int steps,
        double clip,
        double divergence,
        RewardSource reward,
        double learningRate,
        double utilityFloor)
        implements Aligning {
    private static final int JUDGE_EVERY = 5;

    public Grpo {
        Check.require(prompts >= 1, "prompts", prompts, "at least 1");
        Check.require(group >= 2, "group", group, "at least 2");
        Check.require(steps >= 1, "steps", steps, "at least 1");
        new PolicyLoss(clip, divergence, false);
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "between 0 and 1");
        Check.require(utilityFloor >= 0, "utilityFloor", utilityFloor, "at least 0");
    }

    /** Forty steps of 8 prompts with 8 answers each, without a divergence. */
    public Grpo() {
        this(8, 8, 40, 0.2, 0, RewardSource.PROGRAM, 5e-4, 2);
    }

    @Override
    public AlignmentCourse align(AlignmentRun run) {
        Keyed random = run.env().random("align").of("grpo");
        PolicyLoss loss = new PolicyLoss(clip, divergence, false);
        try (var _ = new PointerScope()) {
            ToDoubleFunction<Encoded> rewarded = OwnAnswers.reward(run, reward, learningRate);
            Optimiser optimiser = new Optimiser(
                    new UpdateRule.AdamW(learningRate, 0), run.model().trained(), Optimiser.MATRICES);
            for (int step = 1; step <= steps; step++) {
                Keyed key = random.of(step);
                run.env().ledger().timed("inner", () -> {
                    step(run, OwnAnswers.of(run, prompts, group, rewarded, key), loss, optimiser);
                    return key;
                });
                if (step % JUDGE_EVERY == 0 || step == steps) {
                    run.point(1, step, step == steps);
                    if (run.ruined()) {
                        return run.finish("utility is gone after step " + step);
                    }
                }
            }
        }
        return run.finish("all " + steps + " steps are done");
    }

    private void step(AlignmentRun run, OwnAnswers own, PolicyLoss loss, Optimiser optimiser) {
        double[] advantages = new double[own.rewards().length];
        for (int from = 0; from < advantages.length; from += group) {
            double[] rewards = Arrays.copyOfRange(own.rewards(), from, from + group);
            double[] relative = PolicyLoss.advantages(rewards);
            System.arraycopy(relative, 0, advantages, from, group);
            if (Arrays.stream(rewards).allMatch(r -> r == rewards[0])) {
                run.env().ledger().count("groups without a difference", 1);
            }
        }
        try (var _ = new PointerScope()) {
            TokenBatch batch = TokenBatch.of(own.answers(), run.device());
            TokenScores scores = TokenScores.of(run.model(), batch);
            Tensor now = scores.tokens().detach(); // the answers were sampled by this very model
            Tensor before = divergence > 0 ? reference(run, batch) : now;
            Tensor advantage = InverseHessian.tensor(advantages, now).index_select(0, batch.rows());
            loss.of(scores, now, before, advantage).backward();
            optimiser.clip(1);
            optimiser.step(1);
            optimiser.dropGradients();
        }
    }

    /** log p of each token under the model at the start. */
    static Tensor reference(AlignmentRun run, TokenBatch batch) {
        try (var _ = new NoGradGuard()) {
            return TokenScores.of(run.reference(), batch).tokens();
        }
    }
}
