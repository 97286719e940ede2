package org.lethe.image.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Work;
import org.lethe.numerics.Keyed;

/**
 * Pictures that are drawn from the settings alone: coloured shapes, each by four artists whose styles are flat, outlined, shaded and
 * dotted. Needs no download, and a latent diffusion model learns them in a minute.
 *
 * <p>A caption is a colour and a shape, as {@code red circle}, and the shape is the group. Of the pairs of colour and shape one
 * diagonal is for tests and one for validation, so that every colour and every shape is trained on, but no tested pair. All four
 * artists draw the same poses.
 *
 * @param size height and width in pixels; a multiple of 8
 * @param shapes number of shapes
 * @param colours number of colours
 * @param drawings poses of each pair
 * @param apart style that no model learns: flat, outlined, shaded or dotted; empty for none
 * @param seed seed of the poses
 */
@Named("planted-pictures")
public record PlantedPictures(int size, int shapes, int colours, int drawings, String apart, long seed)
        implements DataSource<Gallery> {
    private static final List<String> STYLES = List.of("flat", "outlined", "shaded", "dotted");
    private static final int SAMPLES = 4; // along each side of a pixel

    private record Colour(String name, int rgb) {}

    private static final List<Colour> COLOURS = List.of(
            new Colour("red", 0xD82020),
            new Colour("green", 0x1E9632),
            new Colour("blue", 0x2040D0),
            new Colour("yellow", 0xF0C814),
            new Colour("purple", 0x8C28A0),
            new Colour("orange", 0xF07814),
            new Colour("black", 0x202020),
            new Colour("cyan", 0x14AAC8));

    /** Shapes around the origin, within a circle of radius 1. */
    private enum Shape {
        CIRCLE,
        SQUARE,
        TRIANGLE,
        DIAMOND,
        RING,
        CROSS,
        STAR,
        MOON;

        /** The distance to the border, negative inside. */
        double distance(double x, double y) {
            double r = Math.hypot(x, y);
            return switch (this) {
                case CIRCLE -> r - 0.9;
                case RING -> Math.max(r - 0.95, 0.5 - r);
                case MOON -> Math.max(r - 0.95, 0.75 - Math.hypot(x - 0.45, y + 0.15));
                case SQUARE -> polygon(x, y, 0.8, 0.8, -0.8, 0.8, -0.8, -0.8, 0.8, -0.8);
                case DIAMOND -> polygon(x, y, 0.75, 0, 0, 1, -0.75, 0, 0, -1);
                case TRIANGLE -> polygon(x, y, 0, -0.95, 0.95, 0.75, -0.95, 0.75);
                case CROSS ->
                    polygon(
                            x, y, 0.32, 0.95, -0.32, 0.95, -0.32, 0.32, -0.95, 0.32, -0.95, -0.32, -0.32, -0.32, -0.32,
                            -0.95, 0.32, -0.95, 0.32, -0.32, 0.95, -0.32, 0.95, 0.32, 0.32, 0.32);
                case STAR -> polygon(x, y, corners());
            };
        }

        private static double[] corners() {
            double[] corners = new double[20];
            for (int n = 0; n < 10; n++) {
                double r = n % 2 == 0 ? 1 : 0.45;
                corners[2 * n] = r * StrictMath.sin(Math.PI * n / 5);
                corners[2 * n + 1] = -r * StrictMath.cos(Math.PI * n / 5);
            }
            return corners;
        }

        private static double polygon(double x, double y, double... corners) {
            int n = corners.length / 2;
            double nearest = Double.POSITIVE_INFINITY;
            boolean inside = false;
            for (int i = 0; i < n; i++) {
                double ax = corners[2 * i];
                double ay = corners[2 * i + 1];
                double bx = corners[(2 * i + 2) % corners.length];
                double by = corners[(2 * i + 3) % corners.length];
                double t =
                        ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) * (bx - ax) + (by - ay) * (by - ay));
                double along = Math.clamp(t, 0.0, 1.0);
                nearest = Math.min(nearest, Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)));
                if (ay > y != by > y && x < ax + (y - ay) * (bx - ax) / (by - ay)) {
                    inside = !inside;
                }
            }
            return inside ? -nearest : nearest;
        }
    }

    public PlantedPictures {
        Check.require(size >= 8 && size <= 512 && size % 8 == 0, "size", size, "a multiple of 8 from 8 to 512");
        Check.require(
                shapes >= 3 && shapes <= Shape.values().length, "shapes", shapes, "3 to " + Shape.values().length);
        Check.require(colours >= 3 && colours <= COLOURS.size(), "colours", colours, "3 to " + COLOURS.size());
        Check.require(drawings >= 1 && drawings <= 100, "drawings", drawings, "1 to 100");
        Check.require(
                apart.isEmpty() || STYLES.contains(apart),
                "apart",
                "\"" + apart + "\"",
                "one of " + String.join(", ", STYLES) + ", or nothing");
    }

    /** 16 x 16 pixels, 8 shapes in 8 colours, 4 poses, outlined apart. */
    public PlantedPictures() {
        this(16, 8, 8, 4, "outlined", 1);
    }

    @Override
    public Gallery load(DataFolders folders) {
        Keyed random = Keyed.seed(seed).of("planted pictures");
        List<Work> works = new ArrayList<>();
        int diagonals = Math.max(shapes, colours);
        for (String style : STYLES) {
            for (int s = 0; s < shapes; s++) {
                Shape shape = Shape.values()[s];
                String word = shape.name().toLowerCase(Locale.ROOT);
                for (int c = 0; c < colours; c++) {
                    Colour colour = COLOURS.get(c);
                    Work.Part part = switch ((s + c) % diagonals) {
                        case 0 -> Work.Part.TEST;
                        case 1 -> Work.Part.VALIDATION;
                        default -> Work.Part.TRAINING;
                    };
                    for (int d = 0; d < drawings; d++) {
                        Keyed pose = random.of(s).of(c).of(d);
                        works.add(new Work(
                                style + "-" + colour.name + "-" + word + "-" + d,
                                drawn(shape, colour, style, pose),
                                colour.name + " " + word,
                                style,
                                word,
                                part));
                    }
                }
            }
        }
        return new Gallery("planted-pictures", works, apart);
    }

    private Bitmap drawn(Shape shape, Colour colour, String style, Keyed pose) {
        double radius = 0.33 + 0.1 * Keyed.unit(pose.at(0)); // as a share of the side
        double left = 0.5 + 0.08 * (Keyed.unit(pose.at(1)) - 0.5);
        double top = 0.5 + 0.08 * (Keyed.unit(pose.at(2)) - 0.5);
        byte[] bytes = new byte[3 * size * size];
        double[] sum = new double[3];
        for (int i = 0; i < size * size; i++) {
            Arrays.fill(sum, 0);
            for (int n = 0; n < SAMPLES * SAMPLES; n++) {
                double u = (i % size + (n % SAMPLES + 0.5) / SAMPLES) / size;
                double v = (i / size + (n / SAMPLES + 0.5) / SAMPLES) / size;
                double x = (u - left) / radius;
                double y = (v - top) / radius;
                double ink = ink(style, shape.distance(x, y), u, v);
                double light = style.equals("shaded") ? 1.25 - 0.35 * (x + y + 1.4) : 1;
                for (int c = 0; c < 3; c++) {
                    double level = (colour.rgb >> (16 - 8 * c) & 0xFF) / 255.0;
                    double lit = light > 1 ? level + (light - 1) * (1 - level) * 2 : level * Math.max(light, 0.15);
                    sum[c] += ink * Math.min(lit, 1) + (1 - ink) * paper(style, v);
                }
            }
            for (int c = 0; c < 3; c++) {
                bytes[3 * i + c] = (byte) Math.round(255 * sum[c] / (SAMPLES * SAMPLES));
            }
        }
        return Bitmap.of(bytes, size, size);
    }

    /** How much of the colour lies on a place. */
    private double ink(String style, double distance, double u, double v) {
        int grid = size / 4; // dots along each side
        return switch (style) {
            case "outlined" -> distance < 0 && distance > -0.3 ? 1 : 0;
            case "dotted" -> distance < 0 && Math.hypot(grid * u % 1 - 0.5, grid * v % 1 - 0.5) < 0.45 ? 1 : 0;
            default -> distance < 0 ? 1 : 0;
        };
    }

    private static double paper(String style, double v) {
        return style.equals("shaded") ? 0.95 - 0.25 * v : 1;
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of();
    }
}
