package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Recomputed;

/** Gradients of what the methods follow, against central differences in double precision. */
class GradientTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static double[] doubles(Tensor tensor) {
        double[] values = new double[(int) tensor.numel()];
        new DoublePointer(tensor.contiguous().data_ptr()).get(values);
        return values;
    }

    private static Tensor pictures() {
        return Sampler.batch(Small.pictures(2, 4, 4, 60, 190)).to(ScalarType.Double);
    }

    private static void agrees(String what, ProjectedGradient.Objective objective) {
        Tensor x = pictures();
        double[] said = doubles(objective.gradient(x, 1));
        double scale = 0;
        for (double s : said) {
            scale = Math.max(scale, Math.abs(s));
        }
        assertTrue(scale > 0, what + " has no gradient");
        double h = 1e-5;
        try (var _ = new NoGradGuard()) {
            for (int i = 0; i < said.length; i += 5) {
                Tensor flat = torch.zeros(said.length).to(ScalarType.Double);
                flat.narrow(0, i, 1).fill_(new Scalar(h));
                Tensor shift = flat.reshape(x.shape());
                double up = objective.of(x.add(shift), 1).sum().item_double();
                double down = objective.of(x.sub(shift), 1).sum().item_double();
                assertEquals((up - down) / (2 * h), said[i], 1e-3 * Math.max(Math.abs(said[i]), 1e-2 * scale), what);
            }
        }
    }

    @Test
    void gradientsAreThoseOfCentralDifferences() {
        try (var _ = new PointerScope()) {
            Map<String, Diffusion> models = new LinkedHashMap<>();
            models.put("exact", Small.gaussian(4, 0.5, 0.1));
            models.put("latent", Small.latent(ScalarType.Double));
            models.forEach((name, model) -> {
                DiffusionLoss loss = DiffusionLoss.of(model, "a painting", Keyed.seed(1));
                agrees(name + " loss of diffusion", AdvDm.raising(loss, 0, 2));
                agrees(
                        name + " length of the latent",
                        (x, _) -> ProjectedGradient.squares(model.posterior(x).mean())
                                .sqrt());
                agrees(name + " short run", new ShortRun(model, "a painting", 2, 3, 0.5, 2.5, Keyed.seed(2), 0));
            });
        }
    }

    /** Going back call by call gives what going back at once gives. */
    @Test
    void aRunInPartsHasTheGradientOfTheWhole() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = Small.latent(ScalarType.Double);
            ShortRun run = new ShortRun(model, "a painting", 3, 4, 0.5, 7.5, Keyed.seed(2), 0);
            ProjectedGradient.Objective whole = (x, step) -> run.of(x, step); // without its own way back
            double[] parts = doubles(run.gradient(pictures(), 4));
            double[] once = doubles(whole.gradient(pictures(), 4));
            for (int i = 0; i < parts.length; i++) {
                assertEquals(once[i], parts[i], 1e-9 * Math.max(1, Math.abs(once[i])));
            }
        }
    }

    /** Large pictures keep the inputs of blocks alone and pass the blocks a second time. */
    @Test
    void blocksThatArePassedTwiceHaveTheSameGradient() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = Small.latent(ScalarType.Double);
            ProjectedGradient.Objective objective =
                    AdvDm.raising(DiffusionLoss.of(model, "a painting", Keyed.seed(1)), 0, 1);
            double[] kept = doubles(objective.gradient(pictures(), 4));
            Tensor at = pictures().requires_grad_(true);
            double[] twice =
                    doubles(Recomputed.derivative(() -> objective.of(at, 4).sum(), at));
            for (int i = 0; i < kept.length; i++) {
                assertEquals(kept[i], twice[i], 1e-9 * Math.max(1, Math.abs(kept[i])));
            }
        }
    }
}
