package org.lethe.image.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.image.Bitmap;
import org.lethe.image.Pictures;
import org.lethe.image.model.Generate;
import org.lethe.image.protect.AblatingConcepts;
import org.lethe.image.protect.EraseCheckpoint;
import org.lethe.image.protect.Esd;
import org.lethe.image.protect.ForgetMeNot;
import org.lethe.image.protect.NegativePrompt;
import org.lethe.image.protect.Sanitisation;
import org.lethe.image.protect.Trained;
import org.lethe.image.protect.Uce;
import org.lethe.study.Options;
import org.lethe.torch.Devices;
import org.lethe.torch.ModelFiles;

class EraseCheckpointTest {
    private static final String UNET = "unet/diffusion_pytorch_model.safetensors";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    /** A folder as published ones are, with the golden files as parts. */
    private Path model() throws IOException {
        Path model = folder.resolve("model");
        Path golden = Goldens.of("diffusion/pipeline-sd15");
        Files.createDirectories(model);
        Files.copy(golden.resolve("model_index.json"), model.resolve("model_index.json"));
        copy(golden.resolve("scheduler"), model.resolve("scheduler"));
        copy(Goldens.of("diffusion/unet-sd15"), model.resolve("unet"));
        copy(Goldens.of("diffusion/vae"), model.resolve("vae"));
        copy(Goldens.of("diffusion/clip-text"), model.resolve("text_encoder"));
        copy(Goldens.of("tokenizers/clip"), model.resolve("tokenizer"));
        // samples of 8 x 8, so that pictures are small
        Path config = model.resolve("unet/config.json");
        String said = Files.readString(config).replaceAll("\"sample_size\": *\\d+", "\"sample_size\": 8");
        Files.delete(config);
        Files.writeString(config, said);
        return model;
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.filter(f -> !f.getFileName().toString().startsWith("golden"))
                    .toList()) {
                Files.write(to.resolve(file.getFileName()), Files.readAllBytes(file));
            }
        }
    }

    private EraseCheckpoint tool(Path model, String concept, Sanitisation method) {
        return new EraseCheckpoint(
                model,
                concept,
                true,
                Optional.empty(),
                Optional.of("Monet"),
                Optional.of("cat; house"),
                Optional.empty(),
                method,
                folder.resolve("erased"));
    }

    private static Map<String, byte[]> files(Path root) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(root.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
        return files;
    }

    private static Set<String> differing(Path one, Path other) throws IOException {
        Set<String> differing = new TreeSet<>();
        try (Safetensors a = Safetensors.open(one);
                Safetensors b = Safetensors.open(other)) {
            assertEquals(a.entries().keySet(), b.entries().keySet());
            a.entries().forEach((name, entry) -> {
                assertEquals(entry.dtype(), b.require(name).dtype(), name);
                assertEquals(entry.shape(), b.require(name).shape(), name);
                if (a.bytes(name).mismatch(b.bytes(name)) >= 0) {
                    differing.add(name);
                }
            });
            assertEquals("pt", b.metadata().get("format"));
        }
        return differing;
    }

    @Test
    void aFolderIsWrittenWithEditedMapsAndEveryOtherByteAsItWas() throws IOException {
        Path model = model();
        EraseCheckpoint.Result result =
                tool(model, "Van Gogh; Picasso", new Uce()).run(Env.seeded(1));
        Map<String, byte[]> before = files(model);
        Map<String, byte[]> after = files(folder.resolve("erased"));
        assertEquals(before.keySet(), after.keySet());
        after.forEach((name, bytes) -> {
            if (!name.equals(UNET)) {
                assertArrayEquals(before.get(name), bytes, name);
            }
        });
        Set<String> differing =
                differing(model.resolve(UNET), folder.resolve("erased").resolve(UNET));
        assertFalse(differing.isEmpty());
        differing.forEach(name -> assertTrue(name.matches(".*attn2\\.to_[kv]\\.weight"), name));
        assertEquals(result.tensors(), differing.size());
        assertEquals(
                List.of("a painting in the style of Van Gogh", "a painting in the style of Picasso"),
                result.concepts());
        assertTrue(result.change() > 0 && result.change() < 10, "" + result.change());
        try (var _ = new PointerScope()) {
            LatentDiffusion.load(folder.resolve("erased"), Device.CPU);
        }
        StringWriter printed = new StringWriter();
        result.print(new PrintWriter(printed, true));
        assertTrue(
                printed.toString().startsWith("uce: a painting in the style of Van Gogh; a painting"),
                printed.toString());
    }

    @Test
    void halvedWeightsStayHalvedAndOldCopiesAreNotTakenAlong() throws IOException {
        Path model = model();
        try (var _ = new PointerScope()) {
            UNet half = new UNet(UNet.Config.read(model.resolve("unet")), Device.CPU, ScalarType.Half);
            try (ModelFiles files = ModelFiles.open(model.resolve("unet"))) {
                files.load(half.layers().parameters());
            }
            half.layers().save(model.resolve("unet/diffusion_pytorch_model.fp16.safetensors"));
        }
        Files.delete(model.resolve(UNET));
        Files.writeString(model.resolve("unet/diffusion_pytorch_model.bin"), "old");
        Files.writeString(model.resolve("v1-5-pruned.ckpt"), "old");
        Files.writeString(model.resolve("README.md"), "kept");
        Files.createDirectory(model.resolve(".git"));
        Files.writeString(model.resolve(".git/weights"), "old");
        EraseCheckpoint.Result result = tool(model, "Van Gogh", new Uce()).run(Env.seeded(1));
        Path erased = folder.resolve("erased");
        String variant = "unet/diffusion_pytorch_model.fp16.safetensors";
        Set<String> differing = differing(model.resolve(variant), erased.resolve(variant));
        differing.forEach(name -> assertTrue(name.matches(".*attn2\\.to_[kv]\\.weight"), name));
        assertFalse(differing.isEmpty());
        Set<String> names = files(erased).keySet();
        assertTrue(names.contains("README.md"));
        assertFalse(names.contains(UNET));
        assertFalse(names.contains("unet/diffusion_pytorch_model.bin"));
        assertFalse(names.contains("v1-5-pruned.ckpt"));
        assertFalse(names.contains(".git/weights"));
        assertTrue(result.left().contains("v1-5-pruned.ckpt"), result.left().toString());
    }

    @Test
    void methodsThatTrainWriteTheirPartAlone() throws IOException {
        Path model = model();
        Path erased = folder.resolve("erased");
        Esd esd = new Esd(Trained.SELF_ATTENTION, 1, 1, 1e-4, 3, 2, false);
        tool(model, "Van Gogh", esd).run(Env.seeded(1));
        Set<String> differing = differing(model.resolve(UNET), erased.resolve(UNET));
        differing.forEach(name -> assertTrue(name.contains(".attn1."), name));
        assertFalse(differing.isEmpty());
        remove(erased);

        AblatingConcepts rows =
                new AblatingConcepts(AblatingConcepts.Objective.MODEL, Trained.EMBEDDING, 1, 1, 1e-3, 0, 2, 2, 2, 2, 0);
        tool(model, "Van Gogh", rows).run(Env.seeded(1));
        assertArrayEquals(Files.readAllBytes(model.resolve(UNET)), Files.readAllBytes(erased.resolve(UNET)));
        String text = "text_encoder/model.safetensors";
        assertEquals(1, differing(model.resolve(text), erased.resolve(text)).size());
        remove(erased);

        Path shown = Files.createDirectory(folder.resolve("shown"));
        Pictures.write(shown.resolve("one.png"), new Bitmap(20, 30, new float[3 * 20 * 30]));
        ForgetMeNot away =
                new ForgetMeNot(Trained.CROSS_ATTENTION, 1, 1e-3, 1, 1e-3, 2, ForgetMeNot.Template.STYLE, false, true);
        new EraseCheckpoint(
                        model,
                        "Van Gogh",
                        true,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(shown),
                        away,
                        erased)
                .run(Env.seeded(1));
        differing = differing(model.resolve(UNET), erased.resolve(UNET));
        differing.forEach(name -> assertTrue(name.contains(".attn2."), name));
        assertFalse(differing.isEmpty());
    }

    private static void remove(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    @Test
    void whatCannotBeDoneIsSaidAndNothingIsWritten() throws IOException {
        Path model = model();
        assertEquals(
                "negative-prompt changes no weights, so there is nothing to write: it acts while pictures are made. Give the"
                        + " concept as negative prompt, or as safety concept, to the program that makes them, or choose uce,"
                        + " esd or ablating-concepts",
                refusal(tool(model, "Van Gogh", new NegativePrompt())));
        assertEquals("--concept is \" ; \", expected a name, as \"Van Gogh\"", refusal(tool(model, " ; ", new Uce())));
        EraseCheckpoint plain = new EraseCheckpoint(
                model,
                "dog",
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new AblatingConcepts(),
                folder.resolve("erased"));
        assertTrue(refusal(plain)
                .startsWith("ablating-concepts puts an anchor in the place of \"dog\", and none is given"));
        assertTrue(
                refusal(tool(model, "Van Gogh", new ForgetMeNot())).startsWith("forget-me-not learns from pictures"));
        try (Stream<Path> there = Files.list(folder)) {
            assertEquals(List.of(model), there.toList());
        }
        Files.writeString(folder.resolve("erased"), "");
        assertTrue(refusal(tool(model, "Van Gogh", new Uce())).endsWith("which is a file; expected a new folder"));
        assertEquals(
                "--to is " + model.resolve("inner")
                        + ", which lies within the folder of the model; expected one elsewhere",
                assertThrows(LetheException.class, () -> new PipelineFolder(model).requireNew(model.resolve("inner")))
                        .getMessage());
    }

    private static String refusal(EraseCheckpoint tool) {
        return assertThrows(LetheException.class, () -> tool.run(Env.seeded(1))).getMessage();
    }

    @Test
    void optionsNameMethodsWithTheirSettings() {
        EraseCheckpoint bound = Options.bind(
                new EraseCheckpoint(),
                Map.of(
                        "--model", List.of("sd"),
                        "--concept", List.of("Van Gogh"),
                        "--style", List.of("true"),
                        "--method", List.of("{esd: {iterations: 7, trained: no-cross-attention}}"),
                        "--to", List.of("out")),
                _ -> {});
        assertEquals(new Esd(Trained.NO_CROSS_ATTENTION, 1, 7, 1e-5, 3, 50, false), bound.method());
        Generate generate = Options.bind(
                new Generate(),
                Map.of("--model", List.of("a", "b"), "--prompt", List.of("a cat, red"), "--to", List.of("out")),
                _ -> {});
        assertEquals(List.of(Path.of("a"), Path.of("b")), generate.model());
        assertEquals("a cat, red", generate.prompt());
    }

    @Test
    void modelsPaintSideBySideFromTheSameNoise() throws IOException {
        Path model = model();
        tool(model, "Van Gogh", new Uce()).run(Env.seeded(1));
        Path to = folder.resolve("pictures");
        Generate generate = new Generate(
                List.of(model, folder.resolve("erased"), model),
                "a painting in the style of Van Gogh",
                2,
                Optional.empty(),
                3,
                7.5,
                to);
        Generate.Result result = generate.run(Env.seeded(5));
        assertEquals(6, result.files().size());
        List<Bitmap> made = new ArrayList<>();
        for (Path file : result.files()) {
            made.add(Pictures.read(file));
        }
        int side = made.getFirst().width();
        assertArrayEquals(made.get(0).values(), made.get(4).values());
        assertArrayEquals(made.get(1).values(), made.get(5).values());
        assertFalse(Arrays.equals(made.get(0).values(), made.get(1).values()));
        assertFalse(Arrays.equals(made.get(0).values(), made.get(2).values()));
        Bitmap sheet = Pictures.read(result.sheet());
        assertEquals(2 * side, sheet.width());
        assertEquals(3 * side, sheet.height());
        assertArrayEquals(
                made.get(3).values(), sheet.crop(side, side, side, side).values());
        assertEquals(
                "--to is " + to + ", which is there; expected a new folder or an empty one",
                assertThrows(LetheException.class, () -> generate.run(Env.seeded(5)))
                        .getMessage());
    }
}
