package org.lethe.video.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.image.Bitmap;
import org.lethe.image.Pictures;
import org.lethe.numerics.Keyed;
import org.lethe.video.Clip;

/**
 * The surface of a planted world: drawn by a rule, or a photograph. Beyond its edges it goes on as its mirror image.
 *
 * @param width in pixels
 * @param height in pixels
 * @param rgb three values from 0 to 255 a pixel, row by row
 */
public record Texture(int width, int height, float[] rgb) {
    private static final int SIDE = 160;
    private static final int PHOTOGRAPH =
            192; // shorter side, so that details are as large as a few pixels of the screen

    public Texture {
        Check.require(width >= 2 && height >= 2, "size", width + " x " + height, "at least 2 x 2");
        Check.require(rgb.length == 3L * width * height, "rgb.length", rgb.length, "3 · " + width + " · " + height);
    }

    /** Which surfaces worlds have. */
    public enum Kind {
        /** Drawn by rules: no file is needed. */
        DRAWN,
        /** Photographs of the folder {@code video/textures}. */
        PHOTOGRAPHS,
        /** Half of the worlds have either, about. */
        BOTH
    }

    private static final List<String> TRAIN = List.of("brick", "grass", "coffee", "astronaut", "moon");
    private static final List<String> TEST = List.of("gravel", "chelsea", "camera");

    /** The value of a channel between pixels, bilinear. */
    float at(double x, double y, int channel) {
        int left = (int) Math.floor(x);
        int top = (int) Math.floor(y);
        float across = (float) (x - left);
        float down = (float) (y - top);
        float upper = pixel(left, top, channel) * (1 - across) + pixel(left + 1, top, channel) * across;
        float lower = pixel(left, top + 1, channel) * (1 - across) + pixel(left + 1, top + 1, channel) * across;
        return upper * (1 - down) + lower * down;
    }

    private float pixel(int x, int y, int channel) {
        return rgb[3 * (mirrored(y, height) * width + mirrored(x, width)) + channel];
    }

    private static int mirrored(int at, int size) {
        int within = Math.floorMod(at, 2 * size);
        return within < size ? within : 2 * size - 1 - within;
    }

    /** The files of the photographs, those for training first. */
    static List<Path> files(DataFolders folders) {
        List<Path> files = new ArrayList<>();
        for (List<String> names : List.of(TRAIN, TEST)) {
            for (String name : names) {
                String file = "video/textures/" + name + ".png";
                files.add(folders.find(file, "textures/" + name + ".png")
                        .orElseThrow(() -> new LetheException(
                                LetheException.Code.DATA,
                                file + " is in none of the folders " + folders.folders()
                                        + "; expected it there, or textures: drawn")));
            }
        }
        return files;
    }

    /** The photographs for training or for testing; no photograph is in both. */
    static List<Texture> photographs(DataFolders folders, boolean test) {
        List<Path> files = files(folders);
        return (test ? files.subList(TRAIN.size(), files.size()) : files.subList(0, TRAIN.size()))
                .stream().map(Texture::photograph).toList();
    }

    private static Texture photograph(Path file) {
        try {
            Bitmap picture = Pictures.read(file);
            Clip one = new Clip(1, picture.height(), picture.width(), 1, picture.bytes());
            int shorter = Math.min(picture.width(), picture.height());
            Clip small = shorter <= PHOTOGRAPH
                    ? one
                    : one.shrunk(picture.height() * PHOTOGRAPH / shorter, picture.width() * PHOTOGRAPH / shorter);
            float[] rgb = new float[small.rgb().length];
            for (int i = 0; i < rgb.length; i++) {
                rgb[i] = small.rgb()[i] & 0xFF;
            }
            return new Texture(small.width(), small.height(), rgb);
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Surfaces drawn by rules; those for testing follow other rules than those for training. */
    static List<Texture> drawn(Keyed key, int count, boolean test) {
        List<Texture> drawn = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            drawn.add(drawn(key.of(n), test ? 3 + n % 3 : n % 3));
        }
        return drawn;
    }

    /** Where a rule is light and where it is dark. */
    @FunctionalInterface
    private interface Rule {
        double at(double x, double y);
    }

    private static Texture drawn(Keyed key, int rule) {
        Keyed shape = key.of("form");
        Keyed grain = key.of("grain");
        Rule form = switch (rule) {
            case 0 -> waves(shape);
            case 1 -> (x, y) -> clouds(shape, x, y);
            case 2 -> cells(shape, 9);
            case 3 -> bricks(shape);
            case 4 -> leaves(shape);
            default -> speckles(shape);
        };
        double[] dark = new double[3];
        double[] light = new double[3];
        Keyed colours = key.of("colours");
        for (int c = 0; c < 3; c++) {
            dark[c] = 90 * Keyed.unit(colours.at(c));
            light[c] = 130 + 125 * Keyed.unit(colours.at(3 + c));
        }
        float[] rgb = new float[3 * SIDE * SIDE];
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                double share = Math.clamp(form.at(x, y) + 0.15 * (clouds(grain, 2.5 * x, 2.5 * y) - 0.5), 0, 1);
                for (int c = 0; c < 3; c++) {
                    rgb[3 * (y * SIDE + x) + c] = (float) (dark[c] + (light[c] - dark[c]) * share);
                }
            }
        }
        return new Texture(SIDE, SIDE, rgb);
    }

    private static Rule waves(Keyed key) {
        double[] terms = new double[18];
        for (int n = 0; n < 6; n++) {
            double angle = 2 * Math.PI * Keyed.unit(key.at(n));
            double length = 5 + 20 * Keyed.unit(key.at(10 + n));
            terms[3 * n] = 2 * Math.PI / length * StrictMath.cos(angle);
            terms[3 * n + 1] = 2 * Math.PI / length * StrictMath.sin(angle);
            terms[3 * n + 2] = 2 * Math.PI * Keyed.unit(key.at(20 + n));
        }
        return (x, y) -> {
            double sum = 0;
            for (int n = 0; n < 6; n++) {
                sum += StrictMath.sin(terms[3 * n] * x + terms[3 * n + 1] * y + terms[3 * n + 2]);
            }
            return 0.5 + sum / 6;
        };
    }

    /** Value noise of three octaves. */
    private static double clouds(Keyed key, double x, double y) {
        double sum = 0;
        double size = 16;
        double weight = 0.5;
        for (int octave = 0; octave < 3; octave++) {
            sum += weight * lattice(key.of(octave), x / size, y / size);
            size /= 2.3;
            weight *= 0.6;
        }
        return sum / 0.98;
    }

    private static double lattice(Keyed key, double x, double y) {
        int left = (int) Math.floor(x);
        int top = (int) Math.floor(y);
        double across = smooth(x - left);
        double down = smooth(y - top);
        double upper = Keyed.unit(key.at(left, top)) * (1 - across) + Keyed.unit(key.at(left + 1, top)) * across;
        double lower =
                Keyed.unit(key.at(left, top + 1)) * (1 - across) + Keyed.unit(key.at(left + 1, top + 1)) * across;
        return upper * (1 - down) + lower * down;
    }

    private static double smooth(double t) {
        return t * t * (3 - 2 * t);
    }

    /** Cells around random points, each of its own shade. */
    private static Rule cells(Keyed key, double size) {
        Keyed placeX = key.of("x");
        Keyed placeY = key.of("y");
        Keyed shades = key.of("shade");
        return (x, y) -> {
            int column = (int) Math.floor(x / size);
            int row = (int) Math.floor(y / size);
            double nearest = Double.POSITIVE_INFINITY;
            double shade = 0;
            for (int r = row - 1; r <= row + 1; r++) {
                for (int c = column - 1; c <= column + 1; c++) {
                    double dx = (c + Keyed.unit(placeX.at(c, r))) * size - x;
                    double dy = (r + Keyed.unit(placeY.at(c, r))) * size - y;
                    if (dx * dx + dy * dy < nearest) {
                        nearest = dx * dx + dy * dy;
                        shade = Keyed.unit(shades.at(c, r));
                    }
                }
            }
            return shade;
        };
    }

    private static Rule bricks(Keyed key) {
        Keyed shades = key.of("shade");
        double high = 6 + 5 * Keyed.unit(key.at(0));
        double wide = 1.5 * high + 10 * Keyed.unit(key.at(1));
        return (x, y) -> {
            int row = (int) Math.floor(y / high);
            double shifted = x + row % 2 * wide / 2;
            int column = (int) Math.floor(shifted / wide);
            boolean joint = y - row * high < 1.5 || shifted - column * wide < 1.5;
            return joint ? 0 : 0.4 + 0.6 * Keyed.unit(shades.at(column, row));
        };
    }

    /** Rectangles that lie over one another like leaves. */
    private static Rule leaves(Keyed key) {
        int count = 500;
        double[][] leaf = new double[count][];
        for (int n = 0; n < count; n++) {
            Keyed own = key.of(n);
            double size = 3 + 9 * Keyed.unit(own.at(2));
            leaf[n] = new double[] {
                SIDE * Keyed.unit(own.at(0)),
                SIDE * Keyed.unit(own.at(1)),
                size,
                size * (0.4 + Keyed.unit(own.at(3))),
                Keyed.unit(own.at(4))
            };
        }
        return (x, y) -> {
            for (double[] one : leaf) {
                if (Math.abs(one[0] - x) < one[2] && Math.abs(one[1] - y) < one[3]) {
                    return one[4];
                }
            }
            return 0.5;
        };
    }

    private static Rule speckles(Keyed key) {
        Keyed placeX = key.of("x");
        Keyed placeY = key.of("y");
        Keyed sizes = key.of("size");
        Keyed shades = key.of("shade");
        return (x, y) -> {
            int column = (int) Math.floor(x / 7);
            int row = (int) Math.floor(y / 7);
            double shade = 0.15;
            for (int r = row - 1; r <= row + 1; r++) {
                for (int c = column - 1; c <= column + 1; c++) {
                    double dx = (c + Keyed.unit(placeX.at(c, r))) * 7 - x;
                    double dy = (r + Keyed.unit(placeY.at(c, r))) * 7 - y;
                    double radius = 1 + 2.5 * Keyed.unit(sizes.at(c, r));
                    double inside = Math.clamp(radius + 0.5 - StrictMath.sqrt(dx * dx + dy * dy), 0, 1);
                    shade = Math.max(shade, inside * (0.4 + 0.6 * Keyed.unit(shades.at(c, r))));
                }
            }
            return shade;
        };
    }
}
