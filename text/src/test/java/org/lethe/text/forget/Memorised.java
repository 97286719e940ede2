package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.model.Architecture;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Tensors;

/** A tiny GPT that knows some random samples by heart: what methods of forgetting are tried on. */
final class Memorised {
    static final int VOCABULARY = 40;
    static final int END = 1;
    static final int FORGET = 8;
    static final int KNOWN = 32;

    private final Map<String, float[]> weights = new LinkedHashMap<>();

    Memorised() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            Transformer model = fresh();
            Course course = new Course(60, 0, 16, 3e-3, 0, 1, 1, 0, 1, new RetainLoss.Nll(), 0, false, 0);
            List<Encoded> all = samples(0, KNOWN);
            new Unlearning("memorise", new ForgettingLoss.GradientAscent(), course)
                    .run(model, new Unlearning.Samples(all, all, List.of()), Env.seeded(3), _ -> {});
            model.parameters().distinct().forEach((name, tensor) -> weights.put(name, Tensors.floats(tensor)));
        }
    }

    static Transformer fresh() {
        Transformer model = new Transformer(Architecture.gpt(VOCABULARY, 32, 2, 2, 16, END), Device.CPU);
        model.parameters()
                .draw(
                        Keyed.seed(11),
                        (name, tensor) -> Optional.of(
                                tensor.dim() == 1
                                        ? Initial.normal(name.endsWith("weight") ? 1 : 0, 0.02)
                                        : Initial.normal(0, 0.1)),
                        Workers.here());
        return model;
    }

    /** The model in the current scope. */
    Transformer model() {
        Transformer model = fresh();
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            model.parameters()
                    .distinct()
                    .forEach((name, tensor) -> tensor.copy_(
                            Tensors.of(Optional.ofNullable(weights.get(name)).orElseThrow(), tensor.shape())));
        }
        return model;
    }

    /** Samples from a number on: three random tokens, then two to five, and the end token. */
    static List<Encoded> samples(int from, int to) {
        List<Encoded> samples = new ArrayList<>();
        for (int i = from; i < to; i++) {
            int[] ids = new int[6 + i % 4];
            for (int t = 0; t < ids.length - 1; t++) {
                ids[t] = 2 + Keyed.below(Keyed.seed(i).at(t), VOCABULARY - 2);
            }
            ids[ids.length - 1] = END;
            samples.add(new Encoded(ids, 3));
        }
        return samples;
    }

    /** The first samples are forgotten, the others kept; refusals say one token and end. */
    static Unlearning.Samples request() {
        List<Encoded> forget = samples(0, FORGET);
        List<Encoded> refusals = forget.stream()
                .map(s -> new Encoded(new int[] {s.ids()[0], s.ids()[1], s.ids()[2], 39, 38, END}, 3))
                .toList();
        return new Unlearning.Samples(forget, samples(FORGET, KNOWN), refusals);
    }

    static List<float[]> bits(Transformer model) {
        return model.parameters().distinct().values().stream()
                .map(Tensors::floats)
                .toList();
    }

    /** All gradients side by side; zeros where there is none. */
    static float[] gradient(Transformer model) {
        int size = Math.toIntExact(model.parameters().size());
        float[] all = new float[size];
        int at = 0;
        for (Tensor tensor : model.parameters().distinct().values()) {
            if (tensor.grad().defined()) {
                float[] own = Tensors.floats(tensor.grad());
                System.arraycopy(own, 0, all, at, own.length);
                tensor.mutable_grad().reset();
            }
            at += (int) tensor.numel();
        }
        return all;
    }
}
