package org.lethe.video.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.numerics.Keyed;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.data.Scene.Body;
import org.lethe.video.data.Scene.Camera;
import org.lethe.video.data.Scene.Disturbances;
import org.lethe.video.data.Scene.Shape;

class SceneTest {
    private static final Texture SURFACE =
            Texture.drawn(Keyed.seed(1).of("t"), 1, false).getFirst();

    private static Scene scene(Camera camera, Body... bodies) {
        return new Scene(SURFACE, 80, 80, camera, List.of(bodies), Disturbances.NONE, 32, 8);
    }

    @Test
    void aPureZoomMovesPixelsByItsShareOfTheirMeanDistance() {
        double distance = 0;
        for (int i = 0; i < 1024; i++) {
            distance += Math.hypot(i % 32 - 15.5, i / 32 - 15.5) / 1024;
        }
        assertEquals(12.2386, distance, 5e-5);
        assertEquals(0.05 * distance, scene(new Camera(0.05, 0, 0, 0)).cameraIntensity(), 1e-6);
        assertEquals(0.05 * distance, scene(new Camera(-0.05, 0, 0, 0)).cameraIntensity(), 1e-6);
        assertEquals(1.25, scene(new Camera(0, 0.75, -1, 0)).cameraIntensity(), 1e-6);
        // a chord of a turn
        assertEquals(
                2 * Math.sin(0.05) * distance, scene(new Camera(0, 0, 0, 0.1)).cameraIntensity(), 1e-6);
        assertEquals(0, scene(Camera.STILL).cameraIntensity());
    }

    @Test
    void objectsCountByTheirAreas() {
        Body large = new Body(Shape.DISC, 6, 0, 0, 3, 4, 1);
        Body small = new Body(Shape.SQUARE, 3, 8, 8, 0, 0, 2);
        assertEquals(5 * 36 / 45.0, scene(Camera.STILL, large, small).objectIntensity(), 1e-12);
        assertEquals(5, scene(new Camera(0.1, 1, 1, 0), large).objectIntensity(), 1e-12);
    }

    @Test
    void bodiesTakeTheFlowOfTheWorldAndTheirOwn() {
        Scene scene = scene(new Camera(0, -1, 0, 0), new Body(Shape.SQUARE, 5, 0, 0, 0.5, 2, 1));
        int[] owners = scene.owners(4);
        float[] flow = scene.flow(4);
        int inside = 0;
        for (int i = 0; i < owners.length; i++) {
            assertEquals(owners[i] == 0 ? 1.5f : 1f, flow[2 * i], 1e-5f);
            assertEquals(owners[i] == 0 ? 2f : 0f, flow[2 * i + 1], 1e-5f);
            inside += owners[i] + 1;
        }
        assertEquals(100, inside, 21); // ten by ten, and its edges
    }

    /** The next frame at where the flow leads shows the same, but where something was covered or left the screen. */
    @Test
    void theFlowLeadsToTheSamePixelsInTheNextFrame() {
        for (int seed = 0; seed < 6; seed++) {
            Scene drawn = Scene.drawn(SURFACE, 1.5, 1.5, 32, 8, Keyed.seed(seed));
            Scene scene = new Scene(
                    SURFACE, drawn.left(), drawn.top(), drawn.camera(), drawn.bodies(), Disturbances.NONE, 32, 8);
            Clip clip = scene.render();
            List<Double> followed = new ArrayList<>();
            List<Double> still = new ArrayList<>();
            for (int n = 0; n < 7; n++) {
                float[] now = clip.luma(n);
                float[] next = clip.luma(n + 1);
                float[] flow = scene.flow(n);
                for (int i = 0; i < now.length; i++) {
                    double x = i % 32 + flow[2 * i];
                    double y = i / 32 + flow[2 * i + 1];
                    if (x >= 0 && y >= 0 && x < 31 && y < 31) {
                        followed.add(Math.abs(now[i] - between(next, x, y)));
                        still.add((double) Math.abs(now[i] - next[i]));
                    }
                }
            }
            assertTrue(
                    median(followed) < 0.35 * median(still),
                    "seed " + seed + ": " + median(followed) + " of " + median(still));
        }
    }

    private static double between(float[] luma, double x, double y) {
        int left = (int) x;
        int top = (int) y;
        double a = x - left;
        double b = y - top;
        return (1 - b) * ((1 - a) * luma[32 * top + left] + a * luma[32 * top + left + 1])
                + b * ((1 - a) * luma[32 * top + 32 + left] + a * luma[32 * top + 32 + left + 1]);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    @Test
    void intensitiesAreAsAskedForAndIndependent() {
        DataFolders none = new DataFolders(List.of());
        PlantedClips source = new PlantedClips(100, 10, 32, 8, Texture.Kind.DRAWN, 0, 4);
        MotionClips data = source.load(none);
        double[] object = data.train().stream().mapToDouble(Labelled::object).toArray();
        double[] camera = data.train().stream().mapToDouble(Labelled::camera).toArray();
        for (double[] y : List.of(object, camera)) {
            double mean = Arrays.stream(y).average().orElseThrow();
            assertEquals(1.5, mean, 5 * 0.866 / Math.sqrt(100));
            assertTrue(Arrays.stream(y).max().orElseThrow() <= 3.01);
        }
        double together = 0;
        for (int n = 0; n < 100; n++) {
            together += (object[n] - 1.5) * (camera[n] - 1.5) / 0.75 / 100;
        }
        assertEquals(0, together, 5 / Math.sqrt(100));
        assertArrayEquals(
                data.test().get(7).clip().rgb(),
                source.load(none).test().get(7).clip().rgb());
        Scene scene = source.scenes(none).get(7);
        assertEquals(data.test().get(7).camera(), scene.cameraIntensity());
        assertEquals(data.test().get(7).object(), scene.objectIntensity());
        double wide = new PlantedClips(2, 2, 64, 4, Texture.Kind.DRAWN, 0, 4)
                .load(none)
                .train()
                .getFirst()
                .camera();
        assertTrue(wide <= 3.01, "in pixels of a screen of 32");
    }
}
