package org.lethe.image;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ColorConvertOp;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.study.Storage;

/**
 * Pictures in files of PNG and JPEG.
 *
 * <p>What is read becomes sRGB from 0 to 1: transparent pixels lie on white, grey ones have three equal channels, 16 bits keep their
 * precision, a colour profile is converted, and the turn that a camera noted is carried out. Of several pictures in a JPEG file the
 * first is read. Refused are animations, CMYK, other formats, and files that are cut off or broken.
 */
public final class Pictures {
    private static final long LARGEST_FILE = 500_000_000;
    private static final long MOST_PIXELS = 100_000_000;
    private static final int LARGEST_PROFILE = 10_000_000;
    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10};
    private static final String FOUR_INKS =
            "has other channels than grey or red, green and blue, as CMYK has; expected it to be converted to sRGB";
    private static final int ORIENTATION = 0x0112;

    private Pictures() {}

    /** Reads a file. */
    public static Bitmap read(Path file) throws IOException {
        if (Files.size(file) > LARGEST_FILE) {
            throw wrong(file.toString(), "has " + Files.size(file) + " bytes, expected at most 500,000,000");
        }
        return decode(Files.readAllBytes(file), file.toString());
    }

    /**
     * The picture of the bytes of a file.
     *
     * @param where for messages
     */
    public static Bitmap decode(byte[] bytes, String where) {
        boolean png = starts(bytes, PNG);
        boolean jpeg = bytes.length > 2 && (bytes[0] & 0xFF) == 0xFF && (bytes[1] & 0xFF) == 0xD8;
        if (!png && !jpeg) {
            throw wrong(where, "is " + kind(bytes) + ", expected PNG or JPEG");
        }
        Extra extra = png ? chunks(bytes, where) : segments(bytes, where);
        ImageReader reader =
                ImageIO.getImageReadersByFormatName(png ? "png" : "jpeg").next();
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((_, warning) -> warnings.add(warning));
        try (var stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            reader.setInput(stream, false, true);
            long width = reader.getWidth(0);
            long height = reader.getHeight(0);
            if (width * height > MOST_PIXELS) {
                throw wrong(where, "has " + width + " x " + height + " pixels, expected at most 100,000,000");
            }
            BufferedImage image = reader.read(0);
            for (String warning : warnings) {
                String lower = warning.toLowerCase(Locale.ROOT);
                if (lower.contains("premature") || lower.contains("corrupt") || lower.contains("truncat")) {
                    throw wrong(where, "is cut off or broken: " + warning);
                }
            }
            return turned(bitmap(image, extra.profile, where), extra.turn, where);
        } catch (IOException | RuntimeException e) {
            if (e instanceof LetheException known) {
                throw known;
            }
            String said = String.valueOf(e.getMessage());
            throw new LetheException(
                    LetheException.Code.DATA,
                    where + ": " + (said.contains("Unsupported Image Type") ? FOUR_INKS : "cannot be decoded: " + said),
                    e);
        } finally {
            reader.dispose();
        }
    }

    private static boolean starts(byte[] bytes, byte... with) {
        for (int i = 0; i < with.length; i++) {
            if (i >= bytes.length || bytes[i] != with[i]) {
                return false;
            }
        }
        return true;
    }

    private static String kind(byte[] bytes) {
        String head = new String(bytes, 0, Math.min(12, bytes.length), StandardCharsets.ISO_8859_1);
        if (bytes.length == 0) {
            return "empty";
        }
        if (head.startsWith("GIF8")) {
            return "GIF";
        }
        if (head.startsWith("BM")) {
            return "BMP";
        }
        if (head.startsWith("RIFF") && head.endsWith("WEBP")) {
            return "WebP";
        }
        if (head.startsWith("II*\0") || head.startsWith("MM\0*")) {
            return "TIFF";
        }
        return head.contains("ftyp") ? "HEIF, AVIF or a film" : "of no known kind";
    }

    /** What stands beside the pixels: the turn as EXIF counts it, from 1 to 8, and a colour profile. */
    private record Extra(int turn, Optional<byte[]> profile) {}

    /** Walks over the chunks of a PNG file, whose reader passes over what they say about colour and turn. */
    private static Extra chunks(byte[] bytes, String where) {
        ByteBuffer data = ByteBuffer.wrap(bytes);
        int at = PNG.length;
        int turn = 1;
        Optional<byte[]> profile = Optional.empty();
        while (true) {
            if (at + 12L > bytes.length) {
                throw wrong(where, "is cut off: it ends after " + bytes.length + " bytes without the chunk IEND");
            }
            long length = data.getInt(at) & 0xFFFFFFFFL;
            String name = new String(bytes, at + 4, 4, StandardCharsets.ISO_8859_1);
            if (at + 12L + length > bytes.length) {
                throw wrong(
                        where,
                        "is cut off: the chunk " + name + " at byte " + at + " has " + length
                                + " bytes, the file ends after " + bytes.length);
            }
            ByteBuffer chunk = data.slice(at + 8, (int) length);
            switch (name) {
                case "acTL" -> throw wrong(where, "is an animation, expected a single picture");
                case "eXIf" -> turn = turn(chunk);
                case "iCCP" -> profile = Optional.of(inflated(chunk, where));
                case "IEND" -> {
                    return new Extra(turn, profile);
                }
                default -> {}
            }
            at += 12 + (int) length;
        }
    }

    private static byte[] inflated(ByteBuffer chunk, String where) {
        int at = 0;
        while (at < chunk.limit() && chunk.get(at) != 0) {
            at++;
        }
        Inflater inflater = new Inflater();
        try {
            if (at + 2 > chunk.limit()) {
                throw wrong(where, "has a colour profile without content");
            }
            inflater.setInput(chunk.slice(at + 2, chunk.limit() - at - 2));
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] buffer = new byte[8192];
            while (!inflater.finished()) {
                int count = inflater.inflate(buffer);
                if (count == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
                    throw wrong(where, "has a colour profile that is cut off");
                }
                out.write(buffer, 0, count);
                if (out.size() > LARGEST_PROFILE) {
                    throw wrong(where, "has a colour profile of more than 10,000,000 bytes");
                }
            }
            return out.toByteArray();
        } catch (DataFormatException e) {
            throw new LetheException(LetheException.Code.DATA, where + ": has a broken colour profile", e);
        } finally {
            inflater.end();
        }
    }

    /** Walks over the segments of a JPEG file before its pixels; the reader itself applies the profile. */
    private static Extra segments(byte[] bytes, String where) {
        ByteBuffer data = ByteBuffer.wrap(bytes);
        int at = 2;
        int turn = 1;
        while (at + 4 <= bytes.length && (bytes[at] & 0xFF) == 0xFF) {
            int marker = bytes[at + 1] & 0xFF;
            if (marker == 0xDA) {
                break;
            }
            int length = data.getShort(at + 2) & 0xFFFF;
            if (length < 2 || at + 2 + length > bytes.length) {
                break; // the reader says what is wrong
            }
            boolean exif = marker == 0xE1
                    && length > 8
                    && new String(bytes, at + 4, 6, StandardCharsets.ISO_8859_1).equals("Exif\0\0");
            if (exif) {
                turn = turn(data.slice(at + 10, length - 8));
            }
            boolean frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
            if (frame && length >= 8 && bytes[at + 9] == 4) {
                throw wrong(where, FOUR_INKS); // some of which the reader would take for red, green, blue and alpha
            }
            at += 2 + length;
        }
        return new Extra(turn, Optional.empty());
    }

    /** The turn in a block of EXIF; 1 where it does not say, or not in a way that can be read. */
    private static int turn(ByteBuffer exif) {
        if (exif.limit() < 8) {
            return 1;
        }
        exif.order(exif.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int directory = exif.getInt(4);
        if (directory < 8 || directory + 2 > exif.limit()) {
            return 1;
        }
        int entries = exif.getShort(directory) & 0xFFFF;
        for (int n = 0; n < entries; n++) {
            int at = directory + 2 + 12 * n;
            if (at + 12 > exif.limit()) {
                return 1;
            }
            if ((exif.getShort(at) & 0xFFFF) == ORIENTATION) {
                int turn = exif.getShort(at + 8) & 0xFFFF;
                return turn >= 1 && turn <= 8 ? turn : 1;
            }
        }
        return 1;
    }

    private static Bitmap bitmap(BufferedImage image, Optional<byte[]> profile, String where) {
        int width = image.getWidth();
        int height = image.getHeight();
        int plane = width * height;
        ColorModel model = image.getColorModel();
        float[] values = new float[3 * plane];
        Optional<ICC_ColorSpace> other = profile(model, profile, where);
        if (model instanceof IndexColorModel) {
            for (int i = 0; i < plane; i++) {
                int argb = image.getRGB(i % width, i / width);
                double alpha = (argb >>> 24) / 255.0;
                for (int c = 0; c < 3; c++) {
                    values[c * plane + i] = (float) overWhite((argb >> (16 - 8 * c) & 0xFF) / 255.0, alpha);
                }
            }
            return converted(new Bitmap(width, height, values), other);
        }
        // the numbers themselves: Java would read grey ones as linear light and brighten them
        Raster raster = image.getRaster();
        int bands = raster.getNumBands();
        if (bands < 1 || bands > 4) {
            throw wrong(where, "has " + bands + " channels, expected 1 to 4");
        }
        int colours = bands <= 2 ? 1 : 3;
        double[] largest = new double[bands];
        for (int b = 0; b < bands; b++) {
            largest[b] = (1L << raster.getSampleModel().getSampleSize(b)) - 1;
        }
        double[] row = new double[width * bands];
        for (int y = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                int at = x * bands;
                double alpha = bands == colours ? 1 : row[at + colours] / largest[colours];
                for (int c = 0; c < 3; c++) {
                    int band = Math.min(c, colours - 1);
                    values[c * plane + y * width + x] = (float) overWhite(row[at + band] / largest[band], alpha);
                }
            }
        }
        return converted(new Bitmap(width, height, values), colours == 3 ? other : Optional.empty());
    }

    private static double overWhite(double value, double alpha) {
        return value * alpha + (1 - alpha);
    }

    /** The colour space of the numbers where it is not sRGB; that of grey ones is taken to be as sRGB's. */
    private static Optional<ICC_ColorSpace> profile(ColorModel model, Optional<byte[]> profile, String where) {
        try {
            if (profile.isPresent()) {
                ICC_Profile read = ICC_Profile.getInstance(profile.get());
                return read.getColorSpaceType() == ColorSpace.TYPE_RGB
                        ? Optional.of(new ICC_ColorSpace(read))
                        : Optional.empty();
            }
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, where + ": has a broken colour profile", e);
        }
        return model.getColorSpace() instanceof ICC_ColorSpace space
                        && !space.isCS_sRGB()
                        && space.getType() == ColorSpace.TYPE_RGB
                ? Optional.of(space)
                : Optional.empty();
    }

    /** From another colour space to sRGB, in 16 bits. */
    private static Bitmap converted(Bitmap bitmap, Optional<ICC_ColorSpace> from) {
        if (from.isEmpty()) {
            return bitmap;
        }
        int width = bitmap.width();
        int height = bitmap.height();
        int plane = width * height;
        ColorSpace rgb = ColorSpace.getInstance(ColorSpace.CS_sRGB);
        BufferedImage source = wide(from.get(), width, height);
        double[] pixels = new double[3 * plane];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = Math.round(bitmap.values()[i % 3 * plane + i / 3] * 65535.0);
        }
        source.getRaster().setPixels(0, 0, width, height, pixels);
        BufferedImage target = wide(rgb, width, height);
        new ColorConvertOp(null).filter(source, target);
        target.getRaster().getPixels(0, 0, width, height, pixels);
        float[] values = new float[pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            values[i % 3 * plane + i / 3] = (float) (pixels[i] / 65535);
        }
        return new Bitmap(width, height, values);
    }

    private static BufferedImage wide(ColorSpace space, int width, int height) {
        var model = new ComponentColorModel(space, false, false, Transparency.OPAQUE, DataBuffer.TYPE_USHORT);
        return new BufferedImage(model, model.createCompatibleWritableRaster(width, height), false, null);
    }

    /** Carries out the turn of EXIF, so that the picture stands as it was seen. */
    private static Bitmap turned(Bitmap bitmap, int turn, String where) {
        Check.require(turn >= 1 && turn <= 8, where + ": orientation", turn, "1 to 8");
        if (turn == 1) {
            return bitmap;
        }
        boolean swapped = turn >= 5;
        int width = swapped ? bitmap.height() : bitmap.width();
        int height = swapped ? bitmap.width() : bitmap.height();
        float[] values = new float[bitmap.values().length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int across = switch (turn) {
                    case 2, 3 -> width - 1 - x;
                    case 4 -> x;
                    case 5, 6 -> y;
                    default -> height - 1 - y; // 7, 8
                };
                int down = switch (turn) {
                    case 2 -> y;
                    case 3, 4 -> height - 1 - y;
                    case 5, 8 -> x;
                    default -> width - 1 - x; // 6, 7
                };
                for (int c = 0; c < 3; c++) {
                    values[(c * height + y) * width + x] =
                            bitmap.values()[(c * bitmap.height() + down) * bitmap.width() + across];
                }
            }
        }
        return new Bitmap(width, height, values);
    }

    private static BufferedImage image(Bitmap bitmap) {
        BufferedImage image = new BufferedImage(bitmap.width(), bitmap.height(), BufferedImage.TYPE_INT_RGB);
        byte[] bytes = bitmap.bytes();
        for (int i = 0; i < bytes.length / 3; i++) {
            int rgb = (bytes[3 * i] & 0xFF) << 16 | (bytes[3 * i + 1] & 0xFF) << 8 | bytes[3 * i + 2] & 0xFF;
            image.setRGB(i % bitmap.width(), i / bitmap.width(), rgb);
        }
        return image;
    }

    /** The bytes of a PNG file with 8 bits a channel. */
    public static byte[] png(Bitmap bitmap) {
        return encoded(bitmap, "png", -1);
    }

    /**
     * The bytes of a JPEG file, baseline with halved colour.
     *
     * @param quality 1 to 100, on the scale of the Independent JPEG Group
     */
    public static byte[] jpeg(Bitmap bitmap, int quality) {
        Check.require(quality >= 1 && quality <= 100, "quality", quality, "1 to 100");
        return encoded(bitmap, "jpeg", quality / 100f);
    }

    private static byte[] encoded(Bitmap bitmap, String format, float quality) {
        Iterator<ImageWriter> writers = ImageIO.getImageWritersByFormatName(format);
        ImageWriter writer = writers.next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (var stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            if (quality >= 0) {
                parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                parameters.setCompressionQuality(quality);
            }
            writer.write(null, new IIOImage(image(bitmap), null, null), parameters);
        } catch (IOException e) {
            throw new LetheException(
                    LetheException.Code.DEFECT, "a picture in memory cannot be written as " + format, e);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    /** Writes a file, as PNG or, with quality 95, as JPEG, by the end of its name. */
    public static void write(Path file, Bitmap bitmap) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        boolean png = name.endsWith(".png");
        Check.require(
                png || name.endsWith(".jpg") || name.endsWith(".jpeg"),
                "name of the file",
                file,
                ".png, .jpg or .jpeg");
        Storage.write(file, png ? png(bitmap) : jpeg(bitmap, 95));
    }

    private static LetheException wrong(String where, String what) {
        return new LetheException(LetheException.Code.DATA, where + ": " + what);
    }
}
