package org.lethe.video.flow;

import java.util.Arrays;
import org.lethe.Check;

/**
 * Dense flow that is smooth as a whole (Horn and Schunck 1981), from coarse to fine: derivatives are means over cubes of 2 × 2 × 2, and
 * u ← ū − I_x (I_x ū + I_y v̄ + I_t) / (α² + I_x² + I_y²) by Jacobi's sweeps.
 *
 * @param alpha2 α²: the weight of smoothness, for pictures from 0 to 255
 * @param sweeps at each level
 * @param levels pictures of the pyramid, each half as large; fewer where one would have fewer than 8 pixels
 */
public record HornSchunck(double alpha2, int sweeps, int levels) implements Flow.Method {
    public HornSchunck {
        Check.require(alpha2 > 0, "alpha2", alpha2, "above 0");
        Check.require(sweeps >= 1, "sweeps", sweeps, "at least 1");
        Check.require(levels >= 1 && levels <= 10, "levels", levels, "1 to 10");
    }

    /** α² of 100, 200 sweeps, three levels. */
    public HornSchunck() {
        this(100, 200, 3);
    }

    @Override
    public Flow between(Grey from, Grey to) {
        Flow.requireSame(from, to);
        int coarsest = 0;
        while (coarsest < levels - 1 && Math.min(from.width(), from.height()) >> (coarsest + 1) >= 8) {
            coarsest++;
        }
        Flow flow = new Flow(1, 1, new float[2]);
        for (int level = coarsest; level >= 0; level--) {
            int width = Math.max(2, from.width() >> level);
            int height = Math.max(2, from.height() >> level);
            double blur = level == 0 ? 0 : 0.5 * ((1 << level) - 1);
            Grey a = from.blurred(blur).resized(width, height);
            Grey b = to.blurred(blur).resized(width, height);
            flow = level == coarsest
                    ? new Flow(width, height, new float[2 * width * height])
                    : flow.resized(width, height);
            flow = level(a, b, flow);
        }
        return flow;
    }

    /** The flow at one level: what is left after the second picture was drawn back along the flow so far is added to it. */
    private Flow level(Grey a, Grey b, Flow before) {
        int width = a.width();
        int height = a.height();
        float[] back = new float[width * height];
        for (int i = 0; i < back.length; i++) {
            back[i] = b.between(i % width + before.vectors()[2 * i], i / width + before.vectors()[2 * i + 1]);
        }
        Grey warped = new Grey(width, height, back);
        float[] ix = new float[back.length];
        float[] iy = new float[back.length];
        float[] it = new float[back.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int i = y * width + x;
                for (int frame = 0; frame < 2; frame++) {
                    Grey g = frame == 0 ? a : warped;
                    float p00 = g.at(x, y);
                    float p01 = g.at(x + 1, y);
                    float p10 = g.at(x, y + 1);
                    float p11 = g.at(x + 1, y + 1);
                    ix[i] += 0.25f * (p01 - p00 + p11 - p10);
                    iy[i] += 0.25f * (p10 - p00 + p11 - p01);
                    it[i] += (frame == 0 ? -0.25f : 0.25f) * (p00 + p01 + p10 + p11);
                }
            }
        }
        float[] start = before.vectors();
        float[] now = start.clone();
        float[] next = new float[now.length];
        for (int n = 0; n < sweeps; n++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    int i = y * width + x;
                    float meanX = mean(now, x, y, width, height, 0);
                    float meanY = mean(now, x, y, width, height, 1);
                    double wrong = (ix[i] * (meanX - start[2 * i]) + iy[i] * (meanY - start[2 * i + 1]) + it[i])
                            / (alpha2 + ix[i] * ix[i] + iy[i] * iy[i]);
                    next[2 * i] = (float) (meanX - ix[i] * wrong);
                    next[2 * i + 1] = (float) (meanY - iy[i] * wrong);
                }
            }
            float[] last = now;
            now = next;
            next = last;
        }
        return new Flow(width, height, Arrays.copyOf(now, now.length));
    }

    /** The mean of the neighbours, those at the corners half as heavy as those at the sides. */
    private static float mean(float[] vectors, int x, int y, int width, int height, int axis) {
        int left = Math.max(0, x - 1);
        int right = Math.min(width - 1, x + 1);
        int up = Math.max(0, y - 1) * width;
        int middle = y * width;
        int down = Math.min(height - 1, y + 1) * width;
        float sides = vectors[2 * (middle + left) + axis]
                + vectors[2 * (middle + right) + axis]
                + vectors[2 * (up + x) + axis]
                + vectors[2 * (down + x) + axis];
        float corners = vectors[2 * (up + left) + axis]
                + vectors[2 * (up + right) + axis]
                + vectors[2 * (down + left) + axis]
                + vectors[2 * (down + right) + axis];
        return sides / 6 + corners / 12;
    }
}
