package org.lethe.recsys.balance;

import java.util.Arrays;
import java.util.Optional;
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
import org.lethe.recsys.UserRows;

/**
 * Moves every disadvantaged user of a finished model towards the weighted mean of its advantaged neighbours: {@code e_t ← (1 − k)
 * e_t + k Σ_j w_tj e_j}. Nothing is trained.
 *
 * <p>Neighbours are those of {@code in-ucds}. This is for models that cannot be trained again, such as those that have just
 * forgotten users. The share k is the one of 0, 0.05, 0.1, 0.2, 0.3 and 0.5 with the best NDCG@10 of the disadvantaged users
 * on the validation part, where an ideal list has at most ten places. Ties go to the smallest. Since 0 is among them, the
 * chosen k never loses on that part; on the test part it may. If it is 0, the model stays as it is. Advantaged users keep their embeddings, so nothing is taken from them.
 *
 * <p>Compare it with rule {@code random}: much of the gain comes from any mean of active users. On MovieLens-100K (BPR, one
 * seed), NDCG@10 of the disadvantaged rises from 0.331 to 0.346 with three neighbours of the set, and to 0.345 with three at
 * random; whole sets reach 0.352.
 *
 * <p>Ours, not from a paper; no guarantee of equal quality. Cost: the search of neighbours, and six rankings of the
 * disadvantaged users.
 *
 * @param rule rule by which neighbours are chosen
 * @param similarity similarity of two users
 * @param neighbours number of neighbours of a user, those of largest weight; 0 for the whole set
 * @param share share k of the way to the mean, up to 1; 0 chooses it on the validation part
 */
@Named("neighbour-smoothing")
public record NeighbourSmoothing(Neighbours.Rule rule, Similarity similarity, int neighbours, double share)
        implements Balancing {
    private static final double[] SHARES = {0.05, 0.1, 0.2, 0.3, 0.5};
    private static final int LIST = 10;

    public NeighbourSmoothing {
        Check.require(neighbours >= 0, "neighbours", neighbours, "at least 0");
        Check.require(share >= 0 && share <= 1, "share", share, "0 to 1");
    }

    /** The whole exact set under cosine similarity, k by validation. */
    public NeighbourSmoothing() {
        this(Neighbours.Rule.DOMINANT_SET, Similarity.COSINE, 0, 0);
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> {
            Balancing.balance(this, request);
            Suited.embedded(this, learner);
        });
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        UserRows before = Suited.rows(this, model);
        Groups groups = Balancing.balance(this, request).of(data.train());
        Interactions judged = data.validation().onlyUsers(groups.disadvantaged());
        if (share == 0 && judged.size() == 0) {
            throw Suited.refused(
                    this,
                    "has share: 0, which is chosen on the validation part, but that has no pair of a disadvantaged user;"
                            + " expected a validation part, or a share above 0");
        }
        if (share == 0 && data.validation().where(data.test()::contains).size() > 0) {
            throw Suited.refused(
                    this,
                    "has share: 0, which is chosen on the validation part, but that holds test pairs; expected a part of its"
                            + " own, or a share above 0");
        }
        Neighbours found = new Neighbours.Search(rule, similarity, neighbours, new DominantSets())
                .of(this, groups, data.train(), env);
        if (share > 0) {
            return moved(before, found, share);
        }
        UserRows best = before;
        double highest = ndcg(before, data, judged, env);
        double chosen = 0;
        for (double k : SHARES) {
            UserRows candidate = moved(before, found, k);
            double quality = ndcg(candidate, data, judged, env);
            if (quality > highest) {
                highest = quality;
                best = candidate;
                chosen = k;
            }
        }
        env.ledger().count("smoothing-percent", Math.round(100 * chosen));
        return best;
    }

    private static double ndcg(UserRows model, Split data, Interactions judged, Env env) {
        return Ranking.mean(Ranking.evaluate(model, data.train(), judged, LIST, env.workers())
                .ndcgCut());
    }

    /** The model with every disadvantaged user moved; sums are in double, in the order of neighbours. */
    static UserRows moved(UserRows before, Neighbours found, double share) {
        int width = before.width();
        float[] from = before.userRows();
        float[] rows = from.clone();
        double[] mean = new double[width];
        for (int t = 0; t < found.users().length; t++) {
            Arrays.fill(mean, 0);
            for (int k = found.starts()[t]; k < found.starts()[t + 1]; k++) {
                int at = found.neighbours()[k] * width;
                for (int d = 0; d < width; d++) {
                    mean[d] += found.weights()[k] * from[at + d];
                }
            }
            int at = found.users()[t] * width;
            for (int d = 0; d < width; d++) {
                rows[at + d] = (float) ((1 - share) * from[at + d] + share * mean[d]);
            }
        }
        return before.withUserRows(rows);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        double rankings = 6.0 * data.users() * data.items() * 5e-9;
        return learner.estimate(data).then(new Estimate(1 + rankings, 16L * data.users() * LIST));
    }
}
