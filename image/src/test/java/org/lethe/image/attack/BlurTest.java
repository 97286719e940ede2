package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lethe.image.Bitmap;

class BlurTest {
    @Test
    void theKernelSumsToOne() {
        for (double sigma : new double[] {0, 0.5, 1, 4}) {
            double[] kernel = Blur.kernel(sigma);
            assertEquals(2 * (int) Math.ceil(3 * sigma) + 1, kernel.length);
            assertEquals(1, Arrays.stream(kernel).sum(), 1e-12);
        }
    }

    @Test
    void aConstantStaysAndSoDoesAnythingWithoutBlur() {
        Bitmap constant = Painted.constant(3, 77, 255, 5, 4);
        assertEquals(0, Painted.largest(constant, Painted.attacked(new Blur(4, new Removal()), constant)));
        Bitmap noise = Painted.noise(1, 9, 9);
        assertEquals(0, Painted.largest(noise, Painted.attacked(new Blur(0, new Removal()), noise)));
    }

    @Test
    void anImpulseBecomesTheKernel() {
        double[] kernel = Blur.kernel(1);
        double[] plane = new double[15 * 15];
        plane[7 * 15 + 7] = 1;
        double[] blurred = Blur.blurred(plane, 15, 15, kernel);
        for (int y = 0; y < 7; y++) {
            for (int x = 0; x < 7; x++) {
                assertEquals(kernel[y] * kernel[x], blurred[(y + 4) * 15 + x + 4], 1e-15);
            }
        }
    }

    @Test
    void twoPassesAreOneInTwoDirectionsWithMirroredBorders() {
        double[] plane = Levels.of(Painted.noise(2, 6, 4)).planes()[0];
        double[] kernel = Blur.kernel(1.5);
        int reach = kernel.length / 2;
        double[] blurred = Blur.blurred(plane, 6, 4, kernel);
        int[] columns = {0, 1, 2, 3, 4, 5, 4, 3, 2, 1};
        int[] rows = {0, 1, 2, 3, 2, 1};
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 6; x++) {
                double sum = 0;
                for (int j = -reach; j <= reach; j++) {
                    for (int i = -reach; i <= reach; i++) {
                        int column = columns[Math.floorMod(x + i, 10)];
                        int row = rows[Math.floorMod(y + j, 6)];
                        sum += kernel[i + reach] * kernel[j + reach] * plane[row * 6 + column];
                    }
                }
                assertEquals(sum, blurred[y * 6 + x], 1e-9);
            }
        }
    }
}
