package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lethe.image.Bitmap;

class BrightnessTest {
    @Test
    void oneChangesNothingAndHalfComesBack() {
        Bitmap picture = Painted.noise(1, 16, 16);
        assertEquals(0, Painted.largest(picture, Painted.attacked(new Brightness(1, new Removal()), picture)));
        Bitmap half = Painted.attacked(new Brightness(), picture);
        assertTrue(Painted.largest(picture, half) >= 120);
        assertTrue(Painted.largest(picture, Painted.attacked(new Brightness(2, new Removal()), half)) <= 1);
    }

    @Test
    void brightPixelsStopAtWhite() {
        Bitmap picture = Painted.constant(200, 100, 0, 3, 3);
        Bitmap bright = Painted.attacked(new Brightness(2, new Removal()), picture);
        assertEquals(0, Painted.largest(Painted.constant(255, 200, 0, 3, 3), bright));
    }
}
