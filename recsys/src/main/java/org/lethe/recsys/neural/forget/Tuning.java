package org.lethe.recsys.neural.forget;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Optimiser;
import org.lethe.torch.UpdateRule;

/** Adam on the weights of a removal, from zero moments in each request. */
final class Tuning {
    private static final int BATCH = 64;

    private final Removal removal;
    private final Optimiser adam;

    Tuning(Removal removal, double learningRate) {
        this.removal = removal;
        adam = new Optimiser(new UpdateRule.AdamW(learningRate, 0), removal.weights, Optimiser.MATRICES);
    }

    /** A loss, made anew in a scope of its own. */
    @FunctionalInterface
    interface Loss {
        Tensor of();
    }

    void step(Loss loss) {
        try (var _ = new PointerScope()) {
            adam.dropGradients();
            loss.of().backward();
            adam.step(1);
            adam.dropGradients();
        }
    }

    /** Passes over some examples, in batches of 64, all examples alike. */
    void epochs(int epochs, List<Prefix> prefixes) {
        for (int epoch = 0; epoch < epochs; epoch++) {
            epoch(epoch, prefixes, p -> 1);
        }
    }

    /** One pass, of a number on which its order depends; the mean loss of each batch with a weight for each example. */
    void epoch(int number, List<Prefix> prefixes, ToDoubleFunction<Prefix> weight) {
        Keyed random = removal.random("repair order").of(number);
        int[] order = IntStream.range(0, prefixes.size())
                .boxed()
                .sorted(Comparator.comparingLong(n -> random.at(prefixes.get(n).event())))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int from = 0; from < order.length; from += BATCH) {
            List<Prefix> batch = Arrays.stream(order, from, Math.min(order.length, from + BATCH))
                    .mapToObj(prefixes::get)
                    .toList();
            double[] weights = batch.stream().mapToDouble(weight).toArray();
            step(() -> removal.logProbabilities(batch)
                    .mul(Tensor.create(weights, weights.length))
                    .mean()
                    .neg());
        }
        removal.env.ledger().count("examples-trained", prefixes.size());
    }

    /** Passes in which marked entries of the weights make steps of ten times the length. */
    void epochs(int epochs, List<Prefix> prefixes, boolean[] marked, double factor) {
        double[] extra = new double[marked.length];
        for (int n = 0; n < extra.length; n++) {
            extra[n] = marked[n] ? factor - 1 : 0;
        }
        for (int epoch = 0; epoch < epochs; epoch++) {
            for (int from = 0; from < prefixes.size(); from += BATCH) {
                List<Prefix> batch = prefixes.subList(from, Math.min(prefixes.size(), from + BATCH));
                double[] before = removal.leaves.values();
                epoch(epoch, batch, p -> 1);
                double[] after = removal.leaves.values();
                for (int n = 0; n < extra.length; n++) {
                    after[n] += extra[n] * (after[n] - before[n]);
                }
                removal.leaves.set(after);
            }
        }
    }
}
