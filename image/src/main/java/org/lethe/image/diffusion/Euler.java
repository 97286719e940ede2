package org.lethe.image.diffusion;

import org.bytedeco.pytorch.Tensor;
import org.lethe.torch.Tensors;

/**
 * The method of Euler on the differential equation of diffusion (Karras et al. 2022, algorithm 1 without churn):
 * x += (x − x₀)/σ · (σ' − σ).
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param spacing where the times lie
 * @param offset added to times that are multiples of a stride
 * @param karras whether levels of noise lie evenly in their 7th root
 */
public record Euler(
        NoiseSchedule noise, NoiseSchedule.Prediction prediction, Scheduler.Spacing spacing, int offset, boolean karras)
        implements LevelScheduler {
    /** With the schedule of Stable Diffusion. */
    public Euler() {
        this(new NoiseSchedule(), NoiseSchedule.Prediction.NOISE, Scheduler.Spacing.LEADING, 1, false);
    }

    static Euler of(ConfigFile file) {
        file.only("final_sigmas_type", "zero");
        Sigmas.Settings shared = Sigmas.Settings.of(file);
        return new Euler(shared.noise(), shared.prediction(), shared.spacing(), shared.offset(), shared.karras());
    }

    @Override
    public Sigmas.Settings levels() {
        return new Sigmas.Settings(noise, prediction, spacing, offset, karras);
    }

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        Sigmas run = levels().sigmas(course.steps());
        run.require(course.skipped());
        return Tensors.within(() -> {
            Tensor x = start;
            for (int i = course.skipped(); i < run.calls(); i++) {
                double sigma = run.sigmas()[i];
                double next = run.sigmas()[i + 1];
                Tensor input = Sigmas.input(x, sigma);
                Tensor out = Scheduler.ask(network, input, run.times()[i]);
                Tensor clean = Sigmas.clean(prediction, out, input, sigma);
                Tensor slope = NoiseSchedule.mix(1 / sigma, x, -1 / sigma, clean);
                x = NoiseSchedule.mix(1, x, next - sigma, slope);
                x = course.after().of(i, x);
            }
            return x;
        });
    }
}
