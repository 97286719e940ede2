package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Work;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.numerics.Keyed;

/** What the tests of watermarks share: an exact model and made-up works. */
final class TierZero {
    static final int SIDE = 16;

    private TierZero() {}

    /** Grey pictures with a deviation of 0.25 on the scale from −1 to 1, so that few values leave it. */
    static GaussianDiffusion model() {
        float[] grey = new float[3 * SIDE * SIDE];
        return new GaussianDiffusion(Map.of("", grey), SIDE, SIDE, 0.25, new NoiseSchedule());
    }

    /** A smooth picture on 8-bit levels. */
    static Bitmap picture(Keyed key, int side) {
        float[] values = new float[3 * side * side];
        for (int c = 0; c < 3; c++) {
            double a = Keyed.unit(key.at(10 * c));
            double b = Keyed.unit(key.at(10 * c + 1));
            double phase = 6 * Keyed.unit(key.at(10 * c + 2));
            for (int y = 0; y < side; y++) {
                for (int x = 0; x < side; x++) {
                    double wave = Math.sin(phase + 8.0 / side * (a * x + b * y)) + .3 * Math.sin(phase * 2 + x * a * 2);
                    values[(c * side + y) * side + x] = Math.round(255 * (.5 + .3 * wave)) / 255f;
                }
            }
        }
        return new Bitmap(side, side, values);
    }

    static List<Bitmap> pictures(int count, String name, int side) {
        List<Bitmap> made = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            made.add(picture(Keyed.seed(7).of(name).of(n), side));
        }
        return made;
    }

    /** Works of two styles that models know, in all three parts. */
    static Gallery gallery(int side) {
        List<Work> works = new ArrayList<>();
        for (String style : List.of("flat", "round")) {
            for (Work.Part part : Work.Part.values()) {
                List<Bitmap> pictures = pictures(12, style + part, side);
                for (int n = 0; n < pictures.size(); n++) {
                    works.add(new Work(style + part + n, pictures.get(n), "thing " + n, style, "", part));
                }
            }
        }
        return new Gallery("made-up", works, "");
    }
}
