package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Ledger;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.ExplicitAls;
import org.lethe.recsys.backbone.ImplicitAls;
import org.lethe.tables.Entities;

class UnlearnAlsTest {
    private static final Env ENV = Env.seeded(1);
    private static final List<ForgetRequest> REQUESTS =
            List.of(ForgetUsers.listed("4", "9"), new ForgetItems(Choice.CORE, 10), new ForgetInteractions(5));

    private static Split split(Interactions train) {
        Interactions none = train.where((_, _) -> false);
        return new Split(train, none, none);
    }

    /** Ratings of 1 to 5; those of a listed pair are something else. */
    private static Split rated(int users, int items, double density, long seed, int user, float other) {
        Interactions pairs = Samples.interactions(users, items, density, seed);
        Keyed random = Keyed.seed(seed).of("stars");
        int[] userOf = new int[pairs.size()];
        float[] stars = new float[pairs.size()];
        for (int u = 0; u < users; u++) {
            for (int k = pairs.from(u); k < pairs.to(u); k++) {
                userOf[k] = u;
                stars[k] = u == user ? other : 1 + Keyed.below(random.at(u, pairs.item(k)), 5);
            }
        }
        return split(Interactions.of(
                Entities.numbered(users),
                Entities.numbered(items),
                userOf,
                pairs.columns(),
                Optional.of(stars),
                Optional.empty()));
    }

    @Test
    void valuesOfWhatIsForgottenMayBeAnything() {
        ExplicitAls learner = new ExplicitAls().withDims(4).withEpochs(3);
        Split data = rated(30, 20, 0.3, 2, -1, 0);
        Embeddings before = learner.train(data, ENV);
        UnlearnAls method = new UnlearnAls(1e-3, 10);
        ForgetRequest request = ForgetUsers.listed("4");
        Embeddings after = (Embeddings) method.fulfil(before, request, learner, data, ENV);
        for (float other : new float[] {-7, 0, 1e6f}) {
            Split changed = rated(30, 20, 0.3, 2, 4, other);
            assertFalse(changed.train().equals(data.train()));
            Embeddings same = (Embeddings) method.fulfil(before, request, learner, changed, ENV);
            assertArrayEquals(after.userRows(), same.userRows());
            assertArrayEquals(after.itemRows(), same.itemRows());
        }
    }

    @Test
    void settledScoresAreThoseOfRetrainingToTheEnd() {
        ExplicitAls learner = new ExplicitAls().withDims(6).withLambda(3).withEpochs(5);
        for (long seed = 1; seed <= 3; seed++) {
            Split data = rated(20, 6, 0.5, seed, -1, 0);
            Env env = Env.seeded(seed);
            Embeddings before = learner.train(data, env);
            for (ForgetRequest request : List.of(
                    ForgetUsers.listed("4", "9"), new ForgetItems(Choice.CORE, 17), new ForgetInteractions(5))) {
                Split left = request.resolve(data).remaining();
                int[] nobody = {};
                Embeddings never = learner.settle(
                                learner.start(left, env).model(), left.train(), nobody, 1e-12, 100_000, env)
                        .model();
                Embeddings after =
                        (Embeddings) new UnlearnAls(1e-12, 100_000).fulfil(before, request, learner, data, env);
                for (int u = 0; u < 20; u++) {
                    for (int i = 0; i < 6 && left.train().degree(u) > 0; i++) { // others keep a random row
                        assertEquals(never.score(u, i), after.score(u, i), 3e-6, request + ", user " + u); // floats
                    }
                }
            }
        }
    }

    @Test
    void usersRefittedAloneSolveTheirNormalEquationsAndTheOthersKeepTheirBits() {
        List<EmbeddingLearner> learners = List.of(
                new ImplicitAls().withDims(8).withEpochs(4).withLambda(0.5),
                new ExplicitAls().withDims(4).withEpochs(4).withLambda(0.5));
        Split data = rated(40, 25, 0.25, 3, -1, 0);
        for (EmbeddingLearner learner : learners) {
            Embeddings before = learner.train(data, ENV);
            for (ForgetRequest request : REQUESTS) {
                Split left = request.resolve(data).remaining();
                Embeddings after = (Embeddings) new UnlearnAls(1, 0).fulfil(before, request, learner, data, ENV);
                assertArrayEquals(before.itemRows(), after.itemRows());
                int[] touched = IntStream.range(0, 40)
                        .filter(u -> left.train().degree(u) != data.train().degree(u))
                        .toArray();
                for (int u = 0; u < 40; u++) {
                    if (Arrays.binarySearch(touched, u) < 0) {
                        assertArrayEquals(row(before, u), row(after, u));
                    } else if (left.train().degree(u) == 0) {
                        assertArrayEquals(row(learner.start(left, ENV).model(), u), row(after, u));
                    } else {
                        double largest = Arrays.stream(residual(learner, left.train(), after, u))
                                .map(Math::abs)
                                .max()
                                .orElseThrow();
                        assertEquals(0, largest, 1e-3, learner + ", " + request);
                    }
                }
            }
        }
    }

    /** Half the gradient of the objective in a user's row. */
    private static double[] residual(EmbeddingLearner learner, Interactions train, Embeddings model, int user) {
        boolean implicit = learner instanceof ImplicitAls;
        double[] gradient = new double[model.dims()];
        for (int d = 0; d < gradient.length; d++) {
            gradient[d] = 0.5 * model.userRows()[user * gradient.length + d];
        }
        float[] stars = train.values().orElseThrow();
        for (int i = 0; i < train.items(); i++) {
            int item = i;
            int at = IntStream.range(train.from(user), train.to(user))
                    .filter(k -> train.item(k) == item)
                    .findFirst()
                    .orElse(-1);
            double weight = implicit ? at < 0 ? 1 : 11 : at < 0 ? 0 : 1;
            double label = at < 0 ? 0 : implicit ? 1 : stars[at];
            for (int d = 0; d < gradient.length; d++) {
                gradient[d] += weight * (model.score(user, i) - label) * model.itemRows()[i * gradient.length + d];
            }
        }
        return gradient;
    }

    private static float[] row(Embeddings model, int user) {
        return Arrays.copyOfRange(model.userRows(), user * model.dims(), (user + 1) * model.dims());
    }

    @Test
    void moreIterationsComeNearerToTheEndAndTheToleranceStopsThem() {
        ImplicitAls learner = new ImplicitAls().withDims(8).withEpochs(4).withLambda(2);
        Split data = Blocks.split(40, 25, 3, 3);
        Embeddings before = learner.train(data, ENV);
        ForgetRequest request = new ForgetUsers(Choice.CORE, 10);
        Embeddings end = (Embeddings) new UnlearnAls(1e-6, 2_000).fulfil(before, request, learner, data, ENV);
        double last = Double.POSITIVE_INFINITY;
        for (int iterations : new int[] {0, 2, 10, 100}) {
            Embeddings after =
                    (Embeddings) new UnlearnAls(1e-6, iterations).fulfil(before, request, learner, data, ENV);
            double off = 0;
            for (int u = 0; u < 40; u++) {
                for (int i = 0; i < 25; i++) {
                    off += Math.abs(after.score(u, i) - end.score(u, i));
                }
            }
            assertTrue(off < last, iterations + " iterations are " + off + " off, fewer are " + last);
            last = off;
        }
        Env counted = ENV.with(new Ledger());
        new UnlearnAls(0.05, 2_000).fulfil(before, request, learner, data, counted);
        long iterations = counted.ledger().cost().count("iterations");
        assertTrue(iterations > 1 && iterations < 100, "stopped after " + iterations);
    }
}
