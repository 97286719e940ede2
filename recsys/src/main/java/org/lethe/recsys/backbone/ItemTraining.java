package org.lethe.recsys.backbone;

import java.util.Arrays;
import org.lethe.Env;
import org.lethe.numerics.DenseAdam;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Lanes;
import org.lethe.numerics.PairGradient;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Split;

/**
 * Trains the rows of items on while those of users are held: after users were moved for a reason of their own, items find
 * their places among them.
 *
 * <p>The loss is that of BPR, {@code −ln σ(p_u·(q_i − q_j))}, one drawn item j an interaction; dense Adam; the best epoch by
 * validation counts, the state before the first among them. An epoch costs {@code O(interactions · dims)}.
 */
public final class ItemTraining implements Training.Course<float[]> {
    private static final int BATCH = 1024;
    private static final double RATE = 1e-3;

    private final float[] held;
    private final int dims;
    private final int stride;
    private final int users;
    private final Batches batches;
    private final Keyed key;
    private final float[] w; // [users + items, stride]
    private final float[] g;
    private final float[] m;
    private final float[] v;
    private final float[] decay;
    private long steps;

    private ItemTraining(Embeddings model, Split data, Env env) {
        held = model.userRows();
        dims = model.dims();
        stride = Lanes.padded(dims);
        users = model.users();
        int rows = users + model.items();
        batches = new Batches(data.train(), BATCH);
        key = env.random("item-training");
        w = new float[rows * stride];
        g = new float[w.length];
        m = new float[w.length];
        v = new float[w.length];
        decay = new float[rows];
        for (int r = 0; r < rows; r++) {
            float[] from = r < users ? model.userRows() : model.itemRows();
            System.arraycopy(from, (r < users ? r : r - users) * dims, w, r * stride, dims);
        }
    }

    /** The model with other items: after at most {@code epochs} epochs, and {@code patience} that brought nothing. */
    public static Embeddings of(Embeddings model, Split data, int epochs, int patience, Env env) {
        ItemTraining course = new ItemTraining(model, data, env);
        float[] items = Training.best("item-training", course, data, env, 0, epochs, patience)
                .state();
        return new Embeddings(model.dims(), model.userRows(), items);
    }

    @Override
    public double epoch(int number) {
        if (number == 0) {
            return 0; // the items as they came, to be judged beside what follows
        }
        batches.plan(key.of(number));
        double total = 0;
        for (int b = 0; b < batches.count; b++) {
            if (batches.starts[b] < batches.starts[b + 1]) {
                total += step(batches.starts[b], batches.starts[b + 1]);
            }
        }
        return total / Math.max(1, batches.size());
    }

    private double step(int from, int to) {
        Arrays.fill(g, users * stride, g.length, 0);
        double total = 0;
        for (int s = from; s < to; s++) {
            int p = batches.users[s] * stride;
            int i = (users + batches.positives[s]) * stride;
            int j = (users + batches.negatives[s]) * stride;
            double margin = PairGradient.margin(w, p, i, j, stride);
            total += Math.log1p(Math.exp(-Math.abs(margin))) + Math.max(0, -margin);
            PairGradient.add(w, g, p, i, j, stride, (float) (-1 / (1 + Math.exp(margin)) / (to - from)));
        }
        steps++;
        DenseAdam.step(
                w, m, v, g, decay, stride, users, decay.length, DenseAdam.rate(RATE, steps), DenseAdam.root(steps));
        return total;
    }

    @Override
    public Embeddings model() {
        return new Embeddings(dims, held, snapshot(0));
    }

    @Override
    public float[] snapshot(int epochs) {
        float[] items = new float[(w.length / stride - users) * dims];
        for (int r = users; r < w.length / stride; r++) {
            System.arraycopy(w, r * stride, items, (r - users) * dims, dims);
        }
        return items;
    }
}
