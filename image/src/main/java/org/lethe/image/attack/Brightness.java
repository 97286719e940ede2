package org.lethe.image.attack;

import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;

/**
 * Makes pictures darker or brighter so that a watermark is no longer found: y = clamp(f x), a blend with black, with pixels from 0 to
 * 255. One of the removals of CopyrightMeter (2024), whose script uses f = 0.5; f = 1 changes nothing. Cost: microseconds a picture.
 *
 * @param factor f; 0.25 to 4 is the usual range
 * @param removal how it is judged
 */
@Named("brightness")
public record Brightness(double factor, Removal removal) implements MarkRemoval {
    public Brightness {
        Check.require(factor >= 0 && factor <= 100, "factor", factor, "0 to 100");
    }

    /** Half the brightness. */
    public Brightness() {
        this(0.5, new Removal());
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        return Levels.each(
                pictures,
                picture -> picture.map(plane -> {
                    double[] changed = plane.clone();
                    for (int i = 0; i < changed.length; i++) {
                        changed[i] *= factor;
                    }
                    return changed;
                }));
    }
}
