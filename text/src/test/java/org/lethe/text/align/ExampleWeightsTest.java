package org.lethe.text.align;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class ExampleWeightsTest {
    @RepeatedTest(20)
    void stepsKeepTheMeanAndDoNotSeeAConstant(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        int n = 1 + random.nextInt(12);
        int[] members = new int[n];
        Arrays.setAll(members, i -> i);
        double scale = Math.pow(10, random.nextInt(9) - 4);
        double[] gradient = random.doubles(n, -scale, scale).toArray();
        double[] shifted = Arrays.stream(gradient).map(g -> g + 3 * scale).toArray();
        ExampleWeights start = ExampleWeights.uniform(members);
        ExampleWeights moved = start.step(gradient, 1, true).step(gradient, 1, true);
        assertEquals(n, Arrays.stream(moved.values()).sum(), 1e-9 * n);
        assertTrue(Arrays.stream(moved.values()).allMatch(w -> w > 0));
        assertArrayEquals(
                moved.values(),
                start.step(shifted, 1, true).step(shifted, 1, true).values(),
                1e-9);
        assertTrue(moved.effectiveSize() <= n + 1e-9 && moved.effectiveSize() >= 1);
        assertTrue(moved.entropy() <= Math.log(n) + 1e-9);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                assertTrue(gradient[i] >= gradient[j] || moved.values()[i] >= moved.values()[j]);
            }
        }
    }

    @Test
    void hugeGradientsDoNotCollapseToNotANumber() {
        double[] moved = ExampleWeights.uniform(new int[] {0, 1, 2})
                .step(new double[] {1e6, -1e6, 0}, 1, false)
                .values();
        assertEquals(3, moved[1], 1e-4);
        assertTrue(moved[0] > 0 && moved[2] > 0);
        assertThrows(
                IllegalArgumentException.class,
                () -> ExampleWeights.uniform(new int[] {0, 1}).step(new double[] {Double.NaN, 0}, 1, true));
    }

    @Test
    void onlyTheBestThatHelpAreAddedWithinTheBudget() {
        ExampleWeights grown = ExampleWeights.none().grown(new double[] {-1, 3, 0, 2, 5}, 2);
        assertArrayEquals(new int[] {4, 1}, grown.members());
        assertArrayEquals(new double[] {1, 1}, grown.values());
        ExampleWeights more = grown.grown(new double[] {-1, 3, 0, 2, 5}, 5);
        assertArrayEquals(new int[] {4, 1, 3}, more.members(), "fewer help than the budget allows");
        assertArrayEquals(
                new int[] {0}, ExampleWeights.none().grown(new double[] {1}, 8).members());
        assertEquals(0, ExampleWeights.none().grown(new double[] {-1}, 8).size());
    }

    @Test
    void newMembersGetTheMeanWeight() {
        ExampleWeights two = new ExampleWeights(new int[] {0, 1}, new double[] {1.5, 0.5});
        assertArrayEquals(
                new double[] {1.5, 0.5, 1}, two.grown(new double[] {0, 0, 1}, 1).values(), 1e-12);
    }

    @Test
    void sparsityTakesMostFromSmallWeights() {
        ExampleWeights two = new ExampleWeights(new int[] {0, 1}, new double[] {1.5, 0.5});
        double[] toll = two.toll(0.1);
        assertEquals(0.05 / Math.sqrt(0.75 + 1e-8), toll[0], 1e-12);
        assertEquals(0.05 / Math.sqrt(0.25 + 1e-8), toll[1], 1e-12);
        assertArrayEquals(new int[] {0}, two.without(0.6).members());
        assertArrayEquals(new double[] {1}, two.without(0.6).values());
    }
}
