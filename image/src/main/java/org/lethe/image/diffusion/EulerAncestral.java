package org.lethe.image.diffusion;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.torch.Tensors;

/**
 * The method of Euler with fresh noise at each step, so that a step goes further down than it has to and up again by noise.
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param spacing where the times lie
 * @param offset added to times that are multiples of a stride
 */
public record EulerAncestral(
        NoiseSchedule noise, NoiseSchedule.Prediction prediction, Scheduler.Spacing spacing, int offset)
        implements LevelScheduler {
    /** With the schedule of Stable Diffusion. */
    public EulerAncestral() {
        this(new NoiseSchedule(), NoiseSchedule.Prediction.NOISE, Scheduler.Spacing.LEADING, 1);
    }

    static EulerAncestral of(ConfigFile file) {
        file.only("use_karras_sigmas", false);
        Sigmas.Settings shared = Sigmas.Settings.of(file);
        return new EulerAncestral(shared.noise(), shared.prediction(), shared.spacing(), shared.offset());
    }

    @Override
    public Sigmas.Settings levels() {
        return new Sigmas.Settings(noise, prediction, spacing, offset, false);
    }

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        Sigmas run = levels().sigmas(course.steps());
        run.require(course.skipped());
        return Tensors.within(() -> {
            Tensor x = start;
            int draws = 0;
            for (int i = course.skipped(); i < run.calls(); i++) {
                double sigma = run.sigmas()[i];
                double next = run.sigmas()[i + 1];
                Tensor input = Sigmas.input(x, sigma);
                Tensor out = Scheduler.ask(network, input, run.times()[i]);
                Tensor clean = Sigmas.clean(prediction, out, input, sigma);
                double up = Math.sqrt(next * next * (sigma * sigma - next * next) / (sigma * sigma));
                double down = Math.sqrt(next * next - up * up);
                Tensor slope = NoiseSchedule.mix(1 / sigma, x, -1 / sigma, clean);
                x = NoiseSchedule.mix(1, x, down - sigma, slope);
                x = x.add(course.noise().apply(draws++), new Scalar(up));
                x = course.after().of(i, x);
            }
            return x;
        });
    }
}
