package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.image.Bitmap;
import org.lethe.numerics.Keyed;

class TotalVariationTest {
    private static final Keyed KEY = Keyed.seed(5);

    private static double variation(double[] plane, int width) {
        double sum = 0;
        for (int i = 0; i < plane.length; i++) {
            double across = i % width + 1 < width ? plane[i + 1] - plane[i] : 0;
            double below = i + width < plane.length ? plane[i + width] - plane[i] : 0;
            sum += Math.hypot(across, below);
        }
        return sum;
    }

    @Test
    void twoSamplesMeetByTheirWeight() {
        double[] signal = {1, 3};
        assertArrayEquals(
                new double[] {1.5, 2.5}, new TotalVariation.Rof(0.5, 2000, 0.25).minimum(signal, 2, 1, KEY), 1e-3);
        for (double weight : new double[] {1, 5}) {
            assertArrayEquals(
                    new double[] {2, 2}, new TotalVariation.Rof(weight, 5000, 0.25).minimum(signal, 2, 1, KEY), 1e-2);
        }
    }

    @Test
    void rofKeepsTheMeanAndLowersTheVariation() {
        double[] plane = Levels.of(Painted.noise(1, 12, 10)).planes()[0];
        double[] smooth = new TotalVariation.Rof().minimum(plane, 12, 10, KEY);
        assertEquals(Arrays.stream(plane).sum(), Arrays.stream(smooth).sum(), 1e-6);
        assertTrue(variation(smooth, 12) < variation(plane, 12));
    }

    @Test
    void nothingToSmoothStays() {
        Bitmap constant = Painted.constant(9, 120, 250, 8, 8);
        Bitmap noise = Painted.noise(2, 8, 8);
        for (TotalVariation.Objective objective : List.of(new TotalVariation.Masked(), new TotalVariation.Rof())) {
            TotalVariation attack = new TotalVariation(objective, new Imitation());
            assertEquals(0, Painted.largest(constant, Painted.attacked(attack, constant)));
        }
        for (TotalVariation.Objective objective :
                List.of(new TotalVariation.Masked(1, 0, 10), new TotalVariation.Rof(0, 10, 0.125))) {
            TotalVariation attack = new TotalVariation(objective, new Imitation());
            assertEquals(0, Painted.largest(noise, Painted.attacked(attack, noise)));
        }
    }

    @Test
    void theGradientIsThatOfTheObjective() {
        TotalVariation.Masked masked = new TotalVariation.Masked();
        double[] plane = Levels.of(Painted.noise(3, 6, 5)).planes()[1];
        double[] z = Levels.of(Painted.noise(4, 6, 5)).planes()[1];
        boolean[] counts = new boolean[30];
        for (int i = 0; i < 30; i++) {
            counts[i] = i % 3 == 0;
        }
        double[] gradient = new double[30];
        masked.value(z, plane, counts, 6, 5, gradient);
        double h = 1e-5;
        for (int i = 0; i < 30; i++) {
            double[] up = z.clone();
            double[] down = z.clone();
            up[i] += h;
            down[i] -= h;
            double[] spare = new double[30];
            double slope =
                    (masked.value(up, plane, counts, 6, 5, spare) - masked.value(down, plane, counts, 6, 5, spare))
                            / (2 * h);
            assertEquals(slope, gradient[i], 1e-6);
        }
    }

    @Test
    void maskedPicturesAreSmootherThanNoise() {
        double[] plane = Levels.of(Painted.noise(5, 16, 16)).planes()[2];
        double[] smooth = new TotalVariation.Masked().minimum(plane, 16, 16, KEY);
        assertTrue(variation(smooth, 16) < 0.8 * variation(plane, 16));
    }

    @Test
    void aQuadraticFunctionReachesItsMinimum() {
        double[] found = LimitedMemoryBfgs.minimum(
                (x, gradient) -> {
                    gradient[0] = 2 * (x[0] - 1) + (x[1] + 2);
                    gradient[1] = 20 * (x[1] + 2) + (x[0] - 1);
                    return (x[0] - 1) * (x[0] - 1) + 10 * (x[1] + 2) * (x[1] + 2) + (x[0] - 1) * (x[1] + 2);
                },
                new double[] {30, 40},
                50);
        assertArrayEquals(new double[] {1, -2}, found, 1e-6);
    }
}
