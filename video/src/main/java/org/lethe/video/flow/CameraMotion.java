package org.lethe.video.flow;

import java.util.Locale;
import org.lethe.Check;
import org.lethe.video.Clip;

/**
 * What a camera does in a clip: the kinds of VBench (Huang et al. 2024), by tracks of a grid of 10 × 10 points.
 *
 * <p>Unlike there, tracks go from frame to frame and are fitted by a motion that pans, zooms and rolls, so that bodies in the picture count
 * little. The kind is that of the largest part: the shift of the middle to the sides or up and down, or the growth at the edge.
 */
public enum CameraMotion {
    /** It stands still. */
    STATIC,
    /** It turns or goes to the left: the picture moves to the right. */
    PAN_LEFT,
    /** The other way. */
    PAN_RIGHT,
    /** It turns or goes up: the picture moves down. */
    TILT_UP,
    /** The other way. */
    TILT_DOWN,
    /** The picture grows. */
    ZOOM_IN,
    /** The picture shrinks. */
    ZOOM_OUT;

    /** Share of the shorter side a frame below which a camera stands still. */
    private static final double STILL = 0.005;

    private static final LucasKanade TRACKER = new LucasKanade();
    private static final double SCALE = 0.3; // of residuals that count less, pixels of a screen of 32

    /** The name as a person writes it. */
    public String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The kind of a clip of two frames or more, whose shorter side should be 64 pixels or more. */
    public static CameraMotion of(Clip clip) {
        Check.require(clip.frames() >= 2, "frames", clip.frames(), "at least 2, as motion lies between frames");
        double right = 0;
        double down = 0;
        double growth = 0;
        double unit = Math.min(clip.width(), clip.height()) / 32.0;
        for (int n = 0; n + 1 < clip.frames(); n++) {
            Grey from = Grey.of(clip, n);
            CameraFit fit = CameraFit.of(TRACKER.grid(from, Grey.of(clip, n + 1), 10, 10), from, SCALE * unit);
            right += fit.a();
            down += fit.d();
            growth += fit.b();
        }
        double pairs = clip.frames() - 1.0;
        return of(right / pairs, down / pairs, growth / pairs * Math.min(clip.width(), clip.height()) / 2, 32 * unit);
    }

    private static CameraMotion of(double right, double down, double growth, double side) {
        double largest = Math.max(Math.abs(right), Math.max(Math.abs(down), Math.abs(growth)));
        if (largest < STILL * side) {
            return STATIC;
        }
        if (largest == Math.abs(right)) {
            return right > 0 ? PAN_LEFT : PAN_RIGHT;
        }
        if (largest == Math.abs(down)) {
            return down > 0 ? TILT_UP : TILT_DOWN;
        }
        return growth > 0 ? ZOOM_IN : ZOOM_OUT;
    }
}
