package org.lethe.image.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * Denoising diffusion implicit models (Song et al. 2021, equation 12): from x₀ and the noise that the network means, to the state of
 * an earlier step, with fresh noise where eta is above 0.
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param spacing where the times lie
 * @param offset added to times that are multiples of a stride
 * @param alphaOne whether the step before the first has no noise; else it has that of the first
 * @param clip bound of x₀ on both sides; 0 for none
 * @param eta share of the noise of the random process that is drawn anew; 0 draws none
 */
public record Ddim(
        NoiseSchedule noise,
        NoiseSchedule.Prediction prediction,
        Scheduler.Spacing spacing,
        int offset,
        boolean alphaOne,
        double clip,
        double eta)
        implements StepScheduler {
    public Ddim {
        Check.require(eta >= 0 && eta <= 1, "eta", eta, "0 to 1");
        Check.require(clip >= 0, "clip_sample_range", clip, "at least 0");
        Check.require(
                !noise.zeroTerminal() || prediction != NoiseSchedule.Prediction.NOISE,
                "prediction_type",
                "epsilon",
                "v_prediction or sample, as the last training step is noise alone");
    }

    /** As Stable Diffusion 1.5 is sampled. */
    public Ddim() {
        this(new NoiseSchedule(), NoiseSchedule.Prediction.NOISE, Scheduler.Spacing.LEADING, 1, false, 0, 0);
    }

    static Ddim of(ConfigFile file) {
        file.only("thresholding", false);
        return new Ddim(
                NoiseSchedule.of(file, 0.0001, 0.02, "linear"),
                NoiseSchedule.Prediction.of(file),
                Scheduler.Spacing.of(file, "leading"),
                file.whole("steps_offset", 0),
                file.flag("set_alpha_to_one", true),
                clip(file),
                0);
    }

    static double clip(ConfigFile file) {
        double range = file.number("clip_sample_range", 1);
        return file.flag("clip_sample", true) ? range : 0;
    }

    /** The same with another share of fresh noise. */
    public Ddim withEta(double share) {
        return new Ddim(noise, prediction, spacing, offset, alphaOne, clip, share);
    }

    @Override
    public List<Double> times(int steps) {
        return Scheduler.list(spacing.times(noise.steps(), steps, offset, true));
    }

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        return until(course.steps(), start, course, network);
    }

    /** The state before a call, counted from 0: what is left of a run that ends there. */
    public Tensor until(int call, Tensor start, Course course, Denoiser network) {
        Check.require(call >= 0 && call <= course.steps(), "call", call, "0 to " + course.steps());
        double[] bars = noise.alphaBars();
        List<Double> times = times(course.steps());
        int stride = noise.steps() / course.steps();
        return Tensors.within(() -> {
            Tensor x = start;
            int draws = 0;
            for (int i = course.skipped(); i < call; i++) {
                int t = times.get(i).intValue();
                double now = bars[t];
                double then = t - stride >= 0 ? bars[t - stride] : alphaOne ? 1 : bars[0];
                double a = Math.sqrt(now);
                double s = Math.sqrt(1 - now);
                Tensor out = Scheduler.ask(network, x, t);
                Tensor clean = clipped(prediction.clean(out, x, a, s), clip);
                Tensor direction = prediction.noise(out, x, a, s);
                double sigma = eta * Math.sqrt((1 - then) / (1 - now) * (1 - now / then));
                x = NoiseSchedule.mix(Math.sqrt(then), clean, Math.sqrt(1 - then - sigma * sigma), direction);
                if (eta > 0) {
                    x = x.add(course.noise().apply(draws++), new Scalar(sigma));
                }
                x = course.after().of(i, x);
            }
            return x;
        });
    }

    static Tensor clipped(Tensor x, double bound) {
        return bound == 0 ? x : x.clamp(new ScalarOptional(new Scalar(-bound)), new ScalarOptional(new Scalar(bound)));
    }
}
