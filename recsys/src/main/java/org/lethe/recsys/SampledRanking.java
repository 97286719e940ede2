package org.lethe.recsys;

import java.util.Arrays;
import java.util.List;
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
     * The quality on the test part. The others are drawn uniformly, with replacement, from the items that a user has in no part,
     * anew for each test item, by (key, user, item). A user who has every item is not evaluated.
     */
    public static Quality test(Recommender model, Split data, int k, int others, Keyed random, Workers workers) {
        return over(model, data, k, others, new Keyed[] {random}, workers);
    }

    /**
     * The mean quality over several draws of the others. Draw d has the numbers of one evaluation by {@code random.of(d)}.
     *
     * <p>Cost: one score per user and item, and {@code draws · test pairs · others} look-ups of a few nanoseconds.
     */
    public static Quality test(
            Recommender model, Split data, int k, int others, int draws, Keyed random, Workers workers) {
        Check.require(draws >= 1, "draws", draws, "at least 1");
        Keyed[] keys = new Keyed[draws];
        Arrays.setAll(keys, random::of);
        return over(model, data, k, others, keys, workers);
    }

    private static Quality over(Recommender model, Split data, int k, int others, Keyed[] draws, Workers workers) {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(others >= 1, "others", others, "at least 1");
        Interactions truth = data.test();
        int[] users = IntStream.range(0, data.users())
                .filter(u -> truth.degree(u) > 0 && known(data, u) < data.items())
                .toArray();
        Quality quality = new Quality(users, new double[users.length], new double[users.length]);
        double[] gains = new double[Math.min(k, others + 1)]; // by rank from 0
        Arrays.setAll(gains, rank -> Math.log(2) / Math.log(rank + 2));
        int block = 64;
        workers.each((users.length + block - 1) / block, b -> {
            float[] scores = new float[data.items()];
            boolean[] taken = new boolean[data.items()];
            for (int n = b * block; n < Math.min(users.length, (b + 1) * block); n++) {
                model.scores(users[n], scores);
                take(data, users[n], taken, true);
                for (Keyed draw : draws) {
                    judge(data, n, others, draw, scores, taken, gains, quality);
                }
                take(data, users[n], taken, false);
                quality.hitRate[n] /= draws.length;
                quality.ndcg[n] /= draws.length;
            }
        });
        return quality;
    }

    /** Adds one draw of a user's lists. */
    private static void judge(
            Split data,
            int n,
            int others,
            Keyed random,
            float[] scores,
            boolean[] taken,
            double[] gains,
            Quality quality) {
        int user = quality.users[n];
        Interactions truth = data.test();
        Keyed of = random.of(data.train().userKey(user));
        int degree = truth.degree(user);
        double hitRate = 0;
        double ndcg = 0;
        for (int at = truth.from(user); at < truth.to(user); at++) {
            int rank = rank(of.of(truth.item(at)), others, scores, scores[truth.item(at)], taken, gains.length);
            if (rank < gains.length) {
                hitRate += 1.0 / degree;
                ndcg += gains[rank] / degree;
            }
        }
        quality.hitRate[n] += hitRate;
        quality.ndcg[n] += ndcg;
    }

    /** How many of the others are not below a score; a number that reaches {@code most} is not counted further. */
    private static int rank(Keyed key, int others, float[] scores, float score, boolean[] taken, int most) {
        int rank = 0;
        for (int j = 0; j < others && rank < most; j++) {
            long bits = key.at(j);
            int item = Keyed.below(bits, scores.length);
            while (taken[item]) {
                bits = Keyed.mix(bits + 0x9E3779B97F4A7C15L);
                item = Keyed.below(bits, scores.length);
            }
            if (!(scores[item] < score)) {
                rank++;
            }
        }
        return rank;
    }

    private static int known(Split data, int user) {
        return data.train().degree(user)
                + data.validation().degree(user)
                + data.test().degree(user);
    }

    private static void take(Split data, int user, boolean[] taken, boolean is) {
        for (Interactions part : List.of(data.train(), data.validation(), data.test())) {
            for (int at = part.from(user); at < part.to(user); at++) {
                taken[part.item(at)] = is;
            }
        }
    }
}
