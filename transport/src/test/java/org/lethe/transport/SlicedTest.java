package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class SlicedTest {
    private static Cloud normal(long seed, int n, int d) {
        Random random = new Random(seed);
        double[] points = new double[n * d];
        Arrays.setAll(points, e -> random.nextGaussian());
        return Cloud.of(points, d);
    }

    private static Cloud shifted(Cloud cloud, double... by) {
        double[] points = cloud.points().clone();
        Arrays.setAll(points, e -> cloud.points()[e] + by[e % by.length]);
        return new Cloud(points, cloud.dims(), cloud.weights());
    }

    @Test
    void shiftHasItsLengthOverTheRootOfTheDimension() {
        Cloud x = normal(1, 50, 2);
        Sliced.Estimate e = new Sliced(20_000, 2).distance(x, shifted(x, 3, 4), Keyed.seed(1), Loop.HERE);
        assertEquals(5 / Math.sqrt(2), e.distance(), 5 * e.standardError());
        assertTrue(e.standardError() > .001 && e.standardError() < .02, "error " + e.standardError());
    }

    @Test
    void standardErrorIsTheSpreadOfEstimates() {
        Cloud x = normal(2, 40, 5);
        Cloud y = shifted(normal(3, 30, 5), 1, 0, 0, 0, 0);
        double sum = 0;
        double squares = 0;
        double said = 0;
        int trials = 200;
        for (int seed = 0; seed < trials; seed++) {
            Sliced.Estimate e = new Sliced(50, 2).distance(x, y, Keyed.seed(seed), Loop.HERE);
            sum += e.distance();
            squares += e.distance() * e.distance();
            said += e.standardError() / trials;
        }
        double spread = Math.sqrt((squares - sum * sum / trials) / (trials - 1));
        assertEquals(1, said / spread, .3); // the spread of 200 is known to 5 %
    }

    @Test
    void distanceIsSymmetricZeroToItselfAndBelowW2() {
        Cloud x = normal(4, 30, 3);
        Cloud y = new Cloud(
                normal(5, 20, 3).points(),
                3,
                TransportProblem.renormalised(new Random(6).doubles(20).toArray(), new double[] {1}, new double[20])
                        .a());
        Sliced sliced = new Sliced(100, 2);
        double distance = sliced.distance(x, y, Keyed.seed(2), Loop.HERE).distance();
        assertEquals(distance, sliced.distance(y, x, Keyed.seed(2), Loop.HERE).distance(), 1e-12);
        assertEquals(0, sliced.distance(y, y, Keyed.seed(2), Loop.HERE).distance(), 0);
        double full = new TransportProblem(x.weights(), y.weights(), x.squaredDistances(y, Loop.HERE))
                .exact()
                .cost();
        Sliced.Worst worst = sliced.worst(x, y, Keyed.seed(2), Loop.HERE);
        assertTrue(distance <= worst.distance() && worst.distance() <= Math.sqrt(full) + 1e-12);
    }

    @Test
    void worstDirectionOfAShiftIsTheShift() {
        Cloud x = normal(7, 60, 6);
        for (double p : new double[] {1, 2}) {
            Sliced.Worst worst = new Sliced(20, p).worst(x, shifted(x, 0, 3, 0, 0, 4, 0), Keyed.seed(3), Loop.HERE);
            assertEquals(5, worst.distance(), 1e-6);
            assertTrue(worst.converged());
            assertEquals(.6, Math.abs(worst.direction()[1]), 1e-3);
        }
    }

    @Test
    void whoRunsTheDirectionsChangesNoBit() {
        Cloud x = normal(8, 700, 4);
        Cloud y = normal(9, 600, 4);
        Loop many = (parts, body) -> IntStream.range(0, parts).parallel().forEach(body);
        Sliced sliced = new Sliced(30, 2);
        assertEquals(sliced.distance(x, y, Keyed.seed(4), Loop.HERE), sliced.distance(x, y, Keyed.seed(4), many));
    }

    @Test
    void wrongInputIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Sliced(1, 2));
        assertThrows(IllegalArgumentException.class, () -> new Sliced(10, .5));
        assertThrows(
                IllegalArgumentException.class,
                () -> new Sliced().distance(normal(1, 5, 2), normal(1, 5, 3), Keyed.seed(1), Loop.HERE));
    }
}
