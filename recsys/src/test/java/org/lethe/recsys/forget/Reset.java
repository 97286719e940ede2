package org.lethe.recsys.forget;

import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/** Forgets users by setting their embeddings back to their initial values; traces in the items' embeddings stay. */
@Named("reset")
public record Reset() implements Method<Split, Recommender> {
    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        ForgetRequest.Forgotten forgotten = Forgetting.forget(this, request).resolve(data);
        EmbeddingLearner tables = Forgetting.tables(this, learner);
        Embeddings before = Forgetting.embeddings(this, model);
        float[] untrained = tables.start(data, env).model().userRows();
        float[] users = before.userRows().clone();
        for (int user : forgotten.users()) {
            System.arraycopy(untrained, user * before.dims(), users, user * before.dims(), before.dims());
        }
        return new Embeddings(before.dims(), users, before.itemRows());
    }

    @Override
    public Exactness exactness() {
        return Exactness.APPROXIMATE;
    }
}
