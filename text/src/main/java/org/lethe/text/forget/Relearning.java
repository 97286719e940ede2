package org.lethe.text.forget;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Env;
import org.lethe.Progress;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.Sample;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Order;
import org.lethe.torch.Schedule;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * A little training on every other forgotten sample, with AdamW.
 *
 * @param steps of the training
 * @param batch samples in a step
 * @param learningRate of AdamW
 */
record Relearning(int steps, int batch, double learningRate) {
    /** The samples that are trained on. */
    static List<Encoded> seen(List<Encoded> all) {
        return every(all, 0);
    }

    /** The samples in between. */
    static List<Encoded> hidden(List<Encoded> all) {
        return every(all, 1);
    }

    private static List<Encoded> every(List<Encoded> all, int from) {
        return IntStream.range(0, all.size())
                .filter(n -> n % 2 == from)
                .mapToObj(all::get)
                .toList();
    }

    /** The model after all steps. */
    LanguageModel of(LanguageModel model, List<Sample> samples, Env env) {
        try (var _ = new PointerScope()) {
            Transformer open = model.open(env.device());
            open.parameters().train(_ -> true);
            run(open, seen(samples.stream().map(model::encode).toList()), 0, steps, env);
            return LanguageModel.of(open, model.tokenizer(), model.format());
        }
    }

    /** Trains an open model in place, from one step until before another. */
    void run(Transformer model, List<Encoded> seen, int from, int to, Env env) {
        Order order = new Order(seen.size(), Math.min(batch, seen.size()), env.random("relearn-order"));
        Training.of(to - from)
                .with(new UpdateRule.AdamW(learningRate, 0), new Schedule.Constant(0))
                .run(
                        model.parameters(),
                        new Training.Objective<TokenBatch>() {
                            @Override
                            public String name() {
                                return "relearn";
                            }

                            @Override
                            public TokenBatch batch(long step, int part, Keyed key) {
                                return TokenBatch.of(
                                        Arrays.stream(order.at(from + step))
                                                .mapToObj(seen::get)
                                                .toList(),
                                        model.device());
                            }

                            @Override
                            public Tensor loss(TokenBatch batch, Keyed key) {
                                return TokenScores.of(model, batch).crossEntropy();
                            }
                        },
                        env.with(Progress.NONE)); // a moment's work
    }
}
