package org.lethe.recsys;

import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;

/**
 * Sampled ranking of one test item among random others, as He et al. 2017 and later papers publish it: hit rate and NDCG of
 * 1 + 99 lists. It is cheap and gives higher numbers than the full ranking ({@link Ranking}); the two must not be compared.
 *
 * <p>With rank from 0, {@code HR@k = 1[rank < k]} and {@code NDCG@k = 1[rank < k] / log2(rank + 2)}; a user with several
 * test items counts their mean. An item of equal score ranks before the test item, so that a model with equal scores hits
 * nothing. Random scores give {@code HR@10 = 0.1} of 1 + 99.
 */
public final class SampledRanking {
    private SampledRanking() {}

    /**
     * The quality of each user's sampled lists.
     *
     * @param users evaluated users, ascending
     * @param hitRate hit rate of each user
     * @param ndcg NDCG of each user
     */
    public record Quality(int[] users, double[] hitRate, double[] ndcg) {}

    /**
     * The quality on the test part. The others are drawn uniformly from the items that a user has in no part, anew for each test
     * item, by (key, user, item). If too few items are left, they are drawn with repeats.
     */
    public static Quality test(Recommender model, Split data, int k, int others, Keyed random, Workers workers) {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(others >= 1, "others", others, "at least 1");
        Interactions truth = data.test();
        int[] users = IntStream.range(0, data.users())
                .filter(u -> truth.degree(u) > 0 && known(data, u) < data.items())
                .toArray();
        Quality quality = new Quality(users, new double[users.length], new double[users.length]);
        int block = 64;
        workers.each((users.length + block - 1) / block, b -> {
            float[] scores = new float[data.items()];
            for (int n = b * block; n < Math.min(users.length, (b + 1) * block); n++) {
                judge(model, data, n, k, others, random, scores, quality);
            }
        });
        return quality;
    }

    private static void judge(
            Recommender model, Split data, int n, int k, int others, Keyed random, float[] scores, Quality quality) {
        int user = quality.users[n];
        Interactions truth = data.test();
        model.scores(user, scores);
        Keyed of = random.of(data.train().userKey(user));
        for (int at = truth.from(user); at < truth.to(user); at++) {
            int rank = 0;
            for (int j = 0; j < others; j++) {
                long bits = of.of(truth.item(at)).at(j);
                int item = Keyed.below(bits, data.items());
                while (taken(data, user, item)) {
                    bits = Keyed.mix(bits + 0x9E3779B97F4A7C15L);
                    item = Keyed.below(bits, data.items());
                }
                if (!(scores[item] < scores[truth.item(at)])) {
                    rank++;
                }
            }
            if (rank < k) {
                quality.hitRate[n] += 1.0 / truth.degree(user);
                quality.ndcg[n] += Math.log(2) / Math.log(rank + 2) / truth.degree(user);
            }
        }
    }

    private static int known(Split data, int user) {
        return data.train().degree(user)
                + data.validation().degree(user)
                + data.test().degree(user);
    }

    private static boolean taken(Split data, int user, int item) {
        return data.train().contains(user, item)
                || data.test().contains(user, item)
                || data.validation().contains(user, item);
    }
}
