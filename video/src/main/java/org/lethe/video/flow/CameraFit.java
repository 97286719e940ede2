package org.lethe.video.flow;

import java.util.Arrays;
import java.util.List;
import org.lethe.Check;

/**
 * The part of a motion that a camera explains: u = a + bx − cy and v = d + cx + by, which pans, zooms and rolls. It is fitted by least
 * squares whose weights, 1 / (1 + (r/scale)²) for a residual r, let few moving things not count (Cauchy).
 *
 * @param a to the right
 * @param b growth
 * @param c turn with the clock
 * @param d downwards
 * @param camera mean length of what is explained, in pixels
 * @param object mean length of the tenth of the residuals that is largest
 */
public record CameraFit(double a, double b, double c, double d, double camera, double object) {
    private static final int STEPS = 8;

    /**
     * The fit of a dense flow, around the middle of the picture.
     *
     * @param border pixels along each edge that do not count: what they show comes from outside
     * @param scale of the residuals that count less, in pixels
     */
    public static CameraFit of(Flow flow, int border, double scale) {
        int wide = flow.width() - 2 * border;
        int high = flow.height() - 2 * border;
        Check.require(border >= 0 && wide >= 1 && high >= 1, "border", border, "less than half the size");
        double[] x = new double[wide * high];
        double[] y = new double[x.length];
        double[] u = new double[x.length];
        double[] v = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int column = border + i % wide;
            int row = border + i / wide;
            x[i] = column - (flow.width() - 1) / 2.0;
            y[i] = row - (flow.height() - 1) / 2.0;
            u[i] = flow.vectors()[2 * (row * flow.width() + column)];
            v[i] = flow.vectors()[2 * (row * flow.width() + column) + 1];
        }
        return of(x, y, u, v, scale);
    }

    /** The fit of points that were followed in a picture. */
    public static CameraFit of(List<LucasKanade.Track> tracks, Grey picture, double scale) {
        double middleX = (picture.width() - 1) / 2.0;
        double middleY = (picture.height() - 1) / 2.0;
        return of(
                tracks.stream().mapToDouble(t -> t.x() - middleX).toArray(),
                tracks.stream().mapToDouble(t -> t.y() - middleY).toArray(),
                tracks.stream().mapToDouble(LucasKanade.Track::dx).toArray(),
                tracks.stream().mapToDouble(LucasKanade.Track::dy).toArray(),
                scale);
    }

    private static CameraFit of(double[] x, double[] y, double[] u, double[] v, double scale) {
        Check.require(scale > 0, "scale", scale, "above 0");
        int count = x.length;
        if (count < 2) {
            return new CameraFit(0, 0, 0, 0, 0, 0); // nothing that could be followed
        }
        double[] weights = new double[count];
        Arrays.fill(weights, 1);
        double[] fit = new double[4];
        double[] left = new double[count];
        for (int step = 0; step < STEPS; step++) {
            fit = solved(x, y, u, v, weights);
            for (int i = 0; i < count; i++) {
                double ru = u[i] - fit[0] - fit[1] * x[i] + fit[2] * y[i];
                double rv = v[i] - fit[3] - fit[2] * x[i] - fit[1] * y[i];
                left[i] = Math.sqrt(ru * ru + rv * rv);
                weights[i] = 1 / (1 + left[i] * left[i] / (scale * scale));
            }
        }
        double camera = 0;
        for (int i = 0; i < count; i++) {
            double fu = fit[0] + fit[1] * x[i] - fit[2] * y[i];
            double fv = fit[3] + fit[2] * x[i] + fit[1] * y[i];
            camera += Math.sqrt(fu * fu + fv * fv) / count;
        }
        Arrays.sort(left);
        int top = Math.max(1, count / 10);
        double object = 0;
        for (int i = count - top; i < count; i++) {
            object += left[i] / top;
        }
        return new CameraFit(fit[0], fit[1], fit[2], fit[3], camera, object);
    }

    /** Weighted least squares in closed form: around the weighted means, growth and turn do not depend on one another. */
    private static double[] solved(double[] x, double[] y, double[] u, double[] v, double... w) {
        double total = 0;
        double mx = 0;
        double my = 0;
        double mu = 0;
        double mv = 0;
        for (int i = 0; i < x.length; i++) {
            total += w[i];
            mx += w[i] * x[i];
            my += w[i] * y[i];
            mu += w[i] * u[i];
            mv += w[i] * v[i];
        }
        mx /= total;
        my /= total;
        mu /= total;
        mv /= total;
        double spread = 0;
        double growth = 0;
        double turn = 0;
        for (int i = 0; i < x.length; i++) {
            double dx = x[i] - mx;
            double dy = y[i] - my;
            spread += w[i] * (dx * dx + dy * dy);
            growth += w[i] * (dx * (u[i] - mu) + dy * (v[i] - mv));
            turn += w[i] * (dx * (v[i] - mv) - dy * (u[i] - mu));
        }
        double b = spread == 0 ? 0 : growth / spread;
        double c = spread == 0 ? 0 : turn / spread;
        return new double[] {mu - b * mx + c * my, b, c, mv - c * mx - b * my};
    }
}
