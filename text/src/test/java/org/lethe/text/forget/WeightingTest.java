package org.lethe.text.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

final class WeightingTest {
    private static final double[] SCORES = {0.4, 0.1, 0, 0.9, 0.6};
    private static final int DRAWS = 100_000;

    private static final List<Weighting> ALL = List.of(
            new Weighting.Proportional(),
            new Weighting.MedianSplit(),
            new Weighting.Power(),
            new Weighting.Rank(),
            new Weighting.Curriculum());

    @Test
    void weightsSumToOneAndFollowTheirSamples() {
        double[] reversed = new double[SCORES.length];
        for (int i = 0; i < reversed.length; i++) {
            reversed[i] = SCORES[SCORES.length - 1 - i];
        }
        for (Weighting form : ALL) {
            double[] weights = form.of(SCORES, 0.2);
            assertEquals(1, Arrays.stream(weights).sum(), 1e-12, form.toString());
            double[] other = form.of(reversed, 0.2);
            for (int i = 0; i < weights.length; i++) {
                assertEquals(weights[i], other[weights.length - 1 - i], 1e-15, form.toString());
                assertTrue(weights[3] >= weights[i], form + ": the easiest sample has the largest weight");
            }
        }
    }

    @Test
    void formsHaveTheirFormulas() {
        assertArrayEquals(new double[] {0.2, 0.05, 0, 0.45, 0.3}, new Weighting.Proportional(1).of(SCORES, 0), 1e-12);
        assertArrayEquals(
                new double[] {0.6 / 2.6, 0.4 / 2.6, 0.4 / 2.6, 0.6 / 2.6, 0.6 / 2.6},
                new Weighting.MedianSplit().of(SCORES, 0),
                1e-12);
        assertArrayEquals(
                new double[] {3 / 15.0, 2 / 15.0, 1 / 15.0, 5 / 15.0, 4 / 15.0},
                new Weighting.Rank().of(SCORES, 0),
                1e-12);
        assertArrayEquals(new Weighting.Proportional(1).of(SCORES, 0), new Weighting.Power(1, 1).of(SCORES, 0), 1e-11);
        assertArrayEquals(new double[] {0.2, 0.2, 0.2, 0.2, 0.2}, new Weighting.Power(0, 1).of(SCORES, 0), 1e-12);
        // 0.8-quantile of the scores is 0.66
        assertEquals(0.66 / 1.76, new Weighting.Proportional(0.8).of(SCORES, 0)[3], 1e-12);
    }

    @Test
    void curriculumGrowsFromTheEasiestToAll() {
        Weighting.Curriculum form = new Weighting.Curriculum(0.5);
        assertArrayEquals(new double[] {0, 0, 0, 1, 0}, form.of(SCORES, 0));
        assertEquals(0, form.of(SCORES, 0.25)[2]);
        assertArrayEquals(new double[] {0.2, 0.2, 0.2, 0.2, 0.2}, form.of(SCORES, 0.5));
    }

    @Test
    void scoresOfZeroAreDrawnUniformly() {
        for (Weighting form : ALL) {
            if (!(form instanceof Weighting.Curriculum)) {
                assertArrayEquals(new double[] {0.25, 0.25, 0.25, 0.25}, form.of(new double[4], 0.1), 1e-12);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> new Weighting.Rank().of(new double[] {Double.NaN}, 0));
        assertThrows(IllegalArgumentException.class, () -> new Weighting.Rank().of(new double[0], 0));
    }

    @Test
    void mixtureLeavesNoSampleOut() {
        double[] mixed = Weighting.mixed(new double[] {1, 0}, 0.2);
        assertArrayEquals(new double[] {0.9, 0.1}, mixed, 1e-12);
        assertEquals(2, Weighting.effectiveSize(new double[] {0.5, 0.5}), 1e-12);
        assertEquals(1, Weighting.effectiveSize(new double[] {1, 0}), 1e-12);
    }

    /** Chi-square below its bound for 4 degrees of freedom at one in a million: 33.4. */
    @Test
    void drawsFollowTheirWeights() {
        double[] weights = Weighting.mixed(new Weighting.Proportional(1).of(SCORES, 0), 0.2);
        int[] counts = new int[weights.length];
        for (int place : Weighting.draw(weights, DRAWS, Keyed.seed(4))) {
            counts[place]++;
        }
        double chiSquare = 0;
        for (int i = 0; i < counts.length; i++) {
            chiSquare += Math.pow(counts[i] - DRAWS * weights[i], 2) / (DRAWS * weights[i]);
        }
        assertTrue(chiSquare < 33.4, "chi-square " + chiSquare);
    }

    @Test
    void easyHalfIsDrawnHalfAsOftenAgain() {
        double[] scores = new double[10];
        Arrays.setAll(scores, i -> i);
        double upper = Arrays.stream(Weighting.draw(new Weighting.MedianSplit().of(scores, 0), DRAWS, Keyed.seed(4)))
                .filter(i -> i >= 5)
                .count();
        assertEquals(1.5, upper / (DRAWS - upper), 0.03);
    }

    @Test
    void sampleWithoutWeightIsNeverDrawn() {
        for (int place : Weighting.draw(new double[] {0, 0.5, 0, 0.5, 0}, 10_000, Keyed.seed(1))) {
            assertTrue(place == 1 || place == 3, "drew " + place);
        }
    }

    @Test
    void factorsMakeTheMeanGradientThatOfUniformDraws() {
        Sampling.ByMrd unbiased = new Sampling.ByMrd(new Mrd(), new Weighting.Proportional(1), 0.2, 0, true);
        double[] weights = unbiased.weights(SCORES, 0);
        double[] values = {3, -1, 4, 1, -5};
        int[] all = {0, 1, 2, 3, 4};
        float[] factors = unbiased.factors(weights, all);
        double mean = 0;
        for (int i : all) {
            mean += weights[i] * factors[i] * values[i];
        }
        assertEquals(Arrays.stream(values).average().orElseThrow(), mean, 1e-6);
        assertArrayEquals(new float[] {1, 1}, new Sampling.ByMrd().factors(weights, new int[] {0, 3}));
    }
}
