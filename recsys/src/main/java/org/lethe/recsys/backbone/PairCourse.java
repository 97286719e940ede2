package org.lethe.recsys.backbone;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;
import org.lethe.recsys.UserRows;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * Pointwise training of a network over rows of users and items: binary cross-entropy of what a user took and of items drawn
 * from those it never took.
 *
 * <p>The rows lie in {@link AdamTable}s, so a step costs what its batch touches, and no bit less than dense Adam. libtorch is
 * handed each user and item of a batch once, differentiates, and hands back a gradient for each; what a defence adds to a
 * user's gradient joins it there. With weight decay, or a defence of all users, every row moves in every step. One thread,
 * the same bits for any number of workers.
 */
final class PairCourse implements Training.Course<UserRows> {
    private static final int AT_ONCE = 4096; // rows turned into what is served at a time

    private final PairNetwork network;
    private final UserLoss defence;
    private final Env env;
    private final Device device;
    private final Batches batches;
    private final AdamTable users;
    private final AdamTable items;
    private final AdamTable.AdamRates rates;
    final Weights weights;
    private final float weightDecay;
    private final Keyed key;
    private final int[] userSlots; // place of a user in the batch, from 1; 0 while it is not there
    private final int[] itemSlots;
    private final int[] touchedUsers;
    private final int[] touchedItems;
    private int step;

    /** Settings that every such model has. */
    record Settings(
            int batch,
            int negatives,
            double learningRate,
            double initialSd,
            double weightDecay,
            boolean negativesAvoidTest) {
        Settings(int batch, int negatives, double learningRate, double initialSd) {
            this(batch, negatives, learningRate, initialSd, 0, false);
        }

        private Batches of(Split data) {
            List<Interactions> avoided = negativesAvoidTest ? List.of(data.validation(), data.test()) : List.of();
            return new Batches(data.train(), batch, negatives, avoided);
        }
    }

    PairCourse(PairNetwork network, int dims, Settings settings, UserLoss defence, Split data, Env env) {
        this.network = network;
        this.defence = defence;
        this.env = env;
        device = env.device();
        Interactions train = data.train();
        batches = settings.of(data);
        Embeddings initial = Training.initial(train, env, dims, settings.initialSd());
        users = new AdamTable(dims, initial.userRows(), new float[0][]);
        items = new AdamTable(dims, initial.itemRows(), new float[0][]);
        rates = new AdamTable.AdamRates(settings.learningRate(), 0, false);
        weights = new Weights(
                network.matrices(), settings.learningRate(), settings.weightDecay(), env.random("initial-network"));
        weightDecay = (float) settings.weightDecay();
        key = env.random("interactions");
        userSlots = new int[train.users()];
        itemSlots = new int[train.items()];
        touchedUsers = new int[train.users()];
        touchedItems = new int[train.items()];
    }

    @Override
    public double epoch(int number) {
        Devices.ready(device);
        boolean defended = defence.active(number);
        if (defended) {
            UserRows now = model();
            defence.aim(number, now.userRows(), now.width(), env);
        }
        batches.plan(key.of(number));
        rates.reach(step + batches.count + AdamTable.CUT);
        double total = 0;
        for (int b = 0; b < batches.count; b++) {
            int from = batches.starts[b];
            int to = batches.starts[b + 1];
            if (from < to) {
                total += (to - from) * step(from, to, defended);
            }
        }
        users.catchUpAll(step, rates);
        items.catchUpAll(step, rates);
        return total / Math.max(1, batches.size());
    }

    @Override
    public boolean eligible(int epoch) {
        return defence.eligible(epoch);
    }

    /** One step on the samples {@code from … to−1}; returns the mean loss before it, the defence's included. */
    private double step(int from, int to, boolean defended) {
        int samples = to - from;
        int pairs = samples * (1 + batches.draws);
        int[] userOf = new int[pairs];
        int[] itemOf = new int[pairs];
        float[] labels = new float[pairs];
        Arrays.fill(labels, 0, samples, 1);
        int ownUsers = 0;
        int ownItems = 0;
        for (int s = from; s < to; s++) {
            int user = batches.users[s];
            if (s == from || batches.users[s - 1] != user) {
                touchedUsers[ownUsers++] = user;
                userSlots[user] = ownUsers;
            }
            int place = s - from;
            for (int draw = -1; draw < batches.draws; draw++) {
                int item = draw < 0 ? batches.positives[s] : batches.negatives[s * batches.draws + draw];
                if (itemSlots[item] == 0) {
                    touchedItems[ownItems++] = item;
                    itemSlots[item] = ownItems;
                }
                userOf[place] = ownUsers - 1;
                itemOf[place] = itemSlots[item] - 1;
                place = draw < 0 ? samples + (s - from) * batches.draws : place + 1;
            }
        }
        try (var _ = new PointerScope()) {
            Tensor p = gather(users, touchedUsers, ownUsers);
            Tensor q = gather(items, touchedItems, ownItems);
            Tensor[] w = weights.leaves(device);
            Tensor served = network.users(p, w); // [users, width]
            Tensor scores = network.scores(
                    served,
                    network.items(q, w),
                    Devices.on(Tensors.of(userOf, pairs), device),
                    Devices.on(Tensors.of(itemOf, pairs), device),
                    w); // [pairs]
            Tensor y = Devices.on(Tensors.of(labels, pairs), device);
            Tensor loss = defended && defence.weighsSamples()
                    ? weighed(network.losses(scores, y), userOf)
                    : network.loss(scores, y);
            double value = loss.item_double();
            DefendedUsers everybody = DefendedUsers.NOBODY;
            if (defended && defence.ofAllUsers() && !network.towers()) {
                everybody = everybody();
                value += everybody.add(defence, 1);
            } else if (defended) {
                float[] rows = Tensors.floats(served);
                float[] pull = new float[rows.length];
                value += defence.add(touchedUsers, ownUsers, rows, pull);
                loss = loss.add(served.mul(Devices.on(Tensors.of(pull, served.shape()), device))
                        .sum());
            }
            loss.backward();
            update(users, touchedUsers, ownUsers, userSlots, Tensors.floats(p.grad()), everybody.gradient);
            update(items, touchedItems, ownItems, itemSlots, Tensors.floats(q.grad()), new float[0]);
            weights.step(w);
            step++;
            return value;
        } finally {
            for (int n = 0; n < ownItems; n++) {
                itemSlots[touchedItems[n]] = 0;
            }
            for (int n = 0; n < ownUsers; n++) {
                userSlots[touchedUsers[n]] = 0;
            }
        }
    }

    private Tensor gather(AdamTable table, int[] touched, int count) {
        float[] rows = new float[count * table.dims];
        for (int n = 0; n < count; n++) {
            table.catchUp(touched[n], step, rates);
            System.arraycopy(table.w, touched[n] * table.stride, rows, n * table.dims, table.dims);
        }
        return Devices.on(Tensors.of(rows, count, table.dims), device).requires_grad_(true);
    }

    /** The weighted sum of a batch's losses. */
    private Tensor weighed(Tensor losses, int[] userOf) {
        float[] each = Tensors.floats(losses.detach());
        int[] user = new int[each.length];
        Arrays.setAll(user, n -> touchedUsers[userOf[n]]);
        float[] weight = new float[each.length];
        Arrays.fill(weight, 1f / each.length);
        defence.weigh(user, each, weight);
        return losses.mul(Devices.on(Tensors.of(weight, weight.length), device)).sum();
    }

    private DefendedUsers everybody() {
        users.catchUpAll(step, rates);
        return new DefendedUsers(DefendedUsers.all(users.rows), users.dims, users.w, users.stride);
    }

    /**
     * A step of a table's rows: of the touched ones by the batch's gradient, and of all where there is another gradient
     * {@code everywhere}, {@code [rows, dims]} or empty, or weight decay.
     *
     * @param slots place of each row in the batch, from 1; 0 while it is not there
     */
    private void update(AdamTable table, int[] touched, int count, int[] slots, float[] gradient, float[] everywhere) {
        int dims = table.dims;
        float[] own = new float[table.stride];
        if (everywhere.length == 0 && weightDecay == 0) {
            for (int n = 0; n < count; n++) {
                System.arraycopy(gradient, n * dims, own, 0, dims);
                table.step(touched[n], step, own, rates);
            }
            return;
        }
        for (int row = 0; row < table.rows; row++) {
            table.catchUp(row, step, rates);
            int batch = (slots[row] - 1) * dims;
            for (int d = 0; d < dims; d++) {
                float slope = everywhere.length == 0 ? 0 : everywhere[row * dims + d];
                slope += batch < 0 ? 0 : gradient[batch + d];
                own[d] = Math.fma(weightDecay, table.w[row * table.stride + d], slope);
            }
            table.step(row, step, own, rates);
        }
    }

    @Override
    public UserRows model() {
        Devices.ready(device);
        float[][] values = weights.values();
        return network.model(served(users, values, network::users), served(items, values, network::items), values);
    }

    /** How rows in training become what is served. */
    @FunctionalInterface
    private interface Tower {
        Tensor of(Tensor rows, Tensor[] w);
    }

    private float[] served(AdamTable table, float[][] values, Tower tower) {
        float[] rows = table.parameters();
        float[] all = new float[0];
        for (int from = 0; from < table.rows; from += AT_ONCE) {
            int count = Math.min(AT_ONCE, table.rows - from);
            try (var _ = new PointerScope()) {
                float[] part = Arrays.copyOfRange(rows, from * table.dims, (from + count) * table.dims);
                Tensor in = Devices.on(Tensors.of(part, count, table.dims), device);
                float[] out = Tensors.floats(tower.of(in, Weights.tensors(network.matrices(), values, device))
                        .detach());
                all = all.length == 0 ? new float[table.rows * (out.length / count)] : all;
                System.arraycopy(out, 0, all, from * (out.length / count), out.length);
            }
        }
        return all;
    }

    /** The first moments of all users' rows; for tests. */
    float[] userMoments() {
        return users.moments(step)[0];
    }

    @Override
    public UserRows snapshot(int epochs) {
        return model();
    }
}
