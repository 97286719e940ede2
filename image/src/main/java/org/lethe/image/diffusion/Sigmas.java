package org.lethe.image.diffusion;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;

/**
 * Levels of noise of a run, for the schedulers that count noise by σ = √((1 − ᾱ)/ᾱ): a state is x₀ + σ·noise.
 *
 * @param sigmas of each call, and of the end, one more than calls
 * @param times of each call
 */
record Sigmas(double[] sigmas, double[] times) {
    private static final double KARRAS = 7;

    /** At times, and σ of the end. */
    static Sigmas at(NoiseSchedule noise, double[] times, double end) {
        double[] table = noise.sigmas();
        double[] sigmas = new double[times.length + 1];
        for (int i = 0; i < times.length; i++) {
            int below = (int) Math.min(Math.floor(times[i]), table.length - 2);
            double part = times[i] - below;
            sigmas[i] = table[below] * (1 - part) + table[below + 1] * part;
        }
        sigmas[times.length] = end;
        return new Sigmas(sigmas, times);
    }

    /** Evenly between two in the 7th root (Karras et al. 2022, equation 5), with the times at which training had them. */
    static Sigmas karras(NoiseSchedule noise, double largest, double smallest, int steps, double end, boolean rounded) {
        double[] table = noise.sigmas();
        double[] sigmas = new double[steps + 1];
        double[] times = new double[steps];
        double high = Math.pow(largest, 1 / KARRAS);
        double low = Math.pow(smallest, 1 / KARRAS);
        for (int i = 0; i < steps; i++) {
            double part = steps == 1 ? 0 : (double) i / (steps - 1);
            sigmas[i] = Math.pow(high + part * (low - high), KARRAS);
            times[i] = time(table, sigmas[i]);
            times[i] = rounded ? Math.rint(times[i]) : times[i];
        }
        sigmas[steps] = end;
        return new Sigmas(sigmas, times);
    }

    /** The place of a σ in a rising table, between two in the logarithm. */
    private static double time(double[] table, double sigma) {
        int found = Arrays.binarySearch(table, sigma);
        int below = Math.clamp(found >= 0 ? found : -found - 2, 0, table.length - 2);
        double low = Math.log(table[below]);
        double high = Math.log(table[below + 1]);
        double part = Math.clamp((Math.log(Math.max(sigma, 1e-10)) - low) / (high - low), 0, 1);
        return below + part;
    }

    int calls() {
        return times.length;
    }

    /** What a network is given: a state scaled to a variance of one. */
    static Tensor input(Tensor x, double sigma) {
        return x.div(new Scalar(Math.sqrt(sigma * sigma + 1)));
    }

    /** x₀ that a network's output about the input of a state means. */
    static Tensor clean(NoiseSchedule.Prediction prediction, Tensor out, Tensor input, double sigma) {
        double a = signal(sigma);
        return prediction.clean(out, input, a, sigma * a);
    }

    /** The factor of x₀ in a state that is scaled to a variance of one. */
    static double signal(double sigma) {
        return 1 / Math.sqrt(sigma * sigma + 1);
    }

    /** The settings that schedulers by σ share. */
    record Settings(
            NoiseSchedule noise,
            NoiseSchedule.Prediction prediction,
            Scheduler.Spacing spacing,
            int offset,
            boolean karras) {
        static Settings of(ConfigFile file) {
            return new Settings(
                    NoiseSchedule.of(file, 0.0001, 0.02, "linear"),
                    NoiseSchedule.Prediction.of(file),
                    Scheduler.Spacing.of(file, "linspace"),
                    file.whole("steps_offset", 0),
                    file.flag("use_karras_sigmas", false));
        }

        Sigmas sigmas(int steps) {
            double[] times = spacing.times(noise.steps(), steps, offset, false);
            Sigmas plain = at(noise, times, 0);
            return karras ? Sigmas.karras(noise, plain.sigmas[0], plain.sigmas[steps - 1], steps, 0, false) : plain;
        }

        double startScale(int steps) {
            double largest = sigmas(steps).sigmas[0];
            return spacing == Scheduler.Spacing.LEADING ? Math.sqrt(largest * largest + 1) : largest;
        }
    }

    /** Requires a run to begin at one of the calls. */
    void require(int skipped) {
        Check.require(skipped < calls(), "skipped", skipped, "fewer than the " + calls() + " calls");
    }
}
