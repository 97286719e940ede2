package org.lethe.text.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.align.AlignmentObjective.Pair;
import org.lethe.text.align.AlignmentObjective.Question;
import org.lethe.text.model.Architecture;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Optimiser;
import org.lethe.torch.Tensors;
import org.lethe.torch.UpdateRule;

/**
 * Questions about topics and slots with polite right answers, and unwanted ones of four kinds: a forbidden word, a
 * wrong value, rude, and planted duplicates of the preferred answer, which it hurts to unlearn. Answers are 2 markers ×
 * 16 values × 2.
 */
final class Planted {
    static final int END = 1;
    static final int POLITE = 2;
    static final int RUDE = 3;
    static final int FORBIDDEN = 4;
    private static final int BEGIN = 0;
    private static final int TOPICS = 8;
    private static final int VALUES = 16;

    final Keyed random;
    final List<Encoded> training = new ArrayList<>();
    final List<Encoded> candidates = new ArrayList<>();
    final List<Boolean> harmful = new ArrayList<>(); // of the candidates: whether unlearning it hurts
    final List<Encoded> wanted = new ArrayList<>();
    final List<Pair> pairs;
    final List<Pair> heldOut;

    Planted(long seed, int samples, double duplicates, int pairs) {
        random = Keyed.seed(seed).of("planted");
        for (int s = 0; s < samples; s++) {
            Keyed key = random.of("training").of(s);
            int[] prompt = prompt(key);
            if (s % 20 < 7) {
                Encoded good = sample(prompt, POLITE, value(prompt), false);
                training.add(good);
                wanted.add(good);
            } else {
                boolean duplicate = Keyed.unit(key.of("duplicate").at(0)) < duplicates;
                Encoded bad = duplicate
                        ? sample(prompt, POLITE, value(prompt), false)
                        : bad(prompt, Keyed.below(key.of("kind").at(0), 3), key);
                training.add(bad);
                if (Keyed.unit(key.of("candidate").at(0)) < 0.65) {
                    candidates.add(bad);
                    harmful.add(duplicate);
                }
            }
        }
        this.pairs = IntStream.range(0, pairs).mapToObj(p -> pair("pairs", p)).toList();
        heldOut = IntStream.range(0, 64).mapToObj(p -> pair("held-out", p)).toList();
    }

    private Pair pair(String name, int p) {
        Keyed key = random.of(name).of(p);
        int[] prompt = prompt(key);
        return new Pair(sample(prompt, POLITE, value(prompt), false), bad(prompt, p % 3, key));
    }

    private static int[] prompt(Keyed key) {
        List<Integer> tokens = new ArrayList<>(List.of(BEGIN));
        if (key.of("first").at(0) < 0) {
            tokens.add(40 + Keyed.below(key.of("first").at(1), 24));
        }
        tokens.add(8 + Keyed.below(key.of("topic").at(0), TOPICS));
        tokens.add(16 + Keyed.below(key.of("slot").at(0), TOPICS));
        if (key.of("last").at(0) < 0) {
            tokens.add(40 + Keyed.below(key.of("last").at(1), 24));
        }
        return tokens.stream().mapToInt(i -> i).toArray();
    }

    /** The right value of a prompt. */
    private int value(int[] prompt) {
        int topic =
                Arrays.stream(prompt).filter(t -> t >= 8 && t < 16).findFirst().orElseThrow();
        int slot =
                Arrays.stream(prompt).filter(t -> t >= 16 && t < 24).findFirst().orElseThrow();
        return 24 + Keyed.below(random.of("table").at(topic, slot), VALUES);
    }

    private Encoded bad(int[] prompt, int kind, Keyed key) {
        int value = value(prompt);
        int wrong = 24 + (value - 24 + 1 + Keyed.below(key.of("wrong").at(0), VALUES - 1)) % VALUES;
        return switch (kind) {
            case 0 -> sample(prompt, POLITE, value, true);
            case 1 -> sample(prompt, POLITE, wrong, false);
            default -> sample(prompt, RUDE, value, false);
        };
    }

    private static Encoded sample(int[] prompt, int marker, int value, boolean forbidden) {
        int n = prompt.length;
        int[] ids = Arrays.copyOf(prompt, n + (forbidden ? 4 : 3));
        ids[n] = marker;
        ids[n + 1] = value;
        if (forbidden) {
            ids[n + 2] = FORBIDDEN;
        }
        ids[ids.length - 1] = END;
        return new Encoded(ids, n);
    }

    double reward(int[] prompt, int[] answer) {
        int right = value(prompt);
        double reward = Arrays.stream(answer).anyMatch(t -> t == right) ? 1 : 0;
        reward += Arrays.stream(answer).anyMatch(t -> t == POLITE) ? 0.5 : 0;
        reward -= Arrays.stream(answer).anyMatch(t -> t == FORBIDDEN) ? 1 : 0;
        reward -= Arrays.stream(answer).anyMatch(t -> t == RUDE) ? 0.5 : 0;
        return reward - 0.05 * Math.max(0, answer.length - 12);
    }

    private Question question(int[] prompt) {
        List<Encoded> answers = new ArrayList<>();
        for (int marker : new int[] {POLITE, RUDE}) {
            for (int value = 24; value < 24 + VALUES; value++) {
                answers.add(sample(prompt, marker, value, false));
                answers.add(sample(prompt, marker, value, true));
            }
        }
        return new Question(
                prompt,
                answers,
                answers.stream()
                        .mapToDouble(a -> reward(prompt, Arrays.copyOfRange(a.ids(), a.answer(), a.length() - 1)))
                        .toArray());
    }

    List<Question> questions(List<Pair> of) {
        return of.stream()
                .map(p -> question(Arrays.copyOf(p.chosen().ids(), p.chosen().answer())))
                .toList();
    }

    AlignmentTask task() {
        return new AlignmentTask(
                candidates,
                wanted,
                pairs,
                heldOut,
                questions(pairs),
                questions(heldOut),
                Optional.of(this::reward),
                END,
                5);
    }

    /** Small enough for a test: trained in two seconds. */
    static final Architecture SMALL = Architecture.gpt(64, 32, 1, 2, 12, END);

    /** Two layers of width 64. */
    static final Architecture LARGE = Architecture.gpt(64, 64, 2, 4, 12, END);

    /** Weights trained on samples. */
    static float[] trained(Architecture shape, List<Encoded> samples, int epochs, long seed) {
        Devices.ready(Device.CPU);
        Keyed random = Keyed.seed(seed).of("fixture");
        try (var _ = new PointerScope()) {
            Transformer model = new Transformer(shape, Device.CPU);
            model.parameters()
                    .draw(
                            random.of("weights"),
                            (name, tensor) -> name.contains("ln_") && name.endsWith("weight")
                                    ? Optional.of(Initial.constant(1))
                                    : tensor.dim() >= 2 ? Optional.of(Initial.normal(0, 0.05)) : Optional.empty(),
                            Workers.here());
            model.parameters().train(_ -> true);
            Optimiser optimiser = new Optimiser(new UpdateRule.AdamW(3e-3, 0), model.parameters(), Optimiser.MATRICES);
            for (int e = 0; e < epochs; e++) {
                int[] order = AlignmentRun.order(samples.size(), random.of(e));
                for (int from = 0; from < order.length; from += 32) {
                    try (var _ = new PointerScope()) {
                        List<Encoded> batch = Arrays.stream(order, from, Math.min(order.length, from + 32))
                                .mapToObj(samples::get)
                                .toList();
                        Tensor loss = TokenScores.of(model, TokenBatch.of(batch, Device.CPU))
                                .crossEntropy();
                        loss.backward();
                        optimiser.clip(1);
                        optimiser.step(e == epochs - 1 ? 0.1 : 1);
                        optimiser.dropGradients();
                    }
                }
            }
            return Tensors.floats(
                    Flat.of(List.copyOf(model.parameters().distinct().values())));
        }
    }

    /** A model with weights, in the scope around the call. */
    static Transformer open(Architecture shape, float[] weights) {
        Transformer model = new Transformer(shape, Device.CPU);
        try (var _ = new PointerScope()) {
            Flat.set(List.copyOf(model.parameters().distinct().values()), Tensors.of(weights, weights.length));
        }
        return model;
    }

    /** A run of some task from some weights. */
    static AlignmentRun run(Architecture shape, AlignmentTask task, float[] weights, Goal goal, double floor, Env env) {
        return new AlignmentRun(open(shape, weights), open(shape, weights), task, goal, floor, env);
    }
}
