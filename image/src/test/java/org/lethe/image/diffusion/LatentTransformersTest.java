package org.lethe.image.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.torch.Devices;

class LatentTransformersTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    @AfterAll
    static void count() {
        System.out.println(Goldens.counted());
    }

    @Test
    void theOneOnClassesIsThatOfTheReference() throws IOException {
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/dit")) {
            Dit dit = Dit.load(Goldens.of("diffusion/dit"), Device.CPU, ScalarType.Float);
            dit.layers().parameters().train(_ -> true);
            golden.same("dit", "out.pos_embed", dit.places(4, 4), 1e-6);
            Tensor sample = golden.tensor("in.sample").requires_grad_(true);
            Tensor out = dit.predict(sample, golden.ids("in.timestep"), golden.ids("in.class_labels"));
            golden.same("dit", "out.sample", out, 5e-5);
            Tensor loss = out.square().mean();
            assertEquals(Goldens.json("diffusion/dit/golden.json").path("loss").asDouble(), loss.item_double(), 2e-5);
            loss.backward();
            golden.same("dit", "grad_input.sample", sample.grad(), 2e-5);
            assertEquals(44, golden.sameGradients("grad.", dit.layers().parameters(), 2e-5));
            try (var _ = new NoGradGuard()) {
                Tensor larger = dit.predict(
                        golden.tensor("in.sample16"),
                        golden.ids("in.timestep").narrow(0, 0, 1),
                        golden.ids("in.class_labels").narrow(0, 0, 1));
                golden.same("dit", "out.sample16", larger, 5e-5);
            }
        }
    }

    @Test
    void theOneOnTextsIsThatOfTheReference() throws IOException {
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/pixart")) {
            PixArt net = PixArt.load(Goldens.of("diffusion/pixart"), Device.CPU, ScalarType.Float);
            net.layers().parameters().train(_ -> true);
            golden.same("pixart", "out.pos_embed", net.places(4, 4), 1e-6);
            Tensor sample = golden.tensor("in.sample").requires_grad_(true);
            Tensor out = net.predict(
                    sample,
                    golden.ids("in.timestep"),
                    golden.tensor("in.encoder_hidden_states"),
                    Optional.of(golden.ids("in.encoder_attention_mask")));
            golden.same("pixart", "out.sample", out, 5e-5);
            Tensor loss = out.square().mean();
            assertEquals(
                    Goldens.json("diffusion/pixart/golden.json").path("loss").asDouble(), loss.item_double(), 2e-5);
            loss.backward();
            golden.same("pixart", "grad_input.sample", sample.grad(), 2e-5);
            assertEquals(57, golden.sameGradients("grad.", net.layers().parameters(), 2e-5));
        }
    }

    @Test
    void namesAndShapesOfFullSizesAreThoseOfTheReference() {
        Goldens.sameShapes(
                "dit-xl-2-256",
                Dit.shapes(Dit.Config.parse(
                        Goldens.json("shapes/dit-xl-2-256.json").path("config").toString(), "dit")));
    }

    @Test
    void whatTheyCannotCarryOutIsRefused() throws IOException {
        LetheException wrong =
                assertThrows(LetheException.class, () -> Dit.Config.parse("{\"norm_type\": \"layer_norm\"}", "c.json"));
        assertEquals(
                "c.json: norm_type is \"layer_norm\", expected ada_norm_zero, as nothing else is supported",
                wrong.getMessage());
        wrong = assertThrows(LetheException.class, () -> PixArt.Config.parse("{\"sample_size\": 128}", "c.json"));
        assertEquals(
                "c.json: use_additional_conditions is absent, expected false: at a sample_size of 128 its absence means"
                        + " true, which is not supported",
                wrong.getMessage());
        try (var _ = new PointerScope()) {
            Dit dit = Dit.load(Goldens.of("diffusion/dit"), Device.CPU, ScalarType.Float);
            IllegalArgumentException odd = assertThrows(
                    IllegalArgumentException.class,
                    () -> dit.predict(
                            torch.zeros(1, 4, 8, 7),
                            torch.zeros(1),
                            torch.zeros(1).to(ScalarType.Long)));
            assertEquals("size of samples is 8 x 7, expected multiples of 2", odd.getMessage());
        }
    }
}
