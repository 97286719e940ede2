package org.lethe.text.align;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;

class ImplicitGradientTest {
    private static final Keyed RANDOM = Keyed.seed(7);

    @BeforeAll
    static void ready() {
        Devices.ready(Device.CPU);
    }

    private static Tensor vector(double... values) {
        return Tensor.create(values, values.length);
    }

    private static Tensor matrix(int columns, double... values) {
        return Tensor.create(values, values.length / columns, columns);
    }

    /** ½ (θ − a)ᵀ A (θ − a). */
    private static Tensor quadratic(Tensor theta, Tensor a, Tensor matrix) {
        Tensor d = theta.sub(a);
        return d.dot(matrix.mv(d)).mul(new Scalar(0.5));
    }

    /** The quadratic toy, whose inner problem is solved in closed form. */
    private static final class Quadratic implements BilevelProblem {
        final double[][][] a = {{{1, 0}, {0, 2}}, {{2, 0.5}, {0.5, 1}}, {{0.5, 0}, {0, 0.5}}};
        final double[][] centre = {{3, 0}, {-1, 1}, {2, 4}};
        final double[] start = {1, 2};
        final Tensor theta = vector(1, 2).set_requires_grad(true);
        final double sign;

        Quadratic(double sign) {
            this.sign = sign;
        }

        @Override
        public List<Tensor> parameters() {
            return List.of(theta);
        }

        @Override
        public int candidates() {
            return 3;
        }

        @Override
        public Tensor losses(int[] which) {
            return torch.stack(
                    new TensorVector(Arrays.stream(which)
                            .mapToObj(i -> quadratic(
                                            theta,
                                            vector(centre[i]),
                                            matrix(2, a[i][0][0], a[i][0][1], a[i][1][0], a[i][1][1]))
                                    .mul(new Scalar(sign)))
                            .toArray(Tensor[]::new)),
                    0);
        }

        @Override
        public Tensor objective(int part) {
            return quadratic(theta, vector(0, -1), matrix(2, 2, 0, 0, 1));
        }

        @Override
        public double lambda() {
            return 0.5;
        }

        /** Solves (Σ ω A + 2λI) θ = Σ ω A a + 2λ θ₀. */
        void optimise(double[] omega) {
            double h00 = 1;
            double h01 = 0;
            double h11 = 1;
            double r0 = start[0];
            double r1 = start[1];
            for (int i = 0; i < 3; i++) {
                h00 += omega[i] * a[i][0][0];
                h01 += omega[i] * a[i][0][1];
                h11 += omega[i] * a[i][1][1];
                r0 += omega[i] * (a[i][0][0] * centre[i][0] + a[i][0][1] * centre[i][1]);
                r1 += omega[i] * (a[i][1][0] * centre[i][0] + a[i][1][1] * centre[i][1]);
            }
            double det = h00 * h11 - h01 * h01;
            Flat.set(parameters(), vector((h11 * r0 - h01 * r1) / det, (h00 * r1 - h01 * r0) / det));
        }

        double objective() {
            return objective(0).item_double();
        }
    }

    private static final int[] ALL = {0, 1, 2};

    private static InverseHessian form(InverseHessian.Form form) {
        return new InverseHessian(form, 0, 200, 1e-12);
    }

    @Test
    void quadraticToyHasItsClosedForm() {
        try (var _ = new PointerScope()) {
            Quadratic toy = new Quadratic(1);
            double[] omega = {0.5, 0.25, 0.25};
            toy.optimise(omega);
            assertArrayEquals(new double[] {1.05590062, 1.04968944}, Flat.doubles(toy.theta), 1e-8);
            for (var solver : List.of(InverseHessian.Form.CG, InverseHessian.Form.NEUMANN)) {
                ImplicitGradient at = ImplicitGradient.of(toy, form(solver), ALL, omega, RANDOM);
                assertEquals(3.2155395239, at.objective(), 1e-9);
                assertArrayEquals(
                        new double[] {-0.1317236965, 4.7894450434, -1.6461915697}, at.scores(), 1e-7, solver.name());
                assertEquals(0, at.solution().restarts());
                assertFalse(at.exact());
            }
            Tensor h0 = InverseHessian.product(toy, ALL, omega, vector(1, 0));
            assertArrayEquals(new double[] {2.125, 0.125}, Flat.doubles(h0), 1e-12);
        }
    }

    @Test
    void identityFlipsTheSignOfOneWeightOfTheToy() {
        try (var _ = new PointerScope()) {
            Quadratic toy = new Quadratic(1);
            double[] omega = {0.5, 0.25, 0.25};
            toy.optimise(omega);
            double[] scores = ImplicitGradient.of(toy, form(InverseHessian.Form.IDENTITY), ALL, omega, RANDOM)
                    .scores();
            assertArrayEquals(new double[] {0.1975232437, 10.9446009027, -4.0204853208}, scores, 1e-7);
        }
    }

    @Test
    void implicitGradientIsTheFiniteDifferenceOfTheSolvedProblem() {
        try (var _ = new PointerScope()) {
            Quadratic toy = new Quadratic(1);
            double[] omega = {0.5, 0.25, 0.25};
            toy.optimise(omega);
            double[] scores = ImplicitGradient.of(toy, form(InverseHessian.Form.CG), ALL, omega, RANDOM)
                    .scores();
            for (int i = 0; i < 3; i++) {
                double[] moved = omega.clone();
                moved[i] += 1e-5;
                toy.optimise(moved);
                double ahead = toy.objective();
                moved[i] -= 2e-5;
                toy.optimise(moved);
                assertEquals((ahead - toy.objective()) / 2e-5, -scores[i], 1e-7, "example " + i);
            }
        }
    }

    @Test
    void oneWeightStepOfTheToyLowersItsObjectiveAndThePapersSignRaisesIt() {
        try (var _ = new PointerScope()) {
            Quadratic toy = new Quadratic(1);
            double[] omega = {0.5, 0.25, 0.25};
            toy.optimise(omega);
            double[] scores = ImplicitGradient.of(toy, form(InverseHessian.Form.CG), ALL, omega, RANDOM)
                    .scores();
            double[] gradient = Arrays.stream(scores).map(s -> -s).toArray();
            ExampleWeights weights = new ExampleWeights(ALL, new double[] {1.5, 0.75, 0.75});
            double[] moved = weights.step(gradient, 1, false).shares();
            assertArrayEquals(new double[] {0.01434898, 0.98407317, 0.00157785}, moved, 1e-8);
            toy.optimise(moved);
            assertEquals(2.8421945996, toy.objective(), 1e-8);
            toy.optimise(weights.step(scores, 1, false).shares());
            assertTrue(toy.objective() > 3.2155395239, "with the sign of the published code");
        }
    }

    /** l_i = c_i · θ: without curvature, so that H = 2λI. */
    private static final class Linear implements BilevelProblem {
        final double[][] c = {{1, 0, 2}, {-1, 3, 0}, {0.5, 0.5, -1}};
        final Tensor theta = vector(1, -1, 0.5).set_requires_grad(true);

        @Override
        public List<Tensor> parameters() {
            return List.of(theta);
        }

        @Override
        public int candidates() {
            return 3;
        }

        @Override
        public Tensor losses(int[] which) {
            double[] rows = Arrays.stream(which)
                    .boxed()
                    .flatMapToDouble(i -> Arrays.stream(c[i]))
                    .toArray();
            return matrix(3, rows).mv(theta);
        }

        @Override
        public Tensor objective(int part) {
            return theta.square().sum().add(theta.exp().sum());
        }

        @Override
        public double lambda() {
            return 0.8;
        }
    }

    @Test
    void linearLossesMakeIdentityExact() {
        try (var _ = new PointerScope()) {
            Linear toy = new Linear();
            double[] omega = {0.2, 0.3, 0.5};
            double[] theta = {1, -1, 0.5};
            for (int i = 0; i < 3; i++) {
                for (int d = 0; d < 3; d++) {
                    theta[d] -= omega[i] * toy.c[i][d] / (2 * 0.8);
                }
            }
            Flat.set(toy.parameters(), vector(theta));
            double[] expected = new double[3];
            for (int i = 0; i < 3; i++) {
                for (int d = 0; d < 3; d++) {
                    expected[i] += (2 * theta[d] + Math.exp(theta[d])) * toy.c[i][d] / (2 * 0.8);
                }
            }
            for (var solver : List.of(
                    InverseHessian.Form.IDENTITY,
                    InverseHessian.Form.CG,
                    InverseHessian.Form.DIAGONAL,
                    InverseHessian.Form.NEUMANN)) {
                assertArrayEquals(
                        expected,
                        ImplicitGradient.of(toy, form(solver), ALL, omega, RANDOM)
                                .scores(),
                        1e-8,
                        solver.name());
            }
        }
    }

    /** Unlearning of a logistic model: l_i = −CE of example i, J the mean CE of others. */
    private static final class Logistic implements BilevelProblem {
        final int n;
        final int dims = 6;
        final double lambda;
        final Tensor x;
        final Tensor y;
        final Tensor outerX;
        final Tensor outerY;
        final Tensor theta;
        final Tensor start;

        Logistic(int n, double lambda) {
            this.n = n;
            this.lambda = lambda;
            x = draws("x", n * dims).view(n, dims);
            y = draws("y", n).gt(new Scalar(0)).to(torch.ScalarType.Double);
            outerX = draws("outer", 30 * dims).view(30, dims);
            outerY = draws("label", 30).gt(new Scalar(0)).to(torch.ScalarType.Double);
            start = draws("theta", dims);
            theta = start.clone().set_requires_grad(true);
        }

        private static Tensor draws(String name, int count) {
            return vector(IntStream.range(0, count)
                    .mapToDouble(i -> Keyed.normal(RANDOM.of(name).at(i)))
                    .toArray());
        }

        private static Tensor entropy(Tensor z, Tensor y) {
            return torch.log_sigmoid(z)
                    .mul(y)
                    .add(torch.log_sigmoid(z.neg()).mul(y.neg().add(new Scalar(1.0))))
                    .neg();
        }

        private Tensor rows(Tensor of, int[] which) {
            return of.index_select(0, Tensor.create(which, which.length).to(torch.ScalarType.Long));
        }

        @Override
        public List<Tensor> parameters() {
            return List.of(theta);
        }

        @Override
        public int candidates() {
            return n;
        }

        @Override
        public Tensor losses(int[] which) {
            return entropy(rows(x, which).mv(theta), rows(y, which)).neg();
        }

        @Override
        public int parts() {
            return 2;
        }

        @Override
        public Tensor objective(int part) {
            return entropy(outerX.narrow(0, 15 * part, 15).mv(theta), outerY.narrow(0, 15 * part, 15))
                    .sum()
                    .div(new Scalar(30.0));
        }

        @Override
        public double lambda() {
            return lambda;
        }

        @Override
        public int block() {
            return 7;
        }

        @Override
        public Optional<Outputs> outputs(int[] which, double[] weights) {
            Tensor z = rows(x, which).mv(theta);
            Tensor p = torch.sigmoid(z.detach());
            Tensor k = p.mul(p.neg().add(new Scalar(1.0))).mul(vector(weights));
            return Optional.of(new Outputs(z, u -> k.mul(u)));
        }

        double value() {
            return objective(0).add(objective(1)).item_double();
        }

        /** Gradient descent on ω l_i + λ|θ − θ₀|² to its end. */
        void optimise(int i, double omega) {
            Flat.set(parameters(), start);
            for (int s = 0; s < 200; s++) {
                try (var _ = new PointerScope()) {
                    Tensor g = Flat.gradient(
                                    losses(new int[] {i}).mul(new Scalar(omega)).sum(), parameters())
                            .add(Flat.of(parameters()).sub(start), new Scalar(2 * lambda));
                    Flat.add(parameters(), g, -0.3 / lambda);
                }
            }
        }
    }

    @Test
    void impactOfASingleExampleIsThePredictedOne() {
        try (var _ = new PointerScope()) {
            Logistic toy = new Logistic(40, 1);
            double[] scores = ImplicitGradient.of(
                            toy, new InverseHessian(InverseHessian.Form.IDENTITY), new int[0], new double[0], RANDOM)
                    .scores();
            double omega = 1e-3;
            double before = toy.value();
            double[] actual = new double[40];
            for (int i = 0; i < 40; i++) {
                toy.optimise(i, omega);
                actual[i] = toy.value() - before;
            }
            double largest = Arrays.stream(actual).map(Math::abs).max().orElseThrow();
            assertTrue(largest > 1e-6, "the impacts are not all alike nothing");
            for (int i = 0; i < 40; i++) {
                assertEquals(-omega * scores[i], actual[i], 0.01 * largest, "example " + i);
            }
        }
    }

    @Test
    void twoForwardPassesGiveTheBackwardProductsOfAllExamples() {
        try (var _ = new PointerScope()) {
            Logistic toy = new Logistic(40, 1);
            Tensor v = Logistic.draws("direction", toy.dims);
            int[] all = IntStream.range(0, 40).toArray();
            double[] start = Flat.doubles(toy.theta);
            double[] forward = ImplicitGradient.forward(toy, v, ImplicitGradient.step(toy, v), all);
            assertArrayEquals(ImplicitGradient.exact(toy, v, all), forward, 1e-8);
            assertArrayEquals(start, Flat.doubles(toy.theta), 0, "the parameters are where they were");
        }
    }

    @Test
    void productsWithTheHessianAreSymmetric() {
        try (var _ = new PointerScope()) {
            Logistic toy = new Logistic(40, 1);
            int[] all = IntStream.range(0, 40).toArray();
            double[] weights =
                    IntStream.range(0, 40).mapToDouble(i -> (i % 5) / 80.0).toArray();
            Tensor u = Logistic.draws("u", toy.dims);
            Tensor v = Logistic.draws("v", toy.dims);
            double one = Flat.dot(u, InverseHessian.product(toy, all, weights, v));
            double other = Flat.dot(v, InverseHessian.product(toy, all, weights, u));
            assertEquals(one, other, 1e-10 * Math.abs(one));
            Tensor finite = difference(toy, all, weights, v);
            assertEquals(Flat.dot(u, finite), one, 1e-6 * Math.abs(one));
        }
    }

    private static Tensor difference(Logistic toy, int[] members, double[] weights, Tensor v) {
        Tensor[] sides = new Tensor[2];
        for (int s = 0; s < 2; s++) {
            Flat.add(toy.parameters(), v, s == 0 ? 1e-5 : -2e-5);
            Tensor sum = Flat.of(toy.parameters()).mul(new Scalar(2 * toy.lambda));
            InverseHessian.blocks(toy, members, weights, block -> sum.add_(Flat.gradient(block, toy.parameters())));
            sides[s] = sum;
        }
        Flat.add(toy.parameters(), v, 1e-5);
        return sides[0].sub(sides[1]).div(new Scalar(2e-5));
    }

    @Test
    void conjugateGradientsSolveAKnownSystemOfSizeFifty() {
        try (var _ = new PointerScope()) {
            int n = 50;
            Tensor root = Logistic.draws("spd", n * n).view(n, n);
            Tensor spd = root.mm(root.t())
                    .div(new Scalar((double) n))
                    .add(torch.eye(n).to(torch.ScalarType.Double));
            Tensor known = Logistic.draws("known", n);
            Tensor theta = torch.zeros(n).to(torch.ScalarType.Double).set_requires_grad(true);
            BilevelProblem problem = new BilevelProblem() {
                @Override
                public List<Tensor> parameters() {
                    return List.of(theta);
                }

                @Override
                public int candidates() {
                    return 1;
                }

                @Override
                public Tensor losses(int[] which) {
                    return theta.dot(spd.mv(theta)).mul(new Scalar(0.5)).unsqueeze(0);
                }

                @Override
                public Tensor objective(int part) {
                    return theta.sum();
                }

                @Override
                public double lambda() {
                    return 1e-9;
                }
            };
            for (var solver : List.of(InverseHessian.Form.CG, InverseHessian.Form.NEUMANN)) {
                var solution = new InverseHessian(solver, 0, 400, 1e-9)
                        .solve(problem, new int[] {0}, new double[] {1}, spd.mv(known), RANDOM);
                assertTrue(solution.residual() <= 1e-9, solver.name());
                assertEquals(0, solution.direction().sub(known).abs().max().item_double(), 1e-7, solver.name());
            }
        }
    }

    @Test
    void negativeCurvatureIsDampedAndReported() {
        try (var _ = new PointerScope()) {
            Quadratic toy = new Quadratic(-1); // as unlearning by gradient ascent: −CE has negative curvature
            double[] omega = {4, 4, 4};
            Tensor g = vector(1, 1);
            var solution = new InverseHessian(InverseHessian.Form.CG).solve(toy, ALL, omega, g, RANDOM);
            assertTrue(solution.restarts() >= 1, "negative curvature went unnoticed");
            assertTrue(solution.damping() > 0);
            Tensor back = InverseHessian.product(toy, ALL, omega, solution.direction())
                    .add(solution.direction(), new Scalar(solution.damping()));
            assertEquals(0, Flat.norm(back.sub(g)), 1e-2);
            assertTrue(Flat.dot(solution.direction(), g) > 0, "a direction of descent");
        }
    }

    @Test
    void gaussNewtonOfALogisticModelIsItsHessianOfTheFit() {
        try (var _ = new PointerScope()) {
            Logistic toy = new Logistic(40, 0.3);
            int[] all = IntStream.range(0, 40).toArray();
            double[] weights = IntStream.range(0, 40).mapToDouble(i -> 1.0 / 40).toArray();
            Tensor g = Logistic.draws("g", toy.dims);
            Tensor v = form(InverseHessian.Form.GGN)
                    .solve(toy, all, weights, g, RANDOM)
                    .direction();
            // the loss is −CE, so that its Hessian product is 2·2λv − (GGN v)
            Tensor fit = v.mul(new Scalar(4 * toy.lambda)).sub(InverseHessian.product(toy, all, weights, v));
            assertEquals(0, Flat.norm(fit.sub(g)), 1e-9);
        }
    }

    @Test
    void formsThatNeedOutputsSaySoWhereThereAreNone() {
        try (var _ = new PointerScope()) {
            Quadratic toy = new Quadratic(1);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> ImplicitGradient.of(toy, form(InverseHessian.Form.GGN), ALL, new double[] {1, 1, 1}, RANDOM));
        }
    }
}
