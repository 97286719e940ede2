package org.lethe.recsys.forget;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Safetensors.Tensor;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Storable;

/**
 * A frozen table of items with one low-rank adapter a shard, merged for each user: {@code s(u, i) = p_u·(q_i + Δ_i(u))}.
 * Immutable: a request makes another one that shares every untouched adapter.
 */
public final class Adapted implements Storable {
    private final Embeddings base; // rows of users as trained, q of items
    private final List<Adapter> adapters;
    private final int[] shardOf; // of each user; −1 for those that the base was trained on
    private final float[] attention; // α, [users, shards]
    private final boolean products;

    /**
     * One adapter: {@code Δ_i = b_i A}.
     *
     * @param b rows of items, [items, rank]
     * @param a [rank, dims]
     */
    public record Adapter(float[] b, float[] a) {}

    Adapted(Embeddings base, List<Adapter> adapters, int[] shardOf, float[] attention, boolean products) {
        this.base = base;
        this.adapters = List.copyOf(adapters);
        this.shardOf = shardOf;
        this.attention = attention;
        this.products = products;
    }

    /** The tables without adapters. */
    Embeddings base() {
        return base;
    }

    /** The adapters, shard by shard. */
    public List<Adapter> adapters() {
        return adapters;
    }

    int[] shardOf() {
        return shardOf;
    }

    /** The weight of an adapter for a user. */
    public float attention(int user, int shard) {
        return attention[user * adapters.size() + shard];
    }

    @Override
    public int users() {
        return base.users();
    }

    @Override
    public int items() {
        return base.items();
    }

    @Override
    public float score(int user, int item) {
        return scored(item, merged(user));
    }

    @Override
    public void scores(int user, float[] into) {
        Merged merged = merged(user);
        for (int i = 0; i < items(); i++) {
            into[i] = scored(i, merged);
        }
    }

    /**
     * What a user's scores are made of.
     *
     * @param row the user's row
     * @param weights the weight of each adapter's b
     * @param through {@code Ā p}, or {@code A_s p} for each adapter
     */
    private record Merged(float[] row, float[] weights, double[][] through) {}

    private Merged merged(int user) {
        int dims = base.dims();
        int count = adapters.size();
        float[] row = Arrays.copyOfRange(base.userRows(), user * dims, (user + 1) * dims);
        float[] weights = Arrays.copyOfRange(attention, user * count, (user + 1) * count);
        double[][] through = new double[count][];
        for (int s = 0; s < count; s++) {
            through[s] = through(adapters.get(s).a, row);
        }
        if (!products) { // one factor Ā for all
            double[] mean = new double[count == 0 ? 0 : through[0].length];
            for (int s = 0; s < count; s++) {
                for (int r = 0; r < mean.length; r++) {
                    mean[r] += weights[s] * through[s][r];
                }
            }
            Arrays.fill(through, mean);
        }
        return new Merged(row, weights, through);
    }

    /** {@code A p}. */
    static double[] through(float[] a, float[] row) {
        double[] through = new double[a.length / row.length];
        for (int r = 0; r < through.length; r++) {
            for (int d = 0; d < row.length; d++) {
                through[r] += (double) a[r * row.length + d] * row[d];
            }
        }
        return through;
    }

    private float scored(int item, Merged merged) {
        int dims = base.dims();
        double sum = 0;
        for (int d = 0; d < dims; d++) {
            sum += (double) merged.row[d] * base.itemRows()[item * dims + d];
        }
        for (int s = 0; s < adapters.size(); s++) {
            double[] through = merged.through[s];
            double part = 0;
            for (int r = 0; r < through.length; r++) {
                part += adapters.get(s).b[item * through.length + r] * through[r];
            }
            sum += merged.weights[s] * part;
        }
        return (float) sum;
    }

    @Override
    public String kind() {
        return "adapted";
    }

    @Override
    public Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new TreeMap<>(base.tensors());
        int rank = adapters.getFirst().a.length / base.dims();
        for (int s = 0; s < adapters.size(); s++) {
            tensors.put("adapter." + s + ".a", Tensor.of(adapters.get(s).a, rank, base.dims()));
            tensors.put("adapter." + s + ".b", Tensor.of(adapters.get(s).b, items(), rank));
        }
        tensors.put("attention", Tensor.of(attention, users(), adapters.size()));
        tensors.put("shards", Tensor.of(Arrays.stream(shardOf).asLongStream().toArray(), users()));
        tensors.put("products", Tensor.of(new long[] {products ? 1 : 0}, 1));
        return tensors;
    }

    /** Reads a model that {@link #save} wrote; a {@code LetheException} says what else it is. */
    public static Adapted read(Safetensors read, Path file) {
        Embeddings base = Embeddings.read(read, file, "");
        int count = (int) IntStream.iterate(0, s -> s + 1)
                .takeWhile(s -> read.entries().containsKey("adapter." + s + ".a"))
                .count();
        if (count == 0) {
            throw new LetheException(LetheException.Code.DATA, file + " has no adapters, expected at least 1");
        }
        List<Adapter> adapters = new ArrayList<>();
        long rank = read.require("adapter.0.a", -1, base.dims()).shape().getFirst();
        for (int s = 0; s < count; s++) {
            String name = "adapter." + s + ".";
            read.require(name + "a", rank, base.dims());
            read.require(name + "b", base.items(), rank);
            adapters.add(new Adapter(read.floats(name + "b"), read.floats(name + "a")));
        }
        read.require("attention", base.users(), count);
        read.require("shards", base.users());
        read.require("products", 1);
        int[] shardOf = Arrays.stream(read.longs("shards"))
                .mapToInt(s -> Math.clamp(s, -1, count - 1))
                .toArray();
        return new Adapted(base, adapters, shardOf, read.floats("attention"), read.longs("products")[0] == 1);
    }
}
