package org.lethe.torch;

import java.util.function.LongToDoubleFunction;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;

/**
 * Initial weights as a function of a key and a place in the tensor, never of a position in a stream.
 *
 * <p>A tensor is {@code [outputs, inputs, …]}, as dense layers and convolutions have it; dimensions after the second multiply
 * both. Layers that store {@code [inputs, outputs]} need a rule that does not ask for them.
 */
public sealed interface Initial {
    /** Uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010, eq. 16). */
    Initial XAVIER_UNIFORM = new Xavier(1, false);

    /** Uniform in ±√(3 / inputs): the variance of He et al. 2015 for a layer that no rectifier follows. */
    Initial KAIMING_UNIFORM = new Kaiming(1, false);

    /** Zero: biases. */
    Initial ZERO = new Constant(0);

    /** Turns 64 random bits into a value, for a tensor with so many outputs and inputs. */
    LongToDoubleFunction of(long outputs, long inputs);

    /**
     * The same value everywhere.
     *
     * @param value zero for biases, one for the weights of norms
     */
    record Constant(double value) implements Initial {
        @Override
        public LongToDoubleFunction of(long outputs, long inputs) {
            return bits -> value;
        }
    }

    /**
     * Uniform between two bounds.
     *
     * @param low lower bound
     * @param high upper bound
     */
    record Uniform(double low, double high) implements Initial {
        public Uniform {
            Check.require(low <= high, "low", low, "at most high, which is " + high);
        }

        @Override
        public LongToDoubleFunction of(long outputs, long inputs) {
            return bits -> low + (high - low) * Keyed.unit(bits);
        }
    }

    /**
     * Normal.
     *
     * @param mean of the values
     * @param sd their standard deviation
     */
    record Normal(double mean, double sd) implements Initial {
        public Normal {
            Check.require(sd >= 0, "sd", sd, "at least 0");
        }

        @Override
        public LongToDoubleFunction of(long outputs, long inputs) {
            return bits -> mean + sd * Keyed.normal(bits);
        }
    }

    /**
     * Normal around zero without its tails: a draw beyond them is drawn again.
     *
     * @param sd standard deviation before the tails are cut
     * @param cut where they are cut, in standard deviations
     */
    record TruncatedNormal(double sd, double cut) implements Initial {
        public TruncatedNormal {
            Check.require(sd >= 0, "sd", sd, "at least 0");
            Check.require(cut >= 0.1, "cut", cut, "at least 0.1");
        }

        @Override
        public LongToDoubleFunction of(long outputs, long inputs) {
            return bits -> {
                double z = Keyed.normal(bits);
                for (long next = bits; Math.abs(z) > cut; z = Keyed.normal(next)) {
                    next = Keyed.mix(next + 1);
                }
                return sd * z;
            };
        }
    }

    /**
     * Variance 2 gain² / (inputs + outputs) (Glorot and Bengio 2010).
     *
     * @param gain factor of the standard deviation
     * @param normal whether normal or uniform
     */
    record Xavier(double gain, boolean normal) implements Initial {
        @Override
        public LongToDoubleFunction of(long outputs, long inputs) {
            return centred(gain * Math.sqrt(6.0 / (inputs + outputs)), normal);
        }
    }

    /**
     * Variance gain² / inputs (He et al. 2015); gain is √2 before a rectifier, and √(2 / (1 + a²)) before a leaky one.
     *
     * @param gain factor of the standard deviation
     * @param normal whether normal or uniform
     */
    record Kaiming(double gain, boolean normal) implements Initial {
        @Override
        public LongToDoubleFunction of(long outputs, long inputs) {
            return centred(gain * Math.sqrt(3.0 / inputs), normal);
        }
    }

    /** Uniform within ±bound, or normal with the same variance. */
    private static LongToDoubleFunction centred(double bound, boolean normal) {
        double sd = bound / Math.sqrt(3);
        return normal ? bits -> sd * Keyed.normal(bits) : bits -> bound * (2 * Keyed.unit(bits) - 1);
    }

    /** The weights of a key, row by row. */
    default float[] of(Keyed key, int outputs, int inputs) {
        float[] weights = new float[Math.multiplyExact(outputs, inputs)];
        LongToDoubleFunction value = of(outputs, (long) inputs);
        for (int n = 0; n < weights.length; n++) {
            weights[n] = (float) value.applyAsDouble(key.at(n));
        }
        return weights;
    }

    /** Fills a tensor in place; other floating-point types than float are rounded from it. */
    default void fill(Tensor tensor, Keyed key, Workers workers) {
        long[] shape = tensor.shape();
        Check.require(tensor.is_floating_point(), "tensor.dtype", tensor.scalar_type(), "floating point");
        Check.require(
                shape.length >= 2 || !(this instanceof Xavier || this instanceof Kaiming),
                "tensor.dim",
                shape.length,
                "at least 2, as " + this + " counts inputs");
        long field = LongStream.of(shape).skip(2).reduce(1, (a, b) -> a * b);
        LongToDoubleFunction value =
                of(shape.length < 1 ? 1 : shape[0] * field, shape.length < 2 ? 1 : shape[1] * field);
        try (var _ = new PointerScope()) {
            Tensor plain = tensor.detach();
            boolean direct = plain.is_cpu()
                    && plain.is_contiguous()
                    && plain.scalar_type().intern() == ScalarType.Float;
            Tensor floats = direct ? plain : torch.zeros(shape);
            FloatPointer into = new FloatPointer(floats.data_ptr());
            int block = 1 << 14;
            int blocks = Math.toIntExact((floats.numel() + block - 1) / block);
            workers.each(blocks, b -> {
                long from = (long) b * block;
                float[] values = new float[(int) Math.min(block, floats.numel() - from)];
                for (int n = 0; n < values.length; n++) {
                    values[n] = (float) value.applyAsDouble(key.at(from + n));
                }
                try (var _ = new PointerScope()) {
                    new FloatPointer(into).position(from).put(values);
                }
            });
            if (!direct) {
                plain.copy_(floats);
            }
        }
    }
}
