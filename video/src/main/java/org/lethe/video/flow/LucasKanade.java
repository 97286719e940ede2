package org.lethe.video.flow;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lethe.Check;

/**
 * Follows points by their windows (Lucas and Kanade 1981), from coarse to fine (Bouguet 2001). A point without texture in two directions is
 * given up.
 *
 * @param reach pixels of a window each way
 * @param iterations at each level, at most
 * @param levels pictures of the pyramid, each half as large
 * @param gate least eigenvalue of the mean of ∇I∇Iᵀ over the window, for pictures from 0 to 255
 */
public record LucasKanade(int reach, int iterations, int levels, double gate) {
    public LucasKanade {
        Check.require(reach >= 2 && reach <= 50, "reach", reach, "2 to 50");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(levels >= 1 && levels <= 10, "levels", levels, "1 to 10");
        Check.require(gate >= 0, "gate", gate, "at least 0");
    }

    /** Windows of 11, 20 iterations, three levels, and a gate of 1. */
    public LucasKanade() {
        this(5, 20, 3, 1);
    }

    /**
     * A point that was followed.
     *
     * @param x where it was
     * @param y downwards
     * @param dx how far it went
     * @param dy downwards
     */
    public record Track(double x, double y, double dx, double dy) {}

    /** A grid of points, those that could be followed. */
    public List<Track> grid(Grey from, Grey to, int columns, int rows) {
        Flow.requireSame(from, to);
        List<Grey> a = pyramid(from);
        List<Grey> b = pyramid(to);
        List<Track> tracks = new ArrayList<>();
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                double x = (c + 0.5) * from.width() / columns - 0.5;
                double y = (r + 0.5) * from.height() / rows - 0.5;
                follow(a, b, x, y).ifPresent(tracks::add);
            }
        }
        return tracks;
    }

    private List<Grey> pyramid(Grey finest) {
        List<Grey> pyramid = new ArrayList<>(List.of(finest));
        for (int n = 1; n < levels; n++) {
            Grey last = pyramid.getLast();
            if (Math.min(last.width(), last.height()) / 2 < 2 * reach) {
                break;
            }
            pyramid.add(last.blurred(1).resized(last.width() / 2, last.height() / 2));
        }
        return pyramid;
    }

    private Optional<Track> follow(List<Grey> from, List<Grey> to, double x, double y) {
        double dx = 0;
        double dy = 0;
        for (int level = from.size() - 1; level >= 0; level--) {
            Grey a = from.get(level);
            Grey b = to.get(level);
            double across = (double) a.width() / from.getFirst().width();
            double down = (double) a.height() / from.getFirst().height();
            double px = (x + 0.5) * across - 0.5;
            double py = (y + 0.5) * down - 0.5;
            double ux = dx * across;
            double uy = dy * down;
            int side = 2 * reach + 1;
            double[] values = new double[side * side];
            double[] gx = new double[side * side];
            double[] gy = new double[side * side];
            double xx = 0;
            double xy = 0;
            double yy = 0;
            for (int i = 0; i < values.length; i++) {
                double qx = px + i % side - reach;
                double qy = py + i / side - reach;
                values[i] = a.between(qx, qy);
                gx[i] = (a.between(qx + 1, qy) - a.between(qx - 1, qy)) / 2;
                gy[i] = (a.between(qx, qy + 1) - a.between(qx, qy - 1)) / 2;
                xx += gx[i] * gx[i];
                xy += gx[i] * gy[i];
                yy += gy[i] * gy[i];
            }
            double least = (xx + yy - Math.sqrt((xx - yy) * (xx - yy) + 4 * xy * xy)) / 2 / values.length;
            double determinant = xx * yy - xy * xy;
            if (least < gate || determinant <= 0) {
                if (level == 0) {
                    return Optional.empty();
                }
                continue;
            }
            for (int n = 0; n < iterations; n++) {
                double bx = 0;
                double by = 0;
                for (int i = 0; i < values.length; i++) {
                    double gap = values[i] - b.between(px + ux + i % side - reach, py + uy + i / side - reach);
                    bx += gap * gx[i];
                    by += gap * gy[i];
                }
                double stepX = (yy * bx - xy * by) / determinant;
                double stepY = (xx * by - xy * bx) / determinant;
                ux += stepX;
                uy += stepY;
                if (stepX * stepX + stepY * stepY < 1e-6) {
                    break;
                }
            }
            dx = ux / across;
            dy = uy / down;
        }
        boolean inside = x + dx >= 0
                && y + dy >= 0
                && x + dx <= from.getFirst().width() - 1
                && y + dy <= from.getFirst().height() - 1;
        return inside ? Optional.of(new Track(x, y, dx, dy)) : Optional.empty();
    }
}
