package org.lethe.video.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;
import org.lethe.video.flow.CameraMotion;

/** Cameras whose motion is known; the scenes of this package draw them. */
class CameraMotionTest {
    private static CameraMotion of(Scene.Camera camera, int surface) {
        Scene.Body body = new Scene.Body(Scene.Shape.DISC, 10, 5, -8, 1.5, 0.5, 3);
        return CameraMotion.of(new Scene(
                        Texture.drawn(Keyed.seed(1), 3, false).get(surface),
                        70,
                        60,
                        camera,
                        List.of(body),
                        Scene.Disturbances.NONE,
                        64,
                        8)
                .render());
    }

    @Test
    void theKindIsThatOfTheCameraEvenIfABodyMovesInTheClip() {
        for (int surface = 0; surface < 3; surface++) {
            assertEquals(CameraMotion.STATIC, of(Scene.Camera.STILL, surface));
            assertEquals(CameraMotion.PAN_RIGHT, of(new Scene.Camera(0, 1.5, 0.3, 0), surface));
            assertEquals(CameraMotion.PAN_LEFT, of(new Scene.Camera(0, -1.5, 0.3, 0), surface));
            assertEquals(CameraMotion.TILT_DOWN, of(new Scene.Camera(0, 0.3, 1.5, 0), surface));
            assertEquals(CameraMotion.TILT_UP, of(new Scene.Camera(0, 0.3, -1.5, 0), surface));
            assertEquals(CameraMotion.ZOOM_IN, of(new Scene.Camera(0.04, 0, 0.2, 0), surface));
            assertEquals(CameraMotion.ZOOM_OUT, of(new Scene.Camera(-0.04, 0, 0.2, 0), surface));
        }
    }
}
