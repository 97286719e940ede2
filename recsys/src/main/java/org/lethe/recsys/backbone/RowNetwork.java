package org.lethe.recsys.backbone;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.recsys.Storable;
import org.lethe.recsys.UserRows;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/** A trained network that reads a user's row: what all such models share. Its numbers lie in arrays; tensors are copies. */
abstract class RowNetwork implements UserRows, Storable {
    final float[] userRows; // [users, width]
    final Device device;
    private final int width;
    private final int items;

    RowNetwork(float[] userRows, int width, int items, Device device) {
        this.userRows = userRows;
        this.width = width;
        this.items = items;
        this.device = device;
    }

    /** The scores of {@code items.length / count} items for each of {@code count} rows, one row after the other. */
    abstract Tensor scores(Tensor rows, int count, int[] items);

    @Override
    public final int users() {
        return userRows.length / width;
    }

    @Override
    public final int items() {
        return items;
    }

    @Override
    public final int width() {
        return width;
    }

    @Override
    public final float[] userRows() {
        return userRows;
    }

    @Override
    public final float score(int user, int item) {
        float[] into = new float[1];
        scores(new int[] {user}, new int[] {item}, into);
        return into[0];
    }

    @Override
    public final void scores(int user, float[] into) {
        scores(new int[] {user}, into);
    }

    @Override
    public final void scores(int[] users, int[] items, float[] into) {
        Devices.ready(device);
        try (var _ = new PointerScope()) {
            Tensors.read(scores(rows(users), users.length, items), into);
        }
    }

    @Override
    public final void addGradient(int[] users, int[] items, float[] weights, float[] gradient) {
        Devices.ready(device);
        try (var _ = new PointerScope()) {
            Tensor rows = rows(users).requires_grad_(true);
            Tensor scores = scores(rows, users.length, items);
            scores.mul(Devices.on(Tensors.of(weights, weights.length), device))
                    .sum()
                    .backward();
            float[] own = Tensors.floats(rows.grad());
            for (int n = 0; n < own.length; n++) {
                gradient[n] += own[n];
            }
        }
    }

    /** The rows of some users, {@code [users, width]}. */
    final Tensor rows(int[] users) {
        return Devices.on(Tensors.of(taken(userRows, width, users), users.length, width), device);
    }

    /** Some rows of a table, one after the other. */
    static float[] taken(float[] table, int columns, int[] which) {
        float[] taken = new float[Math.multiplyExact(which.length, columns)];
        for (int n = 0; n < which.length; n++) {
            System.arraycopy(table, which[n] * columns, taken, n * columns, columns);
        }
        return taken;
    }

    /** Rows for users, of the length that this model reads. */
    final float[] fitting(float[] rows) {
        Check.require(rows.length % width == 0, "rows.length", rows.length, "a multiple of " + width);
        return rows;
    }
}
