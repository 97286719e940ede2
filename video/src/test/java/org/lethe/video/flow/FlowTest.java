package org.lethe.video.flow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;
import org.lethe.video.Clip;

class FlowTest {
    /** Smooth clouds whose value is known between pixels, moved by a map. */
    private static Grey clouds(int size, Warp warp) {
        float[] values = new float[size * size];
        Keyed key = Keyed.seed(9);
        for (int i = 0; i < values.length; i++) {
            double[] p = warp.of(i % size, i / size);
            double sum = 0;
            for (int n = 0; n < 12; n++) {
                double angle = 2 * Math.PI * Keyed.unit(key.at(3 * n));
                double wave = 2 * Math.PI / (6 + 12 * Keyed.unit(key.at(3 * n + 1)));
                sum += Math.sin(
                        wave * (Math.cos(angle) * p[0] + Math.sin(angle) * p[1]) + 6 * Keyed.unit(key.at(3 * n + 2)));
            }
            values[i] = (float) (128 + 20 * sum);
        }
        return new Grey(size, size, values);
    }

    @FunctionalInterface
    private interface Warp {
        double[] of(double x, double y);
    }

    private static final int SIZE = 64;
    private static final Grey STILL = clouds(SIZE, (x, y) -> new double[] {x, y});
    private static final List<Flow.Method> DENSE = List.of(new Farneback(), new HornSchunck());

    private static Flow constant(float u, float v) {
        float[] vectors = new float[2 * SIZE * SIZE];
        for (int i = 0; i < vectors.length; i += 2) {
            vectors[i] = u;
            vectors[i + 1] = v;
        }
        return new Flow(SIZE, SIZE, vectors);
    }

    @Test
    void whatStandsStillDoesNotFlow() {
        for (Flow.Method method : DENSE) {
            assertEquals(0, method.between(STILL, STILL).mean(), 1e-6, method.toString());
        }
        List<LucasKanade.Track> tracks = new LucasKanade().grid(STILL, STILL, 10, 10);
        assertEquals(100, tracks.size());
        assertTrue(tracks.stream().allMatch(t -> Math.hypot(t.dx(), t.dy()) < 1e-6));
    }

    @Test
    void aShiftIsFound() {
        for (double[] shift : new double[][] {{1, 0}, {0, -1}, {2.5, 1.5}}) {
            Grey moved = clouds(SIZE, (x, y) -> new double[] {x - shift[0], y - shift[1]});
            Flow truth = constant((float) shift[0], (float) shift[1]);
            for (Flow.Method method : DENSE) {
                double gap = method.between(STILL, moved).distance(truth, 4);
                assertTrue(
                        gap <= 0.15 * Math.max(1, Math.hypot(shift[0], shift[1]) / 2),
                        method + " at " + Arrays.toString(shift) + ": " + gap);
            }
            for (LucasKanade.Track t : new LucasKanade().grid(STILL, moved, 6, 6)) {
                if (t.x() > 8 && t.x() < SIZE - 9 && t.y() > 8 && t.y() < SIZE - 9) {
                    assertEquals(0, Math.hypot(t.dx() - shift[0], t.dy() - shift[1]), 0.1);
                }
            }
        }
    }

    @Test
    void aZoomIsALinearFieldAndTheFitFindsIt() {
        double middle = (SIZE - 1) / 2.0;
        Grey zoomed = clouds(SIZE, (x, y) -> new double[] {middle + (x - middle) / 1.02, middle + (y - middle) / 1.02});
        float[] truth = new float[2 * SIZE * SIZE];
        for (int i = 0; i < SIZE * SIZE; i++) {
            truth[2 * i] = (float) (0.02 * (i % SIZE - middle));
            truth[2 * i + 1] = (float) (0.02 * (i / SIZE - middle));
        }
        Flow found = new Farneback().between(STILL, zoomed);
        assertTrue(found.distance(new Flow(SIZE, SIZE, truth), 4) <= 0.1);
        assertEquals(0.02, CameraFit.of(found, 0, 0.6).b(), 0.002);
        assertEquals(
                0.02,
                CameraFit.of(new LucasKanade().grid(STILL, zoomed, 10, 10), STILL, 0.6)
                        .b(),
                0.002);
    }

    @Test
    void aSlopeOfBrightnessHasAPolynomialThatIsKnown() {
        float[] values = new float[SIZE * SIZE];
        for (int i = 0; i < values.length; i++) {
            double x = i % SIZE - 30;
            double y = i / SIZE - 30;
            values[i] = (float) (3 + 2 * x - y + 0.5 * x * x + 0.25 * y * y - 0.125 * x * y);
        }
        float[] found = new Farneback().polynomials(new Grey(SIZE, SIZE, values));
        int at = 5 * (30 * SIZE + 30);
        float[] known = {-1, 2, 0.25f, 0.5f, -0.125f};
        assertArrayEquals(known, Arrays.copyOfRange(found, at, at + 5), 1e-3f);
    }

    @Test
    void theFitIsExactAndFewMovingThingsDoNotCount() {
        float[] vectors = new float[2 * SIZE * SIZE];
        double sum = 0;
        for (int i = 0; i < SIZE * SIZE; i++) {
            double x = i % SIZE - 31.5;
            double y = i / SIZE - 31.5;
            double u = 0.5 + 0.03 * x - 0.01 * y;
            double v = -0.25 + 0.01 * x + 0.03 * y;
            sum += Math.hypot(u, v) / (SIZE * SIZE);
            boolean object = i / SIZE < 12 && i % SIZE < 12;
            vectors[2 * i] = (float) (u + (object ? 4 : 0));
            vectors[2 * i + 1] = (float) (v + (object ? 3 : 0));
        }
        CameraFit fit = CameraFit.of(new Flow(SIZE, SIZE, vectors), 0, 0.3);
        assertArrayEquals(
                new double[] {0.5, 0.03, 0.01, -0.25}, new double[] {fit.a(), fit.b(), fit.c(), fit.d()}, 2e-3);
        assertEquals(sum, fit.camera(), 0.01);
        assertEquals(5 * 144 / 409.0, fit.object(), 0.05); // the object has 144 of the 409 pixels of the largest tenth
    }

    @Test
    void similarityOfConstantPicturesIsAsKnown() {
        float[] a = new float[400];
        float[] b = new float[400];
        Arrays.fill(a, 100);
        Arrays.fill(b, 120);
        assertEquals(0.983611, Measure.ssim(new Grey(20, 20, a), new Grey(20, 20, b)), 1e-6);
        assertEquals(1, Measure.ssim(STILL, STILL), 1e-12);
    }

    @Test
    void measuresOfAPanAreItsLengthOnAScreenOf32() {
        int side = 32;
        byte[] rgb = new byte[4 * side * side * 3];
        for (int n = 0; n < 4; n++) {
            int shift = n;
            Grey frame = clouds(side, (x, y) -> new double[] {x - 1.5 * shift, y});
            for (int i = 0; i < 3 * side * side; i++) {
                rgb[n * 3 * side * side + i] = (byte) Math.round(128 + 0.5 * (frame.values()[i / 3] - 128));
            }
        }
        Clip clip = new Clip(4, side, side, 8, rgb);
        Measure.Score fit = Measure.COMPENSATED_FLOW.of(clip);
        assertEquals(1.5, fit.camera(), 0.15);
        assertTrue(fit.object() < 0.6, fit.toString());
        assertEquals(1.5, Measure.TRACKED_POINTS.of(clip).camera(), 0.15);
        assertEquals(1.5, Measure.FLOW.of(clip).object(), 0.15);
        Clip still = clip.part(0, 1);
        Clip twice = new Clip(2, side, side, 8, concat(still.rgb(), still.rgb()));
        for (Measure measure : Measure.values()) {
            Measure.Score score = measure.of(twice);
            assertEquals(0, score.object(), 1e-6, measure.toString());
            assertEquals(0, score.camera(), 1e-6, measure.toString());
            assertTrue(measure.of(clip).camera() > 0.01);
        }
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
