package org.lethe.image.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.bytedeco.javacpp.Pointer;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.laws.Growth;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class PipelineTest {
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

    /** A folder as published ones are, with the golden files as parts. */
    private Pipeline load() throws IOException {
        Path golden = Goldens.of("diffusion/pipeline-sd15");
        Files.copy(golden.resolve("model_index.json"), folder.resolve("model_index.json"));
        copy(golden.resolve("scheduler"), "scheduler");
        copy(Goldens.of("diffusion/unet-sd15"), "unet");
        copy(Goldens.of("diffusion/vae"), "vae");
        copy(Goldens.of("diffusion/clip-text"), "text_encoder");
        copy(Goldens.of("tokenizers/clip"), "tokenizer");
        return Pipeline.load(folder, Device.CPU, ScalarType.Float);
    }

    private void copy(Path from, String part) throws IOException {
        Files.createDirectories(folder.resolve(part));
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(part).resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static List<String> texts(JsonNode node) {
        return StreamSupport.stream(node.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    private static Pipeline.Guidance guided(Pipeline pipeline, JsonNode said, double rescale) {
        return new Pipeline.Guidance(
                pipeline.model().states(texts(said.path("prompts"))),
                Optional.of(pipeline.model().states(texts(said.path("negative_prompts")))),
                said.path("guidance_scale").asDouble(),
                rescale);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pndm", "ddim", "euler", "dpmpp2m", "unipc"})
    void everyLatentOfARunIsThatOfTheReference(String name) throws IOException {
        JsonNode said = Goldens.json("diffusion/pipeline-sd15/golden.json");
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/pipeline-sd15")) {
            Pipeline read = load();
            assertEquals(new Pndm(), read.scheduler());
            DiffusionScheduler scheduler = switch (name) {
                case "ddim" -> new Ddim();
                case "euler" -> new Euler();
                case "dpmpp2m" -> new DpmSolver();
                case "unipc" -> new UniPc();
                default -> read.scheduler();
            };
            Pipeline pipeline = read.with(scheduler);
            JsonNode run = said.path("runs").path(name);
            for (int i = 0; i < run.path("timesteps").size(); i++) {
                assertEquals(
                        run.path("timesteps").get(i).asDouble(),
                        scheduler.times(5).get(i),
                        1e-6);
            }
            assertEquals(run.path("init_noise_sigma").asDouble(), scheduler.startScale(5), 1e-5);
            List<float[]> states = new ArrayList<>();
            Tensor last = pipeline.latents(
                    golden.tensor("in.latents"),
                    guided(pipeline, said, 0),
                    Scheduler.Course.still(5).with((_, state) -> {
                        states.add(Tensors.floats(state.contiguous()));
                        return state;
                    }));
            float[] all = new float[states.size() * states.getFirst().length];
            for (int i = 0; i < states.size(); i++) {
                System.arraycopy(states.get(i), 0, all, i * states.getFirst().length, states.getFirst().length);
            }
            assertEquals(golden.shape("out." + name + ".steps")[0], states.size());
            same(golden, "out." + name + ".steps", all, 1e-3);
            if (name.equals("ddim")) {
                Tensor pictures = pipeline.pictures(last).permute(0, 2, 3, 1).contiguous();
                same(golden, "out.ddim.image_nhwc_0_1", Tensors.floats(pictures), 1e-4);
                Tensor rescaled = pipeline.latents(
                        golden.tensor("in.latents"), guided(pipeline, said, 0.7), Scheduler.Course.still(5));
                same(golden, "out.ddim.guidance_rescale0.7.latents", Tensors.floats(rescaled), 1e-3);
                Tensor plain = pipeline.latents(
                        golden.tensor("in.latents"),
                        Pipeline.Guidance.none(pipeline.model().states(texts(said.path("prompts")))),
                        Scheduler.Course.still(5));
                same(golden, "out.ddim.no_guidance.latents", Tensors.floats(plain), 1e-3);
            }
        }
    }

    /** With an absolute bound. */
    private static void same(Goldens golden, String name, float[] found, double bound) {
        float largest = 0;
        for (float v : golden.floats(name)) {
            largest = Math.max(largest, Math.abs(v));
        }
        golden.same("pipeline", name, found, bound / Math.max(1, largest), _ -> true, 0);
    }

    @Test
    void promptsInversionAndPicturesMadeOverAreThoseOfTheReference() throws IOException {
        JsonNode said = Goldens.json("diffusion/pipeline-sd15/golden.json");
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/pipeline-sd15")) {
            Pipeline pipeline = load().with(new Ddim());
            List<String> prompts = texts(said.path("prompts"));
            List<String> negative = texts(said.path("negative_prompts"));
            int[] ids = prompts.stream()
                    .flatMapToInt(p -> Arrays.stream(pipeline.model()
                            .tokenizer()
                            .padded(p, 77, pipeline.model().padding())))
                    .toArray();
            assertArrayEquals(
                    Arrays.stream(golden.longs("in.ids")).mapToInt(i -> (int) i).toArray(), ids);
            golden.same("pipeline", "out.prompt_embeds", pipeline.model().states(prompts), 5e-5);
            golden.same(
                    "pipeline", "out.negative_prompt_embeds", pipeline.model().states(negative), 5e-5);

            Pipeline.Guidance empty = Pipeline.Guidance.none(pipeline.model().states(List.of("")));
            Tensor noise = pipeline.with(new DdimInverse())
                    .latents(golden.tensor("in.inversion.latent"), empty, Scheduler.Course.still(20));
            same(golden, "out.inversion.noise", Tensors.floats(noise), 1e-3);
            Tensor back = pipeline.latents(noise, empty, Scheduler.Course.still(20));
            same(golden, "out.inversion.back", Tensors.floats(back), 1e-3);

            Tensor clean = pipeline.model()
                    .vae()
                    .scaled(pipeline.model()
                            .vae()
                            .encode(golden.tensor("in.img2img.image"))
                            .mean());
            Pipeline.Guidance cat = Pipeline.Guidance.none(pipeline.model()
                    .states(List.of(said.path("img2img").path("prompt").asText())));
            Tensor made =
                    pipeline.madeOver(clean, golden.tensor("in.img2img.noise"), 0.5, cat, Scheduler.Course.still(10));
            same(golden, "out.img2img.latents", Tensors.floats(made), 1e-3);
            Tensor decoded =
                    pipeline.model().vae().decode(pipeline.model().vae().unscaled(made));
            same(golden, "out.img2img.image", Tensors.floats(decoded), 1e-4);
        }
    }

    @Test
    void outsideTheMaskAPictureStaysAndInsideItIsMade() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/pipeline-sd15")) {
            Pipeline pipeline = load().with(new Ddim());
            Tensor clean = golden.tensor("in.inversion.latent");
            Tensor noise = golden.tensor("in.img2img.noise");
            Tensor mask = torch.zeros(1, 1, 8, 8);
            mask.narrow(3, 4, 4).fill_(new Scalar(1));
            Pipeline.Guidance guidance = Pipeline.Guidance.none(pipeline.model().states(List.of("a cat")));
            Tensor made = pipeline.latents(
                    noise, guidance, Scheduler.Course.still(4).with(pipeline.keeping(clean, noise, mask, 4)));
            Tensor apart = made.sub(clean).abs();
            assertEquals(0, apart.narrow(3, 0, 4).max().item_double());
            assertTrue(apart.narrow(3, 4, 4).min().item_double() > 0);
        }
    }

    @Test
    void theSameKeyGivesTheSamePicturesWhateverStandsBeside() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Pipeline pipeline = load().with(new EulerAncestral());
            Pipeline.Guidance guidance = Pipeline.Guidance.none(pipeline.model().states(List.of("a cat")));
            List<float[]> found = new ArrayList<>();
            for (int n = 0; n < 3; n++) {
                Tensor noise = pipeline.noise(Keyed.seed(n / 2), 1, 64, 64);
                Tensor made = pipeline.latents(noise, guidance, new Scheduler.Course(3, Keyed.seed(n / 2), noise));
                found.add(Tensors.floats(pipeline.pictures(made)));
            }
            assertArrayEquals(found.get(0), found.get(1));
            assertTrue(!Arrays.equals(found.get(0), found.get(2)));
        }
    }

    @Test
    void runsLeaveNoMemoryBehind() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Pipeline pipeline = load().with(new DpmSolver());
            Tensor states = pipeline.model().states(List.of("a cat"));
            Tensor noise = pipeline.noise(Keyed.seed(1), 1, 64, 64);
            runs(pipeline, states, noise, 5);
            long grown = Growth.least(Pointer::physicalBytes, () -> runs(pipeline, states, noise, 5));
            // a run of five calls makes some 5 MB of tensors, of which none may stay
            assertTrue(grown < 10L << 20, grown + " bytes");
        }
    }

    private static void runs(Pipeline pipeline, Tensor states, Tensor noise, int count) {
        for (int n = 0; n < count; n++) {
            try (var _ = new PointerScope()) {
                pipeline.latents(noise, Pipeline.Guidance.none(states), Scheduler.Course.still(5));
            }
        }
    }

    @Test
    void brokenFoldersAreRefusedByPart() throws IOException {
        load();
        Files.move(folder.resolve("vae"), folder.resolve("elsewhere"));
        LetheException wrong =
                assertThrows(LetheException.class, () -> Pipeline.load(folder, Device.CPU, ScalarType.Float));
        assertEquals(folder + ": the folder vae is not there, which model_index.json names", wrong.getMessage());
        Files.delete(folder.resolve("model_index.json"));
        wrong = assertThrows(LetheException.class, () -> Pipeline.load(folder, Device.CPU, ScalarType.Float));
        assertEquals(
                folder.resolve("model_index.json") + " is not there, expected a configuration", wrong.getMessage());
        Files.writeString(folder.resolve("model_index.json"), "{\"_class_name\": \"StableDiffusionXLPipeline\"}");
        wrong = assertThrows(LetheException.class, () -> Pipeline.load(folder, Device.CPU, ScalarType.Float));
        assertTrue(
                wrong.getMessage()
                        .contains("_class_name is \"StableDiffusionXLPipeline\", expected one of"
                                + " StableDiffusionPipeline"),
                wrong.getMessage());
        copy(Goldens.of("diffusion/unet-sd15"), "vae");
        Files.delete(folder.resolve("model_index.json"));
        Files.copy(Goldens.of("diffusion/pipeline-sd15/model_index.json"), folder.resolve("model_index.json"));
        wrong = assertThrows(LetheException.class, () -> Pipeline.load(folder, Device.CPU, ScalarType.Float));
        assertTrue(
                wrong.getMessage().contains("_class_name is \"UNet2DConditionModel\", expected one of AutoencoderKL"),
                wrong.getMessage());
    }

    @Test
    void promptsAreTokensOfTheReference() throws IOException {
        JsonNode said = Goldens.json("tokenizers/clip/golden.json");
        ClipTokenizer tokenizer = ClipTokenizer.read(Goldens.of("tokenizers/clip"));
        assertEquals(914, tokenizer.size());
        assertEquals(said.path("bos").asInt(), tokenizer.start());
        int cases = 0;
        for (JsonNode one : said.path("cases")) {
            String text = one.path("text").asText();
            assertArrayEquals(ints(one.path("ids")), tokenizer.ids(text), text);
            assertArrayEquals(ints(one.path("padded_77")), tokenizer.padded(text, 77, tokenizer.end()), text);
            cases++;
        }
        assertEquals(60, cases);
        tokenizer.add(Map.of("<my-cat>", 914));
        int[] ids = tokenizer.ids("a <my-cat>, a");
        assertEquals(914, ids[1]);
        assertEquals(4, ids.length);
    }

    private static int[] ints(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }

    @Test
    void brokenTokenizersAreRefusedByLine() throws IOException {
        Path tokens = Goldens.of("tokenizers/clip");
        Files.copy(tokens.resolve("vocab.json"), folder.resolve("vocab.json"));
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\nt h\nt\n");
        LetheException wrong = assertThrows(LetheException.class, () -> ClipTokenizer.read(folder));
        assertEquals(
                folder.resolve("merges.txt") + ": line 3 is \"t\", expected two parts with a space between",
                wrong.getMessage());
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\nzq zq\n");
        wrong = assertThrows(LetheException.class, () -> ClipTokenizer.read(folder));
        assertTrue(wrong.getMessage().endsWith("line 2 makes \"zqzq\", which vocab.json has not"), wrong.getMessage());
        Files.writeString(folder.resolve("vocab.json"), "{\"a\": \"b\"}");
        wrong = assertThrows(LetheException.class, () -> ClipTokenizer.read(folder));
        assertTrue(
                wrong.getMessage().endsWith("token \"a\" has the id \"b\", expected a whole number"),
                wrong.getMessage());
    }
}
