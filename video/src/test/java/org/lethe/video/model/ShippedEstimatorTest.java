package org.lethe.video.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.video.Labelled;
import org.lethe.video.Ordering;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;
import org.lethe.video.flow.Measure;

/** The estimator that comes with Lethe, and the record beside it. */
class ShippedEstimatorTest {
    private static byte[] bytes(String resource) throws IOException {
        try (InputStream in = Optional.ofNullable(MotionEstimator.class.getResourceAsStream(resource))
                .orElseThrow()) {
            return in.readAllBytes();
        }
    }

    @Test
    void theRecordNamesTheFileThatIsThere() throws IOException {
        JsonNode noted = new ObjectMapper().readTree(bytes("/org/lethe/video/motion-estimator.json"));
        assertEquals(MotionEstimator.SHA256, noted.get("sha256").asText());
        assertEquals(
                MotionEstimator.shipped().parameters(), noted.get("parameters").asLong());
        assertTrue(bytes(MotionEstimator.RESOURCE).length < 2_000_000);
    }

    @Test
    void anAlteredFileIsRefused() throws IOException {
        byte[] altered = bytes(MotionEstimator.RESOURCE);
        altered[altered.length - 1] ^= 1;
        String words = assertThrows(
                        LetheException.class,
                        () -> MotionEstimator.verified(new ByteArrayInputStream(altered), MotionEstimator.SHA256))
                .getMessage();
        assertTrue(words.contains("expected " + MotionEstimator.SHA256 + "; the file was altered"), words);
    }

    /** On surfaces drawn by rules that it never saw it orders nine of ten pairs, and one motion hardly moves the score of the other. */
    @Test
    void itOrdersClipsThatItNeverSaw() {
        List<Labelled> clips = new PlantedClips(2, 150, 32, 8, Texture.Kind.DRAWN, 0, 9)
                .load(new DataFolders(List.of()))
                .test();
        List<Measure.Score> scores = MotionEstimator.shipped()
                .scores(clips.stream().map(Labelled::clip).toList());
        double[] object = scores.stream().mapToDouble(Measure.Score::object).toArray();
        double[] camera = scores.stream().mapToDouble(Measure.Score::camera).toArray();
        double[] objects = clips.stream().mapToDouble(Labelled::object).toArray();
        double[] cameras = clips.stream().mapToDouble(Labelled::camera).toArray();
        double objectAccuracy = Ordering.pairAccuracy(object, objects, 0.3, 4000, Keyed.seed(1));
        double cameraAccuracy = Ordering.pairAccuracy(camera, cameras, 0.3, 4000, Keyed.seed(1));
        assertTrue(objectAccuracy >= 0.8, "objects " + objectAccuracy);
        assertTrue(cameraAccuracy >= 0.9, "camera " + cameraAccuracy);
        assertTrue(Math.abs(Ordering.spearman(object, cameras)) <= 0.25);
        assertTrue(Math.abs(Ordering.spearman(camera, objects)) <= 0.25);
    }
}
