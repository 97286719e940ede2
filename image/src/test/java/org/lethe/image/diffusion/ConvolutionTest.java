package org.lethe.image.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.image.Sampler;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

final class ConvolutionTest {
    /** Input, weight and bias of a case with gradients. */
    private record Case(Tensor in, Tensor weight, Tensor bias) {
        static Case of(int batch, int inputs, int outputs, int side) {
            Case made = new Case(
                    Sampler.normal(Keyed.seed(1), batch, inputs, side, side),
                    Sampler.normal(Keyed.seed(2), outputs, inputs, 3, 3),
                    Sampler.normal(Keyed.seed(3), outputs));
            made.in.set_requires_grad(true);
            made.weight.set_requires_grad(true);
            made.bias.set_requires_grad(true);
            return made;
        }

        Tensor run(int stride) {
            Tensor out = Convolution.of(in, weight, new TensorOptional(bias), stride, 1);
            out.square().mean().backward();
            return out;
        }
    }

    /** The convolution by its definition, sums in double. */
    private static float[] byHand(Case c, int stride) {
        int batch = (int) c.in.size(0);
        int inputs = (int) c.in.size(1);
        int side = (int) c.in.size(2);
        int outputs = (int) c.weight.size(0);
        int out = (side + stride - 1) / stride;
        float[] x = Tensors.floats(c.in.detach());
        float[] w = Tensors.floats(c.weight.detach());
        float[] b = Tensors.floats(c.bias.detach());
        float[] y = new float[batch * outputs * out * out];
        for (int i = 0; i < y.length; i++) {
            int column = i % out * stride - 1;
            int row = i / out % out * stride - 1;
            int o = i / (out * out) % outputs;
            int n = i / (out * out * outputs);
            double sum = b[o];
            for (int k = 0; k < 9 * inputs; k++) {
                int v = row + k / 3 % 3;
                int u = column + k % 3;
                if (v >= 0 && v < side && u >= 0 && u < side) {
                    sum += (double) w[o * 9 * inputs + k] * x[((n * inputs + k / 9) * side + v) * side + u];
                }
            }
            y[i] = (float) sum;
        }
        return y;
    }

    @Test
    void channelsOfAnyNumberGiveWhatTheDefinitionSays() {
        Devices.ready(Device.CPU);
        int[][] cases = {{2, 3, 16, 1}, {2, 24, 3, 1}, {2, 16, 16, 1}, {1, 5, 7, 2}, {3, 20, 24, 2}};
        for (int[] shape : cases) {
            try (var _ = new PointerScope()) {
                Case c = Case.of(shape[0], shape[1], shape[2], 6);
                assertArrayEquals(
                        byHand(c, shape[3]),
                        Tensors.floats(c.run(shape[3]).detach().contiguous()),
                        1e-4f);
            }
        }
    }

    @Test
    void gradientsAreThoseOfTheDefinition() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            Case c = Case.of(2, 24, 3, 5);
            c.run(1);
            float[] gradient = Tensors.floats(c.in.grad());
            float[] x = Tensors.floats(c.in.detach());
            for (int place : new int[] {0, 31, 599, 1199}) {
                double[] loss = new double[2];
                for (int side = 0; side < 2; side++) {
                    float[] moved = x.clone();
                    moved[place] += side == 0 ? -0.01f : 0.01f;
                    Case near = new Case(Tensors.of(moved, c.in.shape()), c.weight, c.bias);
                    for (float y : byHand(near, 1)) {
                        loss[side] += (double) y * y / 150;
                    }
                }
                double slope = (loss[1] - loss[0]) / 0.02;
                assertTrue(
                        Math.abs(slope - gradient[place]) < 2e-3 * (1 + Math.abs(slope)),
                        slope + " " + gradient[place]);
            }
        }
    }

    @Test
    void memoryThatHeldNoNumbersDoesNotMatter() {
        Devices.ready(Device.CPU);
        for (int n = 0; n < 200; n++) {
            try (var _ = new PointerScope()) {
                try (var _ = new PointerScope()) {
                    for (int size = 1000; size < 200_000; size *= 2) {
                        torch.full(new long[] {size + 64L * n}, new Scalar(Float.NaN));
                    }
                }
                Case c = Case.of(16, n % 2 == 0 ? 16 : 24, 3, 16);
                Tensor out = c.run(1);
                assertTrue(torch.isfinite(out).all().item_bool(), "output " + n);
                assertTrue(torch.isfinite(c.in.grad()).all().item_bool(), "gradient " + n);
            }
        }
    }
}
