package org.lethe.image.diffusion;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * The method of Heun (Karras et al. 2022, algorithm 1 without churn): a step of Euler, and the same step along the mean of the slopes
 * at both ends; the last step is one of Euler. Asks twice a step.
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param spacing where the times lie
 * @param offset added to times that are multiples of a stride
 * @param karras whether levels of noise lie evenly in their 7th root
 */
public record Heun(
        NoiseSchedule noise, NoiseSchedule.Prediction prediction, Scheduler.Spacing spacing, int offset, boolean karras)
        implements LevelScheduler {
    /** With the schedule of Stable Diffusion. */
    public Heun() {
        this(new NoiseSchedule(), NoiseSchedule.Prediction.NOISE, Scheduler.Spacing.LEADING, 1, false);
    }

    static Heun of(ConfigFile file) {
        file.only("clip_sample", false);
        Sigmas.Settings shared = Sigmas.Settings.of(file);
        return new Heun(shared.noise(), shared.prediction(), shared.spacing(), shared.offset(), shared.karras());
    }

    @Override
    public Sigmas.Settings levels() {
        return new Sigmas.Settings(noise, prediction, spacing, offset, karras);
    }

    @Override
    public List<Double> times(int steps) {
        double[] single = levels().sigmas(steps).times();
        List<Double> times = new ArrayList<>(List.of(single[0]));
        for (int i = 1; i < steps; i++) {
            times.add(single[i]);
            times.add(single[i]);
        }
        return List.copyOf(times);
    }

    /** The second call of a step asks at the level of the next. */
    @Override
    public double level(int steps, int call) {
        return levels().sigmas(steps).sigmas()[(call + 1) / 2];
    }

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        Sigmas run = levels().sigmas(course.steps());
        Check.require(
                course.skipped() % 2 == 0 && course.skipped() / 2 < run.calls(),
                "skipped",
                course.skipped(),
                "whole steps, of two calls each, of which there are " + run.calls());
        return Tensors.within(() -> {
            Tensor x = start;
            for (int i = course.skipped() / 2; i < run.calls(); i++) {
                double sigma = run.sigmas()[i];
                double next = run.sigmas()[i + 1];
                Tensor from = x;
                Tensor slope = slope(network, from, sigma, run.times()[i]);
                x = course.after().of(2 * i, NoiseSchedule.mix(1, from, next - sigma, slope));
                if (next > 0) {
                    Tensor end = slope(network, x, next, run.times()[i + 1]);
                    Tensor mean = NoiseSchedule.mix(0.5, slope, 0.5, end);
                    x = course.after().of(2 * i + 1, NoiseSchedule.mix(1, from, next - sigma, mean));
                }
            }
            return x;
        });
    }

    private Tensor slope(Denoiser network, Tensor x, double sigma, double time) {
        Tensor input = Sigmas.input(x, sigma);
        Tensor clean = Sigmas.clean(prediction, Scheduler.ask(network, input, time), input, sigma);
        return NoiseSchedule.mix(1 / sigma, x, -1 / sigma, clean);
    }
}
