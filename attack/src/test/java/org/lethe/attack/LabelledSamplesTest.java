package org.lethe.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

final class LabelledSamplesTest {
    @Test
    void rowsFollowOneAnother() {
        LabelledSamples samples = LabelledSamples.of(new float[][] {{1, 2}, {3, 4}, {5, 6}}, new int[] {0, -1, 1}, 2);
        assertEquals(2, samples.width());
        assertEquals(3, samples.size());
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, samples.rows());
    }

    @Test
    void whatIsNoSampleIsRefusedByItsPlace() {
        assertEquals(
                "features[1].length is 1, expected as features[0].length, 2",
                refused(new float[][] {{1, 2}, {3}}, new int[] {0, 1}));
        assertEquals(
                "feature 1 of sample 1 is NaN, expected a finite number",
                refused(new float[][] {{1, 2}, {3, Float.NaN}}, new int[] {0, 1}));
        assertEquals("labels[1] is 2, expected −1 to 1", refused(new float[][] {{1}, {3}}, new int[] {0, 2}));
        assertEquals("rows.length is 2, expected 1 · 1", refused(new float[][] {{1}, {3}}, new int[] {0}));
    }

    private static String refused(float[][] features, int[] labels) {
        return ""
                + assertThrows(IllegalArgumentException.class, () -> LabelledSamples.of(features, labels, 2))
                        .getMessage();
    }

    @Test
    void dealingLabelsKeepsHowManyThereAreAndWhoHasNone() {
        int[] labels = new int[300];
        Arrays.setAll(labels, n -> n % 4 - 1);
        LabelledSamples samples = new LabelledSamples(new float[300], 1, labels, 3);
        int[] dealt = samples.shuffled(Keyed.seed(1)).labels();
        assertFalse(Arrays.equals(labels, dealt));
        for (int n = 0; n < 300; n++) {
            assertEquals(labels[n] < 0, dealt[n] < 0);
        }
        int[] sorted = dealt.clone();
        Arrays.sort(sorted);
        Arrays.sort(labels);
        assertArrayEquals(labels, sorted);
    }
}
