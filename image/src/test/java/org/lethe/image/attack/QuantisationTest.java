package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;

class QuantisationTest {
    private static Quantisation uniform(int bits) {
        return new Quantisation(Quantisation.Palette.UNIFORM, 256, bits, new Imitation());
    }

    private static Quantisation cut(int colours) {
        return new Quantisation(Quantisation.Palette.MEDIAN_CUT, colours, 8, new Imitation());
    }

    @Test
    void uniformLevelsAreNearAndStay() {
        Bitmap picture = Painted.noise(1, 20, 20);
        for (int bits = 1; bits <= 8; bits++) {
            Bitmap once = Painted.attacked(uniform(bits), picture);
            // half a step, and half a level since levels are whole
            assertTrue(Painted.largest(picture, once) <= 255.0 / (2 * ((1 << bits) - 1)) + 0.5);
            assertEquals(0, Painted.largest(once, Painted.attacked(uniform(bits), once)));
        }
        assertEquals(0, Painted.largest(picture, Painted.attacked(uniform(8), picture)));
    }

    @Test
    void aPictureOfFewColoursStays() {
        Bitmap picture = Painted.noise(2, 5, 4);
        assertEquals(0, Painted.largest(picture, Painted.attacked(cut(20), picture)));
    }

    @Test
    void oneColourIsTheMean() {
        Bitmap picture = Painted.noise(3, 9, 9);
        double[] mean = Quantisation.cut(picture, 1).getFirst();
        byte[] bytes = picture.bytes();
        double red = 0;
        for (int i = 0; i < bytes.length; i += 3) {
            red += (bytes[i] & 255) / 81.0;
        }
        assertEquals(red, mean[0], 1e-9);
        Bitmap all = Painted.attacked(cut(1), picture);
        assertEquals(Math.round(red), all.bytes()[0] & 255);
        assertEquals(all.bytes()[0], all.bytes()[3]);
    }

    @Test
    void thePaletteHasSoManyColoursAndMoreLoseLess() {
        Bitmap picture = Painted.smooth(4, 32, 32);
        double last = Double.POSITIVE_INFINITY;
        for (int colours = 1; colours <= 256; colours *= 2) {
            assertEquals(colours, Quantisation.cut(picture, colours).size());
            double error = ImageMetrics.meanSquaredError(picture, Painted.attacked(cut(colours), picture));
            assertTrue(error <= last, colours + " colours: " + error);
            last = error;
        }
    }
}
