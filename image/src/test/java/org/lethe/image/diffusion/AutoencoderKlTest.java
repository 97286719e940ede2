package org.lethe.image.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.laws.Growth;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class AutoencoderKlTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    @AfterAll
    static void count() {
        System.out.println(Goldens.counted());
    }

    private static AutoencoderKl load() throws IOException {
        return AutoencoderKl.load(Goldens.of("diffusion/vae"), Device.CPU, ScalarType.Float);
    }

    @Test
    void picturesAreEncodedAndDecodedAsInTheReference() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/vae")) {
            AutoencoderKl vae = load();
            AutoencoderKl.Posterior found = vae.encode(golden.tensor("in.image"));
            golden.same("vae", "out.mean", found.mean(), 5e-5);
            golden.same("vae", "out.logvar", found.logVariance(), 5e-5);
            golden.same("vae", "out.std", found.deviation(), 5e-5);
            golden.same("vae", "out.sample", found.sample(golden.tensor("in.noise")), 5e-5);
            golden.same("vae", "out.kl", found.divergence(), 5e-5);
            golden.same("vae", "out.decoded", vae.decode(golden.tensor("in.latent")), 5e-5);
            golden.same(
                    "vae", "out.mean2", vae.encode(golden.tensor("in.image2")).mean(), 5e-5);
            Tensor latent = golden.tensor("in.latent");
            golden.same("vae", "in.latent", vae.unscaled(vae.scaled(latent)), 1e-6);
            assertEquals(
                    0.18215 * latent.sum().item_double(),
                    vae.scaled(latent).sum().item_double(),
                    1e-4);
        }
    }

    @Test
    void gradientsAreThoseOfTheReference() throws IOException {
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/vae")) {
            AutoencoderKl vae = load();
            vae.layers().parameters().train(_ -> true);
            Tensor image = golden.tensor("in.image");
            AutoencoderKl.Posterior found = vae.encode(image);
            Tensor loss = vae.decode(found.mean())
                    .sub(image)
                    .square()
                    .mean()
                    .add(found.divergence().mean().mul(new Scalar(1e-4)));
            assertEquals(Goldens.json("diffusion/vae/golden.json").path("loss").asDouble(), loss.item_double(), 2e-5);
            loss.backward();
            assertEquals(244, golden.sameGradients("grad.", vae.layers().parameters(), 2e-5));
        }
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/vae")) {
            AutoencoderKl vae = load();
            Tensor image = golden.tensor("in.image").requires_grad_(true);
            vae.encode(image).mean().square().sum().backward();
            golden.same("vae", "grad_input.image_of_sum_mean_sq", image.grad(), 2e-5);
            Tensor latent = golden.tensor("in.latent").requires_grad_(true);
            vae.decode(latent).square().mean().backward();
            golden.same("vae", "grad_input.latent_of_mean_sq", latent.grad(), 2e-5);
        }
    }

    @Test
    void olderNamesOfTheAttentionGiveTheSameBits() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/vae")) {
            Path folder = Goldens.of("diffusion/vae");
            AutoencoderKl old = AutoencoderKl.load(
                    AutoencoderKl.Config.read(folder),
                    folder.resolve("legacy-attention-names.safetensors"),
                    Device.CPU,
                    ScalarType.Float);
            Tensor image = golden.tensor("in.image");
            assertArrayEquals(
                    Tensors.floats(load().encode(image).mean().contiguous()),
                    Tensors.floats(old.encode(image).mean().contiguous()));
        }
    }

    @Test
    void namesAndShapesOfFullSizesAreThoseOfTheReference() {
        Goldens.sameShapes(
                "sd15-vae",
                AutoencoderKl.shapes(AutoencoderKl.Config.parse(
                        Goldens.json("shapes/sd15-vae.json").path("config").toString(), "vae")));
    }

    @Test
    void whatItCannotCarryOutIsRefused() throws IOException {
        LetheException wrong = assertThrows(
                LetheException.class,
                () -> AutoencoderKl.Config.parse("{\"act_fn\": \"relu\", \"latent_channels\": 4}", "c.json"));
        assertEquals("c.json: act_fn is \"relu\", expected silu, as nothing else is supported", wrong.getMessage());
        wrong = assertThrows(
                LetheException.class,
                () -> AutoencoderKl.Config.parse(
                        "{\"latents_mean\": [1.0], \"down_block_types\": [\"DownEncoderBlock2D\"],"
                                + " \"up_block_types\": [\"UpDecoderBlock2D\"]}",
                        "c.json"));
        assertEquals("c.json: latents_mean is [1.0], expected it absent, as it is not known here", wrong.getMessage());
        try (var _ = new PointerScope()) {
            AutoencoderKl vae = load();
            IllegalArgumentException odd = assertThrows(
                    IllegalArgumentException.class,
                    () -> vae.encode(org.bytedeco.pytorch.global.torch.zeros(1, 3, 60, 64)));
            assertEquals("size of pictures is 60 x 64, expected multiples of 8", odd.getMessage());
        }
    }

    @Test
    void manyPassesLeaveNoMemoryBehind() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/vae")) {
            AutoencoderKl vae = load();
            Tensor image = golden.tensor("in.image2");
            passes(vae, image, 60); // allocators settle
            long grown = Growth.least(Pointer::physicalBytes, () -> passes(vae, image, 100));
            // a pass makes some 4 MB of tensors, of which none may stay
            assertTrue(grown < 16L << 20, grown + " bytes");
        }
    }

    private static void passes(AutoencoderKl vae, Tensor image, int count) {
        for (int n = 0; n < count; n++) {
            try (var _ = new PointerScope()) {
                vae.decode(vae.encode(image).mean());
            }
        }
    }
}
