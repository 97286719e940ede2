package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;

/**
 * Reduces the colours of pictures so that a protective perturbation is rounded away.
 *
 * <p>median-cut (Heckbert 1982, the published form): the box of colours with the largest range is split along its longest axis at the
 * median of its pixels until there are {@code colours} boxes; each pixel becomes the nearest of their means. A picture with no more
 * colours than that stays as it is. uniform: each channel is rounded to 2^bits even levels, with pixels from 0 to 255; 8 bits change
 * nothing. Cost: colours · pixels.
 *
 * @param palette median-cut or uniform
 * @param colours of median-cut; the published 256 leave small pictures nearly as they are
 * @param bits of uniform, per channel
 * @param imitation how it is judged
 */
@Named("quantisation")
public record Quantisation(Palette palette, int colours, int bits, Imitation imitation) implements Purification {
    /** Which colours there are. */
    public enum Palette {
        /** Those of the picture, chosen by median cut. */
        MEDIAN_CUT,
        /** Even levels of each channel. */
        UNIFORM
    }

    public Quantisation {
        Check.require(colours >= 1 && colours <= 65536, "colours", colours, "1 to 65,536");
        Check.require(bits >= 1 && bits <= 8, "bits", bits, "1 to 8");
    }

    /** Median cut to 256 colours; uniform would have 4 bits. */
    public Quantisation() {
        this(Palette.MEDIAN_CUT, 256, 4, new Imitation());
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        return switch (palette) {
            case MEDIAN_CUT ->
                pictures.stream().map(p -> nearest(p, cut(p, colours))).toList();
            case UNIFORM -> Levels.each(pictures, picture -> picture.map(this::rounded));
        };
    }

    private double[] rounded(double[] plane) {
        double steps = (1 << bits) - 1;
        double[] changed = plane.clone();
        for (int i = 0; i < changed.length; i++) {
            changed[i] = Math.round(changed[i] * steps / 255) * 255 / steps;
        }
        return changed;
    }

    /** Colours of a picture, each with the number of its pixels. */
    private record Box(List<int[]> colours) {
        int axis() {
            int longest = 0;
            for (int axis = 1; axis < 3; axis++) {
                longest = range(axis) > range(longest) ? axis : longest;
            }
            return longest;
        }

        int range(int axis) {
            return colours.stream().mapToInt(c -> c[axis]).max().orElse(0)
                    - colours.stream().mapToInt(c -> c[axis]).min().orElse(0);
        }

        List<Box> halves() {
            int axis = axis();
            List<int[]> sorted = new ArrayList<>(colours);
            sorted.sort(Comparator.comparingInt((int[] c) -> c[axis]));
            long all = sorted.stream().mapToLong(c -> c[3]).sum();
            long seen = 0;
            int at = 0;
            while (at < sorted.size() - 1 && (at == 0 || 2 * seen < all)) {
                seen += sorted.get(at++)[3];
            }
            return List.of(new Box(sorted.subList(0, at)), new Box(sorted.subList(at, sorted.size())));
        }

        double[] mean() {
            double[] mean = new double[3];
            double all = colours.stream().mapToLong(c -> c[3]).sum();
            for (int[] colour : colours) {
                for (int axis = 0; axis < 3; axis++) {
                    mean[axis] += colour[axis] * (double) colour[3] / all;
                }
            }
            return mean;
        }
    }

    /** The palette of a picture, of at most so many colours. */
    static List<double[]> cut(Bitmap picture, int colours) {
        TreeMap<Integer, Integer> counts = new TreeMap<>();
        byte[] bytes = picture.bytes();
        for (int i = 0; i < bytes.length; i += 3) {
            counts.merge((bytes[i] & 255) << 16 | (bytes[i + 1] & 255) << 8 | bytes[i + 2] & 255, 1, Integer::sum);
        }
        List<int[]> all = new ArrayList<>();
        counts.forEach((rgb, count) -> all.add(new int[] {rgb >> 16, rgb >> 8 & 255, rgb & 255, count}));
        List<Box> boxes = new ArrayList<>(List.of(new Box(all)));
        while (boxes.size() < colours) {
            Box widest = boxes.getFirst();
            for (Box box : boxes) {
                widest = box.range(box.axis()) > widest.range(widest.axis()) ? box : widest;
            }
            if (widest.range(widest.axis()) == 0) {
                break;
            }
            boxes.remove(widest);
            boxes.addAll(widest.halves());
        }
        return boxes.stream().map(Box::mean).toList();
    }

    private static Bitmap nearest(Bitmap picture, List<double[]> palette) {
        Levels levels = Levels.of(picture);
        double[][] made = new double[3][];
        Arrays.setAll(made, c -> levels.planes()[c].clone());
        for (int i = 0; i < made[0].length; i++) {
            double best = Double.POSITIVE_INFINITY;
            double[] found = palette.getFirst();
            for (double[] colour : palette) {
                double far = 0;
                for (int c = 0; c < 3; c++) {
                    double apart = levels.planes()[c][i] - colour[c];
                    far += apart * apart;
                }
                if (far < best) {
                    best = far;
                    found = colour;
                }
            }
            for (int c = 0; c < 3; c++) {
                made[c][i] = found[c];
            }
        }
        return new Levels(picture.width(), picture.height(), made).bitmap();
    }
}
