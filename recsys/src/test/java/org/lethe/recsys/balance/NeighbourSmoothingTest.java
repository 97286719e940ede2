package org.lethe.recsys.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.ImplicitAls;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.hide.Hide;

class NeighbourSmoothingTest {
    private static final Planted PLANTED = new Planted(300, 80, 15, 3);
    private static final Split DATA = PLANTED.load(new DataFolders(List.of()));
    private static final Split UNJUDGED = PLANTED.withValidation(0).load(new DataFolders(List.of()));
    private static final Balance BALANCE = new Balance();
    private static final Groups GROUPS = BALANCE.of(DATA.train());
    private static final Bpr BPR = new Bpr();

    /** The true tastes, with noise for disadvantaged users. */
    private static Embeddings model(double noise) {
        int dims = PLANTED.factors();
        float[] users = new float[DATA.users() * dims];
        float[] items = new float[DATA.items() * dims];
        for (int u = 0; u < DATA.users(); u++) {
            System.arraycopy(PLANTED.taste(u), 0, users, u * dims, dims);
        }
        for (int u : GROUPS.disadvantaged()) {
            for (int d = 0; d < dims; d++) {
                users[u * dims + d] +=
                        (float) (noise * Keyed.normal(Keyed.seed(1).at(u, d)));
            }
        }
        for (int i = 0; i < DATA.items(); i++) {
            System.arraycopy(PLANTED.character(i), 0, items, i * dims, dims);
        }
        return new Embeddings(dims, users, items);
    }

    private static UserRows smooth(double share, UserRows model, Env env) {
        return (UserRows) new NeighbourSmoothing(Neighbours.Rule.DOMINANT_SET, Similarity.COSINE, 3, share)
                .fulfil(model, BALANCE, BPR, DATA, env);
    }

    private static double ndcg(UserRows model) {
        return Ranking.mean(Ranking.validation(model, DATA, 10, Workers.here())
                .of(u -> Arrays.binarySearch(GROUPS.disadvantaged(), u) >= 0)
                .ndcgCut());
    }

    @Test
    void theFullShareIsTheMeanOfTheNeighboursAndAdvantagedUsersStay() {
        Embeddings before = model(1);
        float[] untouched = before.userRows().clone();
        Neighbours found = new Neighbours.Search(Neighbours.Rule.DOMINANT_SET, Similarity.COSINE, 3, new DominantSets())
                .of(new NeighbourSmoothing(), GROUPS, DATA.train(), Env.seeded(1));
        UserRows after = smooth(1, before, Env.seeded(1));
        int width = before.width();
        for (int user : GROUPS.advantaged()) {
            assertArrayEquals(row(before, user), row(after, user));
        }
        for (int t = 0; t < 20; t++) {
            for (int d = 0; d < width; d++) {
                double mean = 0;
                for (int k = found.starts()[t]; k < found.starts()[t + 1]; k++) {
                    mean += found.weights()[k] * before.userRows()[found.neighbours()[k] * width + d];
                }
                assertEquals(mean, row(after, found.users()[t])[d], 1e-6);
            }
        }
        assertArrayEquals(untouched, before.userRows(), "the model before stays");
    }

    private static float[] row(UserRows model, int user) {
        return Arrays.copyOfRange(model.userRows(), user * model.width(), (user + 1) * model.width());
    }

    @Test
    void theShareThatRecommendsBestIsChosen() {
        Embeddings noisy = model(3);
        double[] shares = {0.05, 0.1, 0.2, 0.3, 0.5};
        double best = Math.max(
                ndcg(noisy),
                Arrays.stream(shares)
                        .map(share -> ndcg(smooth(share, noisy, Env.seeded(1))))
                        .max()
                        .orElseThrow());
        Env env = Env.seeded(1);
        UserRows after = smooth(0, noisy, env);
        assertEquals(best, ndcg(after));
        assertTrue(best > ndcg(noisy) && env.ledger().cost().count("smoothing-percent") > 0);
    }

    @Test
    void usersStayWhereNoShareHelps() {
        int[] liked = IntStream.range(0, DATA.items()).toArray();
        float[] users = new float[DATA.users() * liked.length];
        float[] items = new float[liked.length * liked.length];
        for (int i : liked) {
            items[i * liked.length + i] = 1;
        }
        for (int u : GROUPS.disadvantaged()) { // the validation part itself: nothing can be better
            for (int k = DATA.validation().from(u); k < DATA.validation().to(u); k++) {
                users[u * liked.length + DATA.validation().item(k)] = 1;
            }
        }
        Embeddings perfect = new Embeddings(liked.length, users, items);
        assertSame(perfect, smooth(0, perfect, Env.seeded(1)));
    }

    @Test
    void threadsDoNotChangeABit() {
        Embeddings noisy = model(2);
        try (Workers three = Workers.threads(3)) {
            assertArrayEquals(
                    smooth(0, noisy, Env.seeded(1)).userRows(),
                    smooth(0, noisy, Env.seeded(1).with(three)).userRows());
        }
    }

    @Test
    void withoutAValidationPartTheShareMustBeGiven() {
        LetheException refused = assertThrows(
                LetheException.class,
                () -> new NeighbourSmoothing().fulfil(model(1), BALANCE, BPR, UNJUDGED, Env.seeded(1)));
        assertEquals(
                "neighbour-smoothing has share: 0, which is chosen on the validation part, but that has no pair of a"
                        + " disadvantaged user; expected a validation part, or a share above 0",
                refused.getMessage());
        new NeighbourSmoothing(Neighbours.Rule.NEAREST, Similarity.COSINE, 3, 0.1)
                .fulfil(model(1), BALANCE, BPR, UNJUDGED, Env.seeded(1));
    }

    @Test
    void aShareIsNotChosenByTestPairs() {
        Split stopped = new Split(DATA.train(), DATA.test(), DATA.test());
        LetheException refused = assertThrows(
                LetheException.class,
                () -> new NeighbourSmoothing()
                        .fulfil(BPR.untrained(DATA, Env.seeded(1)), BALANCE, BPR, stopped, Env.seeded(1)));
        assertTrue(refused.getMessage().contains("holds test pairs"), refused.getMessage());
    }

    @Test
    void anyModelWithUserEmbeddingsSuits() {
        assertEquals(Optional.empty(), new NeighbourSmoothing().unsuited(BALANCE, new ImplicitAls()));
        assertEquals(
                Optional.of("neighbour-smoothing fulfils requests to balance, not hide"),
                new NeighbourSmoothing().unsuited(new Hide(), BPR));
    }
}
