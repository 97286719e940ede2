package org.lethe.federated;

import static org.lethe.Check.require;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Map;
import org.lethe.Safetensors;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Lanes;
import org.lethe.numerics.Logistic;

/**
 * A classifier's shape with its kernels: {@code σ(b₂ + w₂·relu(drop(b₁ + W₁x)))}, or {@code σ(b + w·x)} without a hidden layer.
 *
 * <p>Weights are one array of rows of {@link #stride} floats: a row of W₁ for each feature, then b₁, w₂ and b₂. Without a hidden
 * layer they are w and b in one run. A record touches only the rows of its own features, so a step costs the number of values in
 * the batch times the width, not the number of features. Additions run in the order of the values, and a dot product in 16
 * lanes, so the same bits come out wherever this runs; no loop here is a sum that a compiler may reorder.
 *
 * @param features number of features
 * @param hidden width of the hidden layer; 0 for none
 * @param dropout share of hidden units that a training step leaves out
 */
public record Network(int features, int hidden, double dropout) implements Serializable {
    private static final int L = Lanes.FLOATS;

    /** The derivative of the loss of a record by its logit. */
    @FunctionalInterface
    interface Slope {
        /** Of the record at a place in its client's list, whose score is {@code p}. */
        float of(int place, float p);
    }

    public Network {
        require(features >= 1, "features", features, "at least 1");
        require(hidden >= 0 && hidden <= 4096, "hidden", hidden, "0 to 4,096");
        require(dropout >= 0 && dropout < 1, "dropout", dropout, "at least 0 and below 1");
        require((long) (features + 3) * Math.max(1, hidden) < 1 << 28, "features x hidden", features, "fewer");
    }

    /** Floats from one row of weights to the next. */
    public int stride() {
        return hidden == 0 ? L : Lanes.padded(hidden);
    }

    /** How many rows of weights there are. */
    public int rows() {
        return hidden == 0 ? Lanes.padded(features + 1) / L : features + 3;
    }

    /** The length of the array of weights, padding included. */
    public int length() {
        return rows() * stride();
    }

    /** How many weights there are. */
    public long parameters() {
        return hidden == 0 ? features + 1 : (features + 2L) * hidden + 1;
    }

    /** Seeded weights, uniform within ±1/√(inputs of the layer). */
    public float[] start(Keyed key) {
        float[] w = new float[length()];
        if (hidden == 0) {
            fill(w, 0, features + 1, features, key.of(0));
            return w;
        }
        for (int row = 0; row <= features; row++) {
            fill(w, row * stride(), hidden, features, key.of(row));
        }
        fill(w, (features + 1) * stride(), hidden, hidden, key.of(features + 1));
        fill(w, (features + 2) * stride(), 1, hidden, key.of(features + 2));
        return w;
    }

    private static void fill(float[] w, int at, int count, int inputs, Keyed key) {
        double bound = 1 / Math.sqrt(inputs);
        for (int k = 0; k < count; k++) {
            w[at + k] = (float) (bound * (2 * Keyed.unit(key.at(k)) - 1));
        }
    }

    /** The scores of some records; nothing is dropped. */
    public float[] scores(float[] w, Records records, int[] rows) {
        float[] scores = new float[rows.length];
        float[] h = new float[stride()];
        float[] row = new float[stride()];
        for (int i = 0; i < rows.length; i++) {
            scores[i] = Logistic.sigmoid(logit(w, records, rows[i], h, row));
        }
        return scores;
    }

    /** The scores of all records. */
    public float[] scores(float[] w, Records records) {
        int[] all = new int[records.size()];
        Arrays.setAll(all, i -> i);
        return scores(w, records, all);
    }

    private float logit(float[] w, Records records, int record, float[] h, float[] row) {
        if (hidden == 0) {
            return linear(w, records, record);
        }
        forward(w, records, record, h, row);
        for (int k = 0; k < h.length; k++) {
            h[k] = Math.max(h[k], 0);
        }
        System.arraycopy(w, (features + 1) * h.length, row, 0, h.length);
        return dot(h, row) + w[(features + 2) * h.length];
    }

    private float linear(float[] w, Records records, int record) {
        float z = w[features];
        for (int e = records.starts()[record]; e < records.starts()[record + 1]; e++) {
            z = Math.fma(records.values()[e], w[records.columns()[e]], z);
        }
        return z;
    }

    /** {@code row} is room for one row of weights. */
    private void forward(float[] w, Records records, int record, float[] h, float[] row) {
        int stride = h.length;
        System.arraycopy(w, features * stride, h, 0, stride);
        int end = records.starts()[record + 1];
        for (int e = records.starts()[record]; e < end; e++) {
            System.arraycopy(w, records.columns()[e] * stride, row, 0, stride);
            add(row, records.values()[e], h);
        }
    }

    /**
     * {@code y += a·x}, elementwise. The compiler makes vectors of it, without changing a bit, only because both arrays begin at 0:
     * with offsets it cannot know that they do not overlap. Copying a row first is therefore faster than not copying it.
     */
    private static void add(float[] x, float a, float[] y) {
        for (int k = 0; k < y.length; k++) {
            y[k] = Math.fma(a, x[k], y[k]);
        }
    }

    /** Adds {@code a·x} to a row of {@code g}. */
    private static void addTo(float[] g, int at, float[] x, float a, float[] row) {
        System.arraycopy(g, at, row, 0, row.length);
        add(x, a, row);
        System.arraycopy(row, 0, g, at, row.length);
    }

    /** A dot product in 16 lanes, which are added in pairs. */
    private static float dot(float[] x, float[] y) {
        float[] lanes = new float[L];
        for (int k = 0; k < x.length; k += L) {
            for (int l = 0; l < L; l++) {
                lanes[l] = Math.fma(x[k + l], y[k + l], lanes[l]);
            }
        }
        for (int half = L / 2; half > 0; half /= 2) {
            for (int l = 0; l < half; l++) {
                lanes[l] += lanes[l + half];
            }
        }
        return lanes[0];
    }

    /**
     * Adds the gradient of a batch to {@code g}: {@code Σ share · slope · ∂logit/∂w} over the records {@code rows[places[b]]}.
     *
     * @param places places in the list of records, {@code count} of them
     * @param share weight of each record, 1/count for a mean
     * @param drop key of the units that are left out; with {@code drops} false none is
     */
    void gradient(
            float[] w,
            Records records,
            int[] rows,
            int[] places,
            int count,
            float share,
            Slope slope,
            boolean drops,
            Keyed drop,
            float[] g) {
        if (hidden == 0) {
            for (int b = 0; b < count; b++) {
                int record = rows[places[b]];
                float dz = share * slope.of(places[b], Logistic.sigmoid(linear(w, records, record)));
                for (int e = records.starts()[record]; e < records.starts()[record + 1]; e++) {
                    int c = records.columns()[e];
                    g[c] = Math.fma(dz, records.values()[e], g[c]);
                }
                g[features] += dz;
            }
            return;
        }
        int stride = stride();
        int out = (features + 1) * stride;
        int bias = (features + 2) * stride;
        float[] h = new float[stride];
        float[] dh = new float[stride];
        float[] kept = new float[stride];
        Arrays.fill(kept, 1);
        float[] row = new float[stride];
        float[] outer = Arrays.copyOfRange(w, out, bias);
        for (int b = 0; b < count; b++) {
            int record = rows[places[b]];
            forward(w, records, record, h, row);
            if (drops && dropout > 0) {
                keep(drop.of(b), kept);
            }
            for (int k = 0; k < stride; k++) {
                h[k] = Math.max(h[k], 0) * kept[k];
            }
            float dz = share * slope.of(places[b], Logistic.sigmoid(dot(h, outer) + w[bias]));
            addTo(g, out, h, dz, row);
            g[bias] += dz;
            for (int k = 0; k < stride; k++) {
                dh[k] = h[k] > 0 ? dz * outer[k] * kept[k] : 0;
            }
            addTo(g, features * stride, dh, 1, row);
            int end = records.starts()[record + 1];
            for (int e = records.starts()[record]; e < end; e++) {
                addTo(g, records.columns()[e] * stride, dh, records.values()[e], row);
            }
        }
    }

    /** 1/(1−dropout) for a unit that stays and 0 for one that is left out; 16 bits decide. */
    private void keep(Keyed key, float[] kept) {
        int last = (int) Math.round(dropout * 65_536) - 1;
        float[] either = {0, (float) (1 / (1 - dropout))
        }; // looked up, as a branch on noise is guessed wrong half the time
        for (int k = 0; k < kept.length; k += 4) {
            long bits = key.at(k);
            kept[k] = either[last - (int) (bits & 0xFFFF) >>> 31];
            kept[k + 1] = either[last - (int) (bits >>> 16 & 0xFFFF) >>> 31];
            kept[k + 2] = either[last - (int) (bits >>> 32 & 0xFFFF) >>> 31];
            kept[k + 3] = either[last - (int) (bits >>> 48) >>> 31];
        }
    }

    /** The weights by layer, without padding, as they are kept in a file. */
    void write(float[] w, String prefix, Map<String, Safetensors.Tensor> into) {
        if (hidden == 0) {
            into.put(prefix + "out.weight", Safetensors.Tensor.of(Arrays.copyOf(w, features), features));
            into.put(prefix + "out.bias", Safetensors.Tensor.of(new float[] {w[features]}, 1));
            return;
        }
        float[] first = new float[features * hidden];
        for (int f = 0; f < features; f++) {
            System.arraycopy(w, f * stride(), first, f * hidden, hidden);
        }
        into.put(prefix + "hidden.weight", Safetensors.Tensor.of(first, features, hidden));
        into.put(prefix + "hidden.bias", Safetensors.Tensor.of(row(w, features), hidden));
        into.put(prefix + "out.weight", Safetensors.Tensor.of(row(w, features + 1), hidden));
        into.put(prefix + "out.bias", Safetensors.Tensor.of(new float[] {w[(features + 2) * stride()]}, 1));
    }

    private float[] row(float[] w, int row) {
        return Arrays.copyOfRange(w, row * stride(), row * stride() + hidden);
    }

    /** The weights in a file. */
    float[] read(Safetensors file, String prefix) {
        float[] w = new float[length()];
        file.require(prefix + "out.bias", 1);
        if (hidden == 0) {
            file.require(prefix + "out.weight", features);
            System.arraycopy(file.floats(prefix + "out.weight"), 0, w, 0, features);
            w[features] = file.floats(prefix + "out.bias")[0];
            return w;
        }
        file.require(prefix + "hidden.weight", features, hidden);
        file.require(prefix + "hidden.bias", hidden);
        file.require(prefix + "out.weight", hidden);
        float[] first = file.floats(prefix + "hidden.weight");
        for (int f = 0; f < features; f++) {
            System.arraycopy(first, f * hidden, w, f * stride(), hidden);
        }
        System.arraycopy(file.floats(prefix + "hidden.bias"), 0, w, features * stride(), hidden);
        System.arraycopy(file.floats(prefix + "out.weight"), 0, w, (features + 1) * stride(), hidden);
        w[(features + 2) * stride()] = file.floats(prefix + "out.bias")[0];
        return w;
    }
}
