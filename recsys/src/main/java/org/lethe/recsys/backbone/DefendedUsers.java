package org.lethe.recsys.backbone;

import java.util.Arrays;
import org.lethe.recsys.UserLoss;

/** The users that a step shows to a defence, each once, with copies of their rows and the gradient it gives back. */
final class DefendedUsers {
    /** Where nothing is defended. */
    static final DefendedUsers NOBODY = new DefendedUsers(new int[0], 1, new float[0], 1);

    final int[] users;
    private final float[] rows; // [users, dims]
    private final int dims;
    final float[] gradient; // [users, dims]
    private float[] alone = new float[0]; // of one user, padded

    /** The given users; rows begin at multiples of {@code stride}. */
    DefendedUsers(int[] users, int dims, float[] table, int stride) {
        this.users = users;
        this.dims = dims;
        rows = new float[users.length * dims];
        gradient = new float[rows.length];
        for (int n = 0; n < users.length; n++) {
            System.arraycopy(table, users[n] * stride, rows, n * dims, dims);
        }
    }

    /** All users, where the defence asks for them; otherwise those of the samples {@code from … to−1}. */
    static int[] of(UserLoss defence, Batches batches, int from, int to) {
        if (defence.ofAllUsers()) {
            return all(batches.userCount());
        }
        return Arrays.stream(batches.users, from, to).distinct().toArray(); // samples stand by user
    }

    /** All users, ascending. */
    static int[] all(int count) {
        int[] all = new int[count];
        Arrays.setAll(all, u -> u);
        return all;
    }

    /** Leaves {@code scale} times the gradient of the defence's loss, and returns that loss. */
    double add(UserLoss defence, float scale) {
        double loss = defence.add(users, users.length, rows, gradient);
        for (int n = 0; n < gradient.length; n++) {
            gradient[n] *= scale;
        }
        return loss;
    }

    /**
     * Steps the shown users before a user by this gradient alone, as they have no samples in the batch; returns the place of
     * the first one after.
     *
     * @param from place of the first shown user that has not stepped
     */
    int stepBefore(int user, int from, AdamTable table, int step, AdamTable.AdamRates rates) {
        int next = from;
        while (next < users.length && users[next] < user) {
            alone = alone.length == 0 ? new float[table.stride] : alone;
            System.arraycopy(gradient, next * dims, alone, 0, dims);
            table.step(users[next], step, alone, rates);
            next++;
        }
        return next;
    }

    /** Adds the gradient of the defence's loss to that of a whole table, and returns that loss. */
    double addTo(UserLoss defence, float[] whole, int stride) {
        double loss = add(defence, 1);
        for (int n = 0; n < users.length; n++) {
            for (int d = 0; d < dims; d++) {
                whole[users[n] * stride + d] += gradient[n * dims + d];
            }
        }
        return loss;
    }
}
