package org.lethe.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;

class PicturesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private static Bitmap coffee() throws IOException {
        return Pictures.read(Shared.of("images/jpeg-reference/coffee.png"));
    }

    private static byte[] png(BufferedImage image) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "png", out);
        return out.toByteArray();
    }

    @Test
    void losslessFilesComeBackBitByBit() throws IOException {
        Bitmap coffee = coffee();
        Path file = folder.resolve("a.png");
        Pictures.write(file, coffee);
        Bitmap again = Pictures.read(file);
        assertArrayEquals(coffee.bytes(), again.bytes());
        assertArrayEquals(coffee.values(), again.values());
        assertEquals(128, again.width());
    }

    @Test
    void jpegFilesAreDecodedAsInTheReference() throws IOException {
        Path folder = Shared.of("images/jpeg-reference");
        int files = 0;
        for (String name : List.of("chelsea", "coffee", "astronaut")) {
            for (int quality : List.of(10, 25, 50, 75, 90)) {
                for (String colour : List.of("444", "420")) {
                    String stem = name + "-q" + quality + "-" + colour;
                    Bitmap own = Pictures.read(folder.resolve(stem + ".jpg"));
                    Bitmap reference = Pictures.read(folder.resolve(stem + ".decoded.png"));
                    // the same transform; halved colour is enlarged by another filter
                    assertTrue(
                            ImageMetrics.psnr(own, reference) > (colour.equals("444") ? 50 : 35),
                            stem + " " + ImageMetrics.psnr(own, reference));
                    files++;
                }
            }
        }
        assertEquals(30, files);
    }

    @Test
    void qualityIsOnTheUsualScale() throws IOException {
        Bitmap coffee = coffee();
        double last = 0;
        for (int quality : new int[] {10, 25, 50, 75, 90}) {
            Bitmap own = Pictures.decode(Pictures.jpeg(coffee, quality), "own");
            double psnr = ImageMetrics.psnr(coffee, own);
            Path reference = Shared.of("images/jpeg-reference/coffee-q" + quality + "-420.decoded.png");
            assertEquals(ImageMetrics.psnr(coffee, Pictures.read(reference)), psnr, 0.3, "quality " + quality);
            assertTrue(psnr > last);
            last = psnr;
        }
    }

    @Test
    void photographsAreRead() throws IOException {
        for (String name : List.of("astronaut.png", "camera.png", "hubble_deep_field.jpg", "rocket.jpg")) {
            Bitmap photo = Pictures.read(Shared.of("images/photos-free/" + name));
            assertTrue(photo.width() >= 512, name);
            double mean = 0;
            for (float v : photo.values()) {
                mean += v / photo.values().length;
            }
            assertTrue(mean > 0.05 && mean < 0.9, name + " " + mean);
        }
    }

    @Test
    void greyNumbersStayAsTheyAre() throws IOException {
        BufferedImage grey = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSample(0, 0, 0, 128);
        grey.getRaster().setSample(1, 0, 0, 7);
        byte[] bytes = Pictures.decode(png(grey), "grey").bytes();
        assertArrayEquals(new byte[] {(byte) 128, (byte) 128, (byte) 128, 7, 7, 7}, bytes);
    }

    @Test
    void sixteenBitsKeepTheirPrecision() throws IOException {
        BufferedImage deep = new BufferedImage(3, 1, BufferedImage.TYPE_USHORT_GRAY);
        deep.getRaster().setSample(0, 0, 0, 32769);
        deep.getRaster().setSample(1, 0, 0, 1);
        deep.getRaster().setSample(2, 0, 0, 65535);
        float[] values = Pictures.decode(png(deep), "deep").values();
        assertEquals(32769 / 65535.0, values[0], 1e-7);
        assertEquals(1 / 65535.0, values[1], 1e-9);
        assertEquals(1, values[2]);
    }

    @Test
    void transparentPixelsLieOnWhite() throws IOException {
        BufferedImage clear = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
        clear.setRGB(0, 0, 0x00FF0000);
        clear.setRGB(1, 0, 0xFFFF0000);
        clear.setRGB(2, 0, 0x33000000); // a fifth of black
        float[] values = Pictures.decode(png(clear), "clear").values();
        assertArrayEquals(new float[] {1, 1, 0.8f, 1, 0, 0.8f, 1, 0, 0.8f}, values, 1e-6f);
    }

    @Test
    void palettesAreLookedUp() throws IOException {
        byte[] red = {0, (byte) 255};
        byte[] green = {10, 0};
        byte[] blue = {0, 20};
        var model = new IndexColorModel(1, 2, red, green, blue);
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY, model);
        image.getRaster().setSample(1, 0, 0, 1);
        assertArrayEquals(
                new byte[] {0, 10, 0, (byte) 255, 0, 20},
                Pictures.decode(png(image), "palette").bytes());
    }

    /** A chunk after the first one, which has 25 bytes. */
    private static byte[] withChunk(byte[] png, String name, byte[] data) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + data.length);
        CRC32 sum = new CRC32();
        sum.update(name.getBytes(StandardCharsets.ISO_8859_1));
        sum.update(data);
        chunk.putInt(data.length)
                .put(name.getBytes(StandardCharsets.ISO_8859_1))
                .put(data)
                .putInt((int) sum.getValue());
        return ByteBuffer.allocate(png.length + chunk.capacity())
                .put(png, 0, 33)
                .put(chunk.array())
                .put(png, 33, png.length - 33)
                .array();
    }

    @Test
    void colourProfilesAreConverted() {
        byte[] profile = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
        Deflater deflater = new Deflater();
        deflater.setInput(profile);
        deflater.finish();
        byte[] packed = new byte[profile.length + 100];
        int size = deflater.deflate(packed);
        deflater.end();
        byte[] data = new byte[3 + size];
        data[0] = 'l';
        System.arraycopy(packed, 0, data, 3, size);
        Bitmap half = Bitmap.of(new byte[] {(byte) 128, (byte) 128, (byte) 128, 0, (byte) 255, 64}, 2, 1);
        Bitmap found = Pictures.decode(withChunk(Pictures.png(half), "iCCP", data), "linear");
        // linear light 128/255 is 0.7372 in sRGB, 64/255 is 0.5371
        assertEquals(0.7372, found.values()[0], 3e-3);
        assertEquals(0.5371, found.values()[5], 3e-3);
        assertEquals(1, found.values()[3], 3e-3);
        LetheException broken = assertThrows(
                LetheException.class,
                () -> Pictures.decode(withChunk(Pictures.png(half), "iCCP", new byte[] {'x', 0, 0, 1, 2, 3}), "b.png"));
        assertEquals("b.png: has a broken colour profile", broken.getMessage());
    }

    private static byte[] exif(int turn) {
        return new byte[] {
            'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte) turn, 0, 0, 0, 0, 0, 0
        };
    }

    @Test
    void turnsOfCamerasAreCarriedOut() {
        // a b c
        // d e f
        byte[] pixels = new byte[18];
        for (int i = 0; i < 18; i++) {
            pixels[i] = (byte) (10 * (i / 3 + 1));
        }
        byte[] png = Pictures.png(Bitmap.of(pixels, 3, 2));
        String[] expected = {"abc/def", "cba/fed", "fed/cba", "def/abc", "ad/be/cf", "da/eb/fc", "fc/eb/da", "cf/be/ad"
        };
        for (int turn = 1; turn <= 8; turn++) {
            Bitmap found = Pictures.decode(withChunk(png, "eXIf", exif(turn)), "turned");
            StringBuilder text = new StringBuilder();
            byte[] bytes = found.bytes();
            for (int i = 0; i < 6; i++) {
                text.append(i > 0 && i % found.width() == 0 ? "/" : "").append((char) ('a' + bytes[3 * i] / 10 - 1));
            }
            assertEquals(expected[turn - 1], text.toString(), "orientation " + turn);
        }
    }

    @Test
    void turnsInJpegFilesAreCarriedOut() throws IOException {
        Bitmap coffee = coffee().crop(0, 0, 64, 32);
        byte[] jpeg = Pictures.jpeg(coffee, 95);
        byte[] exif = exif(6);
        ByteBuffer all = ByteBuffer.allocate(jpeg.length + 10 + exif.length);
        all.put(jpeg, 0, 2)
                .putShort((short) 0xFFE1)
                .putShort((short) (8 + exif.length))
                .put("Exif\0\0".getBytes(StandardCharsets.ISO_8859_1))
                .put(exif)
                .put(jpeg, 2, jpeg.length - 2);
        Bitmap turned = Pictures.decode(all.array(), "turned");
        Bitmap plain = Pictures.decode(jpeg, "plain");
        assertEquals(32, turned.width());
        assertEquals(64, turned.height());
        assertEquals(plain.values()[31 * 64], turned.values()[0]); // the lower left corner comes to the upper left
    }

    @Test
    void whatIsNoSinglePictureIsRefused() throws IOException {
        Bitmap small = Bitmap.of(new byte[3 * 64], 8, 8);
        byte[] png = Pictures.png(small);
        byte[] jpeg = Pictures.jpeg(coffee(), 75);
        Object[][] cases = {
            {withChunk(png, "acTL", new byte[8]), "is an animation, expected a single picture"},
            {new byte[0], "is empty, expected PNG or JPEG"},
            {"GIF89a0000000".getBytes(StandardCharsets.ISO_8859_1), "is GIF, expected PNG or JPEG"},
            {"RIFF1234WEBPVP8 ".getBytes(StandardCharsets.ISO_8859_1), "is WebP, expected PNG or JPEG"},
            {"hello".getBytes(StandardCharsets.ISO_8859_1), "is of no known kind, expected PNG or JPEG"},
            {Arrays.copyOf(png, png.length - 5), "is cut off: "},
            {Arrays.copyOf(png, 50), "is cut off: the chunk"},
            {Arrays.copyOf(jpeg, jpeg.length / 2), "is cut off or broken: "},
            {Arrays.copyOf(jpeg, 100), "cannot be decoded: "},
        };
        for (Object[] one : cases) {
            LetheException wrong =
                    assertThrows(LetheException.class, () -> Pictures.decode((byte[]) one[0], "p"), (String) one[1]);
            assertTrue(wrong.getMessage().startsWith("p: " + one[1]), wrong.getMessage());
        }
    }

    /** A header that promises a large picture must not take its memory. */
    @Test
    void hugePicturesAreRefusedBeforeTheyTakeMemory() {
        byte[] png = Pictures.png(Bitmap.of(new byte[3], 1, 1));
        ByteBuffer header = ByteBuffer.wrap(png);
        header.putInt(16, 60_000).putInt(20, 60_000);
        CRC32 sum = new CRC32();
        sum.update(png, 12, 17);
        header.putInt(29, (int) sum.getValue());
        LetheException wrong = assertThrows(LetheException.class, () -> Pictures.decode(png, "huge.png"));
        assertEquals("huge.png: has 60000 x 60000 pixels, expected at most 100,000,000", wrong.getMessage());
    }

    @Test
    void randomDamageGivesAnErrorOrAPicture() throws IOException {
        byte[] png = Pictures.png(coffee().crop(0, 0, 32, 32));
        byte[] jpeg = Pictures.jpeg(coffee().crop(0, 0, 32, 32), 75);
        var key = Keyed.seed(8);
        for (int n = 0; n < 300; n++) {
            byte[] damaged = (n % 2 == 0 ? png : jpeg).clone();
            for (int k = 0; k < 3; k++) {
                int at = Keyed.below(key.at(n, 2 * k), damaged.length);
                damaged[at] = (byte) key.at(n, 2 * k + 1);
            }
            try {
                Pictures.decode(damaged, "damaged");
            } catch (LetheException e) {
                assertTrue(e.getMessage().startsWith("damaged: "), e.getMessage());
            }
        }
    }

    @Test
    void fourInksAreRefused() throws IOException {
        Raster inks = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 16, 16, 4, null);
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (var stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(inks, null, null), null);
        }
        writer.dispose();
        LetheException wrong = assertThrows(LetheException.class, () -> Pictures.decode(out.toByteArray(), "inks.jpg"));
        assertTrue(
                wrong.getMessage().startsWith("inks.jpg: has other channels than grey or red, green and blue"),
                wrong.getMessage());
    }

    @Test
    void namesSayTheFormat() {
        Bitmap small = Bitmap.of(new byte[3], 1, 1);
        IllegalArgumentException wrong =
                assertThrows(IllegalArgumentException.class, () -> Pictures.write(folder.resolve("a.gif"), small));
        assertTrue(
                String.valueOf(wrong.getMessage()).endsWith("a.gif, expected .png, .jpg or .jpeg"), wrong.getMessage());
        assertTrue(Files.notExists(folder.resolve("a.gif")));
    }
}
