package org.lethe.image.protect;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.image.Mark;
import org.lethe.image.diffusion.Convolution;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * A small network of 3 × 3 convolutions, each with a group norm and a rectifier, that keep height and width. At its end stand means
 * over areas with a linear map, or one more convolution.
 */
final class ConvNet {
    private static final double EPSILON = 1e-5;

    /**
     * Its shape.
     *
     * @param inputs channels of what it sees
     * @param width channels within
     * @param depth convolutions with a norm
     * @param outputs numbers it says, for the whole or for each place
     * @param cells means that are taken along each side before the linear map; 0 for a convolution at the end
     */
    record Shape(int inputs, int width, int depth, int outputs, int cells) {
        Shape {
            Check.require(width >= 4 && width % 4 == 0, "width", width, "a multiple of 4");
            Check.require(depth >= 1, "depth", depth, "at least 1");
        }

        private Map<String, long[]> tensors() {
            Map<String, long[]> tensors = new LinkedHashMap<>();
            for (int d = 0; d < depth; d++) {
                tensors.put("conv." + d + ".weight", new long[] {width, d == 0 ? inputs : width, 3, 3});
                tensors.put("conv." + d + ".bias", new long[] {width});
                tensors.put("norm." + d + ".weight", new long[] {width});
                tensors.put("norm." + d + ".bias", new long[] {width});
            }
            tensors.put(
                    "last.weight",
                    cells > 0 ? new long[] {outputs, (long) width * cells * cells} : new long[] {outputs, width, 3, 3});
            tensors.put("last.bias", new long[] {outputs});
            return tensors;
        }
    }

    private final Shape shape;
    private final Parameters parameters;

    private ConvNet(Shape shape, Map<String, Tensor> tensors) {
        this.shape = shape;
        parameters = Parameters.of(tensors);
    }

    /** One with weights drawn by a key, in the current scope. */
    static ConvNet drawn(Shape shape, Keyed key, Device device) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shape.tensors().forEach((name, size) -> {
            Tensor tensor = torch.zeros(size);
            if (size.length > 1) {
                Initial.kaimingNormal(name.startsWith("last") ? 1 : Math.sqrt(2))
                        .fill(tensor, key.of(name), Workers.here());
            } else if (name.startsWith("norm") && name.endsWith("weight")) {
                Initial.constant(1).fill(tensor, key, Workers.here());
            }
            tensors.put(name, tensor.to(Devices.of(device), ScalarType.Float));
        });
        return new ConvNet(shape, tensors);
    }

    /** One whose weights lie in a mark under names that begin so. */
    static ConvNet of(Shape shape, Mark mark, String prefix, Device device) {
        MarkWords words = new MarkWords(mark);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shape.tensors().forEach((name, size) -> {
            tensors.put(name, Tensors.of(words.floats(prefix + name), size).to(Devices.of(device), ScalarType.Float));
        });
        return new ConvNet(shape, tensors);
    }

    Parameters parameters() {
        return parameters;
    }

    /** Copies of its weights in Java memory. */
    Map<String, Safetensors.Tensor> saved(String prefix) {
        Map<String, Safetensors.Tensor> saved = new LinkedHashMap<>();
        parameters
                .all()
                .forEach((name, tensor) -> saved.put(
                        prefix + name, Safetensors.Tensor.of(Tensors.floats(tensor.detach()), tensor.shape())));
        return saved;
    }

    /** What it says of {@code [rows, inputs, height, width]}: {@code [rows, outputs]}, or {@code [rows, outputs, height, width]}. */
    Tensor of(Tensor in) {
        return Tensors.within(() -> {
            Tensor x = in;
            for (int d = 0; d < shape.depth; d++) {
                x = convolved(x, "conv." + d);
                x = torch.group_norm(
                        x,
                        shape.width / 4,
                        new TensorOptional(parameters.tensor("norm." + d + ".weight")),
                        new TensorOptional(parameters.tensor("norm." + d + ".bias")),
                        EPSILON,
                        false);
                x = torch.relu(x);
            }
            if (shape.cells == 0) {
                return convolved(x, "last");
            }
            return torch.linear(
                    torch.adaptive_avg_pool2d(x, shape.cells, shape.cells).flatten(1, -1),
                    parameters.tensor("last.weight"),
                    new TensorOptional(parameters.tensor("last.bias")));
        });
    }

    private Tensor convolved(Tensor x, String name) {
        return Convolution.of(
                x, parameters.tensor(name + ".weight"), new TensorOptional(parameters.tensor(name + ".bias")), 1, 1);
    }
}
