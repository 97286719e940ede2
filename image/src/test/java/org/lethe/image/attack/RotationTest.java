package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lethe.image.Bitmap;

class RotationTest {
    private static Rotation turn(double degrees, Rotation.Canvas canvas, Rotation.Corners corners) {
        return new Rotation(degrees, canvas, corners, new Removal());
    }

    private static Rotation turn(double degrees) {
        return turn(degrees, Rotation.Canvas.SAME, Rotation.Corners.BLACK);
    }

    @Test
    void fourQuarterTurnsAreNone() {
        for (int side : new int[] {7, 8}) {
            Bitmap picture = Painted.noise(1, side, side);
            for (Rotation.Canvas canvas : Rotation.Canvas.values()) {
                Bitmap turned = picture;
                for (int n = 0; n < 4; n++) {
                    turned = Painted.attacked(turn(90, canvas, Rotation.Corners.BLACK), turned);
                }
                assertEquals(0, Painted.largest(picture, turned));
            }
        }
    }

    @Test
    void aQuarterTurnMovesTheRightColumnToTheTop() {
        Bitmap picture = Painted.noise(2, 6, 6);
        Bitmap turned = Painted.attacked(turn(90), picture);
        for (int y = 0; y < 6; y++) {
            for (int x = 0; x < 6; x++) {
                assertEquals(picture.values()[y * 6 + x], turned.values()[(5 - x) * 6 + y]);
            }
        }
        Bitmap twice = Painted.attacked(turn(90), turned);
        assertEquals(0, Painted.largest(twice, Painted.attacked(turn(180), picture)));
        assertEquals(0, Painted.largest(picture, Painted.attacked(turn(0), picture)));
    }

    @Test
    void turningBackNearlyRestoresTheDiscWithin() {
        int side = 48;
        Bitmap picture = Painted.smooth(3, side, side);
        for (double degrees : new double[] {5, 30, 45}) {
            Bitmap back = Painted.attacked(turn(-degrees), Painted.attacked(turn(degrees), picture));
            double sum = 0;
            int count = 0;
            for (int i = 0; i < 3 * side * side; i++) {
                int x = i % side;
                int y = i / side % side;
                if (Math.hypot(x - 23.5, y - 23.5) < 21) {
                    double apart = 255.0 * (picture.values()[i] - back.values()[i]);
                    sum += apart * apart;
                    count++;
                }
            }
            double psnr = 10 * Math.log10(255 * 255 * count / sum);
            assertTrue(psnr > 40, degrees + ": " + psnr);
        }
    }

    @Test
    void cornersAreBlackOrMirrored() {
        Bitmap white = Painted.constant(255, 255, 255, 16, 16);
        assertEquals(
                0,
                Painted.largest(
                        white, Painted.attacked(turn(45, Rotation.Canvas.SAME, Rotation.Corners.MIRRORED), white)));
        assertEquals(0f, Painted.attacked(turn(45), white).values()[0]);
        // on a larger canvas the whole square is there, smaller
        Bitmap all = Painted.attacked(turn(45, Rotation.Canvas.LARGER, Rotation.Corners.BLACK), white);
        double area = 0;
        for (float value : all.values()) {
            area += value / all.values().length;
        }
        assertEquals(0.5, area, 0.02);
    }
}
