package org.lethe.text.align;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.torch.Optimiser;
import org.lethe.torch.Parameters;
import org.lethe.torch.UpdateRule;

/**
 * PPO, reinforcement learning with a value for each token (Schulman et al. 2017; for language Ouyang et al. 2022). The
 * reward of an answer comes at its last token; every token pays {@code divergence · (log π − log ref)}. Values are a
 * linear map of the model's own states. Advantages are those of Schulman et al. 2016 with γ = 1 and λ = 0.95,
 * standardised in each batch.
 *
 * <p>Cost: an iteration samples {@code answers} answers token by token, without a cache, and reads them {@code epochs +
 * 2} times.
 *
 * @param answers number of answers in an iteration, each to a prompt of its own
 * @param iterations number of times that answers are sampled
 * @param epochs number of steps on each batch of answers
 * @param clip largest change of a token's probability, and of a value, in an iteration
 * @param divergence price of leaving the start
 * @param valueWeight weight of the loss of values
 * @param reward whether rewards come from the data's program, or from a model learned from the pairs
 * @param learningRate learning rate of AdamW
 * @param utilityFloor percent by which the cross-entropy of wanted answers may grow
 */
@Named("ppo")
public record Ppo(
        int answers,
        int iterations,
        int epochs,
        double clip,
        double divergence,
        double valueWeight,
        RewardSource reward,
        double learningRate,
        double utilityFloor)
        implements Aligning {
    private static final double LAMBDA = 0.95;
    private static final int JUDGE_EVERY = 3;

    public Ppo {
        Check.require(answers >= 1, "answers", answers, "at least 1");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        new PolicyLoss(clip, 0, false);
        Check.require(divergence >= 0 && divergence < 1e6, "divergence", divergence, "0 or more, below 1e6");
        Check.require(valueWeight >= 0 && valueWeight < 1e6, "valueWeight", valueWeight, "0 or more, below 1e6");
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "between 0 and 1");
        Check.require(utilityFloor >= 0, "utilityFloor", utilityFloor, "at least 0");
    }

    /** Fifteen iterations of 64 answers with four steps each. */
    public Ppo() {
        this(64, 15, 4, 0.2, 0.05, 0.1, RewardSource.PROGRAM, 5e-4, 2);
    }

    @Override
    public AlignmentCourse align(AlignmentRun run) {
        Keyed random = run.env().random("align").of("ppo");
        try (var _ = new PointerScope()) {
            ToDoubleFunction<Encoded> rewarded = OwnAnswers.reward(run, reward, learningRate);
            Tensor head = RewardModel.head(run.model());
            Map<String, Tensor> all = new LinkedHashMap<>(run.model().trained().trained());
            all.put("value.weight", head);
            Optimiser optimiser =
                    new Optimiser(new UpdateRule.AdamW(learningRate, 0), Parameters.of(all), Optimiser.MATRICES);
            for (int iteration = 1; iteration <= iterations; iteration++) {
                Keyed key = random.of(iteration);
                run.env().ledger().timed("inner", () -> {
                    iterate(run, OwnAnswers.of(run, answers, 1, rewarded, key), head, optimiser);
                    return key;
                });
                if (iteration % JUDGE_EVERY == 0 || iteration == iterations) {
                    run.point(1, iteration * epochs, iteration == iterations);
                    if (run.ruined()) {
                        return run.finish("utility is gone after iteration " + iteration);
                    }
                }
            }
        }
        return run.finish("all " + iterations + " iterations are done");
    }

    /** What the model thought of some answers when it gave them, and what came of it, token by token. */
    private record Seen(Tensor logs, Tensor values, Tensor advantages, Tensor returns) {}

    private void iterate(AlignmentRun run, OwnAnswers own, Tensor head, Optimiser optimiser) {
        try (var _ = new PointerScope()) {
            TokenBatch batch = TokenBatch.of(own.answers(), run.device());
            Seen seen = seen(run, own, head, batch);
            PolicyLoss policy = new PolicyLoss(clip, 0, false);
            for (int epoch = 0; epoch < epochs; epoch++) {
                try (var _ = new PointerScope()) {
                    Tensor hidden = run.model().hidden(batch.ids(), batch.mask());
                    TokenScores scores = TokenScores.of(run.model(), batch, hidden);
                    Tensor values = TokenScores.predicting(batch, hidden).mv(head);
                    Tensor moved = torch.clamp(
                            values.sub(seen.values),
                            new ScalarOptional(new Scalar(-clip)),
                            new ScalarOptional(new Scalar(clip)));
                    Tensor worse = torch.maximum(
                            values.sub(seen.returns).square(),
                            seen.values.add(moved).sub(seen.returns).square());
                    policy.of(scores, seen.logs, seen.logs, seen.advantages)
                            .add(worse.mean(), new Scalar(0.5 * valueWeight))
                            .backward();
                    optimiser.clip(1);
                    optimiser.step(1);
                    optimiser.dropGradients();
                }
            }
        }
    }

    private Seen seen(AlignmentRun run, OwnAnswers own, Tensor head, TokenBatch batch) {
        try (var _ = new NoGradGuard()) {
            Tensor hidden = run.model().hidden(batch.ids(), batch.mask());
            Tensor logs = TokenScores.of(run.model(), batch, hidden).tokens();
            Tensor values = TokenScores.predicting(batch, hidden).mv(head);
            double[] now = Flat.doubles(logs);
            double[] before = Flat.doubles(Grpo.reference(run, batch));
            double[] expected = Flat.doubles(values);
            double[] advantages = new double[now.length];
            double[] returns = new double[now.length];
            int from = 0;
            for (int row = 0; row < batch.size(); row++) {
                int to = from + batch.counts()[row];
                double[] rewards = new double[to - from];
                for (int t = from; t < to; t++) {
                    rewards[t - from] = -divergence * (now[t] - before[t]);
                }
                rewards[rewards.length - 1] += own.rewards()[row];
                double[] gained = PolicyLoss.advantages(rewards, Arrays.copyOfRange(expected, from, to), LAMBDA);
                for (int t = from; t < to; t++) {
                    advantages[t] = gained[t - from];
                    returns[t] = gained[t - from] + expected[t];
                }
                from = to;
            }
            return new Seen(
                    logs,
                    values,
                    InverseHessian.tensor(standardised(advantages), logs),
                    InverseHessian.tensor(returns, logs));
        }
    }

    private static double[] standardised(double[] values) {
        double mean = Arrays.stream(values).average().orElse(0);
        double sd = Math.sqrt(Arrays.stream(values)
                .map(v -> (v - mean) * (v - mean))
                .average()
                .orElse(0));
        return Arrays.stream(values).map(v -> (v - mean) / (sd + 1e-8)).toArray();
    }
}
