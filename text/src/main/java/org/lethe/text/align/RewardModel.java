package org.lethe.text.align;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.align.AlignmentObjective.Pair;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Optimiser;
import org.lethe.torch.Parameters;
import org.lethe.torch.UpdateRule;

/**
 * A reward learned from pairs (Bradley and Terry 1952; Christiano et al. 2017): a linear map of the state at an
 * answer's last token, trained with −log σ(r(chosen) − r(rejected)). Its tensors belong to the scope in which it is
 * made.
 */
public final class RewardModel {
    private static final int BATCH = 16;

    private final Transformer trunk;
    private final Tensor head; // [dims]

    private RewardModel(Transformer trunk, Tensor head) {
        this.trunk = trunk;
        this.head = head;
    }

    /**
     * Trains one from the weights of a language model, which stays as it is.
     *
     * @param epochs over the pairs
     * @param learningRate of AdamW
     */
    public static RewardModel train(
            Transformer start, List<Pair> pairs, int epochs, double learningRate, Keyed random) {
        Transformer trunk = new Transformer(start.architecture(), start.device());
        try (var _ = new PointerScope()) {
            Flat.set(
                    List.copyOf(trunk.parameters().distinct().values()),
                    Flat.of(List.copyOf(start.parameters().distinct().values())));
        }
        trunk.parameters().train(_ -> true);
        RewardModel model = new RewardModel(trunk, head(trunk));
        try (var _ = new PointerScope()) {
            Map<String, Tensor> all = new LinkedHashMap<>(trunk.parameters().distinct());
            all.put("reward.weight", model.head);
            Optimiser optimiser =
                    new Optimiser(new UpdateRule.AdamW(learningRate, 0), Parameters.of(all), Optimiser.MATRICES);
            for (int epoch = 0; epoch < epochs; epoch++) {
                int[] order = AlignmentRun.order(pairs.size(), random.of(epoch));
                for (int from = 0; from < order.length; from += BATCH) {
                    try (var _ = new PointerScope()) {
                        List<Pair> some = Arrays.stream(order, from, Math.min(order.length, from + BATCH))
                                .mapToObj(pairs::get)
                                .toList();
                        Tensor rewards = model.rewards(Stream.concat(
                                        some.stream().map(Pair::chosen),
                                        some.stream().map(Pair::rejected))
                                .toList());
                        int n = some.size();
                        Tensor ahead = rewards.narrow(0, 0, n).sub(rewards.narrow(0, n, n));
                        torch.log_sigmoid(ahead).mean().neg().backward();
                        optimiser.clip(1);
                        optimiser.step(1);
                        optimiser.dropGradients();
                    }
                }
            }
        }
        trunk.parameters().train(_ -> false);
        model.head.set_requires_grad(false);
        return model;
    }

    /** A map of zeros from states to a number, which wants a gradient. */
    static Tensor head(Transformer trunk) {
        return trunk.parameters()
                .distinct()
                .values()
                .iterator()
                .next()
                .new_zeros(trunk.architecture().dims())
                .set_requires_grad(true);
    }

    private Tensor rewards(List<Encoded> answers) {
        TokenBatch batch = TokenBatch.of(answers, trunk.device());
        return Answers.last(batch, trunk.hidden(batch.ids(), batch.mask())).mv(head); // [answers]
    }

    /** The reward of each answer. */
    public double[] of(List<Encoded> answers) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            return Flat.doubles(rewards(answers));
        }
    }
}
