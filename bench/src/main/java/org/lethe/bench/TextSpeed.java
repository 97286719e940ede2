package org.lethe.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Device;
import org.lethe.Progress;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.forget.Mrd;
import org.lethe.text.model.Architecture;
import org.lethe.text.model.Generation;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Optimiser;
import org.lethe.torch.UpdateRule;

/**
 * Tokens per second of language models, on one thread: training a GPT of 4.2 million parameters (width 256, 4 blocks, 4,096 tokens, 16
 * texts of 128) in float32 and with bfloat16 products, generating with it, and difficulty scores of 400 samples of 64 tokens with a model of one
 * million. Prints the median of the steps after the third.
 */
public final class TextSpeed {
    private static final int ROWS = 16;
    private static final int TIME = 128;
    private static final int STEPS = 15;

    private TextSpeed() {}

    public static void main(String[] args) {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            Transformer model = gpt(256, 4, 4_096, 2 * TIME);
            model.parameters().train(_ -> true);
            System.out.printf("%,d parameters%n", model.parameters().size());
            System.out.println("training, float32:  " + training(model, false));
            System.out.println("training, bfloat16: " + training(model, true));
            model.parameters().train(_ -> false);
            long from = System.nanoTime();
            int count = Generation.greedy(TIME)
                    .of(
                            model,
                            texts(4_096, ROWS, 8).stream().map(Encoded::ids).toList(),
                            -1,
                            Keyed.seed(1),
                            Progress.NONE)
                    .stream()
                    .mapToInt(ids -> ids.length)
                    .sum();
            System.out.printf("generation, 16 texts side by side: %,.0f tokens/s%n", count / seconds(from));
        }
        try (var _ = new PointerScope()) {
            Transformer model = gpt(128, 4, 2_048, 64);
            System.out.printf("%,d parameters%n", model.parameters().size());
            List<Encoded> samples = texts(2_048, 400, 64);
            new Mrd().of(model, samples.subList(0, 32), Keyed.seed(1));
            long from = System.nanoTime();
            new Mrd(new Mrd.Antithetic(10, Optional.of(1e-3)), Mrd.Tokens.ANSWER, "", 32)
                    .of(model, samples, Keyed.seed(1));
            System.out.printf("difficulty of 400 samples, 10 antithetic pairs: %.1f s%n", seconds(from));
        }
    }

    private static double seconds(long from) {
        return (System.nanoTime() - from) / 1e9;
    }

    private static Transformer gpt(int dims, int layers, int vocabulary, int positions) {
        Transformer model = new Transformer(Architecture.gpt(vocabulary, dims, layers, 4, positions, 0), Device.CPU);
        model.parameters()
                .draw(
                        Keyed.seed(1),
                        (_, tensor) -> Optional.of(tensor.dim() == 1 ? Initial.constant(1) : Initial.normal(0, 0.02)),
                        Workers.here());
        return model;
    }

    private static List<Encoded> texts(int vocabulary, int count, int length) {
        List<Encoded> texts = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            int[] ids = new int[length];
            Keyed key = Keyed.seed(2).of(n);
            Arrays.setAll(ids, t -> Keyed.below(key.at(t), vocabulary));
            texts.add(new Encoded(ids, 1));
        }
        return texts;
    }

    /** Tokens per second by the clock, and per second that the thread ran: the same on a quiet machine. */
    private static String training(Transformer model, boolean halved) {
        List<Encoded> texts = texts(4_096, ROWS, TIME);
        List<Double> taken = new ArrayList<>();
        List<Double> ran = new ArrayList<>();
        try (var _ = new PointerScope()) {
            Optimiser optimiser =
                    new Optimiser(new UpdateRule.AdamW(1e-4, 0.01), model.parameters(), Optimiser.MATRICES);
            for (int step = 0; step < STEPS; step++) {
                long from = System.nanoTime();
                long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                try (var _ = new PointerScope()) {
                    TokenBatch batch = TokenBatch.of(texts, Device.CPU);
                    loss(model, batch, halved).backward();
                    optimiser.clip(1);
                    optimiser.step(1);
                    optimiser.dropGradients();
                }
                if (step > 2) {
                    taken.add(seconds(from));
                    ran.add((ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / 1e9);
                }
            }
        }
        taken.sort(null);
        ran.sort(null);
        return String.format(
                Locale.ROOT,
                "%,.0f tokens/s, %,.0f by the time that the thread ran",
                ROWS * TIME / taken.get(taken.size() / 2),
                ROWS * TIME / ran.get(ran.size() / 2));
    }

    private static Tensor loss(Transformer model, TokenBatch batch, boolean halved) {
        if (!halved) {
            return TokenScores.of(model, batch).crossEntropy();
        }
        torch.set_autocast_dtype(DeviceType.CPU, ScalarType.BFloat16);
        torch.set_autocast_enabled(DeviceType.CPU, true);
        try {
            return TokenScores.of(model, batch).crossEntropy();
        } finally {
            torch.set_autocast_enabled(DeviceType.CPU, false);
            torch.clear_cache();
        }
    }
}
