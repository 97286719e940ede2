package org.lethe.recsys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.data.Planted;
import org.lethe.statistics.Statistics;

class SampledRankingTest {
    private static final Split DATA = new Planted(150, 60, 15, 3).load(new DataFolders(List.of()));
    private static final Recommender MODEL = Samples.embeddings(DATA.users(), DATA.items(), 6, 4);

    /** One test item after another, every other looked up in the three parts: the form that published numbers were made with. */
    private static SampledRanking.Quality slowly(int k, int others, Keyed random) {
        Interactions truth = DATA.test();
        int[] users = IntStream.range(0, DATA.users())
                .filter(u -> truth.degree(u) > 0)
                .toArray();
        double[] hitRate = new double[users.length];
        double[] ndcg = new double[users.length];
        float[] scores = new float[DATA.items()];
        for (int n = 0; n < users.length; n++) {
            int user = users[n];
            MODEL.scores(user, scores);
            Keyed of = random.of(DATA.train().userKey(user));
            for (int at = truth.from(user); at < truth.to(user); at++) {
                int rank = 0;
                for (int j = 0; j < others; j++) {
                    long bits = of.of(truth.item(at)).at(j);
                    int item = Keyed.below(bits, DATA.items());
                    while (DATA.train().contains(user, item)
                            || truth.contains(user, item)
                            || DATA.validation().contains(user, item)) {
                        bits = Keyed.mix(bits + 0x9E3779B97F4A7C15L);
                        item = Keyed.below(bits, DATA.items());
                    }
                    rank += scores[item] < scores[truth.item(at)] ? 0 : 1;
                }
                if (rank < k) {
                    hitRate[n] += 1.0 / truth.degree(user);
                    ndcg[n] += Math.log(2) / Math.log(rank + 2) / truth.degree(user);
                }
            }
        }
        return new SampledRanking.Quality(users, hitRate, ndcg);
    }

    private static void assertSame(SampledRanking.Quality slow, SampledRanking.Quality fast, double error) {
        assertArrayEquals(slow.users(), fast.users());
        assertArrayEquals(slow.hitRate(), fast.hitRate(), error);
        assertArrayEquals(slow.ndcg(), fast.ndcg(), error);
    }

    @Test
    void oneDrawHasTheBitsOfTheSlowForm() {
        for (int[] setting : new int[][] {{10, 99}, {1, 3}, {10, 5}, {200, 99}}) {
            Keyed random = Keyed.seed(7).of(setting[0]);
            assertSame(
                    slowly(setting[0], setting[1], random),
                    SampledRanking.test(MODEL, DATA, setting[0], setting[1], random, Workers.here()),
                    0);
        }
    }

    @Test
    void severalDrawsAreTheMeanOfEach() {
        Keyed random = Keyed.seed(8);
        SampledRanking.Quality together = SampledRanking.test(MODEL, DATA, 10, 99, 4, random, Workers.here());
        double[] hitRate = new double[together.users().length];
        double[] ndcg = new double[together.users().length];
        for (int d = 0; d < 4; d++) {
            SampledRanking.Quality one = slowly(10, 99, random.of(d));
            for (int n = 0; n < hitRate.length; n++) {
                hitRate[n] += one.hitRate()[n] / 4;
                ndcg[n] += one.ndcg()[n] / 4;
            }
        }
        assertSame(
                new SampledRanking.Quality(together.users(), hitRate, ndcg), together, 1e-14); // another order of sums
    }

    @Test
    void drawsHaveTheSameBitsOnAnyWorkers() {
        SampledRanking.Quality here = SampledRanking.test(MODEL, DATA, 10, 99, 3, Keyed.seed(9), Workers.here());
        assertSame(here, SampledRanking.test(MODEL, DATA, 10, 99, 3, Keyed.seed(9), Samples.backwards()), 0);
        try (Workers three = Workers.threads(3)) {
            assertSame(here, SampledRanking.test(MODEL, DATA, 10, 99, 3, Keyed.seed(9), three), 0);
        }
    }

    @Test
    void randomScoresHitOneListInTen() {
        double total = 0;
        for (int seed = 0; seed < 20; seed++) {
            Recommender random = Samples.embeddings(DATA.users(), DATA.items(), 60, seed);
            total += Statistics.mean(SampledRanking.test(random, DATA, 10, 99, 5, Keyed.seed(seed), Workers.here())
                    .hitRate());
        }
        // 3,000 users with about 3 test items each, of which one in ten hits: sd about 0.004
        assertEquals(0.1, total / 20, 0.02);
    }

    @Test
    void noDrawIsRefused() {
        assertEquals(
                "draws is 0, expected at least 1",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> SampledRanking.test(MODEL, DATA, 10, 99, 0, Keyed.seed(1), Workers.here()))
                        .getMessage());
    }
}
