package org.lethe.image.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Optimiser;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;
import org.lethe.torch.UpdateRule;

/** Files of adapters, of learned words and of whole checkpoints, and the losses that train and attack what they hold. */
class DiffusionFilesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    @AfterAll
    static void count() {
        System.out.println(Goldens.counted());
    }

    private static UNet unet() throws IOException {
        return UNet.load(Goldens.of("diffusion/unet-sd15"), Device.CPU, ScalarType.Float);
    }

    private static ClipText text() throws IOException {
        return ClipText.load(Goldens.of("diffusion/clip-text"), Device.CPU, ScalarType.Float);
    }

    private static AutoencoderKl vae() throws IOException {
        return AutoencoderKl.load(Goldens.of("diffusion/vae"), Device.CPU, ScalarType.Float);
    }

    private static Tensor predicted(UNet net, Goldens inputs) {
        return net.predict(
                inputs.tensor("in.sample.0"),
                inputs.ids("in.timestep"),
                UNet.Condition.of(inputs.tensor("in.encoder_hidden_states")));
    }

    @ParameterizedTest
    @CsvSource({"kohya, out.alpha4", "peft-style, out.alpha4", "diffusers-down-up-no-alpha, out.alpha4.scale0.5"})
    void adaptersInThreeSpellingsAreThoseOfTheReference(String name, String expected) throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var inputs = Goldens.in("diffusion/unet-sd15");
                var golden = Goldens.in("diffusion/lora")) {
            UNet net = unet();
            float[] plain = Tensors.floats(predicted(net, inputs));
            DiffusionLora lora = DiffusionLora.read(
                    Goldens.of("diffusion/lora/" + name + ".safetensors"), DiffusionLora.Part.UNET, net.layers());
            assertEquals(160, lora.layers().size());
            net.layers().adapt(lora);
            golden.same(name, expected, predicted(net, inputs), 5e-5);
            if (expected.equals("out.alpha4")) {
                lora.strength(0.5);
                golden.same(name, "out.alpha4.scale0.5", predicted(net, inputs), 5e-5);
            }
            lora.strength(0);
            assertArrayEquals(plain, Tensors.floats(predicted(net, inputs)), "off is the base");
            lora.strength(1);
            lora.merge(net.layers());
            golden.same(name + " merged", expected, predicted(net, inputs), 2e-4);
            lora.unmerge(net.layers());
            golden.same(name + " unmerged", expected, predicted(net, inputs), 1e-4);
            net.layers().release();
            assertArrayEquals(plain, Tensors.floats(predicted(net, inputs)), 1e-4f);
        }
    }

    /**
     * The file without alpha mixes two spellings. The reference that made the golden tensor read one of them and passed over the
     * other in silence; the part that it did read is compared here, and the whole file above, with scale 1.
     */
    @Test
    void withoutAlphaTheScaleIsOne() throws IOException {
        Path file = Goldens.of("diffusion/lora/diffusers-down-up-no-alpha.safetensors");
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var inputs = Goldens.in("diffusion/unet-sd15");
                var golden = Goldens.in("diffusion/lora");
                var opened = Goldens.open(file)) {
            Map<String, Tensor> half = new LinkedHashMap<>();
            for (String name : opened.names()) {
                if (!name.contains(".lora.")) {
                    half.put(name, opened.tensor(name));
                }
            }
            ModelFiles.write(folder.resolve("half.safetensors"), Parameters.of(half), Map.of());
            UNet net = unet();
            net.layers()
                    .adapt(DiffusionLora.read(
                            folder.resolve("half.safetensors"), DiffusionLora.Part.UNET, net.layers()));
            golden.same("half", "out.alpha_missing_means_rank", predicted(net, inputs), 5e-5);
        }
    }

    @Test
    void adaptersOfTextEncodersAreThoseOfTheReference() throws IOException {
        Path file = Goldens.of("diffusion/lora/kohya-text-encoder.safetensors");
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.open(Goldens.of("diffusion/lora/golden-text-encoder.safetensors"))) {
            ClipText text = text();
            text.layers().adapt(DiffusionLora.read(file, DiffusionLora.Part.TEXT, text.layers()));
            golden.same(
                    "kohya",
                    "out.last_hidden_state",
                    text.encode(golden.ids("in.ids")).last(),
                    5e-5);
            assertTrue(!DiffusionLora.has(file, DiffusionLora.Part.UNET));
        }
    }

    @Test
    void aFreshAdapterChangesNothingLearnsAndIsReadBack() throws IOException {
        try (var _ = new PointerScope();
                var inputs = Goldens.in("diffusion/unet-sd15")) {
            UNet net = unet();
            float[] plain = Tensors.floats(predicted(net, inputs));
            DiffusionLora lora = DiffusionLora.fresh(
                    DiffusionLora.Part.UNET,
                    net.layers(),
                    n -> n.endsWith("to_q") || n.endsWith("conv1") || n.endsWith("downsamplers.0.conv"),
                    2,
                    4,
                    Keyed.seed(1));
            net.layers().adapt(lora);
            assertArrayEquals(plain, Tensors.floats(predicted(net, inputs).detach()));
            Optimiser optimiser = new Optimiser(new UpdateRule.AdamW(1e-2, 0), lora.parameters(), Optimiser.ALL);
            double before = 0;
            double after = 0;
            for (int step = 0; step < 4; step++) {
                Tensor loss = predicted(net, inputs).square().mean();
                before = step == 0 ? loss.item_double() : before;
                after = loss.item_double();
                loss.backward();
                optimiser.step(1);
                optimiser.dropGradients();
            }
            assertTrue(after < 0.95 * before, before + " to " + after);
            float[] trained = Tensors.floats(predicted(net, inputs).detach());
            lora.save(folder.resolve("lora.safetensors"));
            net.layers()
                    .adapt(DiffusionLora.read(
                            folder.resolve("lora.safetensors"), DiffusionLora.Part.UNET, net.layers()));
            assertArrayEquals(trained, Tensors.floats(predicted(net, inputs).detach()));
        }
    }

    @Test
    void adaptersThatDoNotFitAreRefusedByName() throws IOException {
        try (var _ = new PointerScope()) {
            UNet net = unet();
            for (Object[] bad : new Object[][] {
                {"unet.mid_block.attentions.0.proj_on.lora_A.weight", "fits no layer; the nearest is"},
                {"unet.conv_in.lora_A.weight", "layer conv_in has no matrix B, expected both"},
                {"unet.conv_in.lora_mid.weight", "is of no known kind"},
                {"model.conv_in.lora_A.weight", "is of no known part"},
                {"text_encoder.x.lora_A.weight", "has nothing for UNET"}
            }) {
                Path file = folder.resolve("bad.safetensors");
                ModelFiles.write(file, Parameters.of(Map.of((String) bad[0], torch.zeros(2, 4, 3, 3))), Map.of());
                LetheException wrong = assertThrows(
                        LetheException.class, () -> DiffusionLora.read(file, DiffusionLora.Part.UNET, net.layers()));
                assertTrue(wrong.getMessage().contains((String) bad[1]), wrong.getMessage());
            }
        }
    }

    @Test
    void namesOfSingleFilesAreThoseOfTheReference() throws IOException {
        JsonNode said = Goldens.json("diffusion/single-file/names.json");
        assertEquals(
                map(said.path("unet")),
                new TreeMap<>(SingleFile.unetNames(UNet.Config.read(Goldens.of("diffusion/unet-sd15")))));
        assertEquals(
                map(said.path("vae")),
                new TreeMap<>(SingleFile.autoencoderNames(AutoencoderKl.Config.read(Goldens.of("diffusion/vae")))));
    }

    private static Map<String, String> map(JsonNode node) {
        Map<String, String> map = new TreeMap<>();
        node.properties().forEach(e -> map.put(e.getKey(), e.getValue().asText()));
        return map;
    }

    @Test
    void aSingleFileGivesTheSameBits() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/training")) {
            UNet net = unet();
            AutoencoderKl vae = vae();
            ClipText text = text();
            Map<String, Tensor> all = new LinkedHashMap<>();
            Map<String, String> names = SingleFile.unetNames(net.config());
            net.layers().parameters().all().forEach((n, t) -> all.put(Objects.requireNonNull(names.get(n)), t));
            Map<String, String> vaeNames = SingleFile.autoencoderNames(vae.config());
            vae.layers()
                    .parameters()
                    .all()
                    .forEach((n, t) -> all.put(
                            Objects.requireNonNull(vaeNames.get(n)),
                            n.contains(".attentions.") && t.dim() == 2 ? t.view(t.size(0), t.size(1), 1, 1) : t));
            text.layers().parameters().all().forEach((n, t) -> all.put("cond_stage_model.transformer." + n, t));
            all.put("betas", torch.zeros(1000));
            Path file = folder.resolve("v1.safetensors");
            ModelFiles.write(file, Parameters.of(all), Map.of());

            SingleFile single = new SingleFile(file);
            same(
                    net.layers(),
                    single.unet(net.config(), Device.CPU, ScalarType.Float).layers());
            same(
                    vae.layers(),
                    single.autoencoder(vae.config(), Device.CPU, ScalarType.Float)
                            .layers());
            same(
                    text.layers(),
                    single.text(text.config(), Device.CPU, ScalarType.Float).layers());
            assertTrue(golden.has("in.image"));
        }
    }

    private static void same(Layers one, Layers other) {
        one.parameters()
                .all()
                .forEach((name, tensor) -> assertArrayEquals(
                        Tensors.floats(tensor),
                        Tensors.floats(other.parameters().tensor(name)),
                        name));
    }

    @Test
    void learnedWordsAreReadAndTrainedAsInTheReference() throws IOException {
        JsonNode said = Goldens.json("diffusion/textual-inversion/golden.json");
        Path files = Goldens.of("diffusion/textual-inversion");
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/textual-inversion")) {
            TextualInversion cat = TextualInversion.read(files.resolve("learned_embeds.safetensors"), false);
            TextualInversion two = TextualInversion.read(files.resolve("learned_embeds_multi.safetensors"), false);
            TextualInversion other = TextualInversion.read(files.resolve("a1111.safetensors"), false);
            assertEquals("<my-cat>", cat.word());
            assertEquals("a1111", other.word());
            assertArrayEquals(cat.rows().getFirst(), other.rows().getFirst());
            assertEquals(
                    said.at("/multi/expanded").asText(),
                    two.expanded(said.at("/multi/prompt").asText()));
            ClipText text = text();
            int vocabulary = text.config().vocabulary();
            List<TextualInversion> words = List.of(cat, two);
            assertEquals(
                    Map.of("<my-cat>", 914, "<two>", 915, "<two>_1", 916), TextualInversion.ids(words, vocabulary));

            Tensor row =
                    Tensors.of(TextualInversion.table(List.of(cat), 32), 1, 32).requires_grad_(true);
            text.add(row);
            Tensor encoded = text.encode(golden.ids("in.ids")).last();
            golden.same("word", "out.last_hidden_state", encoded, 5e-5);
            UNet net = unet();
            Tensor loss = net.predict(golden.tensor("in.noisy"), golden.ids("in.timestep"), UNet.Condition.of(encoded))
                    .sub(golden.tensor("in.noise"))
                    .square()
                    .mean();
            assertEquals(said.path("loss").asDouble(), loss.item_double(), 2e-5);
            loss.backward();
            float[] gradient = golden.floats("grad.embedding_row");
            golden.same("word", "grad.embedding_row", row.grad().view(32), 2e-5);
            Parameters only = Parameters.of(Map.of("row", row));
            new Optimiser(new UpdateRule.AdamW(5e-3, 0.01), only, Optimiser.ALL).step(1);
            golden.same(
                    "word",
                    "adamw.1.embedding_row",
                    Tensors.floats(row.detach()),
                    2e-5,
                    n -> Math.abs(gradient[n]) >= 1e-4,
                    1e-2);

            int[] ids = new int[77];
            Arrays.fill(ids, 913);
            for (int n = 0; n < said.at("/multi/ids").size(); n++) {
                ids[n] = said.at("/multi/ids").get(n).asInt();
            }
            try (var _ = new NoGradGuard()) {
                text.add(Tensors.of(TextualInversion.table(words, 32), 3, 32));
                Tensor found =
                        text.encode(Tensors.of(ids, 1, 77).to(ScalarType.Long)).last();
                golden.same("words", "out.multi.last_hidden_state", found, 5e-5);
            }
        }
    }

    @Test
    void trainingLossesAndTheirGradientsForPicturesAreThoseOfTheReference() throws IOException {
        JsonNode said = Goldens.json("diffusion/training/golden.json");
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/training")) {
            UNet net = unet();
            ClipText text = text();
            AutoencoderKl vae = vae();
            NoiseSchedule schedule = new NoiseSchedule();
            int[] times = Arrays.stream(golden.longs("in.timestep"))
                    .mapToInt(t -> (int) t)
                    .toArray();
            Tensor noise = golden.tensor("in.noise");
            Tensor latents;
            try (var _ = new NoGradGuard()) {
                latents = vae.scaled(vae.encode(golden.tensor("in.image")).sample(golden.tensor("in.posterior_noise")));
            }
            Tensor noisy = schedule.noised(latents, noise, times);
            golden.same("training", "out.noisy", noisy, 5e-5);
            net.layers().parameters().train(_ -> true);
            text.layers().parameters().train(_ -> true);
            Tensor loss = net.predict(
                            noisy,
                            golden.ids("in.timestep"),
                            UNet.Condition.of(text.encode(golden.ids("in.ids")).last()))
                    .sub(noise)
                    .square()
                    .mean();
            assertEquals(said.path("noise_loss").asDouble(), loss.item_double(), 2e-5);
            loss.backward();
            int compared =
                    golden.sameGradients("grad.text_encoder.", text.layers().parameters(), 2e-5)
                            + golden.sameGradients("grad.unet.", net.layers().parameters(), 2e-5);
            assertEquals(88, compared);
            assertEquals(said.path("grad_norm_unet").asDouble(), norm(net), 1e-4);

            net.layers().parameters().train(_ -> false);
            Tensor states = text.encode(golden.ids("in.ids")).last().detach();
            Tensor image = golden.tensor("in.image").requires_grad_(true);
            Tensor mean = vae.scaled(vae.encode(image).mean());
            Tensor attacked = net.predict(
                            schedule.noised(mean, noise, times), golden.ids("in.timestep"), UNet.Condition.of(states))
                    .sub(noise)
                    .square()
                    .mean();
            assertEquals(said.path("image_noise_loss").asDouble(), attacked.item_double(), 2e-5);
            attacked.backward();
            golden.same("training", "grad_input.image_of_noise_loss", image.grad(), 2e-5);

            Tensor again = golden.tensor("in.image").requires_grad_(true);
            Tensor apart = vae.encode(again)
                    .mean()
                    .sub(golden.tensor("in.encoder_target"))
                    .square()
                    .mean();
            assertEquals(said.path("encoder_loss").asDouble(), apart.item_double(), 2e-5);
            apart.backward();
            golden.same("training", "grad_input.image_of_encoder_loss", again.grad(), 2e-5);
        }
    }

    private static double norm(UNet net) {
        double sum = 0;
        for (Tensor t : net.layers().parameters().distinct().values()) {
            sum += t.grad().square().sum().item_double();
        }
        return Math.sqrt(sum);
    }
}
