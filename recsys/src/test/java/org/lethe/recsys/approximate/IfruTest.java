package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.lethe.LetheException;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.approximate.Ifru.HessianOf;
import org.lethe.recsys.forget.ForgetRequest;

class IfruTest {
    @Test
    void itForgetsPairsAndUsersWithAndWithoutAGraph() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            Effects.assertForgets(new Ifru(), Effects.BPR, request, 0.8, 0.06);
            Effects.assertForgets(new Ifru(), Effects.WMF, request, 0.12, 0.06);
            Effects.assertForgets(new Ifru(), Effects.GRAPH, request, 0.8, 0.09);
        }
    }

    @Test
    void theSingleStepOfThePaperForgetsNextToNothingThatIsKnownByHeart() {
        Ifru single = new Ifru(1, 0.5, HessianOf.ALL, 1e-6, 100, 0);
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            double before = Effects.depth(Effects.trained(Effects.BPR), request);
            double after = Effects.depth(Effects.fulfilled(single, Effects.BPR, request), request);
            assertTrue(after > before && after < before + 0.02, before + " to " + after);
        }
    }

    private static UnaryOperator<double[]> ridge(double[][] rows) {
        return x -> {
            double[] product = x.clone();
            for (double[] row : rows) {
                Vectors.add(product, Vectors.dot(row, x), row);
            }
            return product;
        };
    }

    @Test
    void onAQuadraticLossTheRemainingHessianIsRetrainingAndTheFullOneIsNot() {
        double[][] all = {{1, 0}, {0, 1}, {1, 1}, {2, 1}};
        double[] y = {1, 2, 3, 5};
        double[] right = {1 + 3 + 10, 2 + 3 + 5};
        double[] theta = Vectors.conjugateGradients(ridge(all), right, 1e-14, 9).x();
        assertArrayEquals(new double[] {1.36842105, 1.47368421}, theta, 1e-8);
        double[] v = Vectors.times(Vectors.dot(all[3], theta) - y[3], all[3]);
        double[] full = Vectors.conjugateGradients(ridge(all), v, 1e-14, 9).x();
        double[] rest = Vectors.conjugateGradients(ridge(Arrays.copyOf(all, 3)), v, 1e-14, 9)
                .x();
        assertArrayEquals(new double[] {1.16066482, 1.43213296}, Vectors.plus(theta, 1, full), 1e-8);
        assertArrayEquals(new double[] {0.875, 1.375}, Vectors.plus(theta, 1, rest), 1e-12);
    }

    @Test
    void withoutAGraphOnlyTheForgottenPairsCountAndWithOneTheirEdgesDoToo() {
        Problem plain = AscentTest.problem(new Ifru(), Effects.PAIRS);
        assertArrayEquals(plain.loss(plain.gone).gradient(plain.theta), Influence.removed(plain, plain.retained()), 0);
        Problem graph = Problem.of(
                        new Ifru(),
                        Effects.trained(Effects.GRAPH),
                        Effects.PAIRS.resolve(Effects.DATA),
                        Effects.GRAPH,
                        Effects.DATA,
                        true,
                        Effects.env())
                .orElseThrow();
        double[] ofPairs = graph.loss(graph.gone).gradient(graph.theta);
        double[] both = Influence.removed(graph, graph.retained());
        assertTrue(Vectors.norm(Vectors.plus(both, -1, ofPairs)) > 0.1 * Vectors.norm(ofPairs));
    }

    @Test
    void withoutPruningTheStepIsThatOfAllRows() {
        Ifru whole = new Ifru(1, 0, HessianOf.REMAINING, 1e-8, 400, 0);
        Problem problem = AscentTest.problem(whole, Effects.PAIRS);
        Triples retained = problem.retained();
        double[] step = Vectors.plus(whole.moved(problem), -1, problem.theta);
        double[] back = Vectors.plus(problem.loss(retained).hessianTimes(problem.theta, step, true), 1, step);
        double[] v = problem.loss(problem.gone).gradient(problem.theta);
        assertTrue(Vectors.norm(Vectors.plus(back, -1, v)) < 1e-6 * Vectors.norm(v));
    }

    @Test
    void prunedRowsKeepTheirBits() {
        Ifru pruned = new Ifru(1, 0.6, HessianOf.REMAINING, 1e-6, 100, 20);
        Problem problem = AscentTest.problem(pruned, Effects.PAIRS);
        boolean[] moving = pruned.moving(problem);
        Embeddings after = Effects.fulfilled(pruned, Effects.BPR, Effects.PAIRS);
        int still = 0;
        for (int row = 0; row < problem.users; row++) {
            boolean same = Arrays.equals(
                    Arrays.copyOfRange(problem.before.userRows(), row * 16, row * 16 + 16),
                    Arrays.copyOfRange(after.userRows(), row * 16, row * 16 + 16));
            assertEquals(moving[row], !same);
            still += same ? 1 : 0;
        }
        assertTrue(still > 20 && still < problem.users - 20, "" + still);
    }

    @Test
    void importanceSpreadsFromTheForgottenEdges() {
        Interactions path = Interactions.of(2, 2, new int[] {0, 1, 1}, new int[] {0, 0, 1});
        Interactions lost = path.where((u, i) -> u == 0);
        assertArrayEquals(new double[] {1 / 2.0, 0, 1 / 3.0, 0}, Ifru.importance(path, lost, 0), 1e-15);
        assertArrayEquals(
                new double[] {(1 / 2.0 + 1 / 3.0) / 2, 1 / 9.0, (1 / 3.0 + 1 / 2.0) / 3, 0},
                Ifru.importance(path, lost, 1),
                1e-15);
    }

    @Test
    void aPropagatedModelWithoutItsFirstLayerIsRefused() {
        Embeddings model = Effects.trained(Effects.GRAPH);
        Embeddings without = model.withUserRows(model.userRows());
        LetheException e = assertThrows(
                LetheException.class,
                () -> new Ifru().fulfil(without, Effects.PAIRS, Effects.GRAPH, Effects.DATA, Effects.env()));
        assertTrue(e.getMessage().startsWith("ifru needs the tables before propagation"), e.getMessage());
        assertFalse(new Ifru().unsuited(Effects.PAIRS, Effects.GRAPH).isPresent());
    }
}
