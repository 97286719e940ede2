package org.lethe.image.diffusion;

import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * The random process that diffusion models are defined by, backwards (Ho et al. 2020, algorithm 2), on some of its steps.
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param spacing where the times lie
 * @param offset added to times that are multiples of a stride
 * @param clip bound of x₀ on both sides; 0 for none
 * @param variance of the noise of a step
 */
public record Ddpm(
        NoiseSchedule noise,
        NoiseSchedule.Prediction prediction,
        Scheduler.Spacing spacing,
        int offset,
        double clip,
        Variance variance)
        implements StepScheduler {
    private static final double SMALLEST = 1e-20;

    /** The variance of the noise of a step. */
    public enum Variance {
        /** That of the step given x₀. */
        FIXED_SMALL,
        /** That of the step by itself. */
        FIXED_LARGE,
        /** Between the two, by the second half of the network's channels (Nichol and Dhariwal 2021). */
        LEARNED_RANGE
    }

    public Ddpm {
        Check.require(clip >= 0, "clip_sample_range", clip, "at least 0");
    }

    /** With the schedule of Stable Diffusion. */
    public Ddpm() {
        this(
                new NoiseSchedule(),
                NoiseSchedule.Prediction.NOISE,
                Scheduler.Spacing.LEADING,
                1,
                0,
                Variance.FIXED_SMALL);
    }

    static Ddpm of(ConfigFile file) {
        file.only("thresholding", false);
        String variance = file.oneOf("variance_type", "fixed_small", "fixed_small", "fixed_large", "learned_range");
        return new Ddpm(
                NoiseSchedule.of(file, 0.0001, 0.02, "linear"),
                NoiseSchedule.Prediction.of(file),
                Scheduler.Spacing.of(file, "leading"),
                file.whole("steps_offset", 0),
                Ddim.clip(file),
                Variance.valueOf(variance.toUpperCase(Locale.ROOT)));
    }

    @Override
    public List<Double> times(int steps) {
        return Scheduler.list(spacing.times(noise.steps(), steps, offset, true));
    }

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        double[] bars = noise.alphaBars();
        List<Double> times = times(course.steps());
        int stride = noise.steps() / course.steps();
        return Tensors.within(() -> {
            Tensor x = start;
            int draws = 0;
            for (int i = course.skipped(); i < times.size(); i++) {
                int t = times.get(i).intValue();
                double now = bars[t];
                double then = t - stride >= 0 ? bars[t - stride] : 1;
                double alpha = now / then;
                Tensor both = Scheduler.ask(network, x, t);
                long channels = x.size(1);
                boolean learned = variance == Variance.LEARNED_RANGE;
                Layers.require(both, "the network's output", outputs(x, learned));
                Tensor out = both.narrow(1, 0, channels);
                Tensor clean = Ddim.clipped(prediction.clean(out, x, Math.sqrt(now), Math.sqrt(1 - now)), clip);
                Tensor mean = NoiseSchedule.mix(
                        Math.sqrt(then) * (1 - alpha) / (1 - now), clean, Math.sqrt(alpha) * (1 - then) / (1 - now), x);
                if (t > 0) {
                    Tensor z = course.noise().apply(draws++);
                    double small = Math.max((1 - then) / (1 - now) * (1 - alpha), SMALLEST);
                    double large = 1 - alpha;
                    mean = switch (variance) {
                        case FIXED_SMALL -> mean.add(z, new Scalar(Math.sqrt(small)));
                        case FIXED_LARGE -> mean.add(z, new Scalar(Math.sqrt(large)));
                        case LEARNED_RANGE -> {
                            TensorVector halves = both.chunk(2, 1);
                            double low = Math.log(small);
                            double high = Math.log(large);
                            Tensor logarithm = halves.get(1)
                                    .add(new Scalar(1))
                                    .mul(new Scalar((high - low) / 2))
                                    .add(new Scalar(low));
                            yield mean.add(logarithm.mul(new Scalar(0.5)).exp().mul(z));
                        }
                    };
                }
                x = course.after().of(i, mean);
            }
            return x;
        });
    }

    private static long[] outputs(Tensor x, boolean learned) {
        long[] shape = x.shape();
        shape[1] *= learned ? 2 : 1;
        return shape;
    }
}
