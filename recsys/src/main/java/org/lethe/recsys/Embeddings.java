package org.lethe.recsys;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Safetensors;

/**
 * A recommender of two tables: the score of a pair is the dot product of the user's and the item's embedding.
 *
 * <p>Matrix factorisation has this form, LightGCN after its last propagation, and the mean of shard models with concatenated
 * embeddings. Scores are sums by ascending dimension with fused multiply-add, so that kernels over any number of lanes give
 * the same bits.
 */
public final class Embeddings implements UserRows, Storable {
    private final int dims;
    private final float[] userRows; // [users, dims]
    private final float[] itemRows; // [items, dims]
    private final Optional<Embeddings> initial; // E⁰ of a model trained over a graph

    /** A recommender of the given tables, which are not copied. */
    public Embeddings(int dims, float[] userRows, float[] itemRows) {
        this(dims, userRows, itemRows, Optional.empty());
    }

    private Embeddings(int dims, float[] userRows, float[] itemRows, Optional<Embeddings> initial) {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(userRows.length % dims == 0, "userRows.length", userRows.length, "a multiple of " + dims);
        Check.require(itemRows.length % dims == 0, "itemRows.length", itemRows.length, "a multiple of " + dims);
        this.dims = dims;
        this.userRows = userRows;
        this.itemRows = itemRows;
        this.initial = initial;
    }

    /** The same tables, with the tables of the layer before propagation, from which they were computed over a graph. */
    public Embeddings propagatedFrom(float[] userInitial, float[] itemInitial) {
        Check.require(
                userInitial.length == userRows.length, "userInitial.length", userInitial.length, "" + userRows.length);
        Check.require(
                itemInitial.length == itemRows.length, "itemInitial.length", itemInitial.length, "" + itemRows.length);
        return new Embeddings(dims, userRows, itemRows, Optional.of(new Embeddings(dims, userInitial, itemInitial)));
    }

    /** The tables of the layer before propagation; empty if these are not propagated, or if a method moved them since. */
    public Optional<Embeddings> initial() {
        return initial;
    }

    /** Number of dimensions. */
    public int dims() {
        return dims;
    }

    @Override
    public int width() {
        return dims;
    }

    /** The table of users itself, [users, dims]; writing to it changes the model. */
    @Override
    public float[] userRows() {
        return userRows;
    }

    /** The table of items itself, [items, dims]; writing to it changes the model. */
    public float[] itemRows() {
        return itemRows;
    }

    @Override
    public int users() {
        return userRows.length / dims;
    }

    @Override
    public int items() {
        return itemRows.length / dims;
    }

    @Override
    public float score(int user, int item) {
        float sum = 0;
        int p = user * dims;
        int q = item * dims;
        for (int d = 0; d < dims; d++) {
            sum = Math.fma(userRows[p + d], itemRows[q + d], sum);
        }
        return sum;
    }

    @Override
    public void scores(int user, float[] into) {
        for (int i = 0; i < items(); i++) {
            into[i] = score(user, i);
        }
    }

    @Override
    public Embeddings withUserRows(float[] rows) {
        return new Embeddings(dims, rows, itemRows);
    }

    @Override
    public void scores(int[] users, int[] items, float[] into) {
        int each = items.length / users.length;
        for (int n = 0; n < items.length; n++) {
            into[n] = score(users[n / each], items[n]);
        }
    }

    @Override
    public void addGradient(int[] users, int[] items, float[] weights, float[] gradient) {
        int each = items.length / users.length;
        for (int n = 0; n < items.length; n++) {
            int at = n / each * dims;
            for (int d = 0; d < dims; d++) {
                gradient[at + d] = Math.fma(weights[n], itemRows[items[n] * dims + d], gradient[at + d]);
            }
        }
    }

    @Override
    public String kind() {
        return "embeddings";
    }

    @Override
    public Map<String, Safetensors.Tensor> tensors() {
        Map<String, Safetensors.Tensor> tensors = new TreeMap<>();
        tensors.put("users", Safetensors.Tensor.of(userRows, users(), dims));
        tensors.put("items", Safetensors.Tensor.of(itemRows, items(), dims));
        initial.ifPresent(of -> {
            tensors.put("initial-users", Safetensors.Tensor.of(of.userRows, users(), dims));
            tensors.put("initial-items", Safetensors.Tensor.of(of.itemRows, items(), dims));
        });
        return tensors;
    }

    /** Reads tables that {@link #save} wrote, bit by bit the same; any other file is a {@code LetheException}. */
    public static Embeddings load(Path file) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            return read(read, file, "");
        }
    }

    /** Reads tables that stand in a file under names that begin with {@code prefix}. */
    public static Embeddings read(Safetensors read, Path file, String prefix) {
        long dims = read.require(prefix + "users", -1, -1).shape().get(1);
        read.require(prefix + "items", -1, dims);
        if (dims < 1 || dims > Integer.MAX_VALUE) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": rows have " + dims + " numbers, expected at least 1");
        }
        Embeddings tables = new Embeddings((int) dims, read.floats(prefix + "users"), read.floats(prefix + "items"));
        if (!read.entries().containsKey(prefix + "initial-users")) {
            return tables;
        }
        read.require(prefix + "initial-users", tables.users(), dims);
        read.require(prefix + "initial-items", tables.items(), dims);
        return tables.propagatedFrom(read.floats(prefix + "initial-users"), read.floats(prefix + "initial-items"));
    }
}
