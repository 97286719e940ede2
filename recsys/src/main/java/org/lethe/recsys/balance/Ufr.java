package org.lethe.recsys.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;

/**
 * Balances groups by re-ranking: it chooses every user's top-k list so that F1 of the two groups differs by at most
 * {@code epsilon} (UFR, Li et al. 2021; In-UCDS, section 7.2).
 *
 * <p>It maximises {@code Σ_u Σ_i q_ui s_ui} over lists {@code q_u} of k items from the user's {@code candidates} best unseen items,
 * subject to {@code |F1_A − F1_I| ≤ ε}. A group's F1 is the mean of {@code 2 h_u / (|T_u| + k)} over its users with labelled items
 * {@code T_u}, of which {@code h_u} are listed. The best list with h labelled items has the h best labelled and the k − h best
 * other candidates, and its sum of scores is concave in h. So no solver is needed: it takes steps of one item in the order of
 * their loss per change of the gap, until the gap is at most ε. Their total loss exceeds the optimum by at most the loss of the
 * last step. A step past −ε is left out; only groups of few users have such steps, and the bound does not hold for them. If
 * the steps end above ε, the smallest gap that was found is kept and {@code gap-unmet} is counted.
 *
 * <p>The method needs labels when it recommends. {@code labels: oracle} takes them from the test part, as the published code
 * does. Its results on the test part are then no estimate for new users or items: they show how far lists can be balanced
 * by someone who knows the answers. {@code labels: tune} takes them from the validation part, of which no pair may be in
 * the test part. But validation pairs are left out of rankings of the test part, and all other items keep their order. So
 * these rankings stay exactly as they were, and only rankings of the validation part are balanced.
 *
 * <p>The gap closes from both sides: {@code relevant-added} counts labelled items that disadvantaged users gain,
 * {@code relevant-removed} those that advantaged users lose, or the reverse. Users whose scores have a small scale change first,
 * since losses are sums of scores. The published code has no candidates but one test item and 99 sampled ones.
 *
 * <p>Works on any recommender; nothing is trained. Cost: three rankings, and sorted steps, at most k for each user.
 *
 * @param k length of the lists
 * @param epsilon largest allowed difference between the F1 of the groups
 * @param candidates number of best unseen items of a user that a list is chosen from
 * @param labels part with the labels: tune (the validation part), or oracle, which reads test labels
 */
@Named("ufr")
public record Ufr(int k, double epsilon, int candidates, Labels labels) implements Balancing {
    private static final int BLOCK = 64; // users a worker takes at a time
    private static final double ROUNDING = 1e-12;

    /** The parts that labels may come from. */
    public enum Labels {
        /** The validation part. */
        TUNE,
        /** The test part itself, as in the published code: the lists are chosen by the answers. */
        ORACLE
    }

    public Ufr {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(epsilon >= 0 && epsilon <= 1, "epsilon", epsilon, "0 to 1");
        Check.require(candidates >= k, "candidates", candidates, "at least k, which is " + k);
    }

    /** Top 10, a difference of at most 0.05, the 100 best candidates, labels of the validation part. */
    public Ufr() {
        this(10, 0.05, 100, Labels.TUNE);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        Groups groups = Balancing.balance(this, request).of(data.train());
        Interactions truth = truth(data);
        int[] first = labelled("advantaged", groups.advantaged(), truth);
        int[] second = labelled("disadvantaged", groups.disadvantaged(), truth);
        Recommender base = model.served();
        int[] users =
                IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
        Pool[] pools = pools(base, users, truth, known(data), env);
        Lists lists = new Lists(pools, first.length);
        boolean met = lists.even(epsilon);
        int[] changed = lists.changed();
        env.ledger().count("users-reranked", changed.length);
        env.ledger().count("relevant-added", lists.moved(1));
        env.ledger().count("relevant-removed", lists.moved(-1));
        env.ledger().count("gap-unmet", met ? 0 : 1);
        if (changed.length == 0) {
            return model;
        }
        return Reranked.of(
                base,
                Arrays.stream(changed).map(p -> pools[p].user).toArray(),
                Arrays.stream(changed).mapToObj(lists::chosen).toArray(int[][]::new),
                env.workers());
    }

    private Interactions truth(Split data) {
        Interactions truth = labels == Labels.ORACLE ? data.test() : data.validation();
        String part = labels == Labels.ORACLE ? "test" : "validation";
        if (truth.size() == 0) {
            throw Suited.refused(
                    this,
                    "takes labels from the " + part + " part, which is empty; expected data with one"
                            + (labels == Labels.TUNE ? ", or labels: oracle, which reads test labels" : ""));
        }
        if (labels == Labels.TUNE && truth.where(data.test()::contains).size() > 0) {
            throw Suited.refused(
                    this,
                    "takes labels from the validation part, which holds test pairs; expected a part of its own, or"
                            + " labels: oracle, which reads test labels");
        }
        return truth;
    }

    private int[] labelled(String group, int[] users, Interactions truth) {
        int[] labelled = Arrays.stream(users).filter(u -> truth.degree(u) > 0).toArray();
        if (labelled.length == 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    String.format(
                            Locale.ROOT,
                            "ufr: none of the %,d %s users has pairs in the part with labels, expected at least 1",
                            users.length,
                            group));
        }
        return labelled;
    }

    /** The items that are never listed: as in the ranking of the part with the labels. */
    private Interactions known(Split data) {
        Interactions validation = data.validation();
        return labels == Labels.TUNE || validation.size() == 0
                ? data.train()
                : data.train().and(validation.where((u, i) -> !data.test().contains(u, i)));
    }

    private Pool[] pools(Recommender base, int[] users, Interactions truth, Interactions known, Env env) {
        int[][] best = Ranking.top(base, known, users, candidates, env.workers());
        Pool[] pools = new Pool[users.length];
        env.workers().each((users.length + BLOCK - 1) / BLOCK, block -> {
            int from = block * BLOCK;
            int[] some = Arrays.copyOfRange(users, from, Math.min(from + BLOCK, users.length));
            float[] scores = new float[some.length * base.items()];
            base.scores(some, scores);
            for (int n = 0; n < some.length; n++) {
                int[] items = best[from + n];
                double[] of = new double[items.length];
                boolean[] relevant = new boolean[items.length];
                for (int j = 0; j < items.length; j++) {
                    of[j] = scores[n * base.items() + items[j]];
                    relevant[j] = truth.contains(some[n], items[j]);
                    if (!Double.isFinite(of[j])) {
                        throw new LetheException(
                                LetheException.Code.NUMERIC,
                                "ufr: the score of user " + some[n] + " and item " + items[j] + " is " + of[j]
                                        + ", expected a finite number");
                    }
                }
                pools[from + n] = Pool.of(some[n], items, of, relevant, k, truth.degree(some[n]));
            }
        });
        return pools;
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(1.1);
    }

    /**
     * The candidates of a user, best first.
     *
     * @param user their user
     * @param items the candidates
     * @param relevant whether each is labelled
     * @param ofRelevant sums of the scores of the best 0, 1, … labelled candidates
     * @param ofOthers sums of the scores of the best 0, 1, … other candidates
     * @param length length of the list: k, or the number of candidates if there are fewer
     * @param f1 growth of the user's F1 with each labelled item listed
     */
    record Pool(
            int user, int[] items, boolean[] relevant, double[] ofRelevant, double[] ofOthers, int length, double f1) {
        static Pool of(int user, int[] items, double[] scores, boolean[] relevant, int k, int truths) {
            return new Pool(
                    user,
                    items,
                    relevant,
                    sums(scores, relevant, true),
                    sums(scores, relevant, false),
                    Math.min(k, items.length),
                    2.0 / ((double) truths + k));
        }

        private static double[] sums(double[] scores, boolean[] relevant, boolean which) {
            double[] sums = new double[scores.length + 1];
            int n = 0;
            for (int j = 0; j < scores.length; j++) {
                if (relevant[j] == which) {
                    sums[n + 1] = sums[n] + scores[j];
                    n++;
                }
            }
            return Arrays.copyOf(sums, n + 1);
        }

        /** The labelled items in the list of the base model. */
        int hits() {
            return (int) IntStream.range(0, length).filter(j -> relevant[j]).count();
        }

        boolean possible(int hits) {
            return hits >= 0 && hits <= length && hits < ofRelevant.length && length - hits < ofOthers.length;
        }

        /** The sum of scores of the best list with so many labelled items. */
        double value(int hits) {
            return ofRelevant[hits] + ofOthers[length - hits];
        }

        /** The best list with so many labelled items, best first. */
        int[] list(int hits) {
            int[] list = new int[length];
            int size = 0;
            int labelled = 0;
            for (int j = 0; j < items.length; j++) {
                if (relevant[j] ? labelled < hits : size - labelled < length - hits) {
                    list[size++] = items[j];
                    labelled += relevant[j] ? 1 : 0;
                }
            }
            return list;
        }
    }

    /** The lists of all users while they are chosen. */
    static final class Lists {
        private final Pool[] pools; // of the advantaged, then of the disadvantaged users
        private final int advantaged;
        private final int[] before;
        private final int[] hits;

        /** One labelled item more or less in a list: its loss of score, and its change of the gap. */
        private record Step(int pool, double loss, double change) {}

        Lists(Pool[] pools, int advantaged) {
            this.pools = pools;
            this.advantaged = advantaged;
            this.before = Arrays.stream(pools).mapToInt(Pool::hits).toArray();
            this.hits = before.clone();
        }

        /** F1 of the advantaged less F1 of the disadvantaged. */
        double gap() {
            double gap = 0;
            for (int p = 0; p < pools.length; p++) {
                gap += (p < advantaged ? 1 : -1) * hits[p] * change(p);
            }
            return gap;
        }

        /** The change of a group's F1 with one labelled item of a user. */
        private double change(int p) {
            return pools[p].f1 / (p < advantaged ? advantaged : pools.length - advantaged);
        }

        /** Takes the cheapest steps until the gap is within a limit; false if it cannot be. */
        boolean even(double limit) {
            double gap = gap();
            int sign = gap > 0 ? 1 : -1;
            double left = Math.abs(gap);
            PriorityQueue<Step> steps = new PriorityQueue<>(
                    Comparator.comparingDouble((Step s) -> s.loss / s.change).thenComparingInt(Step::pool));
            IntStream.range(0, pools.length).forEach(p -> next(p, sign).ifPresent(steps::add));
            List<Step> tooLarge = new ArrayList<>();
            while (left > limit + ROUNDING && !steps.isEmpty()) {
                Step step = steps.poll();
                if (left - step.change < -limit - ROUNDING) {
                    tooLarge.add(step); // and so are all later ones of this user
                    continue;
                }
                left -= take(step, sign);
                next(step.pool, sign).ifPresent(steps::add);
            }
            if (left > limit + ROUNDING) {
                double open = left;
                tooLarge.stream()
                        .min(Comparator.comparingDouble(s -> s.change))
                        .filter(s -> s.change - open < open)
                        .ifPresent(s -> take(s, sign));
                return false;
            }
            return true;
        }

        private int direction(int p, int sign) {
            return p < advantaged ? -sign : sign;
        }

        private Optional<Step> next(int p, int sign) {
            int then = hits[p] + direction(p, sign);
            return pools[p].possible(then)
                    ? Optional.of(new Step(p, pools[p].value(hits[p]) - pools[p].value(then), change(p)))
                    : Optional.empty();
        }

        private double take(Step step, int sign) {
            hits[step.pool] += direction(step.pool, sign);
            return step.change;
        }

        /** The positions of the users whose list changed, by ascending user. */
        int[] changed() {
            return IntStream.range(0, pools.length)
                    .filter(p -> hits[p] != before[p])
                    .boxed()
                    .sorted(Comparator.comparingInt(p -> pools[p].user))
                    .mapToInt(Integer::intValue)
                    .toArray();
        }

        /** The number of labelled items that lists gained, or lost for −1. */
        long moved(int direction) {
            return IntStream.range(0, pools.length)
                    .map(p -> direction * (hits[p] - before[p]))
                    .filter(n -> n > 0)
                    .asLongStream()
                    .sum();
        }

        /** The list of a user, best first. */
        int[] chosen(int p) {
            return pools[p].list(hits[p]);
        }
    }
}
