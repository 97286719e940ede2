package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;

/**
 * Adds ε or −ε to each value at random: the negative control of the obfuscations. A protection that does not beat it owes its effect to
 * the size of its change alone.
 *
 * <p>It asks no model and costs nothing.
 *
 * @param epsilon size of the change of each value, in 1/255 of the range from 0 to 1; less at the ends of the range
 */
@Named("random-signs")
public record RandomSigns(double epsilon) implements Obfuscation {
    public RandomSigns {
        Check.require(epsilon >= 0 && epsilon <= 255, "epsilon", epsilon, "0 to 255");
    }

    /** ε 16. */
    public RandomSigns() {
        this(16);
    }

    @Override
    public List<Bitmap> protect(Diffusion model, Task task, Env env) {
        if (epsilon == 0) {
            return task.pictures();
        }
        Keyed key = env.random("random-signs");
        List<Bitmap> made = new ArrayList<>();
        for (int n = 0; n < task.pictures().size(); n++) {
            Bitmap original = task.pictures().get(n);
            float[] values = original.values().clone();
            for (int i = 0; i < values.length; i++) {
                boolean open = task.masks().isEmpty() || task.masks().get(n).values()[i] >= 0.5f;
                double change = (key.of(n).at(i) & 1) == 0 ? epsilon : -epsilon;
                values[i] = open ? (float) Math.clamp(values[i] + change / 255, 0, 1) : values[i];
            }
            made.add(PixelLevels.published(original, values, epsilon));
        }
        return made;
    }
}
