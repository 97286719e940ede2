package org.lethe.image.model;

import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.UNet;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * Teaches a denoiser of pictures without a text (Ho et al. 2020): ‖n − ε(√ᾱ x + √(1 − ᾱ) n)‖², pictures in [−1, 1], β in a straight
 * line from 1e-4 to 0.02.
 *
 * @param steps steps of AdamW with a rate that falls along a cosine
 * @param batch pictures of a step
 * @param learningRate of AdamW
 */
record PixelDiffusion(int steps, int batch, double learningRate) {
    /** The noise of its training. */
    static final NoiseSchedule NOISE = new NoiseSchedule(1000, 1e-4, 0.02, NoiseSchedule.Curve.LINEAR, false);

    PixelDiffusion {
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
    }

    /** Trains in place. */
    void train(UNet network, List<Bitmap> pictures, Env env) {
        Parameters parameters = network.layers().parameters();
        parameters.train(_ -> true);
        Training.of(steps)
                .with(new UpdateRule.AdamW(learningRate, 0.01), new Schedule.Cosine(Math.min(20, steps / 10), 0.05))
                .withAveraging(0.99)
                .run(parameters, new Objective(network, pictures), env);
        parameters.train(_ -> false);
    }

    private final class Objective implements Training.Objective<Tensor> {
        private final UNet network;
        private final List<Bitmap> pictures;

        Objective(UNet network, List<Bitmap> pictures) {
            this.network = network;
            this.pictures = pictures;
        }

        @Override
        public String name() {
            return "pixel diffusion";
        }

        @Override
        public Tensor batch(long step, int part, Keyed key) {
            List<Bitmap> some = IntStream.range(0, batch)
                    .mapToObj(n -> pictures.get(Keyed.below(key.at(n), pictures.size())))
                    .toList();
            return Diffusion.signed(
                    Sampler.batch(some).to(Devices.of(network.layers().device()), ScalarType.Float));
        }

        @Override
        public Tensor loss(Tensor clean, Keyed key) {
            int[] times = IntStream.range(0, batch)
                    .map(n -> Keyed.below(key.of("times").at(n), NOISE.steps()))
                    .toArray();
            float[] asked = new float[batch];
            for (int n = 0; n < batch; n++) {
                asked[n] = times[n];
            }
            Tensor noise = Sampler.normal(key.of("noise"), clean.shape()).to(clean.device(), ScalarType.Float);
            Tensor said = network.predict(
                    NOISE.noised(clean, noise, times), Tensors.of(asked, batch).to(clean.device(), ScalarType.Float));
            return said.sub(noise).square().mean();
        }
    }
}
