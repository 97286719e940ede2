package org.lethe.image.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.torch.Devices;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

class ClipTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    @AfterAll
    static void count() {
        System.out.println(Goldens.counted());
    }

    @Test
    void textsAreEncodedAsInTheReference() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/clip-text")) {
            Path folder = Goldens.of("diffusion/clip-text");
            ClipText text = ClipText.load(folder, Device.CPU, ScalarType.Float);
            Tensor ids = golden.ids("in.ids");
            ClipText.Encoding found = text.encode(ids);
            for (int l = 0; l <= 3; l++) { // the states are those before the final norm
                golden.same("clip", "out.hidden." + l, found.states().get(l), 5e-5);
            }
            golden.same("clip", "out.last_hidden_state", found.last(), 5e-5);
            golden.same("clip", "out.pooled", found.pooled(), 5e-5);
            golden.same("clip", "out.clip_skip2.normed", text.skipped(found, 2), 5e-5);
            assertArrayEquals(Tensors.floats(found.last()), Tensors.floats(text.skipped(found, 1)));
            Tensor mask = golden.ids("in.mask");
            golden.same(
                    "clip",
                    "out.masked.last_hidden_state",
                    text.encode(ids, Optional.of(mask)).last(),
                    5e-5);

            ClipText old = ClipText.load(
                    ClipText.Config.read(folder.resolve("config.eos2.json")),
                    folder.resolve("model.safetensors"),
                    Device.CPU,
                    ScalarType.Float);
            golden.same("eos 2", "out.pooled", old.encode(ids).pooled(), 5e-5);
        }
    }

    @Test
    void theProjectingTowerIsThatOfTheReference() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/clip-text-projection")) {
            ClipText text = ClipText.load(Goldens.of("diffusion/clip-text-projection"), Device.CPU, ScalarType.Float);
            ClipText.Encoding found = text.encode(golden.ids("in.ids"));
            golden.same("sdxl", "out.last_hidden_state", found.last(), 5e-5);
            golden.same("sdxl", "out.penultimate", found.states().get(2), 5e-5);
            golden.same("sdxl", "out.text_embeds", text.projected(found), 5e-5);
        }
    }

    @Test
    void bothTowersAndTheirGradientsAreThoseOfTheReference() throws IOException {
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/clip")) {
            Clip clip = Clip.load(Goldens.of("diffusion/clip"), Device.CPU, ScalarType.Float);
            clip.layers().parameters().train(_ -> true);
            Tensor pixels = golden.tensor("in.pixel_values").requires_grad_(true);
            ClipVision.Encoding seen = clip.vision().encode(pixels);
            golden.same("clip", "out.vision.last_hidden_state", seen.last(), 5e-5);
            golden.same("clip", "out.vision.pooled", clip.projected(seen), 5e-5);
            golden.same("clip", "out.image_features_unnormalised", clip.projected(seen), 5e-5);
            Tensor pictures = clip.pictures(pixels);
            Tensor texts = clip.texts(golden.ids("in.ids"), Optional.of(golden.ids("in.mask")));
            golden.same("clip", "out.image_embeds", pictures, 5e-5);
            golden.same("clip", "out.text_embeds", texts, 5e-5);
            Tensor scores = clip.scores(pictures, texts);
            golden.same("clip", "out.logits_per_image", scores, 5e-5);
            golden.same("clip", "out.logits_per_text", scores.t().contiguous(), 5e-5);

            Tensor square = scores.narrow(1, 0, 2);
            Tensor own = Tensors.of(new int[] {0, 1}, 2).to(ScalarType.Long);
            Tensor loss = torch.cross_entropy_loss(square, own)
                    .add(torch.cross_entropy_loss(square.t(), own))
                    .div(new Scalar(2));
            assertEquals(
                    Goldens.json("diffusion/clip/golden.json")
                            .path("contrastive_loss_rows_0_1")
                            .asDouble(),
                    loss.item_double(),
                    5e-5);
            loss.backward();
            golden.same("clip", "grad_input.pixel_values", pixels.grad(), 2e-5);
            assertTrue(golden.sameGradients("grad.", clip.layers().parameters(), 2e-5) > 90);
        }
    }

    @Test
    void picturesArePreparedAsInTheReference() throws IOException {
        Path folder = Goldens.of("diffusion/clip");
        try (var _ = new PointerScope();
                var golden = Goldens.open(folder.resolve("preprocess.safetensors"));
                var file = Safetensors.open(folder.resolve("preprocess.safetensors"))) {
            byte[] pixels = file.bytes("in.image_hwc_u8").toArray(ValueLayout.JAVA_BYTE);
            Clip.Preprocessing prepared = Clip.Preprocessing.read(folder.resolve("preprocessor_config.json"));
            assertEquals(32, prepared.side());
            golden.same("clip", "out.pixel_values", prepared.of(pixels, 70, 50), 0.05 / 2.2);
        }
    }

    @Test
    void namesAndShapesOfFullSizesAreThoseOfTheReference() {
        Goldens.sameShapes(
                "sd15-text-encoder",
                ClipText.shapes(ClipText.Config.parse(
                        Goldens.json("shapes/sd15-text-encoder.json")
                                .path("config")
                                .toString(),
                        "sd15")));
        Goldens.sameShapes(
                "clip-vit-b-32",
                Clip.shapes(Clip.Config.parse(
                        Goldens.json("shapes/clip-vit-b-32.json").path("config").toString(), "clip")));
    }

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @Test
    void filesWithoutTheStemGiveTheSameBits() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/clip-text")) {
            Path from = Goldens.of("diffusion/clip-text");
            ClipText text = ClipText.load(from, Device.CPU, ScalarType.Float);
            Map<String, Tensor> bare = new LinkedHashMap<>();
            text.layers().parameters().all().forEach((n, t) -> bare.put(n.substring("text_model.".length()), t));
            bare.put("embeddings.position_ids", torch.zeros(1, 77).to(ScalarType.Long));
            ModelFiles.write(folder.resolve("model.safetensors"), Parameters.of(bare), Map.of());
            ClipText again = ClipText.load(text.config(), folder, Device.CPU, ScalarType.Float);
            Tensor ids = golden.ids("in.ids");
            assertArrayEquals(
                    Tensors.floats(text.encode(ids).last()),
                    Tensors.floats(again.encode(ids).last()));
        }
    }

    @Test
    void wrongConfigurationsAreRefusedByField() {
        LetheException wrong =
                assertThrows(LetheException.class, () -> ClipText.Config.parse("{\"hidden_act\": \"tanh\"}", "a.json"));
        assertTrue(wrong.getMessage().startsWith("a.json: hidden_act is \"tanh\", expected silu"), wrong.getMessage());
        wrong = assertThrows(
                LetheException.class, () -> ClipText.Config.parse("{\"num_attention_heads\": 7}", "a.json"));
        assertEquals(
                "a.json: num_attention_heads is 7, expected a divisor of hidden_size, which is 512",
                wrong.getMessage());
        wrong = assertThrows(LetheException.class, () -> ClipText.Config.parse("{\"hidden_size\": 7.5}", "a.json"));
        assertEquals("a.json: hidden_size is 7.5, expected a whole number", wrong.getMessage());
    }
}
