package org.lethe.image.diffusion;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.lethe.torch.Tensors;

/**
 * Linear multistep: the last four slopes (x − x₀)/σ, by the polynomial through them, which is integrated exactly.
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param spacing where the times lie
 * @param offset added to times that are multiples of a stride
 * @param karras whether levels of noise lie evenly in their 7th root
 */
public record LinearMultistep(
        NoiseSchedule noise, NoiseSchedule.Prediction prediction, Scheduler.Spacing spacing, int offset, boolean karras)
        implements LevelScheduler {
    /** With the schedule of Stable Diffusion. */
    public LinearMultistep() {
        this(new NoiseSchedule(), NoiseSchedule.Prediction.NOISE, Scheduler.Spacing.LEADING, 1, false);
    }

    static LinearMultistep of(ConfigFile file) {
        Sigmas.Settings shared = Sigmas.Settings.of(file);
        return new LinearMultistep(
                shared.noise(), shared.prediction(), shared.spacing(), shared.offset(), shared.karras());
    }

    @Override
    public Sigmas.Settings levels() {
        return new Sigmas.Settings(noise, prediction, spacing, offset, karras);
    }

    private static final int ORDER = 4; // polynomials of degree 3, for which two Gauss points are exact

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        Sigmas run = levels().sigmas(course.steps());
        run.require(course.skipped());
        return Tensors.within(() -> {
            Tensor x = start;
            List<Tensor> slopes = new ArrayList<>();
            for (int i = course.skipped(); i < run.calls(); i++) {
                double sigma = run.sigmas()[i];
                Tensor input = Sigmas.input(x, sigma);
                Tensor out = Scheduler.ask(network, input, run.times()[i]);
                Tensor clean = Sigmas.clean(prediction, out, input, sigma);
                slopes.add(NoiseSchedule.mix(1 / sigma, x, -1 / sigma, clean));
                int order = Math.min(slopes.size(), ORDER);
                for (int k = 0; k < order; k++) {
                    double weight = weight(run.sigmas(), i, order, k);
                    x = NoiseSchedule.mix(1, x, weight, slopes.get(slopes.size() - 1 - k));
                }
                x = course.after().of(i, x);
            }
            return x;
        });
    }

    /** The integral over the step of the polynomial that is 1 at the k-th latest level and 0 at the others: two points suffice. */
    private static double weight(double[] sigmas, int at, int order, int k) {
        double middle = (sigmas[at] + sigmas[at + 1]) / 2;
        double half = (sigmas[at + 1] - sigmas[at]) / 2;
        double sum = 0;
        for (double node : new double[] {-1 / Math.sqrt(3), 1 / Math.sqrt(3)}) {
            double product = 1;
            for (int j = 0; j < order; j++) {
                if (j != k) {
                    product *= (middle + half * node - sigmas[at - j]) / (sigmas[at - k] - sigmas[at - j]);
                }
            }
            sum += product;
        }
        return sum * half;
    }
}
