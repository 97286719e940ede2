package org.lethe.torch;

import java.util.Arrays;
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
public final class Initial {
    /** Uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010, eq. 16). */
    public static final Initial XAVIER_UNIFORM = xavierUniform(1);

    /** Uniform in ±√(3 / inputs): the variance of He et al. 2015 for a layer that no rectifier follows. */
    public static final Initial KAIMING_UNIFORM = kaimingUniform(1);

    /** Zero: biases. */
    public static final Initial ZERO = constant(0);

    /** Turns 64 random bits into a value. */
    @FunctionalInterface
    private interface Rule {
        LongToDoubleFunction of(long outputs, long inputs);
    }

    private static final int BLOCK = 1 << 14;

    private final String name;
    private final boolean countsInputs;
    private final Rule rule;

    private Initial(String name, boolean countsInputs, Rule rule) {
        this.name = name;
        this.countsInputs = countsInputs;
        this.rule = rule;
    }

    /** The same value everywhere: zero for biases, one for the weights of norms. */
    public static Initial constant(double value) {
        return new Initial("constant " + value, false, (outputs, inputs) -> bits -> value);
    }

    /** Uniform between two bounds. */
    public static Initial uniform(double low, double high) {
        Check.require(low <= high, "low", low, "at most high, which is " + high);
        return new Initial(
                "uniform " + low + " to " + high,
                false,
                (outputs, inputs) -> bits -> low + (high - low) * Keyed.unit(bits));
    }

    /** Normal with a mean and a standard deviation. */
    public static Initial normal(double mean, double sd) {
        Check.require(sd >= 0, "sd", sd, "at least 0");
        return new Initial(
                "normal " + mean + " " + sd, false, (outputs, inputs) -> bits -> mean + sd * Keyed.normal(bits));
    }

    /**
     * Normal around zero without its tails: a draw beyond them is drawn again.
     *
     * @param sd standard deviation before the tails are cut
     * @param cut where they are cut, in standard deviations
     */
    public static Initial truncatedNormal(double sd, double cut) {
        Check.require(sd >= 0, "sd", sd, "at least 0");
        Check.require(cut >= 0.1, "cut", cut, "at least 0.1");
        return new Initial("truncated normal " + sd + " " + cut, false, (outputs, inputs) -> bits -> {
            double z = Keyed.normal(bits);
            for (long next = Keyed.mix(bits + 1); Math.abs(z) > cut; next = Keyed.mix(next + 1)) {
                z = Keyed.normal(next);
            }
            return sd * z;
        });
    }

    /** Uniform with variance 2 gain² / (inputs + outputs) (Glorot and Bengio 2010). */
    public static Initial xavierUniform(double gain) {
        return new Initial(
                "Xavier uniform " + gain,
                true,
                (outputs, inputs) -> within(gain * Math.sqrt(6.0 / (inputs + outputs))));
    }

    /** Normal with variance 2 gain² / (inputs + outputs) (Glorot and Bengio 2010). */
    public static Initial xavierNormal(double gain) {
        return new Initial("Xavier normal " + gain, true, (outputs, inputs) -> {
            double sd = gain * Math.sqrt(2.0 / (inputs + outputs));
            return bits -> sd * Keyed.normal(bits);
        });
    }

    /** Uniform with variance gain² / inputs (He et al. 2015); gain is √2 before a rectifier. */
    public static Initial kaimingUniform(double gain) {
        return new Initial(
                "Kaiming uniform " + gain, true, (outputs, inputs) -> within(gain * Math.sqrt(3.0 / inputs)));
    }

    /** Normal with variance gain² / inputs (He et al. 2015); gain is √2 before a rectifier. */
    public static Initial kaimingNormal(double gain) {
        return new Initial("Kaiming normal " + gain, true, (outputs, inputs) -> {
            double sd = gain / Math.sqrt(inputs);
            return bits -> sd * Keyed.normal(bits);
        });
    }

    private static LongToDoubleFunction within(double bound) {
        return bits -> bound * (2 * Keyed.unit(bits) - 1);
    }

    /** The weights of a key, row by row. */
    public float[] of(Keyed key, int outputs, int inputs) {
        float[] weights = new float[Math.multiplyExact(outputs, inputs)];
        draw(rule.of(outputs, inputs), key, 0, weights);
        return weights;
    }

    private static void draw(LongToDoubleFunction value, Keyed key, long from, float[] into) {
        for (int n = 0; n < into.length; n++) {
            into[n] = (float) value.applyAsDouble(key.at(from + n));
        }
    }

    /**
     * Fills a tensor in place; other floating-point types than float are rounded from it.
     *
     * @param workers that share the blocks of a large tensor; they do not change a bit
     */
    public void fill(Tensor tensor, Keyed key, Workers workers) {
        long[] shape = tensor.shape();
        Check.require(tensor.is_floating_point(), "tensor.dtype", tensor.scalar_type(), "floating point");
        Check.require(
                shape.length >= 2 || !countsInputs,
                "shape",
                Arrays.toString(shape),
                "at least 2 dimensions, as " + name + " counts inputs");
        long field = LongStream.of(shape).skip(2).reduce(1, (a, b) -> a * b);
        LongToDoubleFunction value = countsInputs ? rule.of(shape[0] * field, shape[1] * field) : rule.of(1, 1);
        try (var _ = new PointerScope()) {
            Tensor plain = tensor.detach();
            boolean direct = plain.is_cpu()
                    && plain.is_contiguous()
                    && plain.scalar_type().intern() == ScalarType.Float;
            Tensor floats = direct ? plain : torch.zeros(shape);
            FloatPointer into = new FloatPointer(floats.data_ptr());
            long size = floats.numel();
            workers.each(Math.toIntExact((size + BLOCK - 1) / BLOCK), b -> {
                long from = (long) b * BLOCK;
                float[] values = new float[(int) Math.min(BLOCK, size - from)];
                draw(value, key, from, values);
                try (var _ = new PointerScope()) {
                    new FloatPointer(into).position(from).put(values);
                }
            });
            if (!direct) {
                plain.copy_(floats);
            }
        }
    }

    /** The rule in words. */
    @Override
    public String toString() {
        return name;
    }
}
