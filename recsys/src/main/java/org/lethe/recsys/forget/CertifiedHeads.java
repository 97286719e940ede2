package org.lethe.recsys.forget;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Safetensors.Tensor;
import org.lethe.recsys.Delegating;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Storable;

/**
 * A convex head for each user on fixed features of items, and how much of its budget each has spent. Immutable. Served as two
 * tables.
 */
public final class CertifiedHeads implements Delegating, Storable {
    private final int dims;
    private final double[] heads; // [users, dims]
    private final float[] features; // [items, dims], each of length at most 1
    private final double[] spent; // bound on the length of the residual gradient of each head
    private final int[] trained; // how often each head was trained, which its noise depends on
    private final Embeddings served;

    CertifiedHeads(int dims, double[] heads, float[] features, double[] spent, int[] trained) {
        this.dims = dims;
        this.heads = heads;
        this.features = features;
        this.spent = spent;
        this.trained = trained;
        float[] rows = new float[heads.length];
        for (int n = 0; n < rows.length; n++) {
            rows[n] = (float) heads[n];
        }
        served = new Embeddings(dims, rows, features);
    }

    int dims() {
        return dims;
    }

    double[] head(int user) {
        return Arrays.copyOfRange(heads, user * dims, (user + 1) * dims);
    }

    float[] features() {
        return features;
    }

    /** The bound on the length of the gradient that is left in a user's head. */
    public double spent(int user) {
        return spent[user];
    }

    /** How often the head of a user was trained. */
    public int trained(int user) {
        return trained[user];
    }

    /** The same with other heads of some users. */
    CertifiedHeads with(int[] users, double[][] newHeads, double[] newSpent, int[] newTrained) {
        double[] nextHeads = heads.clone();
        double[] nextSpent = spent.clone();
        int[] nextTrained = trained.clone();
        for (int n = 0; n < users.length; n++) {
            System.arraycopy(newHeads[n], 0, nextHeads, users[n] * dims, dims);
            nextSpent[users[n]] = newSpent[n];
            nextTrained[users[n]] = newTrained[n];
        }
        return new CertifiedHeads(dims, nextHeads, features, nextSpent, nextTrained);
    }

    @Override
    public Recommender served() {
        return served;
    }

    @Override
    public String kind() {
        return "certified-heads";
    }

    @Override
    public Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new TreeMap<>();
        tensors.put("users", Tensor.of(heads, users(), dims));
        tensors.put("items", Tensor.of(features, items(), dims));
        tensors.put("spent", Tensor.of(spent, users()));
        tensors.put("trained", Tensor.of(Arrays.stream(trained).asLongStream().toArray(), users()));
        return tensors;
    }

    /** Reads a model that {@link #save} wrote; a {@code LetheException} says what else it is. */
    public static CertifiedHeads read(Safetensors read, Path file) {
        long dims = read.require("users", -1, -1).shape().get(1);
        long users = read.require("users", -1, dims).shape().get(0);
        read.require("items", -1, dims);
        read.require("spent", users);
        read.require("trained", users);
        if (dims < 1 || dims > Integer.MAX_VALUE || users < 1) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": heads are [" + users + ", " + dims + "], expected at least 1");
        }
        int[] trained = Arrays.stream(read.longs("trained"))
                .mapToInt(n -> Math.clamp(n, 0, Integer.MAX_VALUE))
                .toArray();
        return new CertifiedHeads(
                (int) dims, read.doubles("users"), read.floats("items"), read.doubles("spent"), trained);
    }
}
