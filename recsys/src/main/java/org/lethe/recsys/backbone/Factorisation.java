package org.lethe.recsys.backbone;

import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.numerics.FactorSteps;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Logistic;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;

/**
 * Matrix factorisation with sampled negatives under Adam: what BPR and WMF share, and the loop in which all time is spent.
 *
 * <p>A batch has two phases. First every touched user steps, reading item rows as they were and leaving its own old row in a
 * slot; then every touched item steps, reading the slots. Samples stand by user in a batch, so the first phase walks it in
 * order; an index of the batch by item serves the second. Sums run in the order of samples. Nothing is allocated per batch.
 */
final class Factorisation implements Training.Course<Checkpoint> {
    private static final int AHEAD = 128; // samples whose users are fetched at a time

    private final EmbeddingLearner.Loss loss;
    private final AdamForm form;
    private final UserLoss defence;
    private final Env env;
    private final Batches batches;
    private final AdamTable users;
    private final AdamTable items;
    private final AdamTable.AdamRates rates;
    private final Keyed key;
    private final long base;
    private int step;
    private boolean defended;

    private float[] slots = new float[0]; // [touched users of the batch, stride]
    private final float[] gradient;
    private int[] slotOf = new int[0]; // of each sample
    private float[] coefs = new float[0]; // dLoss/dScore of the positive and the negative of each sample
    private double[] fits = new double[0]; // likelihood of each sample
    private int[] entries = new int[0]; // the positives and negatives of the batch by item: sample << 1 | negative
    private final int[] ends; // of an item's entries, while a batch lasts
    private final long[] marked; // a bit for each item of the batch, while it is indexed
    private final int[] touched; // items of the batch, ascending

    Factorisation(
            EmbeddingLearner.Loss loss,
            AdamForm form,
            int batch,
            double learningRate,
            Checkpoint from,
            Interactions train,
            UserLoss defence,
            Env env) {
        this.loss = loss;
        this.defence = defence;
        this.env = env;
        this.form = form;
        batches = new Batches(train, batch);
        int dims = from.model().dims();
        users = new AdamTable(dims, from.model().userRows(), from.userState());
        items = new AdamTable(dims, from.model().itemRows(), from.itemState());
        rates = new AdamTable.AdamRates(learningRate, from.steps(), form == AdamForm.TWO_NODE);
        key = env.random("interactions");
        base = from.steps();
        gradient = new float[users.stride];
        ends = new int[train.items()];
        marked = new long[(train.items() + 63) / 64];
        touched = new int[train.items()];
    }

    /** The common part of {@code Learner.estimate}: measured nanoseconds per sample, and per scored pair. */
    static Estimate estimate(Split data, int dims, int epochs) {
        double samples = data.train().size() * (40e-9 + dims * 2.5e-9);
        double ranking = data.validation().size() == 0 ? 0 : (double) data.users() * data.items() * dims * 5e-11;
        long tables = (long) (data.users() + data.items()) * dims * Float.BYTES;
        return new Estimate(
                0.3 + epochs * (samples + ranking),
                8 * tables + 28L * data.train().size());
    }

    @Override
    public double epoch(int number) {
        defended = defence.active(number);
        if (defended) {
            defence.aim(number, users.parameters(), users.dims, env);
        }
        batches.plan(key.of(number));
        rates.reach(step + batches.count + AdamTable.CUT);
        room(batches.largest());
        double total = 0;
        for (int b = 0; b < batches.count; b++) {
            if (batches.starts[b] < batches.starts[b + 1]) {
                total += batch(batches.starts[b], batches.starts[b + 1]);
                if (form == AdamForm.DENSE) {
                    users.catchUpAll(step, rates);
                    items.catchUpAll(step, rates);
                }
            }
        }
        rates.aim(step);
        users.catchUpAll(step, rates);
        items.catchUpAll(step, rates);
        return batches.size() == 0 ? 0 : total / (loss == EmbeddingLearner.Loss.PAIRWISE ? 1 : 2) / batches.size();
    }

    private void room(int largest) {
        if (slotOf.length < largest) {
            int size = largest + largest / 8;
            slots = new float[size * users.stride];
            slotOf = new int[size];
            coefs = new float[2 * size];
            fits = new double[size];
            entries = new int[2 * size];
        }
    }

    /** One step on the samples {@code from … to−1}; returns the sum of their losses. */
    private double batch(int from, int to) {
        int distinct = index(from, to);
        rates.aim(step);
        for (int n = 0; n < distinct; n++) {
            items.catchUp(touched[n], step, rates);
        }
        DefendedUsers pulled = defended ? pulled(from, to) : DefendedUsers.NOBODY;
        float[] pulls = pulled.gradient;
        int at = 0; // the first of the shown users that has not stepped
        int slot = 0;
        int fetched = users.isFar() ? from : to;
        for (int start = from; start < to; slot++) {
            if (start >= fetched) {
                fetched = Math.min(to, start + AHEAD);
                users.fetch(batches.users, start, fetched);
            }
            int user = batches.users[start];
            int end = start;
            while (end < to && batches.users[end] == user) {
                slotOf[end - from] = slot;
                end++;
            }
            users.catchUp(user, step, rates);
            if (loss == EmbeddingLearner.Loss.PAIRWISE) {
                pairwise(user * users.stride, from, start, end);
            } else {
                logistic(user * users.stride, from, start, end, 0.5f / (to - from));
            }
            System.arraycopy(users.w, user * users.stride, slots, slot * users.stride, users.stride);
            FactorSteps.gradientOfUser(
                    gradient, users.stride, items.w, batches.positives, batches.negatives, coefs, from, start, end);
            at = pulled.stepBefore(user, at, users, step, rates);
            for (int d = 0; defended && d < users.dims; d++) {
                gradient[d] += pulls[at * users.dims + d];
            }
            at++;
            users.step(user, step, gradient, rates);
            start = end;
        }
        pulled.stepBefore(users.rows, at, users, step, rates);
        int start = 0;
        for (int n = 0; n < distinct; n++) {
            int item = touched[n];
            FactorSteps.gradientOfItem(gradient, items.stride, slots, slotOf, entries, coefs, start, ends[item]);
            items.step(item, step, gradient, rates);
            start = ends[item];
            ends[item] = 0;
        }
        step++;
        return lossOf(to - from);
    }

    /** What the defence adds to the gradients of the users it is shown; the losses of pairs are sums here. */
    private DefendedUsers pulled(int from, int to) {
        int[] shown = DefendedUsers.of(defence, batches, from, to);
        for (int user : shown) {
            users.catchUp(user, step, rates);
        }
        DefendedUsers of = new DefendedUsers(shown, users.dims, users.w, users.stride);
        of.add(defence, loss == EmbeddingLearner.Loss.PAIRWISE ? to - from : 1);
        return of;
    }

    @Override
    public boolean eligible(int epoch) {
        return defence.eligible(epoch);
    }

    /**
     * Sorts the entries of a batch by item and returns how many items there are. Items ascend, so that their rows pass
     * through the caches in the order of memory.
     */
    private int index(int from, int to) {
        for (int s = from; s < to; s++) {
            int positive = batches.positives[s];
            int negative = batches.negatives[s];
            ends[positive]++;
            ends[negative]++;
            marked[positive >>> 6] |= 1L << positive;
            marked[negative >>> 6] |= 1L << negative;
        }
        int distinct = 0;
        int start = 0;
        for (int word = 0; word < marked.length; word++) {
            for (long left = marked[word]; left != 0; left &= left - 1) {
                int item = word << 6 | Long.numberOfTrailingZeros(left);
                touched[distinct++] = item;
                int size = ends[item];
                ends[item] = start;
                start += size;
            }
            marked[word] = 0;
        }
        for (int s = from; s < to; s++) {
            entries[ends[batches.positives[s]]++] = s - from << 1;
            entries[ends[batches.negatives[s]]++] = s - from << 1 | 1;
        }
        return distinct;
    }

    /** −log σ(x) with x = p·(q⁺ − q⁻), summed over the batch: the derivative by x is −σ(−x). */
    private void pairwise(int p, int base, int from, int to) {
        int stride = users.stride;
        for (int s = from; s < to; s++) {
            float x = FactorSteps.dotDifference(
                    users.w, p, items.w, batches.positives[s] * stride, batches.negatives[s] * stride, stride);
            float e = Logistic.expNegative(x);
            float high = 1 / (1 + e);
            float low = e * high;
            fits[s - base] = x >= 0 ? high : low;
            float slope = x >= 0 ? low : high;
            coefs[2 * (s - base)] = -slope;
            coefs[2 * (s - base) + 1] = slope;
        }
    }

    /** Binary cross-entropy of σ(p·q) with labels 1 and 0, averaged over the batch: the derivative is σ − label. */
    private void logistic(int p, int base, int from, int to, float share) {
        int stride = users.stride;
        for (int s = from; s < to; s++) {
            float high = FactorSteps.dot(users.w, p, items.w, batches.positives[s] * stride, stride);
            float low = FactorSteps.dot(users.w, p, items.w, batches.negatives[s] * stride, stride);
            fits[s - base] = (double) Logistic.sigmoid(high) * Logistic.sigmoid(-low);
            coefs[2 * (s - base)] = -Logistic.sigmoid(-high) * share;
            coefs[2 * (s - base) + 1] = Logistic.sigmoid(low) * share;
        }
    }

    /** −Σ log of the likelihoods, by the logarithm of running products. */
    private double lossOf(int size) {
        double sum = 0;
        double product = 1;
        for (int s = 0; s < size; s++) {
            product *= fits[s];
            if (product < 1e-200) {
                sum -= StrictMath.log(product);
                product = 1;
            }
        }
        return sum - StrictMath.log(product);
    }

    @Override
    public Embeddings model() {
        return new Embeddings(users.dims, users.parameters(), items.parameters());
    }

    @Override
    public Checkpoint snapshot(int epochs) {
        return new Checkpoint(model(), users.moments(step), items.moments(step), base + step, epochs);
    }
}
