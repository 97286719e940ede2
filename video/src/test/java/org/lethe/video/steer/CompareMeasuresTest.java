package org.lethe.video.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;

class CompareMeasuresTest {
    /** One number cannot serve two motions that are drawn independently; the estimator has one for each. */
    @Test
    void theEstimatorTellsBothMotionsApartAndOneNumberDoesNot() throws IOException {
        CompareMeasures compare = new CompareMeasures(
                new PlantedClips(2, 30, 32, 8, Texture.Kind.DRAWN, 0, 5), Optional.empty(), 20, Optional.empty());
        CompareMeasures.Result result = compare.run(Env.seeded(1));
        Map<String, CompareMeasures.Row> rows =
                result.rows().stream().collect(Collectors.toMap(CompareMeasures.Row::measure, r -> r));
        assertEquals(8, rows.size());
        for (CompareMeasures.Row row : rows.values()) {
            assertTrue(row.objectAccuracy().low() <= row.objectAccuracy().value()
                    && row.objectAccuracy().value() <= row.objectAccuracy().high());
        }
        CompareMeasures.Row estimator = row(rows, "estimator");
        CompareMeasures.Row ssim = row(rows, "ssim");
        assertTrue(estimator.objectAccuracy().value() >= ssim.objectAccuracy().value() + 0.1, result.toString());
        assertTrue(estimator.objectLeak() <= 0.35 && ssim.objectLeak() >= 0.5, result.toString());
        assertTrue(row(rows, "boosted-trees").cameraAccuracy().value() > 0.7, result.toString());
    }

    private static CompareMeasures.Row row(Map<String, CompareMeasures.Row> rows, String measure) {
        return Optional.ofNullable(rows.get(measure)).orElseThrow();
    }
}
