package org.lethe.image.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * Latent consistency (Luo et al. 2023): each call jumps to x₀, which is mixed with the state as consistency models ask, and noise of
 * the next level is added.
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param originalSteps of the method that was distilled, of which the times are a choice
 * @param timeScale of the times in the mixture
 * @param clip bound of x₀ on both sides; 0 for none
 * @param alphaOne whether the step before the first has no noise; else it has that of the first
 */
public record Lcm(
        NoiseSchedule noise,
        NoiseSchedule.Prediction prediction,
        int originalSteps,
        double timeScale,
        double clip,
        boolean alphaOne)
        implements StepScheduler {
    private static final double DATA = 0.5; // σ of the data in consistency models

    public Lcm {
        Check.require(
                originalSteps >= 1 && originalSteps <= noise.steps(),
                "original_inference_steps",
                originalSteps,
                "1 to " + noise.steps());
        Check.require(timeScale > 0, "timestep_scaling", timeScale, "above 0");
        Check.require(clip >= 0, "clip_sample_range", clip, "at least 0");
    }

    /** With the schedule of Stable Diffusion and 50 steps of the distilled method. */
    public Lcm() {
        this(new NoiseSchedule(), NoiseSchedule.Prediction.NOISE, 50, 10, 0, true);
    }

    static Lcm of(ConfigFile file) {
        file.only("thresholding", false);
        file.only("timestep_spacing", "leading");
        double range = file.number("clip_sample_range", 1);
        return new Lcm(
                NoiseSchedule.of(file, 0.00085, 0.012, "scaled_linear"),
                NoiseSchedule.Prediction.of(file),
                file.whole("original_inference_steps", 50),
                file.number("timestep_scaling", 10),
                file.flag("clip_sample", false) ? range : 0,
                file.flag("set_alpha_to_one", true));
    }

    @Override
    public List<Double> times(int steps) {
        Check.require(steps >= 1 && steps <= originalSteps, "steps", steps, "1 to the original " + originalSteps);
        int stride = noise.steps() / originalSteps;
        double[] times = new double[steps];
        for (int i = 0; i < steps; i++) {
            int place = (int) Math.floor((double) originalSteps * i / steps); // from the last one down
            times[i] = (originalSteps - place) * stride - 1;
        }
        return Scheduler.list(times);
    }

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        double[] bars = noise.alphaBars();
        List<Double> times = times(course.steps());
        return Tensors.within(() -> {
            Tensor x = start;
            int draws = 0;
            for (int i = course.skipped(); i < times.size(); i++) {
                int t = times.get(i).intValue();
                double a = Math.sqrt(bars[t]);
                double s = Math.sqrt(1 - bars[t]);
                Tensor clean = Ddim.clipped(prediction.clean(Scheduler.ask(network, x, t), x, a, s), clip);
                double scaled = t * timeScale;
                double skip = DATA * DATA / (scaled * scaled + DATA * DATA);
                double out = scaled / Math.sqrt(scaled * scaled + DATA * DATA);
                x = NoiseSchedule.mix(out, clean, skip, x);
                if (i < times.size() - 1) {
                    double then = bars[times.get(i + 1).intValue()];
                    Tensor z = course.noise().apply(draws++);
                    x = NoiseSchedule.mix(Math.sqrt(then), x, Math.sqrt(1 - then), z);
                }
                x = course.after().of(i, x);
            }
            return x;
        });
    }
}
