package org.lethe.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class FreeSupportTest {
    private static final Loop MANY =
            (parts, body) -> IntStream.range(0, parts).parallel().forEach(body);
    private static final double[] HALVES = {.5, .5};

    private static Cloud normal(long seed, int n, int d, double shift) {
        Random random = new Random(seed);
        double[] points = new double[n * d];
        Arrays.setAll(points, e -> random.nextGaussian() + shift);
        return Cloud.of(points, d);
    }

    private static Cloud shifted(Cloud cloud, double... by) {
        double[] points = cloud.points().clone();
        Arrays.setAll(points, e -> cloud.points()[e] + by[e % by.length]);
        return Cloud.of(points, cloud.dims());
    }

    @Test
    void translatesMeetHalfWayAndAlignExactly() {
        Cloud one = normal(1, 24, 3, 0);
        Cloud two = shifted(one, 2, -1, .5);
        FreeSupport exact = FreeSupport.exact(24);
        FreeSupport.Barycenter b = exact.barycenter(List.of(one, two), HALVES, one, Loop.HERE);
        assertTrue(b.converged());
        assertArrayEquals(shifted(one, 1, -.5, .25).points(), b.support().points(), 1e-12);
        assertEquals((4 + 1 + .25) / 4, b.objective(), 1e-12);
        assertArrayEquals(b.targets()[0], b.targets()[1], 1e-12);
    }

    @Test
    void onALineItIsTheMeanOfSortedSamples() {
        Random random = new Random(2);
        double[] x = random.doubles(15).toArray();
        double[] y = random.doubles(15, 3, 9).toArray();
        FreeSupport.Barycenter b = FreeSupport.exact(15)
                .barycenter(List.of(Cloud.of(x, 1), Cloud.of(y, 1)), HALVES, Cloud.of(x, 1), Loop.HERE);
        Arrays.sort(x);
        Arrays.sort(y);
        double[] middle = new double[15];
        Arrays.setAll(middle, i -> (x[i] + y[i]) / 2);
        double[] found = b.support().points().clone();
        Arrays.sort(found);
        assertArrayEquals(middle, found, 1e-12);
    }

    @Test
    void oneCloudIsItsOwnBarycenterAndDoesNotMove() {
        Cloud cloud = normal(3, 20, 4, 0);
        FreeSupport.Barycenter b = FreeSupport.exact(20).barycenter(List.of(cloud), Keyed.seed(1), Loop.HERE);
        assertEquals(0, b.objective(), 1e-12);
        assertArrayEquals(cloud.points(), b.targets()[0], 1e-12);
    }

    @Test
    void exactRoundsNeverRaiseTheObjective() {
        for (int seed = 10; seed < 20; seed++) {
            List<Cloud> clouds =
                    List.of(normal(seed, 40, 3, 0), normal(seed + 50, 31, 3, 2), normal(seed + 90, 17, 3, -1));
            FreeSupport.Barycenter b = FreeSupport.exact(12).barycenter(clouds, Keyed.seed(seed), Loop.HERE);
            for (int r = 1; r < b.objectives().length; r++) {
                assertTrue(b.objectives()[r] <= b.objectives()[r - 1] + 1e-12, "seed " + seed + " round " + r);
            }
            assertTrue(b.objective() < b.objectives()[0]);
            assertTrue(b.marginalError() < 1e-12);
        }
    }

    @Test
    void entropicRoundsFollowTheExactOnes() {
        List<Cloud> clouds = List.of(normal(21, 60, 2, 0), normal(22, 50, 2, 3));
        FreeSupport settings = new FreeSupport(20, .02, 15, 1000, 1e-7, Sinkhorn.Precision.DOUBLE);
        FreeSupport.Barycenter entropic = settings.barycenter(clouds, Keyed.seed(4), Loop.HERE);
        for (int r = 1; r < entropic.objectives().length; r++) {
            assertTrue(entropic.objectives()[r] <= entropic.objectives()[r - 1] + 1e-5);
        }
        FreeSupport.Barycenter exact = FreeSupport.exact(20).rounds(15).barycenter(clouds, Keyed.seed(4), Loop.HERE);
        double cost = .5
                * (entropic.transports().get(0).cost()
                        + entropic.transports().get(1).cost());
        assertEquals(exact.objective(), cost, .1 * exact.objective());
    }

    @Test
    void pullTowardsTheTargetsIsTheGradientOfTheDistance() {
        Cloud cloud = normal(23, 7, 2, 0);
        Cloud support = normal(24, 7, 2, 1);
        FreeSupport.Barycenter b =
                FreeSupport.exact(7).rounds(1).barycenter(List.of(cloud), new double[] {1}, support, Loop.HERE);
        Cloud moved = b.support();
        for (int e = 0; e < 14; e++) {
            double gradient = 2 * (cloud.points()[e] - b.targets()[0][e]) / 7;
            double h = 1e-5;
            double[] up = cloud.points().clone();
            double[] down = cloud.points().clone();
            up[e] += h;
            down[e] -= h;
            double slope = (squared(Cloud.of(up, 2), moved) - squared(Cloud.of(down, 2), moved)) / (2 * h);
            assertEquals(slope, gradient, 1e-5);
        }
    }

    private static double squared(Cloud x, Cloud y) {
        return new TransportProblem(x.weights(), y.weights(), x.squaredDistances(y, Loop.HERE))
                .exact()
                .cost();
    }

    @Test
    void alignmentLeavesNothingBetweenTheClouds() {
        List<Cloud> clouds = List.of(normal(31, 80, 3, 0), normal(32, 80, 3, 2));
        double before = squared(clouds.get(0), clouds.get(1));
        FreeSupport.Barycenter b = FreeSupport.exact(80).barycenter(clouds, Keyed.seed(5), Loop.HERE);
        double after = squared(Cloud.of(b.targets()[0], 3), Cloud.of(b.targets()[1], 3));
        assertTrue(before > 10 && after < 1e-9, before + " " + after);
    }

    @Test
    void refreshOfUnmovedCloudsStaysWhereItIs() {
        List<Cloud> clouds = List.of(normal(41, 90, 4, 0), normal(42, 70, 4, 1));
        FreeSupport exact = FreeSupport.exact(30).rounds(100);
        FreeSupport.Barycenter cold = exact.barycenter(clouds, Keyed.seed(6), Loop.HERE);
        assertTrue(cold.converged());
        FreeSupport.Barycenter warm = exact.refresh(clouds, cold, Loop.HERE);
        assertTrue(warm.converged() && warm.rounds() == 1, "rounds " + warm.rounds());
        assertArrayEquals(cold.support().points(), warm.support().points(), 1e-3);
    }

    @Test
    void keptPotentialsSaveSweeps() {
        List<Cloud> clouds = List.of(normal(41, 90, 4, 0), normal(42, 70, 4, 1));
        FreeSupport settings = new FreeSupport(30, .05, 5, 500, 1e-4, Sinkhorn.Precision.SINGLE);
        FreeSupport.Barycenter before = settings.barycenter(clouds, Keyed.seed(6), Loop.HERE);
        FreeSupport once = settings.rounds(1);
        List<Cloud> moved =
                List.of(shifted(clouds.get(0), 1e-4, 0, 0, 1e-4), shifted(clouds.get(1), 1e-4, -1e-4, 0, 0));
        FreeSupport.Barycenter warm = once.refresh(moved, before, Loop.HERE);
        FreeSupport.Barycenter cold = once.barycenter(moved, HALVES, before.support(), Loop.HERE);
        assertTrue(warm.iterations() < cold.iterations(), warm.iterations() + " against " + cold.iterations());
        assertArrayEquals(cold.support().points(), warm.support().points(), .02);
    }

    @Test
    void mapOfOutsidersAgreesWithTargetsOfMembers() {
        List<Cloud> clouds = List.of(normal(51, 40, 2, 0), normal(52, 30, 2, 1));
        FreeSupport settings = new FreeSupport(16, .1, 2, 1000, 1e-10, Sinkhorn.Precision.DOUBLE);
        FreeSupport.Barycenter b = settings.barycenter(clouds, Keyed.seed(7), Loop.HERE);
        assertArrayEquals(b.targets()[1], b.map(1, clouds.get(1), Loop.HERE), 1e-7);
        // Exact plans may split a point between tight arcs; the map takes one of them.
        FreeSupport.Barycenter exact = FreeSupport.exact(30).barycenter(clouds, Keyed.seed(8), Loop.HERE);
        double[] mapped = exact.map(1, clouds.get(1), Loop.HERE);
        double[] f = exact.transports().get(1).f();
        double[] g = exact.transports().get(1).g();
        double[] cost = clouds.get(1).squaredDistances(exact.support(), Loop.HERE);
        for (int i = 0; i < 30; i++) {
            boolean tight = false;
            for (int s = 0; s < 30; s++) {
                boolean here = mapped[2 * i] == exact.support().points()[2 * s];
                tight |= here && cost[i * 30 + s] - g[s] <= f[i] + 1e-12;
            }
            assertTrue(tight, "point " + i);
        }
    }

    @Test
    void whoRunsTheRowsChangesNoBit() {
        List<Cloud> clouds = List.of(normal(61, 200, 5, 0), normal(62, 150, 5, 1));
        FreeSupport settings = new FreeSupport(100).rounds(3);
        FreeSupport.Barycenter one = settings.barycenter(clouds, Keyed.seed(9), Loop.HERE);
        FreeSupport.Barycenter many = settings.barycenter(clouds, Keyed.seed(9), MANY);
        assertArrayEquals(one.support().points(), many.support().points(), 0);
        assertArrayEquals(one.targets()[0], many.targets()[0], 0);
        assertArrayEquals(one.objectives(), many.objectives(), 0);
    }

    @Test
    void startKeepsItsPointsWhenOthersLeave() {
        Cloud cloud = normal(71, 50, 2, 0);
        FreeSupport settings = new FreeSupport(8);
        Cloud fewer = Cloud.of(Arrays.copyOf(cloud.points(), 98), 2);
        int kept = 0;
        for (int seed = 0; seed < 20; seed++) {
            double[] start = settings.start(List.of(cloud), Keyed.seed(seed)).points();
            double[] again = settings.start(List.of(fewer), Keyed.seed(seed)).points();
            double most = 0;
            for (int e = 0; e < start.length; e++) {
                most = Math.max(most, Math.abs(start[e] - again[e]));
            }
            kept += most < .01 ? 1 : 0;
        }
        assertTrue(kept >= 10, kept + " of 20"); // the last point is among 8 of 50 in 3 or 4 of them
    }

    @Test
    void squaredDistancesAreThoseOfTheFormula() {
        for (int m : new int[] {1, 7, 8, 33, 70}) {
            Cloud x = normal(81, 5, 6, 0);
            Cloud y = normal(82, m, 6, 0);
            double[] found = x.squaredDistances(y, Loop.HERE);
            for (int e = 0; e < found.length; e++) {
                double sum = 0;
                for (int k = 0; k < 6; k++) {
                    sum += Math.pow(x.points()[e / m * 6 + k] - y.points()[e % m * 6 + k], 2);
                }
                assertEquals(sum, found[e], 1e-12);
            }
        }
    }

    @Test
    void wrongInputIsRefused() {
        Cloud cloud = normal(91, 5, 2, 0);
        FreeSupport settings = new FreeSupport(3);
        assertThrows(IllegalArgumentException.class, () -> settings.barycenter(List.of(), Keyed.seed(1), Loop.HERE));
        assertThrows(
                IllegalArgumentException.class,
                () -> settings.barycenter(List.of(cloud, normal(92, 5, 3, 0)), Keyed.seed(1), Loop.HERE));
        assertThrows(
                IllegalArgumentException.class,
                () -> settings.barycenter(List.of(cloud), new double[] {.5}, normal(1, 3, 2, 0), Loop.HERE));
        assertThrows(IllegalArgumentException.class, () -> Cloud.of(new double[] {1, Double.NaN}, 1));
        assertThrows(IllegalArgumentException.class, () -> Cloud.of(new double[3], 2));
        assertThrows(IllegalArgumentException.class, () -> new FreeSupport(3, -1, 1, 1, 0, Sinkhorn.Precision.DOUBLE));
    }

    private static Cloud blob(Random random, int n, double x, double y, double sd) {
        double[] points = new double[2 * n];
        for (int i = 0; i < n; i++) {
            points[2 * i] = x + sd * random.nextGaussian();
            points[2 * i + 1] = y + sd * random.nextGaussian();
        }
        return Cloud.of(points, 2);
    }

    @Test
    void regionsHoldThePointsAndExactRoundsNeverRaiseTheObjective() {
        Random random = new Random(71);
        List<Cloud> clouds = List.of(blob(random, 40, 0, 0, 1), blob(random, 30, 4, 0, .5));
        FreeSupport settings = FreeSupport.exact(8);
        Cloud start = settings.start(clouds, Keyed.seed(71));
        List<Region> regions = List.of(
                new Region.Box(new double[] {Double.NEGATIVE_INFINITY, -.1}, new double[] {1.5, .2}),
                new Region.Disc(new double[] {1, 1}, .8));
        double free = settings.barycenter(clouds, new double[] {.4, .6}, start, Loop.HERE)
                .objective();
        for (Region region : regions) {
            FreeSupport.Barycenter b = settings.barycenter(
                    clouds, new double[] {.4, .6}, start, new FreeSupport.Steps(region, 0, false), Loop.HERE);
            for (int r = 2; r <= b.rounds(); r++) { // the start may lie outside
                assertTrue(b.objectives()[r] <= b.objectives()[r - 1] + 1e-12);
            }
            assertTrue(b.objective() > free);
            double[] points = b.support().points();
            double[] projected = points.clone();
            for (int s = 0; s < 8; s++) {
                region.project(projected, 2 * s);
            }
            assertArrayEquals(points, projected, 1e-12);
        }
    }

    @Test
    void twoDiracsInADiscStopAtItsEdge() {
        List<Cloud> clouds = List.of(Cloud.of(new double[] {0, 0}, 2), Cloud.of(new double[] {4, 0}, 2));
        Region disc = new Region.Disc(new double[] {0, 3}, 2);
        FreeSupport.Barycenter b = FreeSupport.exact(1)
                .barycenter(
                        clouds,
                        new double[] {.5, .5},
                        Cloud.of(new double[] {9, 9}, 2),
                        new FreeSupport.Steps(disc, 0, false),
                        Loop.HERE);
        double part = 2 / Math.sqrt(13); // the middle (2, 0) drawn to the centre (0, 3)
        assertArrayEquals(new double[] {2 * part, 3 - 3 * part}, b.support().points(), 1e-12);
        assertTrue(b.converged());
    }

    @Test
    void massesAreFoundWhereTheCloudsHaveThem() {
        double[] points = {0, 0, 10, 0};
        Cloud uneven = new Cloud(points, 2, new double[] {.8, .2});
        FreeSupport settings = new FreeSupport(2, 0, 200, 1, 0, Sinkhorn.Precision.DOUBLE);
        Cloud start = Cloud.of(new double[] {1, 1, 8, 1}, 2);
        FreeSupport.Barycenter kept = settings.barycenter(List.of(uneven), new double[] {1}, start, Loop.HERE);
        FreeSupport.Barycenter found = settings.barycenter(
                List.of(uneven),
                new double[] {1},
                start,
                new FreeSupport.Steps(new Region.Anywhere(), .2, false),
                Loop.HERE);
        for (int r = 1; r <= found.rounds(); r++) {
            assertTrue(found.objectives()[r] <= found.objectives()[r - 1] + 1e-9);
        }
        assertTrue(kept.objective() > 1);
        assertEquals(0, found.objective(), .05);
        assertArrayEquals(new double[] {.8, .2}, found.support().weights(), .01);
        assertEquals(1, Support.sum(found.support().weights()), 1e-12);
    }

    @Test
    void givenMassesAreKeptAndHonoured() {
        double[] weights = {.8, .2};
        Cloud uneven = new Cloud(new double[] {0, 0, 10, 0}, 2, weights);
        FreeSupport.Barycenter b = FreeSupport.exact(2)
                .barycenter(
                        List.of(uneven), new double[] {1}, new Cloud(new double[] {1, 1, 8, 1}, 2, weights), Loop.HERE);
        assertArrayEquals(uneven.points(), b.support().points(), 1e-12);
        assertArrayEquals(weights, b.support().weights(), 0);
        assertEquals(0, b.objective(), 1e-12);
    }

    @Test
    void withoutBiasACloudIsNotDrawnIn() {
        Random random = new Random(72);
        Cloud cloud = blob(random, 60, 0, 0, 1);
        FreeSupport settings = new FreeSupport(60, .3, 60, 500, 1e-8, Sinkhorn.Precision.DOUBLE);
        FreeSupport.Barycenter drawn = settings.barycenter(List.of(cloud), new double[] {1}, cloud, Loop.HERE);
        FreeSupport.Barycenter kept = settings.barycenter(
                List.of(cloud),
                new double[] {1},
                cloud,
                new FreeSupport.Steps(new Region.Anywhere(), 0, true),
                Loop.HERE);
        double before = Gaussian.of(cloud).covariance()[0];
        assertTrue(Gaussian.of(drawn.support()).covariance()[0] < .8 * before);
        assertArrayEquals(cloud.points(), kept.support().points(), 1e-5);
    }

    @Test
    void moreStartsAreNoWorse() {
        Random random = new Random(73);
        List<Cloud> clouds = List.of(blob(random, 30, 0, 0, 1), blob(random, 30, 3, 3, 2));
        FreeSupport settings = FreeSupport.exact(5);
        double last = Double.POSITIVE_INFINITY;
        for (int starts = 1; starts <= 4; starts++) {
            double found =
                    settings.best(clouds, starts, Keyed.seed(73), Loop.HERE).objective();
            assertTrue(found <= last);
            last = found;
        }
    }

    @Test
    void otherStepsHaveTheSameBitsWhoeverRunsTheRows() {
        Random random = new Random(74);
        List<Cloud> clouds = List.of(blob(random, 150, 0, 0, 1), blob(random, 90, 3, 3, 2));
        FreeSupport settings = new FreeSupport(70, .05, 4, 50, 1e-4, Sinkhorn.Precision.DOUBLE);
        FreeSupport.Steps steps = new FreeSupport.Steps(new Region.Disc(new double[] {1, 1}, 3), .5, true);
        Cloud start = settings.start(clouds, Keyed.seed(74));
        Loop many = (parts, body) ->
                java.util.stream.IntStream.range(0, parts).parallel().forEach(body);
        FreeSupport.Barycenter one = settings.barycenter(clouds, new double[] {.5, .5}, start, steps, Loop.HERE);
        FreeSupport.Barycenter two = settings.barycenter(clouds, new double[] {.5, .5}, start, steps, many);
        assertArrayEquals(one.support().points(), two.support().points(), 0);
        assertArrayEquals(one.support().weights(), two.support().weights(), 0);
        assertThrows(IllegalArgumentException.class, () -> new FreeSupport.Steps(new Region.Anywhere(), -1, false));
        assertThrows(
                IllegalArgumentException.class,
                () -> settings.barycenter(
                        clouds,
                        new double[] {.5, .5},
                        start,
                        new FreeSupport.Steps(new Region.Disc(new double[1], 1), 0, false),
                        Loop.HERE));
        assertThrows(IllegalArgumentException.class, () -> new Region.Box(new double[] {1}, new double[] {0}));
    }
}
