package org.lethe.recsys.neural;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/** What holds for every network of the next item, on tiny sizes. */
class NetworksTest {
    private static final int ITEMS = 7;
    private static final Keyed KEY = Keyed.seed(5);
    private static final int[][] HISTORIES = {
        {3}, {1, 4, 1, 5}, {2, 6}, {0, 0, 3, 2, 1, 6}, {4, 5}, {6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4}
    };
    private static final int[] NEXT = {1, 2, 0, 3, 6, 5};

    static Stream<NextNetwork> networks() {
        return Stream.of(
                new Fmc.Network(3),
                new Gru4Rec.Network(3, 4, 0.3),
                new Narm.Network(3, 4, 0.25, 0.5),
                new SasRec.Network(4, 5, 2, 2, 0.5));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void aHistoryHasTheSameStateAloneAndBesideLongerOnes(NextNetwork network) {
        for (Optional<Keyed> dropout : List.of(Optional.<Keyed>empty(), Optional.of(KEY.of("dropout")))) {
            try (var _ = new PointerScope()) {
                Parameters weights = drawn(network, 0.5);
                double[] together = doubles(network.states(weights, HISTORIES, dropout));
                int width = together.length / HISTORIES.length;
                for (int n = 0; n < HISTORIES.length; n++) {
                    double[] alone = doubles(network.states(weights, new int[][] {HISTORIES[n]}, dropout));
                    assertArrayEquals(Arrays.copyOfRange(together, n * width, (n + 1) * width), alone, 1e-13);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void onlyTheNewestItemsOfALongHistoryCount(NextNetwork network) {
        int[] newest =
                IntStream.range(0, NextNetwork.LONGEST).map(n -> n * n % ITEMS).toArray();
        int[] longer =
                IntStream.concat(IntStream.of(6, 2, 4), IntStream.of(newest)).toArray();
        try (var _ = new PointerScope()) {
            Parameters weights = drawn(network, 0.5);
            assertArrayEquals(
                    doubles(network.states(weights, new int[][] {newest}, Optional.empty())),
                    doubles(network.states(weights, new int[][] {longer}, Optional.empty())));
        }
    }

    /** erase E14, with the dropout of training. */
    @ParameterizedTest
    @MethodSource("networks")
    void gradientsAreThoseOfFiniteDifferences(NextNetwork network) {
        gradientsAreThoseOfFiniteDifferences(network.layout(ITEMS), training(network));
    }

    static void gradientsAreThoseOfFiniteDifferences(List<Weight> layout, Function<Parameters, Tensor> loss) {
        double step = 1e-5;
        Map<String, double[]> values = values(layout, 0.5);
        Map<String, double[]> gradients = gradients(layout, values, loss);
        values.forEach((name, value) -> {
            for (int n = 0; n < value.length; n++) {
                double kept = value[n];
                value[n] = kept + step;
                double above = loss(layout, values, loss);
                value[n] = kept - step;
                double slope = (above - loss(layout, values, loss)) / (2 * step);
                value[n] = kept;
                assertEquals(slope, at(gradients, name, n), 1e-5 * Math.max(Math.abs(slope), 1e-4), name + " " + n);
            }
        });
    }

    /** What second-order methods of forgetting need: the gradient of gradient · direction. */
    @ParameterizedTest
    @MethodSource("networks")
    void productsWithTheHessianAreThoseOfFiniteDifferences(NextNetwork network) {
        double step = 1e-5;
        Map<String, double[]> values = values(network, 0.5);
        Map<String, double[]> direction = values(network, 0.7);
        Map<String, double[]> product = hessianTimes(network, values, direction);
        Map<String, double[]> above = gradients(network, along(values, direction, step));
        Map<String, double[]> below = gradients(network, along(values, direction, -step));
        product.forEach((name, exact) -> {
            for (int n = 0; n < exact.length; n++) {
                double slope = (at(above, name, n) - at(below, name, n)) / (2 * step);
                assertEquals(slope, exact[n], 1e-5 * Math.max(Math.abs(slope), 1e-2), name + " " + n);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("networks")
    void withLogitsOfZeroTheLossIsTheLogarithmOfTheNumberOfItems(NextNetwork network) {
        Map<String, double[]> values = values(network, 0.5);
        Arrays.fill(values.getOrDefault(network.scoredRows(), new double[0]), 0);
        Arrays.fill(values.getOrDefault("bias", new double[0]), 0);
        assertEquals(Math.log(ITEMS), loss(network, values), 1e-15);
    }

    @ParameterizedTest
    @MethodSource("networks")
    void otherNumbersOfItemsPermuteTheLogits(NextNetwork network) {
        int[] other = {4, 2, 6, 0, 1, 5, 3};
        Map<String, double[]> values = values(network, 0.5);
        Map<String, double[]> permuted = new LinkedHashMap<>(values);
        for (String name : List.of(network.readRows(), network.scoredRows(), "bias")) {
            double[] rows = values.getOrDefault(name, new double[0]);
            int width = rows.length / ITEMS;
            double[] moved = new double[rows.length];
            for (int i = 0; i < ITEMS; i++) {
                System.arraycopy(rows, i * width, moved, other[i] * width, width);
            }
            permuted.computeIfPresent(name, (_, _) -> moved);
        }
        int[][] histories = Arrays.stream(HISTORIES)
                .map(history -> Arrays.stream(history).map(i -> other[i]).toArray())
                .toArray(int[][]::new);
        try (var _ = new PointerScope()) {
            double[] logits = logits(network, parameters(network, values), HISTORIES);
            double[] moved = logits(network, parameters(network, permuted), histories);
            for (int n = 0; n < logits.length; n++) {
                assertEquals(logits[n], moved[n - n % ITEMS + other[n % ITEMS]], 1e-13);
            }
        }
    }

    /** The scores of a state are those of its rows: what a method that changes single rows counts on. */
    @ParameterizedTest
    @MethodSource("networks")
    void aLogitIsTheStateTimesTheRowOfItsItem(NextNetwork network) {
        Map<String, double[]> values = values(network, 0.5);
        try (var _ = new PointerScope()) {
            Parameters weights = parameters(network, values);
            double[] states = doubles(network.states(weights, HISTORIES, Optional.empty()));
            double[] logits = logits(network, weights, HISTORIES);
            double[] rows = values.getOrDefault(network.scoredRows(), new double[0]);
            int width = rows.length / ITEMS;
            for (int n = 0; n < logits.length; n++) {
                double sum = values.containsKey("bias") ? at(values, "bias", n % ITEMS) : 0;
                for (int d = 0; d < width; d++) {
                    sum += states[n / ITEMS * width + d] * rows[n % ITEMS * width + d];
                }
                assertEquals(sum, logits[n], 1e-13);
            }
        }
    }

    @Test
    void aRecurrentLayerWithWeightsOfZeroHalvesItsState() {
        try (var _ = new PointerScope()) {
            Histories.Packed packed = new Histories(new int[][] {{0, 1, 2}}).packed();
            Map<String, Tensor> weights = new LinkedHashMap<>();
            // the first click sets the state through the candidate gate, the others see rows of zeros
            double[] input = new double[3 * 2 * 2];
            input[2 * 2 * 2] = 0.8; // candidate of unit 0 from element 0
            weights.put("gru.input", tensor(input, 6, 2));
            weights.put("gru.state", tensor(new double[12], 6, 2));
            double[] states = doubles(
                    Recurrent.states(Parameters.of(weights), packed, tensor(new double[] {1, 0, 0, 0, 0, 0}, 3, 2)));
            double first = Math.tanh(0.8) / 2;
            assertArrayEquals(new double[] {first, 0, first / 2, 0, first / 4, 0}, states, 1e-16);
            assertEquals(states[0] / 2, states[2], "to the last bit");
        }
    }

    /** erase 2.3: what follows a click does not change its output by a bit. */
    @Test
    void sasRecDoesNotLookAhead() {
        SasRec.Network network = new SasRec.Network(4, 5, 2, 2, 0.5);
        int[] history = {0, 3, 1, 6, 2};
        try (var _ = new PointerScope()) {
            Parameters weights = drawn(network, 0.5);
            double[] outputs =
                    doubles(network.outputs(weights, new Histories(new int[][] {history}), Optional.empty()));
            for (int t = 0; t < history.length; t++) {
                int[] changed = history.clone();
                changed[t] = 5;
                double[] after =
                        doubles(network.outputs(weights, new Histories(new int[][] {changed}), Optional.empty()));
                assertArrayEquals(Arrays.copyOf(outputs, t * 4), Arrays.copyOf(after, t * 4));
                assertTrue(outputs[t * 4] != after[t * 4], "its own output depends on a click");
            }
        }
    }

    private static double at(Map<String, double[]> values, String name, int n) {
        return values.getOrDefault(name, new double[0])[n];
    }

    private static Map<String, double[]> along(
            Map<String, double[]> values, Map<String, double[]> direction, double step) {
        Map<String, double[]> moved = new LinkedHashMap<>();
        values.forEach((name, value) -> moved.put(
                name,
                IntStream.range(0, value.length)
                        .mapToDouble(n -> value[n] + step * at(direction, name, n))
                        .toArray()));
        return moved;
    }

    /** Values of all weights, large enough that no part of a network is idle. */
    private static Map<String, double[]> values(NextNetwork network, double size) {
        return values(network.layout(ITEMS), size);
    }

    static Map<String, double[]> values(List<Weight> layout, double size) {
        Map<String, double[]> values = new LinkedHashMap<>();
        for (Weight weight : layout) {
            int count =
                    (int) weight.shape().stream().reduce(1L, (a, b) -> a * b).longValue();
            Keyed key = KEY.of(weight.name()).of(Double.doubleToLongBits(size));
            values.put(
                    weight.name(),
                    IntStream.range(0, count)
                            .mapToDouble(n -> size * Keyed.normal(key.at(n)))
                            .toArray());
        }
        return values;
    }

    private static Parameters drawn(NextNetwork network, double size) {
        return parameters(network, values(network, size));
    }

    private static Parameters parameters(NextNetwork network, Map<String, double[]> values) {
        return parameters(network.layout(ITEMS), values);
    }

    static Parameters parameters(List<Weight> layout, Map<String, double[]> values) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        for (Weight weight : layout) {
            double[] value = values.getOrDefault(weight.name(), new double[0]);
            weights.put(weight.name(), tensor(value, weight.sizes()).set_requires_grad(true));
        }
        return Parameters.of(weights);
    }

    private static Tensor tensor(double[] values, long... shape) {
        return Tensor.create(values, shape);
    }

    private static double loss(NextNetwork network, Map<String, double[]> values) {
        return loss(network.layout(ITEMS), values, training(network));
    }

    private static Function<Parameters, Tensor> training(NextNetwork network) {
        return weights -> network.loss(weights, HISTORIES, NEXT, Optional.of(KEY.of("dropout")));
    }

    private static double loss(List<Weight> layout, Map<String, double[]> values, Function<Parameters, Tensor> loss) {
        try (var _ = new PointerScope()) {
            return loss.apply(parameters(layout, values)).item_double();
        }
    }

    private static Map<String, double[]> gradients(NextNetwork network, Map<String, double[]> values) {
        return gradients(network.layout(ITEMS), values, training(network));
    }

    private static Map<String, double[]> gradients(
            List<Weight> layout, Map<String, double[]> values, Function<Parameters, Tensor> loss) {
        try (var _ = new PointerScope()) {
            Parameters weights = parameters(layout, values);
            loss.apply(weights).backward();
            Map<String, double[]> gradients = new LinkedHashMap<>();
            weights.all().forEach((name, tensor) -> gradients.put(name, doubles(tensor.grad())));
            return gradients;
        }
    }

    private static Map<String, double[]> hessianTimes(
            NextNetwork network, Map<String, double[]> values, Map<String, double[]> direction) {
        try (var _ = new PointerScope()) {
            Parameters weights = parameters(network, values);
            TensorVector leaves = new TensorVector(weights.all().values().toArray(Tensor[]::new));
            Tensor loss = training(network).apply(weights);
            TensorVector gradient =
                    torch.grad(new TensorVector(loss), leaves, new TensorVector(), new BoolOptional(true), true, false);
            Tensor product = torch.zeros(new long[0]).to(ScalarType.Double);
            int at = 0;
            for (Map.Entry<String, Tensor> leaf : weights.all().entrySet()) {
                Tensor along = tensor(
                        direction.getOrDefault(leaf.getKey(), new double[0]),
                        leaf.getValue().shape());
                product = product.add(gradient.get(at++).mul(along).sum());
            }
            product.backward();
            Map<String, double[]> result = new LinkedHashMap<>();
            weights.all().forEach((name, tensor) -> result.put(name, doubles(tensor.grad())));
            return result;
        }
    }

    private static double[] logits(NextNetwork network, Parameters weights, int[][] histories) {
        return doubles(network.logits(weights, network.states(weights, histories, Optional.empty())));
    }

    static double[] doubles(Tensor tensor) {
        Tensor plain = tensor.detach().to(ScalarType.Double).contiguous();
        double[] values = new double[(int) plain.numel()];
        new DoublePointer(plain.data_ptr()).get(values);
        return values;
    }

    @Test
    void initialWeightsAreLeavesThatAKeyDraws() {
        networks().forEach(network -> {
            try (var _ = new PointerScope()) {
                Parameters weights = network.initial(ITEMS, KEY);
                assertEquals(
                        network.layout(ITEMS).stream().map(Weight::name).toList(),
                        List.copyOf(weights.trained().keySet()));
                Parameters again = network.initial(ITEMS, KEY);
                weights.all()
                        .forEach((name, tensor) ->
                                assertArrayEquals(Tensors.floats(tensor), Tensors.floats(again.tensor(name))));
            }
        });
    }
}
