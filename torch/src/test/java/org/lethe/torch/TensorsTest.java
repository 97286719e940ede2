package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;

class TensorsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @Test
    void arraysComeBackAsTheyWent() {
        try (var _ = new PointerScope()) {
            float[] values = {1, -0f, Float.MIN_VALUE, Float.NaN, 5, 6};
            Tensor tensor = Tensors.of(values, 2, 3);
            assertArrayEquals(new long[] {2, 3}, tensor.shape());
            assertArrayEquals(values, Tensors.floats(tensor));
            assertArrayEquals(new float[] {1, Float.NaN, -0f, 5, Float.MIN_VALUE, 6}, Tensors.floats(tensor.t()));
        }
    }

    @Test
    void aTensorWithoutValuesComesBackEmpty() {
        try (var _ = new PointerScope()) {
            Tensor none = Tensors.of(new float[0], 0, 3);
            assertArrayEquals(new long[] {0, 3}, none.shape());
            assertEquals(0, Tensors.floats(none).length);
        }
    }

    @Test
    void aShapeThatDoesNotFitIsRefusedBeforeNativeCode() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Tensors.of(new float[5], 2, 3));
        assertEquals("values.length is 5, expected 6, as the shape [2, 3] asks", e.getMessage());
        try (var _ = new PointerScope()) {
            Tensor whole = Tensors.of(new int[] {1, 2}, 2);
            assertThrows(IllegalArgumentException.class, () -> Tensors.floats(whole));
            Tensor floats = Tensors.of(new float[4], 4);
            assertThrows(IllegalArgumentException.class, () -> Tensors.read(floats, new float[3]));
        }
    }

    @Test
    void aFileIsReadAndWrittenWithoutACopy() throws IOException {
        Path first = folder.resolve("first.safetensors");
        Path second = folder.resolve("second.safetensors");
        float[] values = {1, 2, 3, 4, 5, 6};
        Safetensors.write(first, Map.of("a", Safetensors.Tensor.of(values, 3, 2)), Map.of());
        try (Safetensors file = Safetensors.open(first);
                var _ = new PointerScope()) {
            Tensor mapped = Tensors.of(file, "a");
            assertEquals(file.bytes("a").address(), mapped.data_ptr().address());
            assertArrayEquals(values, Tensors.floats(mapped));
            Safetensors.Tensor back = Tensors.saved(mapped);
            assertEquals(file.bytes("a").address(), back.data().address());
            Safetensors.write(second, Map.of("a", back, "t", Tensors.saved(mapped.t())), Map.of());
        }
        try (Safetensors file = Safetensors.open(second)) {
            assertArrayEquals(values, file.floats("a"));
            assertArrayEquals(new float[] {1, 3, 5, 2, 4, 6}, file.floats("t"));
            assertEquals(List.of(2L, 3L), file.require("t").shape());
        }
    }

    @Test
    void everyElementTypeHasACounterpart() {
        try (var _ = new PointerScope()) {
            for (Safetensors.Dtype dtype : Safetensors.Dtype.values()) {
                Tensor tensor =
                        torch.zeros(new long[] {3}, new org.bytedeco.pytorch.TensorOptions(Tensors.type(dtype)));
                assertEquals(dtype, Tensors.saved(tensor).dtype());
                assertEquals(3L * dtype.bytes(), Tensors.saved(tensor).data().byteSize());
            }
        }
    }

    @Test
    void aGeneratorDrawsWhatItsKeySays() {
        try (var _ = new PointerScope()) {
            Keyed key = Keyed.seed(7).of("dropout");
            assertArrayEquals(drawn(key), drawn(key));
            assertTrue(!Arrays.equals(drawn(key), drawn(key.of(1))));
        }
    }

    @Test
    void dropoutKeepsTheMeanAndIsAFunctionOfItsKey() {
        try (var _ = new PointerScope()) {
            Tensor ones = torch.ones(100, 1000);
            Tensor kept = Tensors.dropout(ones, 0.25, Keyed.seed(3));
            // 100,000 draws: the standard error of the mean is sqrt(1/3 / 100,000) = 0.0018
            assertEquals(1, kept.mean().item_double(), 6 * 0.0018);
            assertEquals(4 / 3.0, kept.max().item_double(), 1e-6);
            assertTrue(kept.equal(Tensors.dropout(ones, 0.25, Keyed.seed(3))));
            assertTrue(!kept.equal(Tensors.dropout(ones, 0.25, Keyed.seed(4))));
            assertTrue(ones.equal(Tensors.dropout(ones, 0, Keyed.seed(3))));
        }
    }

    private static float[] drawn(Keyed key) {
        return Tensors.floats(torch.randn(new long[] {20}, new GeneratorOptional(Tensors.generator(key))));
    }

    @Test
    void theSameSumHasTheSameBitsOnEveryThread() {
        float[] a = Initial.XAVIER_UNIFORM.of(Keyed.seed(3), 300, 200);
        float[] here = product(a);
        List<Workers.Task<float[]>> tasks = new ArrayList<>();
        for (int n = 0; n < 8; n++) {
            tasks.add(_ -> product(a));
        }
        try (Workers three = Workers.threads(3)) {
            for (float[] there : three.all(tasks)) {
                assertArrayEquals(here, there);
            }
        }
    }

    private static float[] product(float[] a) {
        try (var _ = new PointerScope()) {
            Devices.ready(Device.CPU);
            assertEquals(1, torch.get_num_threads());
            Tensor m = Tensors.of(a, 300, 200);
            return Tensors.floats(m.mm(m.t()).sum(1));
        }
    }

    @Test
    void initialWeightsHaveTheVarianceTheyPromise() {
        float[] xavier = Initial.XAVIER_UNIFORM.of(Keyed.seed(4), 300, 500);
        float[] kaiming = Initial.KAIMING_UNIFORM.of(Keyed.seed(4), 300, 500);
        // 150,000 draws: the standard error of the relative variance is sqrt(0.8 / 150,000) = 0.23 %
        assertEquals(2.0 / 800, variance(xavier), 2.0 / 800 * 0.013);
        assertEquals(1.0 / 500, variance(kaiming), 1.0 / 500 * 0.013);
        assertArrayEquals(new float[6], Initial.ZERO.of(Keyed.seed(4), 2, 3));
    }

    private static double variance(float[] values) {
        double sum = 0;
        for (float v : values) {
            sum += (double) v * v;
        }
        return sum / values.length;
    }

    @Test
    void aDeviceThatIsNotThereIsNamed() {
        Assumptions.assumeFalse(torch.cuda_is_available(), "this machine has a card");
        LetheException e = assertThrows(LetheException.class, () -> Devices.ready(Device.parse("cuda")));
        assertTrue(e.getMessage().contains("device is cuda"), e.getMessage());
    }
}
