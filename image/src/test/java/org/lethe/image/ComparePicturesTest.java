package org.lethe.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;

class ComparePicturesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private Path a = Path.of("");
    private Path b = Path.of("");

    @BeforeEach
    void folders() throws IOException {
        a = Files.createDirectories(folder.resolve("a"));
        b = Files.createDirectories(folder.resolve("b"));
    }

    private static Bitmap noise(int width, int height, int seed, int lift) {
        byte[] bytes = new byte[3 * width * height];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (Keyed.below(Keyed.seed(seed).at(i), 200) + lift);
        }
        return Bitmap.of(bytes, width, height);
    }

    private ComparePictures.Result compared(Optional<Path> clip) throws IOException {
        return new ComparePictures(a, b, clip).run(Env.seeded(1));
    }

    private static ComparePictures.Pair pair(ComparePictures.Result result, String name) {
        return Optional.ofNullable(result.pairs().get(name)).orElseThrow();
    }

    @Test
    void oneLevelMoreIsFortyEightDecibelsAndEqualPicturesCountApart() throws IOException {
        Pictures.write(a.resolve("x.png"), noise(48, 44, 1, 0));
        Pictures.write(b.resolve("x.png"), noise(48, 44, 1, 1));
        Pictures.write(a.resolve("y.png"), noise(48, 44, 2, 0));
        Pictures.write(b.resolve("y.png"), noise(48, 44, 2, 0));
        ComparePictures.Result result = compared(Optional.empty());
        ComparePictures.Pair x = pair(result, "x");
        assertEquals(48.1308036086791, x.psnr().orElseThrow(), 1e-9);
        assertEquals(1, x.largest());
        ComparePictures.Pair y = pair(result, "y");
        assertEquals(Optional.empty(), y.psnr());
        assertEquals(1, y.ssim().orElseThrow(), 1e-12);
        assertEquals(1, y.ssimUniform().orElseThrow(), 1e-12);
        assertEquals(1, y.vif().orElseThrow(), 1e-9);
        assertEquals(1, result.equal());
        ComparePictures.Summary psnr =
                Optional.ofNullable(result.summary().get("psnr")).orElseThrow();
        assertEquals(new ComparePictures.Summary(x.psnr().orElseThrow(), 0, 1), psnr);
        assertEquals(
                2,
                Optional.ofNullable(result.summary().get("ssim")).orElseThrow().n());
        StringWriter out = new StringWriter();
        result.print(new PrintWriter(out, true));
        assertTrue(out.toString().contains("48.13") && out.toString().contains("equal"), out.toString());
        assertTrue(
                String.valueOf(result.facts().get("pairs")).contains("largest=1"),
                result.facts().toString());
    }

    @Test
    void referencePairsHaveTheirPublishedFigures() throws IOException {
        Path shared = Shared.of("images/jpeg-reference");
        for (String name : List.of("chelsea", "coffee", "astronaut")) {
            Files.copy(shared.resolve(name + ".png"), a.resolve(name + ".png"));
            Files.copy(shared.resolve(name + "-q50-444.decoded.png"), b.resolve(name + ".png"));
        }
        ComparePictures.Result result = compared(Optional.empty());
        assertEquals(.583976, pair(result, "chelsea").vif().orElseThrow(), 1e-5);
        assertEquals(.629208, pair(result, "coffee").vif().orElseThrow(), 1e-5);
        assertEquals(.592683, pair(result, "astronaut").vif().orElseThrow(), 1e-5);
        for (String line : Files.readAllLines(shared.resolve("metrics.tsv"))) {
            String[] cells = line.split("\t");
            if (cells[0].endsWith("-q50-444.jpg")) {
                ComparePictures.Pair found = pair(result, cells[0].substring(0, cells[0].indexOf("-q50")));
                assertEquals(Double.parseDouble(cells[3]), found.psnr().orElseThrow(), 1e-5);
                assertEquals(Double.parseDouble(cells[4]), found.ssim().orElseThrow(), 1e-5);
            }
        }
    }

    @Test
    void aBadFileIsNamedAndTheOthersGoOn() throws IOException {
        Pictures.write(a.resolve("good.png"), noise(16, 16, 1, 0));
        Pictures.write(b.resolve("good.jpg"), noise(16, 16, 1, 0)); // another ending is the same name
        Pictures.write(a.resolve("cut.png"), noise(16, 16, 1, 0));
        Files.write(b.resolve("cut.png"), List.of("no picture"));
        Pictures.write(a.resolve("size.png"), noise(16, 16, 1, 0));
        Pictures.write(b.resolve("size.png"), noise(16, 17, 1, 0));
        Pictures.write(a.resolve("alone.png"), noise(16, 16, 1, 0));
        Files.write(a.resolve("notes.txt"), List.of("left out"));
        ComparePictures.Result result = compared(Optional.empty());
        assertEquals(List.of("good"), List.copyOf(result.pairs().keySet()));
        assertTrue(pair(result, "good").largest() > 0);
        assertEquals(
                List.of("cut", "size"),
                result.failed().keySet().stream().sorted().toList());
        assertTrue(String.valueOf(result.failed().get("cut")).contains("expected PNG or JPEG"));
        assertEquals(
                "size of the changed picture is 16 x 17, expected 16 x 16, as the original has",
                result.failed().get("size"));
        assertEquals(List.of(a.resolve("alone").toString()), result.alone());
        assertEquals(
                List.of("VIFp needs pictures of at least 41 x 41 and more than one brightness; 1 pairs have none."),
                result.notes());
    }

    @Test
    void withClipTheCosineOfEqualPicturesIsOneAndTheDistanceNeedsManyPairs() throws IOException {
        Path clip = Shared.of("goldens/diffusion/clip"); // 20 dimensions
        for (int n = 0; n < 22; n++) {
            Pictures.write(a.resolve(n + ".png"), noise(32, 32, n, 0));
            Pictures.write(b.resolve(n + ".png"), noise(32, 32, n == 0 ? 0 : n + 100, 0));
        }
        ComparePictures.Result result = compared(Optional.of(clip));
        assertEquals(1, pair(result, "0").clipI().orElseThrow(), 1e-6);
        assertTrue(pair(result, "1").clipI().orElseThrow() < 1 - 1e-6);
        assertTrue(result.frechet().orElseThrow() > 0);
        for (int n = 5; n < 22; n++) {
            Files.delete(b.resolve(n + ".png"));
        }
        ComparePictures.Result few = compared(Optional.of(clip));
        assertEquals(Optional.empty(), few.frechet());
        assertTrue(
                few.notes().toString().contains("more than the 20 dimensions of CLIP; 5 pairs"),
                few.notes().toString());
    }

    @Test
    void foldersThatCannotBeComparedAreNamed() throws IOException {
        Pictures.write(a.resolve("x.png"), noise(16, 16, 1, 0));
        assertEquals(
                a + " with 1 and " + b + " with 0 pictures have no name in common, expected files of the same names",
                assertThrows(LetheException.class, () -> compared(Optional.empty()))
                        .getMessage());
        Pictures.write(a.resolve("x.jpg"), noise(16, 16, 1, 0));
        assertTrue(String.valueOf(assertThrows(LetheException.class, () -> compared(Optional.empty()))
                        .getMessage())
                .endsWith("have one name, expected each name once"));
        assertEquals(
                folder.resolve("c") + " is no folder, expected one with pictures",
                assertThrows(
                                LetheException.class,
                                () -> new ComparePictures(folder.resolve("c"), b, Optional.empty()).run(Env.seeded(1)))
                        .getMessage());
    }
}
