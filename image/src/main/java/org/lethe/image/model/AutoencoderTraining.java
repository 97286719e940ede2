package org.lethe.image.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * Teaches an autoencoder to give pictures back (Rombach et al. 2022, section 3.1, without the critic).
 *
 * <pre>L = mean |x − D(z)| + mean (x − D(z))² + kl · mean KL(q(z | x), N(0, 1)), pictures in [−1, 1]</pre>
 *
 * @param steps steps of AdamW with a rate that falls along a cosine
 * @param batch pictures of a step
 * @param learningRate of AdamW
 * @param kl weight of the divergence of one number of a latent
 */
record AutoencoderTraining(int steps, int batch, double learningRate, double kl) {
    private static final int BLOCK = 64; // pictures that are encoded at once

    AutoencoderTraining {
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
    }

    /** Trains in place; {@code name} is for progress and draws. */
    void train(AutoencoderKl vae, List<Bitmap> pictures, String name, Env env) {
        Parameters parameters = vae.layers().parameters();
        parameters.train(_ -> true);
        Training.of(steps)
                .with(new UpdateRule.AdamW(learningRate, 0), new Schedule.Cosine(Math.min(20, steps / 10), 0.02))
                .run(parameters, new Objective(vae, pictures, name), env);
        parameters.train(_ -> false);
    }

    private final class Objective implements Training.Objective<Tensor> {
        private final AutoencoderKl vae;
        private final List<Bitmap> pictures;
        private final String name;

        Objective(AutoencoderKl vae, List<Bitmap> pictures, String name) {
            this.vae = vae;
            this.pictures = pictures;
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Tensor batch(long step, int part, Keyed key) {
            List<Bitmap> some = IntStream.range(0, batch)
                    .mapToObj(n -> pictures.get(Keyed.below(key.at(n), pictures.size())))
                    .toList();
            return on(vae, some);
        }

        @Override
        public Tensor loss(Tensor signed, Keyed key) {
            AutoencoderKl.Posterior posterior = vae.encode(signed);
            Tensor noise = Sampler.normal(key, posterior.mean().shape()).to(signed.device(), ScalarType.Float);
            Tensor apart = vae.decode(posterior.sample(noise)).sub(signed);
            long size = posterior.mean().numel() / signed.size(0);
            return apart.abs()
                    .mean()
                    .add(apart.square().mean())
                    .add(posterior.divergence().mean().mul(new Scalar(kl / size)));
        }
    }

    private static Tensor on(AutoencoderKl vae, List<Bitmap> pictures) {
        return Diffusion.signed(
                Sampler.batch(pictures).to(Devices.of(vae.layers().device()), ScalarType.Float));
    }

    /** The means of the latents of pictures, not scaled, in the current scope. */
    static Tensor latents(AutoencoderKl vae, List<Bitmap> pictures) {
        try (var _ = new NoGradGuard()) {
            List<Tensor> parts = new ArrayList<>();
            for (int from = 0; from < pictures.size(); from += BLOCK) {
                List<Bitmap> some = pictures.subList(from, Math.min(pictures.size(), from + BLOCK));
                parts.add(Tensors.within(() -> vae.encode(on(vae, some)).mean().contiguous()));
            }
            return torch.cat(new TensorVector(parts.toArray(Tensor[]::new)), 0);
        }
    }

    /**
     * Moves the origin of the latents to their mean, in each channel, without changing a picture: the map after the encoder takes
     * the mean away, and the one before the decoder adds it.
     *
     * @return the standard deviation of the latents
     */
    static double centre(AutoencoderKl vae, Tensor latents) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor mean = latents.mean(0, 2, 3);
            Parameters own = vae.layers().parameters();
            long channels = vae.config().latentChannels();
            own.tensor("quant_conv.bias").detach().narrow(0, 0, channels).sub_(mean);
            Tensor back = own.tensor("post_quant_conv.weight")
                    .detach()
                    .view(channels, channels)
                    .mv(mean);
            own.tensor("post_quant_conv.bias").detach().add_(back);
            return latents.sub(mean.view(1, -1, 1, 1)).square().mean().sqrt().item_double();
        }
    }
}
