package org.lethe.video.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.video.BrokenClip;
import org.lethe.video.Clip;

class ClipsTest {
    @TempDir
    Path folder;

    private static Clip noise(int frames, int height, int width, double fps) {
        Keyed key = Keyed.seed(5);
        byte[] rgb = new byte[frames * height * width * 3];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) key.at(i);
        }
        return new Clip(frames, height, width, fps, rgb);
    }

    /** A bright square that moves, over a slope of grey: compressible. */
    private static Clip square(int frames, int height, int width, double fps) {
        byte[] rgb = new byte[frames * height * width * 3];
        for (int n = 0; n < frames; n++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    boolean in = Math.abs(x - 8 - n) < 5 && Math.abs(y - height / 3) < 5;
                    for (int c = 0; c < 3; c++) {
                        rgb[3 * ((n * height + y) * width + x) + c] = (byte) (in ? 220 : 40 + x + y / 2 + 10 * c);
                    }
                }
            }
        }
        return new Clip(frames, height, width, fps, rgb);
    }

    @Test
    void losslessFilmsComeBackBitForBit() throws IOException {
        Clip clip = noise(7, 18, 26, 12.5);
        Path file = folder.resolve("a.mkv");
        FilmWriter.write(file, clip, FilmWriter.Coding.LOSSLESS);
        Clip back = Clips.read(file);
        assertArrayEquals(clip.rgb(), back.rgb());
        assertEquals(7, back.frames());
        assertEquals(26, back.width());
        assertEquals(12.5, back.fps(), 0.01); // MKV counts in thousandths
    }

    @Test
    void smallFilmsComeBackAlmost() throws IOException {
        Clip clip = square(20, 64, 96, 25);
        Path file = folder.resolve("a.mp4");
        FilmWriter.write(file, clip, FilmWriter.Coding.SMALL);
        Clip back = Clips.read(file);
        assertEquals(20, back.frames());
        assertEquals(25, back.fps(), 1e-6);
        double error = 0;
        for (int i = 0; i < clip.rgb().length; i++) {
            double gap = (clip.rgb()[i] & 0xFF) - (back.rgb()[i] & 0xFF);
            error += gap * gap;
        }
        double psnr = 10 * Math.log10(255 * 255 / (error / clip.rgb().length));
        assertTrue(psnr > 35, "PSNR " + psnr);
    }

    @Test
    void variableRateBecomesConstantByTheMomentsOfFrames() throws IOException {
        Clip clip = noise(6, 8, 8, 10);
        Path file = folder.resolve("v.mkv");
        // frames at 0, 0.1, 0.2, 0.5, 0.6, 0.7 s: the third stays for three tenths
        FilmWriter.write(file, clip, FilmWriter.Coding.LOSSLESS, 0, 9000, 18000, 45000, 54000, 63000);
        Clip back = Clips.read(file);
        assertEquals(8, back.frames());
        assertEquals(10, back.fps(), 0.01);
        int[] shown = {0, 1, 2, 2, 2, 3, 4, 5};
        for (int n = 0; n < 8; n++) {
            assertArrayEquals(clip.part(shown[n], 1).rgb(), back.part(n, 1).rgb(), "frame " + n);
        }
    }

    @Test
    void notedRotationIsCarriedOut() throws IOException {
        Clip clip = square(4, 32, 64, 25);
        Path file = folder.resolve("r.mp4");
        FilmWriter.write(file, clip, FilmWriter.Coding.SMALL);
        Clip plain = Clips.read(file);
        byte[] bytes = Files.readAllBytes(file);
        int matrix = indexOf(bytes, "tkhd") + 4 + 40;
        int[] quarter = {0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30}; // a quarter with the clock
        for (int n = 0; n < 9; n++) {
            for (int b = 0; b < 4; b++) {
                bytes[matrix + 4 * n + b] = (byte) (quarter[n] >> (24 - 8 * b));
            }
        }
        Files.write(file, bytes);
        Clip turned = Clips.read(file);
        assertEquals(32, turned.width());
        assertEquals(64, turned.height());
        for (int y = 0; y < 32; y++) {
            for (int x = 0; x < 64; x++) {
                assertEquals(plain.at(2, y, x, 1), turned.at(2, x, 31 - y, 1));
            }
        }
    }

    private static int indexOf(byte[] bytes, String name) {
        byte[] wanted = name.getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i + wanted.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        throw new IllegalArgumentException("no " + name);
    }

    @Test
    void brokenFilmNamesItsFrame() throws IOException {
        Clip clip = noise(12, 64, 64, 25);
        Path file = folder.resolve("b.mp4");
        FilmWriter.write(file, clip, FilmWriter.Coding.SMALL);
        byte[] bytes = Files.readAllBytes(file);
        for (int i = bytes.length / 2; i < bytes.length / 2 + 40; i++) {
            bytes[i] ^= 0x5A;
        }
        Files.write(file, bytes);
        BrokenClip broken = assertThrows(BrokenClip.class, () -> Clips.read(file));
        int frame = broken.frame().orElseThrow();
        assertTrue(frame >= 4 && frame <= 7, broken.getMessage());
        assertTrue(broken.getMessage().startsWith(file + ": frame " + frame + " "), broken.getMessage());
    }

    @Test
    void whatIsNoFilmIsRefused() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.mp4"));
        assertTrue(refusal(empty).contains("is empty"));
        Path text = Files.writeString(folder.resolve("text.mp4"), "once upon a time ".repeat(500));
        assertTrue(refusal(text).contains("cannot be opened as a film"));
        // a playlist could name other files and addresses
        Path list = Files.writeString(
                folder.resolve("list.m3u8"),
                "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n");
        assertTrue(refusal(list).contains("cannot be opened as a film"));
        Path cut = folder.resolve("cut.mp4");
        FilmWriter.write(cut, square(30, 64, 64, 25), FilmWriter.Coding.SMALL);
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 2000));
        assertTrue(refusal(cut).contains("cannot be opened as a film"));
        assertTrue(refusal(folder.resolve("nowhere.mp4")).contains("there is no such file"));
        assertTrue(refusal(Files.createDirectory(folder.resolve("bare"))).contains("has no frame"));
    }

    private static String refusal(Path path) {
        return assertThrows(LetheException.class, () -> Clips.read(path)).getMessage();
    }

    @Test
    void openingManyFilmsLeaksNothing() throws IOException {
        Path file = folder.resolve("l.mkv");
        FilmWriter.write(file, noise(2, 64, 64, 25), FilmWriter.Coding.LOSSLESS);
        Path broken = folder.resolve("k.mkv");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(broken, Arrays.copyOf(bytes, bytes.length - bytes.length / 3));
        for (int n = 0; n < 100; n++) {
            Clips.read(file);
        }
        long before = Pointer.physicalBytes();
        for (int n = 0; n < 900; n++) {
            Clips.read(file);
            if (n % 9 == 0) {
                LetheException.refusal(() -> {
                    try {
                        Clips.read(broken);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
        }
        long grown = Pointer.physicalBytes() - before;
        assertTrue(
                grown < 60_000_000,
                grown + " bytes after 1,000 opens"); // one frame a film would be 11 MB, a decoder 300 MB
    }

    /** A GIF of ImageIO, independent of our decoder. */
    private static byte[] gif(
            int frames, int delay, String disposal, Function<Integer, BufferedImage> picture, boolean interlaced)
            throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        var writer = ImageIO.getImageWritersByFormatName("gif").next();
        try (var stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.prepareWriteSequence(null);
            for (int n = 0; n < frames; n++) {
                BufferedImage image = picture.apply(n);
                IIOMetadata data = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), null);
                IIOMetadataNode root = (IIOMetadataNode) data.getAsTree("javax_imageio_gif_image_1.0");
                IIOMetadataNode control = (IIOMetadataNode)
                        root.getElementsByTagName("GraphicControlExtension").item(0);
                if (control == null) {
                    control = new IIOMetadataNode("GraphicControlExtension");
                    root.appendChild(control);
                }
                control.setAttribute("disposalMethod", disposal);
                control.setAttribute("userInputFlag", "FALSE");
                control.setAttribute(
                        "transparentColorFlag",
                        control.getAttribute("transparentColorFlag").isEmpty()
                                ? "FALSE"
                                : control.getAttribute("transparentColorFlag"));
                control.setAttribute(
                        "transparentColorIndex",
                        control.getAttribute("transparentColorIndex").isEmpty()
                                ? "0"
                                : control.getAttribute("transparentColorIndex"));
                control.setAttribute("delayTime", Integer.toString(n == 2 ? 3 * delay : delay));
                ((IIOMetadataNode) root.getElementsByTagName("ImageDescriptor").item(0))
                        .setAttribute("interlaceFlag", interlaced ? "TRUE" : "FALSE");
                data.setFromTree("javax_imageio_gif_image_1.0", root);
                writer.writeToSequence(new IIOImage(image, null, data), null);
            }
            writer.endWriteSequence();
        }
        return out.toByteArray();
    }

    private static BufferedImage picture(int n) {
        BufferedImage image = new BufferedImage(23, 17, BufferedImage.TYPE_BYTE_INDEXED);
        Keyed key = Keyed.seed(3).of(n);
        for (int y = 0; y < 17; y++) {
            for (int x = 0; x < 23; x++) {
                image.setRGB(x, y, (int) key.at(y, x) & 0xFFFFFF);
            }
        }
        return image;
    }

    @Test
    void gifsAreReadAsAnIndependentWriterMeantThem() throws IOException {
        for (boolean interlaced : new boolean[] {false, true}) {
            Path file = folder.resolve(interlaced + ".gif");
            Files.write(file, gif(4, 10, "none", ClipsTest::picture, interlaced));
            Clip clip = Clips.read(file);
            assertEquals(10, clip.fps(), 1e-9);
            assertEquals(6, clip.frames(), "the third stays for three tenths");
            int[] shown = {0, 1, 2, 2, 2, 3};
            for (int n = 0; n < 6; n++) {
                BufferedImage meant = picture(shown[n]);
                for (int y = 0; y < 17; y++) {
                    for (int x = 0; x < 23; x++) {
                        int rgb = clip.at(n, y, x, 0) << 16 | clip.at(n, y, x, 1) << 8 | clip.at(n, y, x, 2);
                        assertEquals(meant.getRGB(x, y) & 0xFFFFFF, rgb, "frame " + n + " at " + x + ", " + y);
                    }
                }
            }
        }
    }

    @Test
    void everyCutOfAGifIsRefusedWithItsFrame() throws IOException {
        byte[] whole = gif(3, 10, "none", ClipsTest::picture, false);
        Path file = folder.resolve("cut.gif");
        for (int length = 6; length < whole.length; length += 7) {
            Files.write(file, Arrays.copyOf(whole, length));
            BrokenClip broken = assertThrows(BrokenClip.class, () -> Clips.read(file));
            assertTrue(broken.getMessage().contains("cut off"), broken.getMessage());
            assertEquals(true, broken.frame().isPresent());
        }
        Keyed key = Keyed.seed(8);
        for (int n = 0; n < 300; n++) {
            byte[] bent = whole.clone();
            for (int k = 0; k < 3; k++) {
                bent[6 + Keyed.below(key.at(n, k), bent.length - 6)] =
                        (byte) key.of(n).at(k);
            }
            Files.write(file, bent);
            try {
                Clips.read(file);
            } catch (LetheException refused) {
                assertTrue(refused.getMessage().startsWith(file.toString()));
            }
        }
    }

    @Test
    void picturesOfAFolderAreAClipInTheOrderOfTheirNumbers() throws IOException {
        Clip clip = noise(12, 9, 14, 25);
        Path pictures = folder.resolve("pictures");
        Clips.writePictures(pictures, clip);
        for (int n = 0; n < 12; n++) {
            Files.move(pictures.resolve("%05d.png".formatted(n)), pictures.resolve("f" + n + ".png"));
        }
        assertArrayEquals(clip.rgb(), Clips.read(pictures).rgb());
        assertTrue(Clips.isSequence(pictures));
        Clips.writePictures(folder.resolve("other"), noise(1, 9, 15, 25));
        Files.move(folder.resolve("other/00000.png"), pictures.resolve("f12.png"));
        assertEquals(
                Optional.of(12),
                assertThrows(BrokenClip.class, () -> Clips.read(pictures)).frame());
    }

    @Test
    void smallerFramesAreMeansOfTheirAreas() {
        byte[] rgb = new byte[3 * 2 * 6];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (10 * (i / 3));
        }
        Clip small = new Clip(1, 2, 6, 25, rgb).shrunk(1, 4); // each covers one and a half columns of both rows
        assertEquals(Math.round((0 + 0.5 * 10) / 1.5 + 30), small.at(0, 0, 0, 0));
        assertEquals(Math.round((0.5 * 10 + 20) / 1.5 + 30), small.at(0, 0, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> small.shrunk(1, 5));
    }
}
