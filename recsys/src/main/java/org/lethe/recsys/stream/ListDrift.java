package org.lethe.recsys.stream;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.stream.ErasureStream.Asked;

/**
 * Compares a model with a retrained one at every measuring point of a stream (erase 4.5).
 *
 * <p>{@code relNdcg} is the NDCG of the model over that of the retrained one, for the same remaining test pairs. {@code
 * forgetGap} is (ℓ_r − ℓ) / (ℓ_r − ℓ_b), where ℓ is the loss of the erased pairs under the model, under the retrained one and
 * under the model before: 1 as if nothing was done, 0 as after retraining, below 0 where an erased pair stands lower than
 * after retraining. The loss of a pair is the mean of −log σ(s_ui − s_uj) over all items j that the user never took (Rendle et
 * al. 2009, BPR), as scores of most models are no probabilities. {@code sameLists} is the share of users with the same
 * recommendations as the retrained model gives. Where items are watched (a sensitive category, targets of spam), {@code
 * watchedShare} is their share of all recommended places over the same share of the retrained model.
 *
 * <p>There are two bars, on what the whole stream comes to: {@code relNdcg} is at least 0.98 in the end and never below
 * 0.97, and {@code forgetGap} is from −0.25 to {@code gap} in the end. Models trained with other seeds, where the reference
 * has any, show how much of a difference is chance.
 *
 * <p>Cost: two rankings of all test users, and the scores of at most 2,000 erased pairs against all items, for each point.
 *
 * @param k number of recommendations
 * @param gap largest forget gap in the end
 */
@Named("drift")
public record ListDrift(int k, double gap) implements Audit<Split, Recommender> {
    private static final int MOST = 2_000;

    public ListDrift {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(gap > 0 && gap < 1, "gap", gap, "between 0 and 1");
    }

    /** Top 20, a gap of at most 0.5. */
    public ListDrift() {
        this(20, 0.5);
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> c, Env env) {
        return course(c, env).findings();
    }

    @Override
    public List<Picture> pictures(Case<Split, Recommender> c, Env env) {
        return course(c, env).pictures();
    }

    private Course<Split, Recommender> course(Case<Split, Recommender> c, Env env) {
        Asked asked = ((ErasureStream) c.request()).on(c.data());
        return new Course<>(new Pairs(asked, c.data(), k, env), k, gap, c, env);
    }

    /** How models of lists are measured. */
    private record Pairs(Asked asked, Split data, int k, Env env) implements Course.Judged<Recommender> {
        @Override
        public Course.Lists lists(Recommender model, int requests) {
            Split left = asked.first(requests, data).remaining();
            Interactions known = left.train()
                    .and(left.validation().where((u, i) -> !left.test().contains(u, i)));
            int[] users = IntStream.range(0, left.users())
                    .filter(u -> left.test().degree(u) > 0)
                    .toArray();
            return new Course.Lists(
                    Ranking.top(model.served(), known, users, k, env.workers()),
                    Ranking.test(model.served(), left, k, env.workers()).ndcgFull());
        }

        @Override
        public double loss(Recommender model, int requests) {
            Interactions erased = sampled(asked.first(requests, data).interactions(), env.random("forgotten"));
            Recommender served = model.served();
            int[] users = IntStream.range(0, erased.users())
                    .filter(u -> erased.degree(u) > 0)
                    .toArray();
            double[] sums = new double[users.length];
            env.workers().each(users.length, n -> sums[n] = loss(served, erased, users[n]));
            return erased.size() == 0 ? Double.NaN : Arrays.stream(sums).sum() / erased.size();
        }

        private static Interactions sampled(Interactions erased, Keyed random) {
            double share = MOST / (double) Math.max(1, erased.size());
            return share >= 1 ? erased : erased.where((u, i) -> Keyed.unit(random.at(erased.userKey(u), i)) < share);
        }

        /** The sum of the losses of a user's erased pairs. */
        private double loss(Recommender model, Interactions erased, int user) {
            float[] scores = new float[model.items()];
            model.scores(user, scores);
            double sum = 0;
            for (int at = erased.from(user); at < erased.to(user); at++) {
                double of = 0;
                int others = 0;
                for (int j = 0; j < scores.length; j++) {
                    if (!took(user, j)) {
                        of += softplus(scores[j] - scores[erased.item(at)]);
                        others++;
                    }
                }
                sum += others == 0 ? 0 : of / others;
            }
            return sum;
        }

        private boolean took(int user, int item) {
            return data.train().contains(user, item)
                    || data.validation().contains(user, item)
                    || data.test().contains(user, item);
        }

        /** log(1 + e^x), which is −log σ(−x). */
        private static double softplus(double x) {
            return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
        }

        @Override
        public boolean[] watched() {
            return asked.watched();
        }
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Split, Recommender> method) {
        return ErasureStream.unsuited(this, request);
    }

    @Override
    public String limits() {
        return "A forget gap near 0 says that erased pairs stand about as high on average as after retraining; single"
                + " pairs may still stand out, and no attacker with further knowledge was tried.";
    }
}
