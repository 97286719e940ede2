package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageModel;
import org.lethe.image.PictureFiles;
import org.lethe.image.Pictures;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.GaussianWeights;
import org.lethe.image.model.LatentWeights;

class ProtectPicturesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private static final Mist SHORT = new Mist(Mist.Mode.FUSED, 8, 2, 3, 1e4, false, true);

    @BeforeEach
    void files() throws IOException {
        Path works = Files.createDirectories(folder.resolve("works"));
        Pictures.write(
                works.resolve("wide.png"), Small.pictures(1, 41, 13, 0, 255).getFirst());
        Pictures.write(
                works.resolve("photo.JPG"), Small.pictures(1, 19, 22, 60, 190).getFirst());
        BufferedImage wide = new BufferedImage(12, 12, BufferedImage.TYPE_USHORT_GRAY);
        for (int i = 0; i < 144; i++) {
            wide.getRaster().setSample(i % 12, i / 12, 0, 400 * i);
        }
        ImageIO.write(wide, "png", works.resolve("deep.png").toFile());
        BufferedImage clear = new BufferedImage(5, 3, BufferedImage.TYPE_INT_ARGB);
        ImageIO.write(clear, "png", works.resolve("clear.png").toFile());
        Files.createDirectories(works.resolve("inner"));
        ImageModel.of(Small.weights()).save(folder.resolve("model.safetensors"), Map.of());
    }

    private ProtectPictures tool(Obfuscation method, Optional<Path> masks, String to) {
        return new ProtectPictures(
                folder.resolve("works"),
                folder.resolve("model.safetensors"),
                method,
                "a painting",
                masks,
                Optional.of(16),
                folder.resolve(to));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void picturesOfAnySizeAreProtectedAndBadOnesNamed() throws IOException {
        Path works = folder.resolve("works");
        Files.writeString(works.resolve("notes.txt"), "to do");
        byte[] whole = Files.readAllBytes(works.resolve("wide.png"));
        Files.write(works.resolve("torn.png"), Arrays.copyOf(whole, whole.length / 2));
        Pictures.write(
                works.resolve("wide.jpg"), Small.pictures(1, 8, 8, 0, 255).getFirst());
        ProtectPictures.Result result = tool(SHORT, Optional.empty(), "out").run(Env.seeded(1));
        assertEquals(
                List.of("clear.png", "deep.png", "photo.JPG", "wide.jpg"),
                result.rows().stream().map(ProtectPictures.Row::file).toList());
        assertEquals(List.of("clear.png", "deep.png", "photo.png", "wide.png"), names(folder.resolve("out")));
        assertEquals(
                List.of("inner", "notes.txt", "torn.png", "wide.png"),
                result.left().stream().map(PictureFiles.Left::file).toList());
        assertTrue(
                result.left().getLast().why().contains("wide.jpg"),
                result.left().toString());
        for (ProtectPictures.Row row : result.rows()) {
            Bitmap before = Pictures.read(works.resolve(row.file()));
            Bitmap after = Pictures.read(row.written());
            Bitmap levels = Bitmap.of(before.bytes(), before.width(), before.height());
            int change = Small.change(levels, after);
            assertEquals(row.largest(), change);
            assertTrue(change >= 4 && change <= 8, row.file() + ": " + change);
            assertEquals(row.width() >= 11 && row.height() >= 11, row.ssim().isPresent());
        }
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        result.print(out);
        out.flush();
        assertTrue(text.toString().contains("not protected:"), text.toString());
        assertThrows(
                LetheException.class, () -> tool(SHORT, Optional.empty(), "out").run(Env.seeded(1)));
    }

    /** What else lies in the folder does not change a bit of a picture. */
    @Test
    void aPictureIsProtectedAsIfItWereAlone() throws IOException {
        tool(SHORT, Optional.empty(), "all").run(Env.seeded(1));
        Files.delete(folder.resolve("works/clear.png"));
        Files.delete(folder.resolve("works/deep.png"));
        tool(SHORT, Optional.empty(), "some").run(Env.seeded(1));
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("all/wide.png")),
                Files.readAllBytes(folder.resolve("some/wide.png")));
    }

    @Test
    void masksAndMethodsThatSeeAllPictures() throws IOException {
        Path masks = Files.createDirectories(folder.resolve("masks"));
        Pictures.write(masks.resolve("wide.png"), new Bitmap(41, 13, new float[3 * 41 * 13]));
        Pictures.write(masks.resolve("photo.JPG"), new Bitmap(3, 3, new float[27]));
        AntiDreamBooth method = new AntiDreamBooth(AntiDreamBooth.Form.ASPL, 6, 1, 1, 1, 3, 1e-4, true, 0, 1, "sks");
        ProtectPictures.Result result = tool(method, Optional.of(masks), "out").run(Env.seeded(1));
        assertEquals(1, result.rows().size());
        assertEquals(0, result.rows().getFirst().largest());
        assertTrue(result.rows().getFirst().psnr().isEmpty());
        assertEquals(4, result.left().size());
        ProtectPictures.Result all = tool(method, Optional.empty(), "all").run(Env.seeded(1));
        assertEquals(4, all.rows().size());
        assertTrue(all.rows().stream().allMatch(r -> r.largest() >= 1 && r.largest() <= 6));
    }

    @Test
    void whatIsMissingIsSaid() throws IOException {
        ProtectPictures gone = new ProtectPictures(
                folder.resolve("none"),
                folder.resolve("model.safetensors"),
                SHORT,
                "a painting",
                Optional.empty(),
                Optional.of(16),
                folder.resolve("out"));
        assertTrue(assertThrows(LetheException.class, () -> gone.run(Env.seeded(1)))
                .getMessage()
                .contains("expected a picture or a folder of pictures"));
        ImageModel.of(new GaussianWeights(Map.of("", new float[48]), 4, 4, 0.5))
                .save(folder.resolve("model.safetensors"), Map.of());
        assertTrue(assertThrows(
                        LetheException.class,
                        () -> tool(SHORT, Optional.empty(), "out").run(Env.seeded(1)))
                .getMessage()
                .contains("is no latent diffusion model"));
        assertFalse(Files.exists(folder.resolve("out")));
    }

    /** A number that is not finite in the weights, or a tensor of another shape, is named before any picture is worked on. */
    @Test
    void brokenWeightsAreNamed() throws IOException {
        Path file = folder.resolve("model.safetensors");
        for (boolean shape : new boolean[] {false, true}) {
            ImageModel.of(spoilt(Small.weights(), shape)).save(file, Map.of());
            String said = assertThrows(
                            LetheException.class,
                            () -> tool(SHORT, Optional.empty(), "out").run(Env.seeded(1)))
                    .getMessage();
            assertTrue(said.startsWith(file + ": "), said);
            assertTrue(said.contains(shape ? "shape of the tensor" : "has the value NaN"), said);
        }
    }

    private static LatentWeights spoilt(LatentWeights weights, boolean shape) {
        Map<Diffusion.Part, Map<String, Safetensors.Tensor>> parts = new EnumMap<>(Diffusion.Part.class);
        weights.parts().forEach((part, tensors) -> parts.put(part, new LinkedHashMap<>(tensors)));
        Map<String, Safetensors.Tensor> denoiser = parts.getOrDefault(Diffusion.Part.DENOISER, Map.of());
        String name = denoiser.keySet().iterator().next();
        int count = (int)
                (Optional.ofNullable(denoiser.get(name)).orElseThrow().data().byteSize() / 4);
        float[] values = new float[count];
        values[count / 2] = shape ? 0 : Float.NaN;
        long[] own = Optional.ofNullable(denoiser.get(name)).orElseThrow().shape().stream()
                .mapToLong(d -> d)
                .toArray();
        denoiser.put(name, Safetensors.Tensor.of(values, shape ? new long[] {1, count} : own));
        return new LatentWeights(weights.unet(), weights.vae(), weights.text(), weights.words(), parts);
    }
}
