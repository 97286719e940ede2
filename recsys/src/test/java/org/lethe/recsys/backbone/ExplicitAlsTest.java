package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;
import org.lethe.tables.Entities;

class ExplicitAlsTest {
    private static final double[] Q = {1, 0, 0, 1, 1, 1};
    private static final float[] R = {5, 3, 4};

    @Test
    void aUserIsTheRidgeSolutionAndWithoutItsThirdItemAnother() {
        double[] all = ExplicitAls.solved(Q, 2, new int[] {0, 1, 2}, R, 0, 3, 0.5);
        assertArrayEquals(new double[] {62 / 21.0, 34 / 21.0}, all, 1e-12); // 2.952381, 1.619048
        double[] left = ExplicitAls.solved(Q, 2, new int[] {0, 1, 2}, R, 0, 2, 0.5);
        assertArrayEquals(new double[] {10 / 3.0, 2}, left, 1e-12);
    }

    /** G − qqᵀ and b − rq, the decrement of the normal equations, have the solution of a fresh row. */
    @Test
    void takingAnItemOutOfTheNormalEquationsIsAFreshSolution() {
        double[][] g = {{2 + 0.5 - 1, 1 - 1}, {1 - 1, 2 + 0.5 - 1}};
        double[] b = {9 - 4, 7 - 4};
        double determinant = g[0][0] * g[1][1] - g[0][1] * g[1][0];
        double[] by = {(g[1][1] * b[0] - g[0][1] * b[1]) / determinant, (g[0][0] * b[1] - g[1][0] * b[0]) / determinant
        };
        assertArrayEquals(by, ExplicitAls.solved(Q, 2, new int[] {0, 1}, R, 0, 2, 0.5), 1e-12);
    }

    private static Split rated(long seed) {
        Interactions pairs = Samples.interactions(30, 20, 0.3, seed);
        int[] userOf = new int[pairs.size()];
        float[] stars = new float[pairs.size()];
        for (int u = 0; u < 30; u++) {
            for (int k = pairs.from(u); k < pairs.to(u); k++) {
                userOf[k] = u;
                stars[k] = 1 + Keyed.below(Keyed.seed(seed).at(u, pairs.item(k)), 5);
            }
        }
        Interactions train = Interactions.of(
                Entities.numbered(30),
                Entities.numbered(20),
                userOf,
                pairs.columns(),
                Optional.of(stars),
                Optional.empty());
        Interactions none = train.where((_, _) -> false);
        return new Split(train, none, none);
    }

    @Test
    void theObjectiveFallsInEveryHalfStep() {
        for (long seed = 1; seed <= 5; seed++) {
            Split data = rated(seed);
            ExplicitAls learner = new ExplicitAls().withDims(4).withLambda(0.5);
            ExplicitAls.Alternation course = new ExplicitAls.Alternation(
                    learner, learner.start(data, Env.seeded(seed)).model(), data.train(), Workers.here());
            double last = course.objective();
            for (int n = 0; n < 20; n++) {
                course.solveUsers();
                double half = course.objective();
                assertTrue(half < last, half + " after " + last);
                course.solveItems();
                last = course.objective();
                assertTrue(last < half, last + " after " + half);
            }
        }
    }

    @Test
    void ratingsAreFound() {
        Split data = rated(3);
        Embeddings model =
                new ExplicitAls().withDims(20).withLambda(1e-3).withEpochs(200).train(data, Env.seeded(1));
        Interactions train = data.train();
        float[] stars = train.values().orElseThrow();
        for (int u = 0; u < 30; u++) {
            for (int k = train.from(u); k < train.to(u); k++) {
                assertEquals(stars[k], model.score(u, train.item(k)), 0.1);
            }
        }
    }

    @Test
    void oneUserIsSolvedWithinAMillisecond() {
        Split data = new Split(
                Samples.interactions(200, 2_000, 0.1, 3),
                Samples.interactions(200, 2_000, 0, 3),
                Samples.interactions(200, 2_000, 0, 3));
        ImplicitAls implicit = new ImplicitAls();
        ExplicitAls explicit = new ExplicitAls();
        Env env = Env.seeded(1);
        ImplicitAls.Alternation one =
                new ImplicitAls.Alternation(implicit, implicit.start(data, env), data.train(), env.workers());
        ExplicitAls.Alternation other =
                new ExplicitAls.Alternation(explicit, explicit.start(data, env).model(), data.train(), env.workers());
        float[] gram = one.itemGram();
        assertTrue(fastest(u -> one.solveUser(u, gram)) <= 1);
        assertTrue(fastest(other::solveUser) <= 1);
    }

    /** Milliseconds of the fastest of 200 users, since other programs share the machine. */
    private static double fastest(IntConsumer body) {
        double[] millis = new double[200];
        for (int u = 0; u < 200; u++) {
            long from = System.nanoTime();
            body.accept(u);
            millis[u] = (System.nanoTime() - from) / 1e6;
        }
        return Arrays.stream(millis).min().orElseThrow();
    }
}
