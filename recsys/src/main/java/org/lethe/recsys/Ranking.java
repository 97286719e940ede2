package org.lethe.recsys;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Workers;

/**
 * Full-ranking evaluation: all items that a user has not interacted with compete (CURE4Rec, "Ranking protocol and metrics").
 *
 * <p>A user's top-k list has the k unseen items of highest score, ties by ascending item; an item scored −∞ is never listed. Users
 * without truth are skipped, and means are over users. There are two forms of NDCG that must not be mixed. {@code ndcgFull}
 * divides by an ideal list as long as the user's truth, {@code ndcgCut} by one of at most k.
 *
 * <p>Cost: one score per user and item. Two tables are scored in blocks ({@link TopItems}) with the bits of
 * {@link Embeddings#score}, so the result does not depend on the number of workers or lanes.
 */
public final class Ranking {
    private static final int BLOCK = 64; // users a worker takes at a time

    private Ranking() {}

    /**
     * The quality of the top-k list of each user that has truth.
     *
     * @param k length of the top-k lists
     * @param users the users with truth, ascending; the arrays below are parallel to it
     * @param ndcgFull DCG over the DCG of all the user's truth in first places, however long
     * @param ndcgCut DCG over the DCG of the best list of length k
     * @param recall share of the truth that is listed; published as "HR" in CURE4Rec
     * @param hitRate 1 where any truth is listed, else 0
     * @param mrr one over the rank of the first hit, 0 without one
     * @param averagePrecision mean precision at the hits, over min(k, size of the truth)
     */
    public record Quality(
            int k,
            int[] users,
            double[] ndcgFull,
            double[] ndcgCut,
            double[] recall,
            double[] hitRate,
            double[] mrr,
            double[] averagePrecision) {
        /** The mean over users of each metric by its name, in the order above; empty where no user has truth. */
        public SequencedMap<String, Double> means() {
            SequencedMap<String, Double> means = new LinkedHashMap<>();
            perUser().forEach((name, values) -> {
                if (values.length > 0) {
                    means.put(name, mean(values));
                }
            });
            return means;
        }

        /** The values of each metric by its name, parallel to {@code users}. */
        public Map<String, double[]> perUser() {
            Map<String, double[]> named = new LinkedHashMap<>();
            named.put("ndcgFull", ndcgFull);
            named.put("ndcgCut", ndcgCut);
            named.put("recall", recall);
            named.put("hitRate", hitRate);
            named.put("mrr", mrr);
            named.put("averagePrecision", averagePrecision);
            return named;
        }

        /** The same quality for the users of a group. */
        public Quality of(IntPredicate group) {
            int[] at = IntStream.range(0, users.length)
                    .filter(n -> group.test(users[n]))
                    .toArray();
            return new Quality(
                    k,
                    Arrays.stream(at).map(n -> users[n]).toArray(),
                    pick(ndcgFull, at),
                    pick(ndcgCut, at),
                    pick(recall, at),
                    pick(hitRate, at),
                    pick(mrr, at),
                    pick(averagePrecision, at));
        }

        private static double[] pick(double[] values, int[] at) {
            return Arrays.stream(at).mapToDouble(n -> values[n]).toArray();
        }
    }

    /** The quality on the test part; pairs of train or validation are not listed, unless they are also in test. */
    public static Quality test(Recommender model, Split data, int k, Workers workers) {
        Interactions validation = data.validation();
        Interactions known = validation.size() == 0
                ? data.train()
                : data.train().and(validation.where((u, i) -> !data.test().contains(u, i)));
        return evaluate(model, known, data.test(), k, workers);
    }

    /** The quality on the whole validation part; pairs of train are not listed. */
    public static Quality validation(Recommender model, Split data, int k, Workers workers) {
        return evaluate(model, data.train(), data.validation(), k, workers);
    }

    /**
     * The quality of top-k lists on the truth. A pair of the truth that is also known is never listed and counts as missed.
     *
     * @throws org.lethe.LetheException where a score is not a number
     */
    public static Quality evaluate(Recommender model, Interactions known, Interactions truth, int k, Workers workers) {
        Check.require(
                truth.users() == known.users() && truth.items() == known.items(),
                "truth",
                truth,
                "the users and items of what is known: " + known);
        int[] users = IntStream.range(0, truth.users())
                .filter(u -> truth.degree(u) > 0)
                .toArray();
        int n = users.length;
        Quality quality = new Quality(
                k, users, new double[n], new double[n], new double[n], new double[n], new double[n], new double[n]);
        double[] ideal = ideal(Math.max(k, longest(truth, users)));
        rank(model, known, users, k, workers, (at, items, size) -> judge(quality, at, items, size, truth, ideal));
        return quality;
    }

    /** The top-k lists of some users, best item first; shorter if fewer items are left. */
    public static int[][] top(Recommender model, Interactions known, int[] users, int k, Workers workers) {
        int[][] lists = new int[users.length][];
        rank(model, known, users, k, workers, (at, items, size) -> lists[at] = Arrays.copyOf(items, size));
        return lists;
    }

    /** DCG of a list: {@code Σ 1/log2(rank + 1)} over the ranks, from 1, at which there is a hit. */
    public static double dcg(boolean[] hits) {
        double sum = 0;
        for (int j = 0; j < hits.length; j++) {
            sum += hits[j] ? discount(j + 1) : 0;
        }
        return sum;
    }

    /** NDCG of a list against an ideal one as long as the truth, even where the list is shorter. */
    public static double ndcgFull(boolean[] hits, int truths) {
        return truths == 0 ? 0 : dcg(hits) / ideal(truths)[truths];
    }

    /** NDCG of a list against an ideal one no longer than k. */
    public static double ndcgCut(boolean[] hits, int truths, int k) {
        int places = Math.min(k, truths);
        return places == 0 ? 0 : dcg(hits) / ideal(places)[places];
    }

    /** The mean of per-user values; NaN of none. */
    public static double mean(double[] values) {
        double sum = 0;
        for (double v : values) {
            sum += v;
        }
        return sum / values.length;
    }

    private static double discount(int rank) {
        return Math.log(2) / Math.log(rank + 1);
    }

    /** DCG of the first n places all hit, for n of 0 … longest. */
    private static double[] ideal(int longest) {
        double[] ideal = new double[longest + 1];
        for (int n = 1; n <= longest; n++) {
            ideal[n] = ideal[n - 1] + discount(n);
        }
        return ideal;
    }

    private static int longest(Interactions truth, int[] users) {
        int longest = 0;
        for (int u : users) {
            longest = Math.max(longest, truth.degree(u));
        }
        return longest;
    }

    private static void judge(Quality into, int at, int[] items, int size, Interactions truth, double[] ideal) {
        int user = into.users[at];
        int truths = truth.degree(user);
        int hits = 0;
        double dcg = 0;
        double precisions = 0;
        for (int j = 0; j < size; j++) {
            if (truth.contains(user, items[j])) {
                hits++;
                dcg += ideal[j + 1] - ideal[j];
                precisions += (double) hits / (j + 1);
                if (hits == 1) {
                    into.mrr[at] = 1.0 / (j + 1);
                }
            }
        }
        int places = Math.min(into.k, truths);
        into.ndcgFull[at] = dcg / ideal[truths];
        into.ndcgCut[at] = dcg / ideal[places];
        into.recall[at] = (double) hits / truths;
        into.hitRate[at] = hits > 0 ? 1 : 0;
        into.averagePrecision[at] = precisions / places;
    }

    /** Takes finished lists; called once per user, from any thread. */
    @FunctionalInterface
    private interface Sink {
        /** The first {@code size} of {@code items} are the list of {@code users[at]}. */
        void accept(int at, int[] items, int size);
    }

    private static void rank(Recommender model, Interactions known, int[] users, int k, Workers workers, Sink sink) {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(
                model.users() == known.users() && model.items() == known.items(),
                "model",
                model.users() + " users and " + model.items() + " items",
                "the users and items of what is known: " + known);
        int length = Math.min(k, model.items());
        if (users.length == 0 || length == 0) {
            for (int at = 0; at < users.length; at++) {
                sink.accept(at, new int[0], 0);
            }
            return;
        }
        try (TopItems scorer = TopItems.of(model, workers)) {
            workers.each((users.length + BLOCK - 1) / BLOCK, block -> {
                int from = block * BLOCK;
                int to = Math.min(from + BLOCK, users.length);
                Shortlist[] lists = new Shortlist[to - from];
                for (int n = 0; n < lists.length; n++) {
                    lists[n] = new Shortlist(length, known, users[from + n]);
                }
                scorer.fill(lists);
                for (int n = 0; n < lists.length; n++) {
                    sink.accept(from + n, lists[n].items(), lists[n].size());
                }
            });
        }
    }
}
