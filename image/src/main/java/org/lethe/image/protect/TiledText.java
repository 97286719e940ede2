package org.lethe.image.protect;

import java.util.List;
import org.lethe.image.Bitmap;

/** A picture of the greatest contrast, covered with a word in black on white. */
final class TiledText {
    private static final int HIGH = 7;
    private static final List<List<String>> LETTERS = List.of(
            List.of("#...#", "##.##", "#.#.#", "#.#.#", "#...#", "#...#", "#...#"),
            List.of(".###.", "..#..", "..#..", "..#..", "..#..", "..#..", ".###."),
            List.of(".####", "#....", "#....", ".###.", "....#", "....#", "####."),
            List.of("#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."));
    private static final int WIDE = 6 * LETTERS.size(); // with a gap after each letter

    private TiledText() {}

    /** The word MIST, tiled; its letters are larger in larger pictures. */
    static Bitmap picture(int width, int height) {
        int scale = Math.max(1, Math.min(width, height) / 64);
        float[] values = new float[3 * width * height];
        for (int i = 0; i < values.length; i++) {
            int x = i % width / scale;
            int y = i / width % height / scale;
            values[i] = inked(x % WIDE, y % (HIGH + 1)) ? 0 : 1;
        }
        return new Bitmap(width, height, values);
    }

    private static boolean inked(int x, int y) {
        return y < HIGH && x % 6 < 5 && LETTERS.get(x / 6).get(y).charAt(x % 6) == '#';
    }
}
