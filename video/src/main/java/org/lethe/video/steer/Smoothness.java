package org.lethe.video.steer;

import java.util.Arrays;
import org.lethe.video.Clip;
import org.lethe.video.flow.Farneback;
import org.lethe.video.flow.Flow;
import org.lethe.video.flow.Grey;

/** How even the motion of a clip is, and whether there is much of it: measures of VBench (Huang et al. 2024) with Farnebäck's flow in place of networks. */
final class Smoothness {
    private static final int SHORT_SIDE = 128;
    private static final Farneback FARNEBACK = new Farneback(3, 15, 5, 7, 1.5, 1e-6);
    private static final double LIVELY = 6.0 / 256; // of the shorter side, pixels a frame
    private static final double TOP = 0.05;

    private Smoothness() {}

    /**
     * Motion smoothness: every second frame is made anew, half-way between its neighbours along the flow; 1 less the mean difference to the real one as a
     * share of 255.
     */
    static double motion(Clip clip) {
        double sum = 0;
        int count = 0;
        for (int f = 1; f + 1 < clip.frames(); f += 2) {
            Grey before = enlarged(clip, f - 1);
            Grey after = enlarged(clip, f + 1);
            Grey between = enlarged(clip, f);
            Flow flow = FARNEBACK.between(before, after);
            int width = between.width();
            double wrong = 0;
            for (int i = 0; i < between.values().length; i++) {
                double u = flow.vectors()[2 * i] / 2;
                double v = flow.vectors()[2 * i + 1] / 2;
                double x = i % width;
                double y = (double) (i / width);
                double middle = (at(before, x - u, y - v) + at(after, x + u, y + v)) / 2;
                wrong += Math.abs(middle - between.values()[i]) / between.values().length;
            }
            sum += wrong;
            count++;
        }
        return count == 0 ? 1 : 1 - sum / count / 255;
    }

    /** Whether a clip is dynamic: in a quarter of its frames or more the liveliest twentieth of the pixels moves by 6/256 of the side. */
    static boolean dynamic(Clip clip) {
        int lively = 0;
        for (int f = 0; f + 1 < clip.frames(); f++) {
            Grey from = enlarged(clip, f);
            float[] vectors = FARNEBACK.between(from, enlarged(clip, f + 1)).vectors();
            double[] lengths = new double[vectors.length / 2];
            for (int i = 0; i < lengths.length; i++) {
                lengths[i] = Math.hypot(vectors[2 * i], vectors[2 * i + 1]);
            }
            Arrays.sort(lengths);
            int top = Math.max(1, (int) (TOP * lengths.length));
            double mean = Arrays.stream(lengths, lengths.length - top, lengths.length)
                    .average()
                    .orElseThrow();
            lively += mean > LIVELY * Math.min(from.width(), from.height()) ? 1 : 0;
        }
        return lively >= Math.round(4.0 * clip.frames() / 16);
    }

    private static Grey enlarged(Clip clip, int frame) {
        Grey grey = Grey.of(clip, frame);
        double factor = (double) SHORT_SIDE / Math.min(clip.width(), clip.height());
        return factor > 1
                ? grey.enlarged((int) Math.round(clip.width() * factor), (int) Math.round(clip.height() * factor))
                : grey;
    }

    /** Between pixels, bilinear; beyond its edges a picture goes on as they are. */
    private static double at(Grey grey, double x, double y) {
        double cx = Math.clamp(x, 0, grey.width() - 1.0);
        double cy = Math.clamp(y, 0, grey.height() - 1.0);
        int left = Math.min((int) cx, Math.max(0, grey.width() - 2));
        int top = Math.min((int) cy, Math.max(0, grey.height() - 2));
        int right = Math.min(left + 1, grey.width() - 1);
        int below = Math.min(top + 1, grey.height() - 1);
        double across = cx - left;
        double down = cy - top;
        float[] v = grey.values();
        double upper = v[top * grey.width() + left] * (1 - across) + v[top * grey.width() + right] * across;
        double lower = v[below * grey.width() + left] * (1 - across) + v[below * grey.width() + right] * across;
        return upper * (1 - down) + lower * down;
    }
}
