package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.Case;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Picture;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Split;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.hide.ClassPicture.Plane;

final class ClassPictureTest {
    private static final Keyed RANDOM = Keyed.seed(3);

    /** 60 rows of 4 numbers in which classes differ in the second number, and class 2 in the third. */
    private static float[] waves(int classes) {
        float[] rows = new float[60 * 4];
        for (int at = 0; at < rows.length; at++) {
            int i = at / 4;
            int j = at % 4;
            double apart = j == 1 ? 0.9 * (i % classes) : j == 2 && i % classes == 2 ? 0.7 : 0;
            rows[at] = (float) (Math.sin((i + 1) * (j + 1) * 0.7) * (1 + j) + apart);
        }
        return rows;
    }

    private static int[][] members(int users, int classes) {
        return IntStream.range(0, classes)
                .mapToObj(k ->
                        IntStream.range(0, users).filter(u -> u % classes == k).toArray())
                .toArray(int[][]::new);
    }

    private static int[] of(int users, int classes) {
        return IntStream.range(0, users).map(u -> u % classes).toArray();
    }

    private static void assertPlane(Plane plane, double[] first, double[] second, double... shares) {
        assertArrayEquals(first, plane.axes()[0], 1e-5);
        assertArrayEquals(second, plane.axes()[1], 1e-5);
        assertArrayEquals(shares, plane.shares(), 1e-6);
    }

    @Test
    void axesAreThoseOfNumpy() {
        assertPlane(
                Plane.of(waves(2), 4, members(60, 2)),
                new double[] {-0.0300833, 0.9901837, 0.0101514, -0.1361181},
                new double[] {0.0002628, 0.1365533, -0.060166, 0.9888039},
                0.1528503,
                0.521672);
        assertPlane(
                Plane.of(waves(3), 4, members(60, 3)),
                new double[] {0.0051597, -0.0093251, 0.9999408, 0.0021779},
                new double[] {-0.0480676, 0.9953007, 0.0835751, 0.0090112},
                0.3037388,
                0.1541813);
    }

    @Test
    void withoutClassesTheyArePrincipalComponents() {
        assertPlane(
                Plane.of(waves(1), 4, members(60, 1)),
                new double[] {0.004607, -0.0005851, -0.0591875, 0.9982361},
                new double[] {0.0020063, -0.0197965, 0.9980504, 0.0591557},
                0.5375813,
                0.2966413);
    }

    @Test
    void theirUnitIsThatOfTheRowsWhateverItIs() {
        float[] rows = waves(2);
        float[] small = rows.clone();
        for (int at = 0; at < small.length; at++) {
            small[at] *= 0x1p-40f;
        }
        assertPlane(
                Plane.of(small, 4, members(60, 2)),
                Plane.of(rows, 4, members(60, 2)).axes()[0],
                Plane.of(rows, 4, members(60, 2)).axes()[1],
                Plane.of(rows, 4, members(60, 2)).shares());
    }

    @Test
    void turnedRowsTurnNoSign() {
        float[] rows = waves(2);
        float[] turned = rows.clone();
        for (int at = 0; at < turned.length; at++) {
            turned[at] = -turned[at];
        }
        double[][] axes = Plane.of(rows, 4, members(60, 2)).axes();
        double[][] back = Plane.of(turned, 4, members(60, 2)).axes();
        assertArrayEquals(Arrays.stream(axes[0]).map(x -> -x).toArray(), back[0], 1e-12); // class b stays to the right
        assertArrayEquals(axes[1], back[1], 1e-12);
    }

    private static float[] planted(int users, int width, double shift, int classes) {
        float[] rows = new float[users * width];
        for (int at = 0; at < rows.length; at++) {
            double apart = at % width == 1 ? shift * (at / width % classes) : 0;
            rows[at] = (float) (Keyed.normal(RANDOM.at(at)) * (at % width == 0 ? 5 : 1) + apart);
        }
        return rows;
    }

    private static Picture.Scatter picture(int users, int width, int classes, float[] before, float[] after) {
        SequencedMap<String, float[]> panels = new LinkedHashMap<>();
        panels.put("before", before);
        panels.put("after", after);
        List<String> labels = List.of("a", "b", "c").subList(0, classes);
        return ClassPicture.of(new Classes("c", labels, of(users, classes)), width, panels, RANDOM);
    }

    private static double apart(Picture.Panel panel, int axis) {
        return panel.classes().get(1).mean().get(axis)
                - panel.classes().get(0).mean().get(axis);
    }

    @Test
    void classesThatAreApartBeforeAndNotAfterAreSeenToBe() {
        Picture.Scatter picture = picture(2_000, 16, 2, planted(2_000, 16, 2, 2), planted(2_000, 16, 0, 2));
        // d' is 2, and five standard errors of a difference of 500 and 500 are 0.32
        assertEquals(2, apart(picture.panels().get(0), 0), 0.32);
        assertEquals(0, apart(picture.panels().get(1), 0), 0.32);
        assertEquals(0, apart(picture.panels().get(0), 1), 0.32);
        assertEquals(400, picture.panels().get(0).classes().get(0).x().size());
    }

    @Test
    void classesThatAreAlikeAreNotParted() {
        Picture.Scatter picture = picture(200, 60, 2, planted(200, 60, 0, 2), planted(200, 60, 0, 2));
        // on the users it was fitted to, 60 directions for 100 users would find a d' of 3 in noise
        assertEquals(0, apart(picture.panels().get(0), 0), 1);
    }

    @ParameterizedTest
    @CsvSource({"2, 1, 2", "4, 3, 2", "4, 1, 2", "5, 8, 3", "3, 2, 3", "60, 1, 3"})
    void fewUsersAndNarrowRowsHaveAPicture(int users, int width, int classes) {
        float[] rows = planted(users, width, 1, classes);
        Picture.Scatter picture = picture(users, width, classes, rows, rows);
        assertEquals(picture.panels().get(0).classes(), picture.panels().get(1).classes());
        picture.panels().get(0).classes().forEach(c -> c.x().forEach(x -> assertTrue(Math.abs(x) < 50, "" + x)));
    }

    /** Covariances of 0 but for rounding, and fewer users than columns. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void moreColumnsThanUsersHaveAPicture(int seed) {
        float[] rows = new float[100 * 150];
        for (int at = 0; at < rows.length; at++) {
            long bits = Keyed.seed(seed).at(at);
            rows[at] = Math.rint(Keyed.normal(bits)) == 0 ? 0.1f : (bits & 1) == 0 ? -0.2f : 0.3f;
        }
        Plane plane = Plane.of(rows, 150, members(100, 2));
        assertEquals(1, plane.parting());
        assertEquals(
                0,
                IntStream.range(0, 150)
                        .mapToDouble(d -> plane.axes()[0][d] * plane.axes()[1][d])
                        .sum(),
                1e-9);
    }

    @ParameterizedTest
    @ValueSource(floats = {0, 0.1f, -3e20f})
    void constantRowsAreOnePoint(float value) {
        float[] rows = new float[40 * 3];
        Arrays.fill(rows, value);
        Picture.Scatter picture = picture(40, 3, 2, rows, rows);
        picture.panels().get(1).classes().forEach(c -> {
            c.x().forEach(x -> assertEquals(0, x));
            c.y().forEach(y -> assertEquals(0, y));
        });
    }

    @Test
    void usersWithoutALabelAreLeftOut() {
        Classes classes = new Classes("c", List.of("a", "b"), of(40, 2)).where(u -> u >= 20);
        Picture.Scatter picture =
                ClassPicture.of(classes, 3, new LinkedHashMap<>(java.util.Map.of("x", planted(40, 3, 1, 2))), RANDOM);
        assertEquals(5, picture.panels().get(0).classes().get(0).x().size()); // half of ten
    }

    @Test
    void anAuditDrawsTheSameOnAnyNumberOfThreads() {
        Split data = new Planted(300, 40, 8, 3).load(new DataFolders(List.of()));
        Embeddings before = new Embeddings(6, planted(300, 6, 1, 2), new float[40 * 6]);
        Embeddings after = new Embeddings(6, planted(300, 6, 0, 2), new float[40 * 6]);
        List<List<Picture>> drawn = new ArrayList<>();
        for (int threads = 1; threads <= 3; threads++) {
            try (Workers workers = Workers.threads(threads)) {
                drawn.add(new AttributeInference()
                        .pictures(
                                new Case<>(data, new Hide(Planted.GROUP), before, after, before),
                                Env.seeded(1).with(workers)));
            }
        }
        assertEquals(1, drawn.stream().distinct().count());
        assertEquals(
                List.of("before", "after"),
                ((Picture.Scatter) drawn.get(0).get(0))
                        .panels().stream().map(Picture.Panel::name).toList());
    }
}
