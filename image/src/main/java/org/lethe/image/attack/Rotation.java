package org.lethe.image.attack;

import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;

/**
 * Turns pictures anticlockwise so that a watermark is no longer found, with bicubic interpolation. One of the removals of
 * CopyrightMeter (2024), which turns by 30° or 90° on a larger canvas and then shrinks it, and so changes the scale too. Whole quarter
 * turns of square pictures only move pixels; 0° changes nothing. Cost: microseconds a picture.
 *
 * @param degrees anticlockwise
 * @param canvas same: the corners are cut off; larger: the whole picture stays and is shrunk to its old size, as published
 * @param corners what is seen where the picture does not reach: black, or the picture mirrored
 * @param removal how it is judged
 */
@Named("rotation")
public record Rotation(double degrees, Canvas canvas, Corners corners, Removal removal) implements MarkRemoval {
    /** The size of the turned picture. */
    public enum Canvas {
        /** That of the picture. */
        SAME,
        /** As large as the turned picture, then brought back to the size of the picture. */
        LARGER
    }

    /** What is seen outside of the picture. */
    public enum Corners {
        /** Black. */
        BLACK,
        /** The picture, mirrored without repeating the edge. */
        MIRRORED
    }

    public Rotation {
        Check.require(degrees >= -360 && degrees <= 360, "degrees", degrees, "-360 to 360");
    }

    /** 30° on a canvas of the same size with black corners. */
    public Rotation() {
        this(30, Canvas.SAME, Corners.BLACK, new Removal());
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        return Levels.each(pictures, this::turned);
    }

    private Levels turned(Levels picture) {
        int width = picture.width();
        int height = picture.height();
        int quarters = (int) Math.round(degrees / 90);
        boolean whole = degrees == 90.0 * quarters;
        double sine =
                whole ? new double[] {0, 1, 0, -1}[Math.floorMod(quarters, 4)] : Math.sin(Math.toRadians(degrees));
        double cosine =
                whole ? new double[] {1, 0, -1, 0}[Math.floorMod(quarters, 4)] : Math.cos(Math.toRadians(degrees));
        double across = 1;
        double down = 1;
        if (canvas == Canvas.LARGER) {
            across = (width * Math.abs(cosine) + height * Math.abs(sine)) / width;
            down = (width * Math.abs(sine) + height * Math.abs(cosine)) / height;
        }
        double wide = across;
        double high = down;
        double middleX = (width - 1) / 2.0;
        double middleY = (height - 1) / 2.0;
        return picture.map(plane -> {
            double[] turned = new double[plane.length];
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    double right = (x - middleX) * wide;
                    double below = (y - middleY) * high;
                    turned[y * width + x] = at(
                            plane,
                            width,
                            height,
                            middleX + cosine * right - sine * below,
                            middleY + sine * right + cosine * below);
                }
            }
            return turned;
        });
    }

    /** The value at a place between pixels. */
    private double at(double[] plane, int width, int height, double x, double y) {
        int left = (int) Math.floor(x);
        int top = (int) Math.floor(y);
        double[] across = Levels.cubic(x - left);
        double[] down = Levels.cubic(y - top);
        double sum = 0;
        for (int j = 0; j < 4; j++) {
            for (int i = 0; i < 4; i++) {
                double weight = across[i] * down[j];
                int column = left + i - 1;
                int row = top + j - 1;
                boolean inside = column >= 0 && column < width && row >= 0 && row < height;
                if (weight != 0 && (inside || corners == Corners.MIRRORED)) {
                    sum += weight * plane[Levels.mirrored(row, height) * width + Levels.mirrored(column, width)];
                }
            }
        }
        return sum;
    }
}
