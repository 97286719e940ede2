package org.lethe.torch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Safetensors;
import org.lethe.numerics.Keyed;

/**
 * Tensors from and to arrays and safetensors files. A tensor belongs to the scope in which it is made.
 *
 * <p>Files are read and written without a copy: {@link #of(Safetensors, String)} is the mapping itself, and {@link #saved}
 * hands the writer the tensor's own memory. Arrays are copied, once each way; Java's heap cannot be lent.
 */
public final class Tensors {
    private Tensors() {}

    /** A tensor of floats with the values of an array, row by row. */
    public static Tensor of(float[] values, long... shape) {
        requireSize(values.length, shape);
        return part(values, 0, shape);
    }

    /** A tensor of as many values as the shape holds, from a place of an array on. */
    public static Tensor part(float[] values, int from, long... shape) {
        int size = Math.toIntExact(size(shape));
        Objects.checkFromIndexSize(from, size, values.length);
        Tensor tensor = torch.empty(shape);
        if (size > 0) { // a tensor without values has no memory
            try (FloatPointer memory = new FloatPointer(tensor.data_ptr())) {
                memory.put(values, from, size);
            }
        }
        return tensor;
    }

    /** A tensor of whole numbers, as indices are. */
    public static Tensor of(int[] values, long... shape) {
        requireSize(values.length, shape);
        return Tensor.create(values, shape);
    }

    /** The values of a tensor of floats on any device, row by row. */
    public static float[] floats(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.numel())];
        read(tensor, values);
        return values;
    }

    /** The values of a tensor of floats, row by row, into the beginning of an array. */
    public static void read(Tensor tensor, float[] into) {
        read(tensor, into, 0);
    }

    /** The same from a place of the array on. */
    public static void read(Tensor tensor, float[] into, int from) {
        Check.require(
                tensor.scalar_type().intern() == ScalarType.Float,
                "tensor.dtype",
                tensor.scalar_type(),
                "Float, since the array holds floats");
        Check.require(
                tensor.numel() <= into.length - from,
                "into.length",
                into.length,
                "at least " + (from + tensor.numel()));
        if (tensor.numel() > 0) {
            Tensor plain = tensor.cpu().contiguous();
            new FloatPointer(plain.data_ptr()).get(into, from, (int) tensor.numel());
        }
    }

    /**
     * A tensor of an open file, without a copy where its place in the file is aligned. The file must stay open as long as
     * the tensor is used, and the tensor must not be written to: the mapping cannot be.
     */
    public static Tensor of(Safetensors file, String name) {
        Safetensors.Entry entry = file.require(name);
        long[] shape = entry.shape().stream().mapToLong(Long::longValue).toArray();
        MemorySegment bytes = file.bytes(name);
        TensorOptions options = new TensorOptions(type(entry.dtype()));
        if (bytes.byteSize() == 0) {
            return torch.empty(shape, options, new org.bytedeco.pytorch.MemoryFormatOptional());
        }
        Tensor view = torch.from_blob(new Place(bytes.address()), shape, options);
        return bytes.address() % entry.dtype().bytes() == 0 ? view : view.clone();
    }

    /** A copy of a float tensor in Java memory. */
    public static Tensor of(Safetensors.Tensor tensor) {
        Check.require(tensor.dtype() == Safetensors.Dtype.F32, "dtype", tensor.dtype(), "F32");
        float[] values = tensor.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
        return of(values, tensor.shape().stream().mapToLong(Long::longValue).toArray());
    }

    /**
     * A tensor as it is handed to {@link Safetensors#write}: its own memory, where it is contiguous and on the processor. To
     * be written before the scope around the call ends.
     */
    @SuppressWarnings("restricted") // the length is that of the tensor itself
    public static Safetensors.Tensor saved(Tensor tensor) {
        Tensor plain = tensor.detach().cpu().contiguous();
        List<Long> shape = Arrays.stream(plain.shape()).boxed().toList();
        Safetensors.Dtype dtype = dtype(plain.scalar_type().intern());
        MemorySegment bytes = plain.numel() == 0
                ? MemorySegment.ofArray(new byte[0])
                : MemorySegment.ofAddress(plain.data_ptr().address()).reinterpret(plain.numel() * dtype.bytes());
        return new Safetensors.Tensor(dtype, shape, bytes);
    }

    /** A part of a computation in a scope of its own, of which one tensor leaves for the scope around it. */
    public static Tensor within(Supplier<Tensor> part) {
        PointerScope outer = PointerScope.getInnerScope();
        try (var _ = new PointerScope()) {
            Tensor result = part.get();
            if (outer == null) {
                result.retainReference();
            } else {
                outer.attach(result);
            }
            return result;
        }
    }

    /** A generator of libtorch's own draws, as of dropout, seeded by a key. */
    public static Generator generator(Keyed key) {
        return torch.make_generator_cpu(key.at(0));
    }

    /**
     * A tensor with elements set to zero at random, the others enlarged so that the mean stays. The mask is drawn on the
     * processor, so that a key gives the same one on every device.
     *
     * @param share of the elements that are dropped; at 0 the tensor comes back as it is
     */
    public static Tensor dropout(Tensor tensor, double share, Keyed key) {
        Check.require(share >= 0 && share < 1, "share", share, "0 or more, below 1");
        if (share == 0) {
            return tensor;
        }
        Tensor mask = torch.empty(tensor.shape()).bernoulli_(1 - share, new GeneratorOptional(generator(key)));
        return tensor.mul(mask.div_(new Scalar(1 - share)).to(tensor.device(), tensor.scalar_type()));
    }

    /** The libtorch name of an element type. */
    static ScalarType type(Safetensors.Dtype dtype) {
        return switch (dtype) {
            case F64 -> ScalarType.Double;
            case F32 -> ScalarType.Float;
            case F16 -> ScalarType.Half;
            case BF16 -> ScalarType.BFloat16;
            case I64 -> ScalarType.Long;
            case I32 -> ScalarType.Int;
            case I16 -> ScalarType.Short;
            case I8 -> ScalarType.Char;
            case U64 -> ScalarType.UInt64;
            case U32 -> ScalarType.UInt32;
            case U16 -> ScalarType.UInt16;
            case U8 -> ScalarType.Byte;
            case BOOL -> ScalarType.Bool;
            case F8_E4M3 -> ScalarType.Float8_e4m3fn;
            case F8_E5M2 -> ScalarType.Float8_e5m2;
        };
    }

    /** Whether elements of a type are floating point. */
    static boolean floating(Safetensors.Dtype dtype) {
        return switch (dtype) {
            case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 -> true;
            case I64, I32, I16, I8, U64, U32, U16, U8, BOOL -> false;
        };
    }

    /** The element type of a libtorch name. */
    static Safetensors.Dtype dtype(ScalarType type) {
        for (Safetensors.Dtype dtype : Safetensors.Dtype.values()) {
            if (type(dtype) == type) {
                return dtype;
            }
        }
        throw new IllegalArgumentException("tensor.dtype is " + type + ", which safetensors cannot hold");
    }

    private static void requireSize(long count, long... shape) {
        long size = size(shape);
        Check.require(
                size == count, "values.length", count, size + ", as the shape " + Arrays.toString(shape) + " asks");
    }

    private static long size(long... shape) {
        long size = 1;
        for (long d : shape) {
            size *= d;
        }
        return size;
    }

    /** An address that somebody else owns. */
    private static final class Place extends Pointer {
        Place(long address) {
            this.address = address;
        }
    }
}
