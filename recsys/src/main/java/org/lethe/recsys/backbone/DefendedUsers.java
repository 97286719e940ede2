package org.lethe.recsys.backbone;

import org.lethe.recsys.UserLoss;

/** The users of a batch, each once, with copies of their rows: what a defence is shown, and the gradient it gives back. */
final class DefendedUsers {
    private final int[] users;
    private final float[] rows; // [users, dims]
    private final int dims;
    final float[] gradient; // [users, dims]

    /** Those of the samples {@code from … to−1}, which stand by user; rows begin at multiples of {@code stride}. */
    DefendedUsers(Batches batches, int from, int to, int dims, float[] table, int stride) {
        int count = 0;
        for (int s = from; s < to; s++) {
            count += s == from || batches.users[s - 1] != batches.users[s] ? 1 : 0;
        }
        this.dims = dims;
        users = new int[count];
        rows = new float[count * dims];
        gradient = new float[count * dims];
        int n = 0;
        for (int s = from; s < to; s++) {
            if (s == from || batches.users[s - 1] != batches.users[s]) {
                users[n] = batches.users[s];
                System.arraycopy(table, users[n] * stride, rows, n * dims, dims);
                n++;
            }
        }
    }

    /** Leaves {@code scale} times the gradient of the defence's loss, and returns that loss. */
    double add(UserLoss defence, float scale) {
        double loss = defence.add(users, users.length, rows, gradient);
        for (int n = 0; n < gradient.length; n++) {
            gradient[n] *= scale;
        }
        return loss;
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
