package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.numerics.Keyed;

/**
 * Cuts a part out of pictures so that a watermark is no longer found. Each side is multiplied by √area, rounded; the place is drawn for
 * each picture. One of the removals of CopyrightMeter (2024), which always keeps the lower right quarter at its small size. Here the
 * size stays. An area of 1 changes nothing. Cost: microseconds a picture.
 *
 * @param area share of the area that is kept
 * @param rest enlarged: the part is brought back to the full size, bicubic; black: it stays in place on black
 * @param removal how it is judged
 */
@Named("crop")
public record Crop(double area, Rest rest, Removal removal) implements MarkRemoval {
    /** How a part becomes a picture of the old size. */
    public enum Rest {
        /** By enlarging it. */
        ENLARGED,
        /** By black around it; the pixels of the part stay as they are. */
        BLACK
    }

    public Crop {
        Check.require(area > 0 && area <= 1, "area", area, "above 0, at most 1");
    }

    /** Half the area, enlarged. */
    public Crop() {
        this(0.5, Rest.ENLARGED, new Removal());
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        Keyed key = env.random("crop");
        List<Bitmap> cut = new ArrayList<>();
        for (int n = 0; n < pictures.size(); n++) {
            Bitmap picture = pictures.get(n);
            int wide = side(picture.width());
            int high = side(picture.height());
            int left = Keyed.below(key.of(n).at(0), picture.width() - wide + 1);
            int top = Keyed.below(key.of(n).at(1), picture.height() - high + 1);
            cut.add(cut(Levels.of(picture), left, top, wide, high).bitmap());
        }
        return cut;
    }

    private int side(int full) {
        return (int) Math.max(1, Math.round(full * Math.sqrt(area)));
    }

    private Levels cut(Levels picture, int left, int top, int wide, int high) {
        int width = picture.width();
        int height = picture.height();
        return picture.map(plane -> {
            double[] made = new double[plane.length];
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    made[y * width + x] = switch (rest) {
                        case BLACK ->
                            x >= left && x < left + wide && y >= top && y < top + high ? plane[y * width + x] : 0;
                        case ENLARGED ->
                            within(
                                    plane,
                                    width,
                                    left,
                                    top,
                                    wide,
                                    high,
                                    (x + 0.5) * wide / width - 0.5,
                                    (y + 0.5) * high / height - 0.5);
                    };
                }
            }
            return made;
        });
    }

    /** The value of a part at a place between its pixels; beyond its edge the edge goes on. */
    private static double within(double[] plane, int width, int left, int top, int wide, int high, double x, double y) {
        int column = (int) Math.floor(x);
        int row = (int) Math.floor(y);
        double[] across = Levels.cubic(x - column);
        double[] down = Levels.cubic(y - row);
        double sum = 0;
        for (int j = 0; j < 4; j++) {
            for (int i = 0; i < 4; i++) {
                int from = (top + Math.clamp(row + j - 1, 0, high - 1)) * width
                        + left
                        + Math.clamp(column + i - 1, 0, wide - 1);
                sum += across[i] * down[j] * plane[from];
            }
        }
        return sum;
    }
}
