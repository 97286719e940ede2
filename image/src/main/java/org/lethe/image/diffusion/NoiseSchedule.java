package org.lethe.image.diffusion;

import java.util.Arrays;
import java.util.Locale;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * How much noise a sample has at each training step (Ho et al. 2020): x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) z, with ᾱ the running product of
 * 1 − β.
 *
 * @param steps number of training steps
 * @param start first β
 * @param end last β
 * @param curve of β between them
 * @param zeroTerminal whether ᾱ is moved and scaled so that the last step is noise alone (Lin et al. 2024, algorithm 1)
 */
public record NoiseSchedule(int steps, double start, double end, Curve curve, boolean zeroTerminal) {
    private static final double LARGEST = 0.999;

    /** Curves of β. */
    public enum Curve {
        /** Straight. */
        LINEAR,
        /** The square of a straight line, as Stable Diffusion. */
        SCALED_LINEAR,
        /** From a squared cosine of ᾱ (Nichol and Dhariwal 2021), whatever start and end are. */
        SQUAREDCOS_CAP_V2,
        /** A sigmoid between −6 and 6. */
        SIGMOID
    }

    public NoiseSchedule {
        Check.require(steps >= 2 && steps <= 1_000_000, "num_train_timesteps", steps, "2 to 1,000,000");
        Check.require(start > 0 && start < 1, "beta_start", start, "above 0, below 1");
        Check.require(end >= start && end < 1, "beta_end", end, "beta_start or more, below 1");
    }

    /** That of Stable Diffusion. */
    public NoiseSchedule() {
        this(1000, 0.00085, 0.012, Curve.SCALED_LINEAR, false);
    }

    static NoiseSchedule of(ConfigFile file, double start, double end, String curve) {
        Check.require(!file.has("trained_betas"), "trained_betas", "there", "it absent, as it is not supported");
        String name = file.oneOf("beta_schedule", curve, "linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid");
        return new NoiseSchedule(
                file.whole("num_train_timesteps", 1000),
                file.number("beta_start", start),
                file.number("beta_end", end),
                Curve.valueOf(name.toUpperCase(Locale.ROOT)),
                file.flag("rescale_betas_zero_snr", false));
    }

    /** β of each step. */
    public double[] betas() {
        double[] betas = new double[steps];
        for (int t = 0; t < steps; t++) {
            double part = (double) t / (steps - 1);
            betas[t] = switch (curve) {
                case LINEAR -> start + (end - start) * part;
                case SCALED_LINEAR -> {
                    double root = Math.sqrt(start) + (Math.sqrt(end) - Math.sqrt(start)) * part;
                    yield root * root;
                }
                case SQUAREDCOS_CAP_V2 ->
                    Math.min(LARGEST, 1 - bar((t + 1) / (double) steps) / bar(t / (double) steps));
                case SIGMOID -> start + (end - start) / (1 + Math.exp(6 - 12 * part));
            };
        }
        if (!zeroTerminal) {
            return betas;
        }
        double[] roots = new double[steps]; // √ᾱ
        double product = 1;
        for (int t = 0; t < steps; t++) {
            product *= 1 - betas[t];
            roots[t] = Math.sqrt(product);
        }
        double first = roots[0];
        double last = roots[steps - 1];
        for (int t = 0; t < steps; t++) {
            roots[t] = (roots[t] - last) * first / (first - last);
        }
        for (int t = 0; t < steps; t++) {
            double before = t == 0 ? 1 : roots[t - 1] * roots[t - 1];
            betas[t] = 1 - roots[t] * roots[t] / before;
        }
        return betas;
    }

    private static double bar(double part) {
        double cosine = Math.cos((part + 0.008) / 1.008 * Math.PI / 2);
        return cosine * cosine;
    }

    /** ᾱ of each step. */
    public double[] alphaBars() {
        double[] bars = betas();
        double product = 1;
        for (int t = 0; t < steps; t++) {
            product *= 1 - bars[t];
            bars[t] = product;
        }
        return bars;
    }

    /** σ of each step, √((1 − ᾱ)/ᾱ); one without any signal counts as having a share of 2⁻²⁴ of it. */
    double[] sigmas() {
        double[] sigmas = alphaBars();
        for (int t = 0; t < steps; t++) {
            double bar = t == steps - 1 && zeroTerminal ? 0x1p-24 : sigmas[t];
            sigmas[t] = Math.sqrt((1 - bar) / bar);
        }
        return sigmas;
    }

    /**
     * Samples with noise: √ᾱ_t x + √(1 − ᾱ_t) z.
     *
     * @param clean samples, of which the first dimension is the batch
     * @param noise standard normal, of the same shape
     * @param times the step of each row
     */
    public Tensor noised(Tensor clean, Tensor noise, int... times) {
        return rows(clean, true, times).mul(clean).add(rows(clean, false, times).mul(noise));
    }

    /** What a network that predicts velocities should say: √ᾱ_t z − √(1 − ᾱ_t) x. */
    public Tensor velocity(Tensor clean, Tensor noise, int... times) {
        return rows(clean, true, times).mul(noise).sub(rows(clean, false, times).mul(clean));
    }

    /** The noise that a network's output means, row by row. */
    public Tensor noise(Prediction prediction, Tensor output, Tensor x, int... times) {
        Tensor a = rows(x, true, times);
        Tensor s = rows(x, false, times);
        return switch (prediction) {
            case NOISE -> output;
            case VELOCITY -> a.mul(output).add(s.mul(x));
            case SAMPLE -> x.sub(a.mul(output)).div(s);
        };
    }

    private Tensor rows(Tensor like, boolean signal, int... times) {
        Check.require(
                times.length == like.size(0), "times", times.length, "one for each of the " + like.size(0) + " rows");
        double[] bars = alphaBars();
        float[] factors = new float[times.length];
        for (int n = 0; n < times.length; n++) {
            Check.require(times[n] >= 0 && times[n] < steps, "times", times[n], "0 to " + (steps - 1));
            factors[n] = (float) Math.sqrt(signal ? bars[times[n]] : 1 - bars[times[n]]);
        }
        long[] shape = new long[(int) like.dim()];
        Arrays.fill(shape, 1);
        shape[0] = times.length;
        return Tensors.of(factors, shape).to(like.device(), like.scalar_type());
    }

    /** The ratio of signal to noise of a step, ᾱ/(1 − ᾱ). */
    public double signalToNoise(int time) {
        double bar = alphaBars()[time];
        return bar / (1 - bar);
    }

    /**
     * The weight of a step's loss that bounds the ratio (Hang et al. 2023): min(ratio, bound)/ratio, or /(ratio + 1) where the
     * network predicts velocities.
     */
    public double minSnrWeight(int time, double bound, Prediction prediction) {
        double ratio = signalToNoise(time);
        return switch (prediction) {
            case NOISE -> Math.min(ratio, bound) / ratio;
            case VELOCITY -> Math.min(ratio, bound) / (ratio + 1);
            case SAMPLE -> Math.min(ratio, bound);
        };
    }

    /** What a network predicts, where x = a·x₀ + s·noise with a² + s² = 1. */
    public enum Prediction {
        /** The noise. */
        NOISE,
        /** a·noise − s·x₀ (Salimans and Ho 2022). */
        VELOCITY,
        /** x₀ itself. */
        SAMPLE;

        static Prediction of(ConfigFile file) {
            return switch (file.oneOf("prediction_type", "epsilon", "epsilon", "v_prediction", "sample")) {
                case "epsilon" -> NOISE;
                case "v_prediction" -> VELOCITY;
                default -> SAMPLE;
            };
        }

        /** x₀ that a network's output means. */
        public Tensor clean(Tensor output, Tensor x, double a, double s) {
            return switch (this) {
                case NOISE -> {
                    Check.require(a > 0, "signal", a, "more than none where a network predicts noise");
                    yield mix(1 / a, x, -s / a, output);
                }
                case VELOCITY -> mix(a, x, -s, output);
                case SAMPLE -> output;
            };
        }

        /** The noise that a network's output means. */
        public Tensor noise(Tensor output, Tensor x, double a, double s) {
            return switch (this) {
                case NOISE -> output;
                case VELOCITY -> mix(a, output, s, x);
                case SAMPLE -> mix(1 / s, x, -a / s, output);
            };
        }
    }

    /** a·x + b·y. */
    static Tensor mix(double a, Tensor x, double b, Tensor y) {
        return x.mul(new Scalar(a)).add(y, new Scalar(b));
    }

    /** One time for each row of a batch. */
    static Tensor times(Tensor like, double time) {
        float[] all = new float[(int) like.size(0)];
        Arrays.fill(all, (float) time);
        return Tensors.of(all, all.length).to(like.device(), ScalarType.Float);
    }
}
