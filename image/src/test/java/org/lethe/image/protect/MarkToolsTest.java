package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageModel;
import org.lethe.image.Mark;
import org.lethe.image.PictureFiles;
import org.lethe.image.Pictures;
import org.lethe.image.model.GaussianWeights;
import org.lethe.torch.Devices;

class MarkToolsTest {
    @TempDir
    Path folder;

    private Path model = Path.of("");

    @BeforeEach
    void save() throws IOException {
        Devices.ready(Device.CPU);
        model = folder.resolve("model.safetensors");
        ImageModel.of(new GaussianWeights(Map.of("", new float[3 * 16 * 16]), 16, 16, .25))
                .save(model, Map.of());
    }

    private MarkFolder painting(Watermark method, int count, String to) {
        return new MarkFolder(
                model,
                method,
                Optional.empty(),
                Optional.empty(),
                Optional.of("a thing"),
                count,
                16,
                folder.resolve("key.safetensors"),
                folder.resolve(to));
    }

    private DetectMark.Result detected(String pictures, String key) throws IOException {
        return new DetectMark(folder.resolve(pictures), folder.resolve(key), Optional.of(model), 1e-6)
                .run(Env.seeded(9));
    }

    private static String printed(MarkFolder.Result result) {
        StringWriter text = new StringWriter();
        result.print(new PrintWriter(text));
        return text.toString();
    }

    @Test
    void paintedPicturesAreFoundAndTheirNoncesStayInTheKey() throws IOException {
        GaussianShading method = new GaussianShading(1, 0, 1, GaussianShading.Nonces.FRESH, 10, 1, 2);
        MarkFolder.Result first = painting(method, 2, "one").run(Env.seeded(1));
        assertTrue(first.newKey() && first.largestP() < 1e-6 && first.found() == 2, first.toString());
        assertFalse(printed(first).contains("do not rely on them"), printed(first));
        MarkFolder.Result second = painting(method, 2, "two").run(Env.seeded(1));
        assertTrue(!second.newKey() && second.pictures() == 2);
        assertEquals(
                4,
                MarkFile.read(folder.resolve("key.safetensors")).words().keySet().stream()
                        .filter(w -> w.startsWith("nonce."))
                        .count());
        assertEquals(2, detected("one", "key.safetensors").marked());
        assertEquals(2, detected("two", "key.safetensors").marked());
        Files.createDirectories(folder.resolve("others"));
        Pictures.write(
                folder.resolve("others/a.png"),
                TierZero.pictures(1, "other", 16).getFirst());
        assertEquals(0, detected("others", "key.safetensors").marked());
        LetheException other = assertThrows(
                LetheException.class, () -> painting(new TreeRing(), 1, "three").run(Env.seeded(1)));
        assertTrue(other.getMessage().contains("a key of gaussian-shading, expected one of tree-ring"));
        LetheException full = assertThrows(
                LetheException.class, () -> painting(method, 1, "one").run(Env.seeded(1)));
        assertTrue(full.getMessage().contains("which is not empty"));
    }

    @Test
    void picturesThatAreThereAreMarkedAndStayAsSimilarAsAskedFor() throws IOException {
        Files.createDirectories(folder.resolve("works"));
        List<Bitmap> works = TierZero.pictures(3, "works", 16);
        for (int n = 0; n < works.size(); n++) {
            Pictures.write(folder.resolve("works/w" + n + ".png"), works.get(n));
        }
        MarkFolder.Result result = new MarkFolder(
                        model,
                        new ZoDiac(TreeRing.Pattern.RING, 0, 0, 5, 1, 3, .02, .9),
                        Optional.of(folder.resolve("works")),
                        Optional.empty(),
                        Optional.empty(),
                        1,
                        512,
                        folder.resolve("key.safetensors"),
                        folder.resolve("marked"))
                .run(Env.seeded(1));
        assertEquals(3, result.pictures());
        assertTrue(result.ssim().orElseThrow() >= .9, result.toString());
        assertEquals(detected("marked", "key.safetensors").marked(), result.found());
        assertTrue(result.found() < 3 && printed(result).contains("do not rely on them"), printed(result));
        assertEquals(3, detected("marked", "key.safetensors").rows().size());
        LetheException none = assertThrows(
                LetheException.class,
                () -> new DetectMark(folder.resolve("marked"), folder.resolve("key.safetensors"), Optional.empty(), .01)
                        .run(Env.seeded(1)));
        assertTrue(none.getMessage().startsWith("--model is missing: zodiac"));
    }

    @Test
    void filesThatAreNoPicturesAndPicturesOfOtherSizesAreNamedAndTheOthersMarked() throws IOException {
        Path works = Files.createDirectories(folder.resolve("works"));
        Pictures.write(works.resolve("a.png"), TierZero.pictures(1, "a", 16).getFirst());
        Files.writeString(works.resolve("b.png"), "no picture");
        Pictures.write(works.resolve("c.png"), TierZero.pictures(1, "c", 8).getFirst());
        Pictures.write(works.resolve("d.png"), TierZero.pictures(1, "d", 16).getFirst());
        ZoDiac method = new ZoDiac(TreeRing.Pattern.RING, 0, 0, 5, 1, 3, .02, .9);
        MarkFolder.Result result = new MarkFolder(
                        model,
                        method,
                        Optional.of(works),
                        Optional.empty(),
                        Optional.empty(),
                        1,
                        512,
                        folder.resolve("key.safetensors"),
                        folder.resolve("marked"))
                .run(Env.seeded(1));
        assertEquals(2, result.pictures());
        assertEquals(
                List.of("b.png", "c.png"),
                result.left().stream().map(PictureFiles.Left::file).toList());
        Files.writeString(folder.resolve("marked/e.jpg"), "");
        DetectMark.Result found = detected("marked", "key.safetensors");
        assertEquals(2, found.rows().size());
        assertEquals(
                List.of("e.jpg"),
                found.left().stream().map(PictureFiles.Left::file).toList());
    }

    @Test
    void aKeyOfAnotherSizeAndOneThatIsNotThereAreRefused() throws IOException {
        GaussianShading method = new GaussianShading(1, 0, 1, GaussianShading.Nonces.FRESH, 10, 1, 2);
        painting(method, 1, "one").run(Env.seeded(1));
        MarkFolder larger = new MarkFolder(
                model,
                method,
                Optional.empty(),
                Optional.empty(),
                Optional.of("a thing"),
                1,
                32,
                folder.resolve("key.safetensors"),
                folder.resolve("two"));
        assertEquals(
                "gaussian-shading: --size is 32 x 32, expected 16 x 16, as the key is for",
                assertThrows(LetheException.class, () -> larger.run(Env.seeded(1)))
                        .getMessage());
        assertTrue(assertThrows(LetheException.class, () -> detected("one", "nokey"))
                .getMessage()
                .endsWith("nokey, which is no file, expected a key that lethe image mark wrote"));
    }

    @Test
    void anOptionThatTheMethodDoesNotReadIsRefused() {
        MarkFolder both = new MarkFolder(
                model,
                new TreeRing(),
                Optional.of(folder),
                Optional.empty(),
                Optional.of("a thing"),
                1,
                16,
                folder.resolve("key.safetensors"),
                folder.resolve("marked"));
        assertTrue(assertThrows(LetheException.class, () -> both.run(Env.seeded(1)))
                .getMessage()
                .startsWith("--pictures is given, but tree-ring paints a prompt"));
    }

    @Test
    void optionsThatAreMissingAreNamed() {
        LetheException lessons = assertThrows(LetheException.class, () -> {
            Files.createDirectories(folder.resolve("works"));
            Pictures.write(
                    folder.resolve("works/w.png"), TierZero.pictures(1, "w", 16).getFirst());
            new MarkFolder(
                            model,
                            new DiffusionShield(),
                            Optional.of(folder.resolve("works")),
                            Optional.empty(),
                            Optional.empty(),
                            1,
                            16,
                            folder.resolve("key.safetensors"),
                            folder.resolve("marked"))
                    .run(Env.seeded(1));
        });
        assertEquals("--lessons is missing: diffusion-shield needs a folder of other pictures", lessons.getMessage());
        assertThrows(LetheException.class, () -> detected("nowhere", "model.safetensors"));
    }

    @Test
    void aMarkComesBackFromItsFile() throws IOException {
        Mark mark = new Mark(
                "tree-ring",
                Map.of("a", "b c", "lethe", "d"),
                Map.of("key", org.lethe.Safetensors.Tensor.of(new float[] {1, 2, 3}, 3)));
        MarkFile.write(folder.resolve("m.safetensors"), mark);
        Mark read = MarkFile.read(folder.resolve("m.safetensors"));
        assertEquals(mark.method(), read.method());
        assertEquals(mark.words(), read.words());
        assertEquals(2f, new MarkWords(read).floats("key")[1]);
    }
}
