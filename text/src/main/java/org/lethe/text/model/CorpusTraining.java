package org.lethe.text.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.Sample;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.torch.Devices;
import org.lethe.torch.Optimiser;
import org.lethe.torch.Schedule;
import org.lethe.torch.UpdateRule;

/**
 * A training of a transformer on samples: AdamW down the cross-entropy of the scored tokens of a batch, with gradients clipped at
 * 1 and a rate that grows for a while and then falls along a cosine.
 *
 * <p>Epochs are shuffled by draws that each sample has of its own, so that leaving one out does not change those of the others.
 * Batches are of samples of about the same length. Training ends early once the mean cross-entropy of an epoch, as it was met in
 * training, is below a bound.
 *
 * @param epochs most passes over the samples
 * @param batch samples of a step
 * @param learningRate step size of AdamW at its highest
 * @param weightDecay decay of matrices
 * @param warmUp steps during which the rate grows
 * @param stopAt ends the training once an epoch's mean cross-entropy is below this; 0 never does
 * @param bf16 whether matrices are multiplied in bfloat16, with weights, norms, softmax and loss in float32
 */
record CorpusTraining(
        int epochs, int batch, double learningRate, double weightDecay, int warmUp, double stopAt, boolean bf16) {
    private static final double BETA_2 = 0.99; // short trainings forget old gradients sooner than the usual 0.999
    private static final double FLOOR = 0.1;
    private static final double CLIP = 1;
    private static final double FLOPS =
            5e10; // of one core in training, measured on models of 1 to 5 million parameters
    private static final int POOL = 16; // batches among which samples are sorted by length

    CorpusTraining {
        Check.require(epochs >= 0, "epochs", epochs, "at least 0");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(
                learningRate > 0 && learningRate < Double.POSITIVE_INFINITY,
                "learningRate",
                learningRate,
                "a finite number above 0");
        Check.require(
                weightDecay >= 0 && weightDecay < 1 / learningRate,
                "weightDecay",
                weightDecay,
                "0 or more, below 1 / learningRate");
        Check.require(warmUp >= 0, "warmUp", warmUp, "at least 0");
        Check.require(
                stopAt >= 0 && stopAt < Double.POSITIVE_INFINITY, "stopAt", stopAt, "a finite number, at least 0");
    }

    /** How a training went: epochs done, mean cross-entropy of the last one, and tokens read in all. */
    record Outcome(int epochs, double crossEntropy, long tokens, double seconds) {}

    /** The cost of one sample of so many tokens, with the memory of the whole training. */
    static Estimate estimate(Architecture shape, double length, int batch) {
        double learnt = shape.family() == Architecture.Family.GPT2 ? shape.positions() * (double) shape.dims() : 0;
        double weights = shape.size() - learnt; // positions are looked up, not multiplied
        double operations = 6.0 * length * (weights + 2.0 * shape.layers() * shape.dims() * length);
        double activations = 4.0
                * batch
                * length
                * (shape.layers() * (10.0 * shape.dims() + 3.0 * shape.hidden() + 4.0 * shape.heads() * length)
                        + 3.0 * shape.vocabulary());
        return new Estimate(operations / FLOPS, 16 * shape.size() + (long) activations);
    }

    /** A number for each sample by what it says; equal samples are counted, so that they differ. */
    static long[] ids(List<Sample> samples) {
        Map<Long, Integer> seen = new HashMap<>();
        return samples.stream()
                .mapToLong(s -> {
                    long own = Keyed.seed(0)
                            .of(s.prompt())
                            .of(s.answer())
                            .of(s.group())
                            .key();
                    return Keyed.mix(own + seen.merge(own, 1, Integer::sum));
                })
                .toArray();
    }

    /** The batches of an epoch, as places in the list of samples: a function of ids, lengths and key alone. */
    static List<int[]> batches(long[] ids, int[] lengths, int batch, Keyed epoch) {
        Keyed order = epoch.of("samples");
        int[] shuffled = IntStream.range(0, ids.length)
                .boxed()
                .sorted(Comparator.comparingLong((Integer n) -> order.at(ids[n]))
                        .thenComparingLong(n -> ids[n]))
                .mapToInt(Integer::intValue)
                .toArray();
        List<int[]> batches = new ArrayList<>();
        for (int from = 0; from < shuffled.length; from += POOL * batch) {
            int[] pool = Arrays.stream(shuffled, from, Math.min(shuffled.length, from + POOL * batch))
                    .boxed()
                    .sorted(Comparator.comparingInt((Integer n) -> lengths[n]).thenComparingLong(n -> order.at(ids[n])))
                    .mapToInt(Integer::intValue)
                    .toArray();
            for (int at = 0; at < pool.length; at += batch) {
                batches.add(Arrays.copyOfRange(pool, at, Math.min(pool.length, at + batch)));
            }
        }
        Keyed between = epoch.of("batches");
        batches.sort(Comparator.comparingLong(b -> between.at(ids[b[0]])));
        return batches;
    }

    /** Trains what is {@linkplain Transformer#trained trained} of a model, in place. */
    Outcome run(Transformer model, List<Sample> samples, List<Encoded> encoded, String name, Env env) {
        if (epochs == 0 || samples.isEmpty()) {
            return new Outcome(0, Double.NaN, 0, 0);
        }
        Devices.ready(Device.CPU); // one thread for arithmetic, whatever the device
        long[] ids = ids(samples);
        int[] lengths = encoded.stream().mapToInt(Encoded::length).toArray();
        Keyed key = env.random(name);
        long perEpoch = (ids.length + batch - 1L) / batch;
        long steps = perEpoch * epochs;
        Schedule schedule = new Schedule.Cosine(Math.min(warmUp, steps / 2), FLOOR);
        UpdateRule rule = new UpdateRule.AdamW(learningRate, 0.9, BETA_2, 1e-8, weightDecay, false);
        long begun = System.nanoTime();
        long noted = begun;
        long tokens = 0;
        double mean = Double.NaN;
        int epoch = 0;
        try (var _ = new PointerScope();
                Progress.Step bar = env.progress().begin(name, steps)) {
            Optimiser optimiser = new Optimiser(rule, model.trained(), Optimiser.MATRICES);
            long step = 0;
            while (epoch < epochs) {
                double sum = 0;
                long scored = 0;
                for (int[] places : batches(ids, lengths, batch, key.of(epoch))) {
                    List<Encoded> own =
                            Arrays.stream(places).mapToObj(encoded::get).toList();
                    double loss = step(model, own, name, step);
                    int count = own.stream().mapToInt(Encoded::scored).sum();
                    sum += loss * count;
                    scored += count;
                    tokens += own.stream().mapToInt(Encoded::length).sum();
                    double norm = optimiser.clip(CLIP);
                    require(norm, "norm of the gradient", name, step);
                    optimiser.step(schedule.at(step + 1, steps)); // the first step moves too
                    optimiser.dropGradients();
                    step++;
                    bar.advance(1);
                    long now = System.nanoTime();
                    if (now - noted > 100_000_000) {
                        noted = now;
                        bar.note(String.format(
                                Locale.ROOT,
                                "epoch %d of %d, loss %.4f, %.0f tokens/s",
                                epoch + 1,
                                epochs,
                                loss,
                                tokens * 1e9 / (now - begun)));
                    }
                }
                mean = sum / scored;
                epoch++;
                if (mean < stopAt) {
                    break;
                }
            }
        }
        return new Outcome(epoch, mean, tokens, (System.nanoTime() - begun) / 1e9);
    }

    private double step(Transformer model, List<Encoded> samples, String name, long step) {
        try (var _ = new PointerScope()) {
            TokenBatch read = TokenBatch.of(samples, model.device());
            Tensor loss =
                    bf16 ? halved(model, read) : TokenScores.of(model, read).crossEntropy();
            double value = loss.item_double();
            require(value, "loss", name, step);
            loss.backward();
            return value;
        }
    }

    private static Tensor halved(Transformer model, TokenBatch read) {
        DeviceType kind = model.device().kind() == Device.Kind.CPU ? DeviceType.CPU : DeviceType.CUDA;
        torch.set_autocast_dtype(kind, ScalarType.BFloat16);
        torch.set_autocast_enabled(kind, true);
        try {
            return TokenScores.of(model, read).crossEntropy();
        } finally {
            torch.set_autocast_enabled(kind, false);
            torch.clear_cache(); // of the weights as they were before this step
        }
    }

    private static void require(double value, String what, String name, long step) {
        if (!Double.isFinite(value)) {
            throw new LetheException(
                    LetheException.Code.NUMERIC, name + ": " + what + " is " + value + " at step " + step);
        }
    }
}
