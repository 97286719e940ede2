package org.lethe.recsys.stream;

import org.jspecify.annotations.Nullable;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;
import org.lethe.recsys.forget.Forgetting;
import org.lethe.recsys.stream.ErasureStream.Asked;

/**
 * A stream on lists of items. A request is one small request to any method of forgetting, with the model that the method
 * made before and the data that is left, so that a method which keeps shards, counts or inverses keeps them here too.
 * Every request has the seed of the training, on which random numbers of users and items depend.
 */
final class ListRound implements Round<Split, Recommender> {
    private static final int K = 20; // of the stop rule

    private final Forgetting method;
    private final Learner<Split, Recommender> learner;
    private final Asked asked;
    private Split left; // without the requests done
    private int done;
    private @Nullable Forgotten next; // the request after these

    ListRound(Forgetting method, Learner<Split, Recommender> learner, Asked asked, Split data) {
        this.method = method;
        this.learner = learner;
        this.asked = asked;
        this.left = data;
    }

    @Override
    public int[] points() {
        return asked.points();
    }

    @Override
    public boolean nothing(int request) {
        return resolved(request).nothing();
    }

    private Forgotten resolved(int request) {
        remaining(request);
        Forgotten known = next;
        if (known == null) {
            known = asked.request(request, left);
            next = known;
        }
        return known;
    }

    @Override
    public Recommender erased(Recommender current, int request, Env env) {
        return method.erase(current, resolved(request), learner, left, env);
    }

    @Override
    public Split remaining(int requests) {
        while (done < requests) {
            Split without = resolved(done).remaining();
            left = without;
            next = null;
            done++;
        }
        return left;
    }

    @Override
    public Recommender trained(Split remaining, Env env) {
        return method.learn(learner, remaining, env);
    }

    /** All numbers of tables; of other models, which check themselves, the scores of the user who asked. */
    @Override
    public boolean finite(Recommender model) {
        if (model.served() instanceof Embeddings tables) {
            return finite(tables.userRows()) && finite(tables.itemRows());
        }
        float[] scores = new float[model.items()];
        model.scores(asked.users()[done], scores);
        return finite(scores);
    }

    private static boolean finite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean replays() {
        return method.exactness().compareTo(Exactness.EXACT_GIVEN_PARTITION) <= 0;
    }

    @Override
    public boolean watched(Split remaining) {
        return remaining.validation().size() > 0;
    }

    @Override
    public double quality(Recommender model, Split remaining, Env env) {
        return Ranking.mean(
                Ranking.validation(model, remaining, K, env.workers()).ndcgFull());
    }
}
