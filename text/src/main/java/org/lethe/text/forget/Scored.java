package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Tensors;

/**
 * Samples under the current parameters of a model: all that a {@linkplain Mrd difficulty score} needs to know of a model. Language
 * models are scored so, and toys with known answers too.
 */
public interface Scored {
    /** The tensors that may be moved, by name. */
    Map<String, Tensor> parameters();

    /** Number of samples. */
    int size();

    /** log p of each scored token of each sample, without gradients. */
    double[][] read();

    /** The same model with some of the samples. */
    Scored only(int... samples);

    /** log p of each scored token of a sample, with gradients, {@code [tokens]}. */
    Tensor tokens(int sample);

    /** log p of every token at each scored place of a sample, with gradients, {@code [tokens, vocabulary]}. */
    Tensor distributions(int sample);

    /** A state that stands for a sample, for distances between samples. */
    double[] representation(int sample);

    /**
     * Samples under a transformer, with the parameters that it trains where it has an adapter, else all.
     *
     * @param within only parameters whose name contains this text are moved; all where it is empty
     * @param batch samples that are read side by side; they are sorted by length before
     */
    static Scored of(Transformer model, List<Encoded> samples, String within, int batch) {
        return new Texts(model, List.copyOf(samples), within, batch);
    }

    /** Samples under a transformer. */
    record Texts(Transformer model, List<Encoded> samples, String within, int batch) implements Scored {
        public Texts {
            Check.require(!samples.isEmpty(), "samples", 0, "at least 1");
            Check.require(batch >= 1, "batch", batch, "at least 1");
        }

        @Override
        public Map<String, Tensor> parameters() {
            Map<String, Tensor> chosen = new LinkedHashMap<>();
            model.trained().distinct().forEach((name, tensor) -> {
                if (name.contains(within)) {
                    chosen.put(name, tensor);
                }
            });
            Check.require(
                    !chosen.isEmpty(),
                    "parameters",
                    "\"" + within + "\"",
                    "a part of one of the names "
                            + model.trained().distinct().keySet().stream()
                                    .limit(20)
                                    .toList());
            return chosen;
        }

        @Override
        public int size() {
            return samples.size();
        }

        @Override
        public Scored only(int... chosen) {
            return new Texts(model, Arrays.stream(chosen).mapToObj(samples::get).toList(), within, batch);
        }

        @Override
        public double[][] read() {
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < samples.size(); i++) {
                order.add(i);
            }
            order.sort(Comparator.comparingInt(i -> samples.get(i).length()));
            double[][] all = new double[samples.size()][];
            for (int from = 0; from < order.size(); from += batch) {
                List<Integer> own = order.subList(from, Math.min(order.size(), from + batch));
                try (var _ = new PointerScope();
                        var _ = new NoGradGuard()) {
                    TokenBatch rows =
                            TokenBatch.of(own.stream().map(samples::get).toList(), model.device());
                    float[] values = Tensors.floats(precise(logits(rows), rows.labels()));
                    int at = 0;
                    for (int r = 0; r < own.size(); r++) {
                        double[] one = new double[rows.counts()[r]];
                        for (int t = 0; t < one.length; t++) {
                            one[t] = values[at++];
                        }
                        all[own.get(r)] = one;
                    }
                }
            }
            return all;
        }

        private Tensor logits(TokenBatch rows) {
            Tensor states = TokenScores.predicting(rows, model.hidden(rows.ids(), rows.mask()));
            return model.head(states).to(ScalarType.Float); // [scored, vocabulary]
        }

        /** log p = −log(1 + Σ_{v≠y} exp(z_v − z_y)), which keeps its digits where p is nearly 1. */
        private static Tensor precise(Tensor logits, Tensor labels) {
            Tensor truth = labels.unsqueeze(1);
            Tensor own = logits.gather(1, truth).squeeze(1);
            Tensor others = logits.scatter(1, truth, new Scalar(Double.NEGATIVE_INFINITY))
                    .logsumexp(1);
            return torch.log_sigmoid(own.sub(others));
        }

        private TokenBatch alone(int sample) {
            return TokenBatch.of(List.of(samples.get(sample)), model.device());
        }

        @Override
        public Tensor tokens(int sample) {
            TokenBatch row = alone(sample);
            return precise(logits(row), row.labels());
        }

        @Override
        public Tensor distributions(int sample) {
            return torch.log_softmax(logits(alone(sample)), 1);
        }

        @Override
        public double[] representation(int sample) {
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                TokenBatch row = alone(sample);
                float[] mean =
                        Tensors.floats(ForgettingLoss.Rmu.states(model, row, 0).mean(0));
                double[] wide = new double[mean.length];
                Arrays.setAll(wide, d -> mean[d]);
                return wide;
            }
        }
    }
}
