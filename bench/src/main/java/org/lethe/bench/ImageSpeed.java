package org.lethe.bench;

import java.util.List;
import java.util.Optional;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;
import org.lethe.image.data.PlantedPictures;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.SmallDiffusion;
import org.lethe.image.protect.AdvDm;
import org.lethe.image.protect.Obfuscation;
import org.lethe.torch.Devices;

/** Seconds of a step of {@code latent-diffusion} at 32 pictures of 32 x 32, and of a step of {@code advdm} on 8 of them. */
public final class ImageSpeed {
    private static final int STEPS = 20;

    private ImageSpeed() {}

    public static void main(String[] args) {
        Devices.ready(Device.CPU);
        Gallery data = new PlantedPictures(32, 6, 4, 2, "dotted", 1).load(DataFolders.usual(Optional.empty()));
        train(2, data);
        double few = train(2, data);
        System.out.printf(
                "latent-diffusion, denoiser of 2.8 million weights: %.3f s a step of 32 pictures%n",
                (train(2 + STEPS, data) - few) / STEPS);
        ImageModel model = small(2).train(data, Env.seeded(1));
        List<Work> works = data.works().subList(0, 8);
        protect(2, model, works);
        double start = protect(2, model, works);
        System.out.printf("advdm: %.3f s a step of 8 pictures%n", (protect(2 + STEPS, model, works) - start) / STEPS);
    }

    private static SmallDiffusion small(int steps) {
        return new SmallDiffusion(1, steps, 32, 1e-3, 16, 32, 3, 64, 0.1, 0.99);
    }

    private static double train(int steps, Gallery data) {
        long from = System.nanoTime();
        small(steps).train(data, Env.seeded(1));
        return seconds(from);
    }

    private static double protect(int steps, ImageModel model, List<Work> works) {
        Diffusion open = model.open(Device.CPU);
        long from = System.nanoTime();
        new AdvDm(16, 1, steps, 1, false)
                .protect(
                        open,
                        new Obfuscation.Task(
                                works.stream().map(Work::picture).toList(),
                                "a painting",
                                List.of(),
                                List.of(),
                                Optional.empty()),
                        Env.seeded(1));
        return seconds(from);
    }

    private static double seconds(long from) {
        return (System.nanoTime() - from) / 1e9;
    }
}
