package org.lethe.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * A network that judges pictures, once trained: tensors in Java memory, by name.
 *
 * @param shapes of the tensors
 * @param weights of each
 */
record SmallNetwork(Map<String, long[]> shapes, Map<String, float[]> weights) {
    private static final int BLOCK = 64;
    private static final double RATE = 3e-3;
    private static final int WARM_UP = 20;

    /**
     * Trains one, on the processor: names in {@code .weight} begin as Kaiming's uniform, unless another start is named, all others at zero.
     *
     * @param lesson the objective over the tensors
     */
    static SmallNetwork trained(
            String name,
            Map<String, long[]> shapes,
            Map<String, Initial> starts,
            int steps,
            double weightDecay,
            Function<Map<String, Tensor>, Training.Objective<?>> lesson,
            Env env) {
        Env own = env.with(Device.CPU);
        Devices.ready(Device.CPU);
        Map<String, float[]> weights = new LinkedHashMap<>();
        try (var _ = new PointerScope()) {
            Map<String, Tensor> made = new LinkedHashMap<>();
            shapes.forEach((tensor, shape) -> made.put(tensor, torch.zeros(shape)));
            Parameters parameters = Parameters.of(made);
            parameters.draw(
                    own.random(name),
                    (tensor, _) -> Optional.ofNullable(starts.get(tensor))
                            .or(() -> tensor.endsWith(".weight")
                                    ? Optional.of(Initial.KAIMING_UNIFORM)
                                    : Optional.empty()),
                    own.workers());
            parameters.train(_ -> true);
            Training.of(steps)
                    .with(new UpdateRule.AdamW(RATE, weightDecay), new Schedule.Cosine(WARM_UP, 0))
                    .run(parameters, lesson.apply(made), own);
            made.forEach((tensor, values) -> weights.put(tensor, Tensors.floats(values.detach())));
        }
        return new SmallNetwork(shapes, weights);
    }

    /** The tensors in the current scope. */
    Map<String, Tensor> opened() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        weights.forEach((name, values) -> tensors.put(
                name, Tensors.of(values, Optional.ofNullable(shapes.get(name)).orElseThrow())));
        return tensors;
    }

    /** One of the tensors. */
    static Tensor at(Map<String, Tensor> tensors, String name) {
        return Optional.ofNullable(tensors.get(name)).orElseThrow();
    }

    /** A row of numbers for each of many things, some at a time. */
    <T> List<float[]> rows(List<T> all, BiFunction<Map<String, Tensor>, List<T>, Tensor> look) {
        Devices.ready(Device.CPU);
        List<float[]> rows = new ArrayList<>();
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Map<String, Tensor> tensors = opened();
            for (int from = 0; from < all.size(); from += BLOCK) {
                List<T> some = all.subList(from, Math.min(all.size(), from + BLOCK));
                try (var _ = new PointerScope()) {
                    float[] flat = Tensors.floats(look.apply(tensors, some));
                    int width = flat.length / some.size();
                    for (int n = 0; n < some.size(); n++) {
                        rows.add(Arrays.copyOfRange(flat, n * width, (n + 1) * width));
                    }
                }
            }
        }
        return rows;
    }
}
