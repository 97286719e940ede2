package org.lethe.video.data;

import java.util.Arrays;
import org.lethe.video.BrokenClip;

/**
 * The moments of the frames of a file, and the frames of a clip at a constant rate.
 *
 * <p>Where gaps between frames differ by less than a quarter and a millisecond and a half, which is the rounding of some formats, the
 * frames are taken as they are. Otherwise the rate is that of the median gap, and each moment shows the frame that is on the screen then.
 *
 * @param fps frames a second
 * @param shown of each frame of the clip, the number of the file's frame
 * @param resampled whether gaps differed
 */
record Timeline(double fps, int[] shown, boolean resampled) {
    private static final double ROUNDING = 0.0015;
    private static final int MOST_FRAMES = 10_000_000;

    /**
     * The frames at a constant rate.
     *
     * @param seconds when each frame begins; not a number where the file does not say
     * @param usual rate of a file with one frame or without moments
     */
    static Timeline of(Object file, double[] seconds, double usual) {
        int count = seconds.length;
        boolean silent = Arrays.stream(seconds).anyMatch(Double::isNaN);
        if (count == 1 || silent) {
            return new Timeline(usual, all(count), false);
        }
        double[] gaps = new double[count - 1];
        for (int n = 0; n + 1 < count; n++) {
            gaps[n] = seconds[n + 1] - seconds[n];
            if (!(gaps[n] > 0)) {
                throw BrokenClip.at(
                        file,
                        n + 1,
                        "is at " + seconds[n + 1] + " s, expected a time after that of the frame before, " + seconds[n]
                                + " s");
            }
        }
        double[] sorted = gaps.clone();
        Arrays.sort(sorted);
        double median = sorted[sorted.length / 2];
        double span = seconds[count - 1] - seconds[0];
        if (sorted[sorted.length - 1] - median <= 0.25 * median + ROUNDING
                && median - sorted[0] <= 0.25 * median + ROUNDING) {
            return new Timeline((count - 1) / span, all(count), false);
        }
        double moments = Math.floor(span / median + 0.5) + 1;
        if (moments > MOST_FRAMES) {
            throw BrokenClip.whole(
                    file, "lasts " + span + " s, whose frames are " + median + " s apart: too many at a constant rate");
        }
        int[] shown = new int[(int) moments];
        for (int n = 0, at = 0; n < shown.length; n++) {
            double now = seconds[0] + (n + 0.5) * median; // the middle of the moment, so that rounding does not matter
            while (at + 1 < count && seconds[at + 1] <= now) {
                at++;
            }
            shown[n] = at;
        }
        return new Timeline(1 / median, shown, true);
    }

    private static int[] all(int count) {
        int[] all = new int[count];
        Arrays.setAll(all, n -> n);
        return all;
    }
}
