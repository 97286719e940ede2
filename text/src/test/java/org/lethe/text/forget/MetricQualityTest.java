package org.lethe.text.forget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lethe.statistics.Auc;

class MetricQualityTest {
    private static final Auc TELLS = Auc.of(new double[] {0.9, 0.8, 0.7}, new double[] {0.1, 0.2, 0.3});
    private static final Auc GUESSES = Auc.of(new double[] {0.1, 0.9}, new double[] {0.1, 0.9});

    @Test
    void aMeasureThatTellsTheModelsApartAndLastsIsPerfect() {
        assertEquals(1, new MetricQuality.Quality("m", TELLS, 1, 1).quality());
        assertEquals(2.0 / 3, new MetricQuality.Quality("m", GUESSES, 1, 1).quality(), 1e-12);
    }

    @Test
    void whatComesBackAtOnceSpoilsAMeasure() {
        assertEquals(0, new MetricQuality.Quality("m", TELLS, 0, 1).quality());
        assertTrue(new MetricQuality.Quality("m", TELLS, 0.2, 1).quality()
                < new MetricQuality.Quality("m", TELLS, 0.9, 1).quality());
    }

    @Test
    void sharesAreBounded() {
        assertEquals(0.25, MetricQuality.share(0.1, 0.4), 1e-12);
        assertEquals(1, MetricQuality.share(0.5, 0.4));
        assertEquals(0, MetricQuality.share(-0.1, 0.4));
        assertEquals(1, MetricQuality.share(0.1, 0));
    }
}
