package org.lethe.recsys.forget;

import java.util.List;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.UserRows;

/**
 * The served model of shards with layers: {@code Σ_s β_s s_s(u, i)}; every shard's network reads the embedding of the
 * user's own shard. A ranking costs one ranking of every shard.
 *
 * @param models model of each shard with the embeddings of all users
 * @param weights weights β, one row for all users or one for each: {@code [1 or users, shards]}
 */
record WeightedScores(List<UserRows> models, float[] weights) implements Recommender {
    /** Whether every user has weights of its own. */
    boolean perUser() {
        return weights.length > models.size();
    }

    private float weight(int user, int shard) {
        return weights[perUser() ? user * models.size() + shard : shard];
    }

    @Override
    public int users() {
        return models.getFirst().users();
    }

    @Override
    public int items() {
        return models.getFirst().items();
    }

    @Override
    public float score(int user, int item) {
        double sum = 0;
        for (int s = 0; s < models.size(); s++) {
            sum += (double) weight(user, s) * models.get(s).score(user, item);
        }
        return (float) sum;
    }

    @Override
    public void scores(int user, float[] into) {
        scores(new int[] {user}, into);
    }

    @Override
    public void scores(int[] users, float[] into) {
        int items = items();
        double[] sums = new double[users.length * items];
        float[] scores = new float[sums.length];
        for (int s = 0; s < models.size(); s++) {
            models.get(s).scores(users, scores);
            for (int n = 0; n < sums.length; n++) {
                sums[n] += (double) weight(users[n / items], s) * scores[n];
            }
        }
        for (int n = 0; n < sums.length; n++) {
            into[n] = (float) sums[n];
        }
    }
}
