package org.lethe.image.protect;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.Safetensors;
import org.lethe.image.Mark;

/** The words and tensors of a mark that must be there. */
record MarkWords(Mark mark) {
    /** A word. */
    String of(String name) {
        return Optional.ofNullable(mark.words().get(name))
                .orElseThrow(() -> new IllegalArgumentException(
                        "the mark of " + mark.method() + " has no \"" + name + "\", expected one"));
    }

    /** A whole number. */
    int whole(String name) {
        try {
            return Integer.parseInt(of(name));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "\"" + name + "\" of the mark is \"" + of(name) + "\", expected a whole number", e);
        }
    }

    /** A number. */
    double number(String name) {
        try {
            return Double.parseDouble(of(name));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "\"" + name + "\" of the mark is \"" + of(name) + "\", expected a number", e);
        }
    }

    /** A tensor. */
    Safetensors.Tensor tensor(String name) {
        return Optional.ofNullable(mark.tensors().get(name))
                .orElseThrow(() -> new IllegalArgumentException(
                        "the mark of " + mark.method() + " has no tensor \"" + name + "\", expected one"));
    }

    /** The values of a tensor of floats. */
    float[] floats(String name) {
        Safetensors.Tensor tensor = tensor(name);
        Check.require(tensor.dtype() == Safetensors.Dtype.F32, "dtype of " + name, tensor.dtype(), "F32");
        return tensor.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
    }
}
