package org.lethe.recsys.neural.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.approximate.Vectors;
import org.lethe.torch.Devices;

/** The numbers that the specification gives for the algorithms of ERASE (sections 5.1 to 5.7). */
class KnownAnswersTest {
    @BeforeAll
    static void ready() {
        Devices.ready(Device.CPU);
    }

    private static Tensor row(double... values) {
        return Tensor.create(values, 1, values.length);
    }

    private record Slope(double value, double[] gradient) {}

    private static Slope slope(Tensor at, UnaryOperator<Tensor> function) {
        Tensor leaf = at.set_requires_grad(true);
        Tensor value = function.apply(leaf);
        value.backward();
        return new Slope(value.item_double(), Removal.doubles(leaf.grad()));
    }

    @Test
    void fanchuansDivergenceFromTheUniformDistributionHasItsValueAndGradient() {
        try (var _ = new PointerScope()) {
            Tensor uniform = row(1 / 3.0, 1 / 3.0, 1 / 3.0);
            Slope slope = slope(row(0, Math.log(2), Math.log(3)), s -> Fanchuan.divergence(uniform, s));
            assertEquals(0.0958940, slope.value, 5e-8);
            assertArrayEquals(new double[] {-1 / 6.0, 0, 1 / 6.0}, slope.gradient, 1e-12);
        }
    }

    @Test
    void fanchuansContrastHasItsValueGradientAndMinimum() {
        try (var _ = new PointerScope()) {
            Tensor r = Tensor.create(new double[] {1, 0, 0, 1}, 2, 2);
            BiFunction<Double, Double, Slope> at = (x, y) -> slope(row(x, y), f -> Fanchuan.contrast(f, r));
            assertEquals(0.7848293, at.apply(1.0, 0.0).value, 5e-8);
            assertArrayEquals(new double[] {0.177961, -0.177961}, at.apply(1.0, 0.0).gradient, 5e-7);
            assertEquals(Math.log(2), at.apply(3.0, 3.0).value, 1e-12);
        }
    }

    @Test
    void kookminAsCodedResetsTheEntriesOfTheSmallestDifference() {
        double[] difference = {.5, -.1, .02, 0, 0, -.3, .04, .9, 0, .07};
        assertArrayEquals(
                new int[] {3, 4}, org.lethe.recsys.approximate.Kookmin.smallest(difference, 0, difference.length, 0.2));
    }

    @Test
    void seifsNoiseMakesTheNormGrowWithEveryRequest() {
        double[] theta = new double[200_000];
        Arrays.fill(theta, 1);
        boolean[] all = new boolean[theta.length];
        Arrays.fill(all, true);
        double before = Vectors.norm(theta);
        for (int request = 1; request <= 5; request++) {
            theta = Seif.noisy(theta, all, 0.6, Keyed.seed(1).of(request));
            double expected = Math.pow(1.36, request / 2.0); // 1.1662 for one, 21.6 for twenty
            assertEquals(expected, Vectors.norm(theta) / before, 0.02 * expected);
        }
    }

    @Test
    void gifsSolversFindTheInfluenceAndTheCodedFormAHundredAndOneTimesTheGradient() {
        UnaryOperator<double[]> diagonal = x -> new double[] {x[0], 10 * x[1]};
        double[] v = {1, 1};
        assertArrayEquals(
                new double[] {1, 0.1},
                Vectors.conjugateGradients(diagonal, v, 1e-12, 9).x(),
                1e-12);
        assertArrayEquals(new double[] {1, 0.1}, org.lethe.recsys.approximate.Gif.series(diagonal, v, 20, 2000), 1e-12);
        assertArrayEquals(new double[] {100.950, 100.497}, org.lethe.recsys.approximate.Gif.asCoded(diagonal, v), 5e-4);
    }

    @Test
    void ideasNoiseIsThatOfTheGaussianMechanismAndTheCodedOneSmaller() {
        assertEquals(0.310751, org.lethe.recsys.approximate.Idea.sigma(0.01, 0.1, 0.01), 5e-7);
        assertEquals(0.032180, org.lethe.recsys.approximate.Idea.sigmaAsCoded(0.01, 0.1, 0.01), 5e-7);
    }

    /** Rows (1,0), (0,1), (1,1), (2,1) with labels 1, 2, 3, 5 and ½‖θ‖²; the last two are the user's, the last one goes. */
    @Test
    void scifOfTheRetainedGradientIsExactForAQuadraticLossAndTheCodedRightSideIsNot() {
        double[] theta = {26 / 19.0, 28 / 19.0};
        double[] clean = gradient(theta, 1, 1, 3);
        double[] others = Vectors.plus(Vectors.plus(gradient(theta, 1, 0, 1), 1, gradient(theta, 0, 1, 2)), 1, theta);
        double[] full = Vectors.plus(clean, 1, gradient(theta, 2, 1, 5));
        UnaryOperator<double[]> hessian = x -> new double[] {3 * x[0] + x[1], x[0] + 3 * x[1]};
        double[] right = Vectors.plus(clean, 1, others);
        assertArrayEquals(new double[] {0.875, 1.375}, stepped(theta, hessian, right), 1e-12);
        assertArrayEquals(
                new double[] {0.342105, 1.236842},
                stepped(theta, hessian, Scif.rightAsCoded(clean, others, full)),
                5e-7);
    }

    private static double[] gradient(double[] theta, double x, double y, double label) {
        double residual = x * theta[0] + y * theta[1] - label;
        return new double[] {residual * x, residual * y};
    }

    private static double[] stepped(double[] theta, UnaryOperator<double[]> hessian, double[] right) {
        return Vectors.plus(
                theta, -1, Vectors.conjugateGradients(hessian, right, 1e-14, 9).x());
    }

    /** A state that occurs ten times and is followed by three items seven, three and no times. */
    @Test
    void refittedRowsAreMinimaAndRowsWithoutExamplesAreZero() {
        double[] table = {1, 0, 0, 1, -1, 0.5};
        double[] bias = {0.1, 0, -0.2};
        Convex read = new Convex.Read(table, bias, new double[] {7, 3, 0}, 0.3);
        assertMinimum(read, read.minimum(2, 1e-9));
        assertArrayEquals(new double[2], new Convex.Read(table, bias, new double[3], 0.3).minimum(2, 1e-9));
        Convex scored = new Convex.Scored(
                new double[] {1, 0, 0.5, 2, -1, 1},
                new double[] {-1, 0.5, -3},
                new double[] {10, 4, 3},
                new double[] {6, 0, 1},
                0.3);
        assertMinimum(scored, scored.minimum(2, 1e-9));
    }

    private static void assertMinimum(Convex function, double[] row) {
        assertTrue(Vectors.norm(function.gradient(row)) < 1e-6);
        double[] gradient = function.gradient(new double[] {0.3, -0.7});
        double[] product = function.hessian(new double[] {0.3, -0.7}).apply(new double[] {0, 1});
        for (int d = 0; d < 2; d++) {
            double[] step = new double[2];
            step[d] = 1e-5;
            double[] right = Vectors.plus(new double[] {0.3, -0.7}, 1, step);
            double[] left = Vectors.plus(new double[] {0.3, -0.7}, -1, step);
            assertEquals((function.value(right) - function.value(left)) / 2e-5, gradient[d], 1e-7);
            assertEquals((function.gradient(right)[1] - function.gradient(left)[1]) / 2e-5, product[d], 1e-7);
            assertTrue(function.value(Vectors.plus(row, 1, step)) >= function.value(row));
        }
    }
}
