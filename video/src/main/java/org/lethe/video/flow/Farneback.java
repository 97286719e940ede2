package org.lethe.video.flow;

import org.lethe.Check;

/**
 * Dense flow from the polynomials of neighbourhoods (Farnebäck 2003), from coarse to fine, with the conventions of OpenCV.
 *
 * <p>Each picture is approximated around each pixel by xᵀAx + bᵀx + c. A shift by d turns b into b − 2Ad; the flow solves this by least
 * squares over a window, around the flow so far. Costs some 2 µs a pixel, level and iteration.
 *
 * @param levels pictures of the pyramid besides the finest, each half as large; fewer where one would have fewer than 32 pixels
 * @param window side of the window in pixels, odd
 * @param iterations at each level
 * @param reach pixels of a neighbourhood each way
 * @param sigma standard deviation of its Gaussian weights
 * @param floor added to the determinant of the equations: where texture is weaker, the flow goes to zero
 */
public record Farneback(int levels, int window, int iterations, int reach, double sigma, double floor)
        implements Flow.Method {
    private static final int SMALLEST = 32;
    private static final float[] BORDER = {0.14f, 0.14f, 0.4472f, 0.4472f, 0.4472f}; // trust in pixels near the edge

    public Farneback {
        Check.require(levels >= 0 && levels <= 10, "levels", levels, "0 to 10");
        Check.require(window >= 3 && window % 2 == 1, "window", window, "odd, at least 3");
        Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        Check.require(reach >= 2 && reach <= 20, "reach", reach, "2 to 20");
        Check.require(sigma > 0, "sigma", sigma, "above 0");
        Check.require(floor > 0, "floor", floor, "above 0");
    }

    /** Three levels, a window of 15, five iterations, neighbourhoods of 7 with 1.5, and the floor of OpenCV, 1e-3. */
    public Farneback() {
        this(3, 15, 5, 7, 1.5, 1e-3);
    }

    @Override
    public Flow between(Grey from, Grey to) {
        Flow.requireSame(from, to);
        int coarsest = 0;
        while (coarsest < levels && Math.min(from.width(), from.height()) * Math.pow(0.5, coarsest + 1) >= SMALLEST) {
            coarsest++;
        }
        Flow flow = new Flow(1, 1, new float[2]);
        for (int level = coarsest; level >= 0; level--) {
            double scale = Math.pow(0.5, level);
            int width = (int) Math.round(from.width() * scale);
            int height = (int) Math.round(from.height() * scale);
            double blur = (1 / scale - 1) * 0.5;
            float[] a = polynomials(from.blurred(blur).resized(width, height));
            float[] b = polynomials(to.blurred(blur).resized(width, height));
            flow = level == coarsest
                    ? new Flow(width, height, new float[2 * width * height])
                    : flow.resized(width, height);
            for (int n = 0; n < iterations; n++) {
                flow = step(a, b, flow);
            }
        }
        return flow;
    }

    /** Per pixel: b of y, b of x, A of yy, of xx, and twice A of xy. */
    float[] polynomials(Grey picture) {
        int width = picture.width();
        int height = picture.height();
        double[] g = new double[reach + 1];
        double sum = 0;
        for (int k = 0; k <= reach; k++) {
            g[k] = StrictMath.exp(-k * k / (2 * sigma * sigma));
            sum += k == 0 ? g[k] : 2 * g[k];
        }
        double second = 0;
        double fourth = 0;
        for (int k = 0; k <= reach; k++) {
            g[k] /= sum;
            second += 2 * g[k] * k * k;
            fourth += 2 * g[k] * k * k * k * k;
        }
        // moments of the weights: the constant, x² and y² depend on one another, the others do not
        double own = 1 / second;
        double cross = 1 / (second * second);
        double spread = fourth - second * second;
        double[][] rows = new double[3][width * height]; // weighted sums down each column: 1, y, y²
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double zero = g[0] * picture.at(x, y);
                double one = 0;
                double two = 0;
                for (int k = 1; k <= reach; k++) {
                    double up = picture.at(x, y - k);
                    double down = picture.at(x, y + k);
                    zero += g[k] * (up + down);
                    one += g[k] * k * (down - up);
                    two += g[k] * k * k * (up + down);
                }
                rows[0][y * width + x] = zero;
                rows[1][y * width + x] = one;
                rows[2][y * width + x] = two;
            }
        }
        float[] made = new float[5 * width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double mean = 0;
                double byX = 0;
                double byY = 0;
                double byXx = 0;
                double byYy = 0;
                double byXy = 0;
                for (int k = -reach; k <= reach; k++) {
                    int at = y * width + Math.clamp(x + k, 0, width - 1);
                    double weight = g[Math.abs(k)];
                    mean += weight * rows[0][at];
                    byX += weight * k * rows[0][at];
                    byXx += weight * k * k * rows[0][at];
                    byY += weight * rows[1][at];
                    byXy += weight * k * rows[1][at];
                    byYy += weight * rows[2][at];
                }
                int to = 5 * (y * width + x);
                made[to] = (float) (byY * own);
                made[to + 1] = (float) (byX * own);
                made[to + 2] = (float) ((byYy - second * mean) / spread);
                made[to + 3] = (float) ((byXx - second * mean) / spread);
                made[to + 4] = (float) (byXy * cross);
            }
        }
        return made;
    }

    private Flow step(float[] a, float[] b, Flow flow) {
        int width = flow.width();
        int height = flow.height();
        float[][] sums = new float[5][width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                equations(a, b, flow, x, y, sums);
            }
        }
        for (float[] one : sums) {
            box(one, width, height);
        }
        float[] vectors = new float[2 * width * height];
        for (int i = 0; i < width * height; i++) {
            double g11 = sums[0][i];
            double g12 = sums[1][i];
            double g22 = sums[2][i];
            double h1 = sums[3][i];
            double h2 = sums[4][i];
            double inverse = 1 / (g11 * g22 - g12 * g12 + floor);
            vectors[2 * i] = (float) ((g11 * h2 - g12 * h1) * inverse);
            vectors[2 * i + 1] = (float) ((g22 * h1 - g12 * h2) * inverse);
        }
        return new Flow(width, height, vectors);
    }

    private static void equations(float[] a, float[] b, Flow flow, int x, int y, float[][] sums) {
        int width = flow.width();
        int height = flow.height();
        int i = y * width + x;
        float dx = flow.vectors()[2 * i];
        float dy = flow.vectors()[2 * i + 1];
        int left = Math.min((int) Math.floor(x + dx), width - 2);
        int top = Math.min((int) Math.floor(y + dy), height - 2);
        float right = x + dx - left;
        float below = y + dy - top;
        float bY = 0;
        float bX = 0;
        float yy = a[5 * i + 2];
        float xx = a[5 * i + 3];
        float xy = a[5 * i + 4] * 0.5f;
        if (x + dx >= 0 && y + dy >= 0 && x + dx <= width - 1 && y + dy <= height - 1) {
            int at = 5 * (top * width + left);
            int under = at + 5 * width;
            float w00 = (1 - right) * (1 - below);
            float w01 = right * (1 - below);
            float w10 = (1 - right) * below;
            float w11 = right * below;
            bY = w00 * b[at] + w01 * b[at + 5] + w10 * b[under] + w11 * b[under + 5];
            bX = w00 * b[at + 1] + w01 * b[at + 6] + w10 * b[under + 1] + w11 * b[under + 6];
            yy = 0.5f * (yy + w00 * b[at + 2] + w01 * b[at + 7] + w10 * b[under + 2] + w11 * b[under + 7]);
            xx = 0.5f * (xx + w00 * b[at + 3] + w01 * b[at + 8] + w10 * b[under + 3] + w11 * b[under + 8]);
            xy = 0.5f * xy + 0.25f * (w00 * b[at + 4] + w01 * b[at + 9] + w10 * b[under + 4] + w11 * b[under + 9]);
        }
        bY = (a[5 * i] - bY) * 0.5f + yy * dy + xy * dx;
        bX = (a[5 * i + 1] - bX) * 0.5f + xy * dy + xx * dx;
        int edge = Math.min(Math.min(x, y), Math.min(width - 1 - x, height - 1 - y));
        float trust = edge < BORDER.length ? BORDER[edge] : 1;
        bY *= trust;
        bX *= trust;
        yy *= trust;
        xx *= trust;
        xy *= trust;
        sums[0][i] = yy * yy + xy * xy;
        sums[1][i] = (yy + xx) * xy;
        sums[2][i] = xx * xx + xy * xy;
        sums[3][i] = yy * bY + xy * bX;
        sums[4][i] = xy * bY + xx * bX;
    }

    /** The mean over the window around each pixel, in place; beyond the edges values are as at them. */
    private void box(float[] values, int width, int height) {
        int half = window / 2;
        double[] line = new double[Math.max(width, height)];
        for (int y = 0; y < height; y++) {
            double sum = 0;
            for (int k = -half; k <= half; k++) {
                sum += values[y * width + Math.clamp(k, 0, width - 1)];
            }
            for (int x = 0; x < width; x++) {
                line[x] = sum;
                sum += values[y * width + Math.min(width - 1, x + half + 1)]
                        - values[y * width + Math.max(0, x - half)];
            }
            for (int x = 0; x < width; x++) {
                values[y * width + x] = (float) (line[x] / window);
            }
        }
        for (int x = 0; x < width; x++) {
            double sum = 0;
            for (int k = -half; k <= half; k++) {
                sum += values[Math.clamp(k, 0, height - 1) * width + x];
            }
            for (int y = 0; y < height; y++) {
                line[y] = sum;
                sum += values[Math.min(height - 1, y + half + 1) * width + x]
                        - values[Math.max(0, y - half) * width + x];
            }
            for (int y = 0; y < height; y++) {
                values[y * width + x] = (float) (line[y] / window);
            }
        }
    }
}
