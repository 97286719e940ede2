package org.lethe.image.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Work;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.UNet;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * Networks that an attacker trains without the protected works, on the training works of all styles but the one apart: an autoencoder
 * that is independent of the public model's, deeper and from another seed, and a denoiser of pictures.
 *
 * <p>Each is trained once for a gallery, on first use, with a seed of its own, so that all protections of a study meet the
 * same attacker. On pictures of 16 x 16 it takes about half a minute each on one core, on 32 x 32 two minutes.
 */
public final class AttackerNetworks {
    private static final int AUTOENCODER_STEPS = 200;
    private static final int PIXEL_STEPS = 600;
    private static final int BATCH = 16;
    private static final int WIDTH = 16;
    private static final int BLOCKS = 2; // of a level of the autoencoder; the public one has one
    private static final int LEVELS = 3; // of the denoiser
    private static final long SEED = 2;

    private final int size;
    private final List<Bitmap> pictures;
    private Optional<Map<String, float[]>> autoencoder = Optional.empty();
    private Optional<Map<String, float[]>> pixels = Optional.empty();
    private double scale = 1;

    private AttackerNetworks(int size, List<Bitmap> pictures) {
        this.size = size;
        this.pictures = pictures;
    }

    /** That of a gallery; nothing is trained before it is asked for. */
    public static AttackerNetworks of(Gallery gallery) {
        return gallery.derived(
                AttackerNetworks.class,
                () -> new AttackerNetworks(
                        gallery.height(),
                        gallery.known(Work.Part.TRAINING).stream()
                                .map(Work::picture)
                                .toList()));
    }

    /** The autoencoder in the current scope, as a model that has nothing else. */
    public synchronized Diffusion autoencoder(Env env) {
        if (autoencoder.isEmpty()) {
            Devices.ready(env.device());
            try (var _ = new PointerScope()) {
                Env own = env.with(SEED);
                AutoencoderKl vae = emptyAutoencoder(env.device());
                InitialWeights.draw(
                        vae.layers().parameters(), own.random("first weights of the second autoencoder"), own);
                new AutoencoderTraining(AUTOENCODER_STEPS, BATCH, 2e-3, 1e-4)
                        .train(vae, pictures, "second autoencoder", own);
                scale = 1 / AutoencoderTraining.centre(vae, AutoencoderTraining.latents(vae, pictures));
                autoencoder = Optional.of(kept(vae.layers().parameters()));
            }
        }
        AutoencoderKl vae = emptyAutoencoder(env.device());
        fill(vae.layers().parameters(), autoencoder.get());
        return new LoneAutoencoder(vae);
    }

    private AutoencoderKl emptyAutoencoder(Device device) {
        return new AutoencoderKl(
                AutoencoderKl.Config.parse(Shapes.autoencoder(WIDTH, BLOCKS, size, scale), "second autoencoder"),
                device,
                ScalarType.Float);
    }

    /** The denoiser of pictures in [−1, 1], in the current scope. */
    public synchronized UNet pixels(Env env) {
        if (pixels.isEmpty()) {
            Devices.ready(env.device());
            try (var _ = new PointerScope()) {
                Env own = env.with(SEED);
                UNet network = emptyPixels(env.device());
                InitialWeights.draw(
                        network.layers().parameters(), own.random("first weights of the denoiser of pictures"), own);
                new PixelDiffusion(PIXEL_STEPS, BATCH, 2e-3).train(network, pictures, own);
                pixels = Optional.of(kept(network.layers().parameters()));
            }
        }
        UNet network = emptyPixels(env.device());
        fill(network.layers().parameters(), pixels.get());
        return network;
    }

    /** The noise that the denoiser of pictures learned with. */
    public static NoiseSchedule schedule() {
        return PixelDiffusion.NOISE;
    }

    private UNet emptyPixels(Device device) {
        return new UNet(
                UNet.Config.parse(Shapes.pixelDenoiser(WIDTH, LEVELS, size), "denoiser of pictures"),
                device,
                ScalarType.Float);
    }

    private static Map<String, float[]> kept(Parameters parameters) {
        Map<String, float[]> kept = new LinkedHashMap<>();
        parameters.all().forEach((name, tensor) -> kept.put(name, Tensors.floats(tensor.detach())));
        return kept;
    }

    private static void fill(Parameters parameters, Map<String, float[]> kept) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            kept.forEach((name, values) -> {
                Tensor tensor = parameters.tensor(name);
                tensor.copy_(Tensors.of(values, tensor.shape()));
            });
        }
    }
}
