package org.lethe.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class TilesTest {
    private static Bitmap picture(int width, int height) {
        float[] values = new float[3 * width * height];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Keyed.unit(Keyed.seed(width).of(height).at(i));
        }
        return new Bitmap(width, height, values);
    }

    @Test
    void partsJoinToTheWhole() {
        for (int overlap : new int[] {0, 1, 3}) {
            for (int[] size : new int[][] {{1, 1}, {16, 16}, {17, 40}, {33, 5}, {64, 47}, {101, 99}}) {
                Bitmap picture = picture(size[0], size[1]);
                Tiles tiles = Tiles.of(size[0], size[1], 16, overlap, 8);
                List<Bitmap> parts = tiles.cut(picture);
                assertTrue(parts.stream().allMatch(p -> p.width() % 8 == 0 && p.width() <= 16 && p.height() % 8 == 0));
                assertArrayEquals(picture.values(), tiles.joined(parts).values(), overlap == 0 ? 0 : 1e-6f);
            }
        }
    }

    @Test
    void aPartFadesIntoTheNext() {
        Tiles tiles = Tiles.of(40, 8, 24, 4, 8);
        assertEquals(3, tiles.columns());
        List<Bitmap> parts = new ArrayList<>(tiles.cut(new Bitmap(40, 8, new float[960])));
        float[] white = new float[3 * tiles.wide() * tiles.high()];
        Arrays.fill(white, 1);
        parts.set(1, new Bitmap(tiles.wide(), tiles.high(), white));
        float[] joined = tiles.joined(parts).values();
        for (int x = 1; x < 40; x++) {
            assertTrue(Math.abs(joined[x] - joined[x - 1]) < 0.13, "between " + (x - 1) + " and " + x);
        }
        assertEquals(1, joined[19], 1e-6);
    }
}
