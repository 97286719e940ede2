package org.lethe.video.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;
import org.lethe.video.VideoModel.Injection;

/**
 * A diffusion transformer of clips (DiT, Peebles and Xie 2023): patches of frames as tokens, full attention among all of them, and norms that are
 * modulated by time and, where they are told, by the scores of motion.
 *
 * <pre>
 * e = E_t(t) + [E_o(s_o) ‖ E_c(s_c)]                              decoupled, as published
 * (β₁, σ₁, g₁, β₂, σ₂, g₂) = W silu(e) + b                          for each block
 * x ← x + g₁ ⊙ Attention(norm(x) ⊙ (1 + σ₁) + β₁)
 * x ← x + g₂ ⊙ MLP(norm(x) ⊙ (1 + σ₂) + β₂)
 * </pre>
 *
 * <p>The last layer says for each pixel of frame f by how much r_f it differs from the first frame. Where pixels are carried, it also says with which
 * velocity v_f each patch came from the first frame, and which share m_f of a pixel is painted: x̂_f(p) = (1 − m_f) x_0(p − f v_f(p)) + m_f (x_0(p) +
 * r_f(p)). The share begins at a twentieth, so that what can be carried need not be drawn.
 *
 * <p>W and b begin at zero, so that a new block changes nothing, and so do the last layers of E_o and E_c: a model that has just been given scores
 * is the model before.
 */
final class VideoTransformer {
    static final int PATCH = 4; // pixels, both ways
    static final int FRAMES = 2; // frames of a patch
    private static final int FREQUENCIES = 32;
    private static final int CHANNELS = 7; // noisy clip, first frame, mask
    private static final int COLOURS = 3;
    private static final int VELOCITIES = 2; // across and down
    private static final double CLOSED = 3; // at first a twentieth of each pixel is painted
    private static final int EXPANSION = 4;

    private final Shape shape;
    private final Optional<Injection> injection;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Tensor places;

    /**
     * The sizes of a transformer.
     *
     * @param width of tokens
     * @param blocks in a row
     * @param heads of attention
     * @param size of the screen, both ways
     * @param frames of a clip
     * @param carried whether pixels of the first frame are carried along
     */
    record Shape(int width, int blocks, int heads, int size, int frames, boolean carried) {
        /** Channels of each pixel: colours, and how much of them is painted. */
        int channels() {
            return carried ? COLOURS + 1 : COLOURS;
        }

        /** Numbers of each token. */
        int outputs() {
            return channels() * PATCH * PATCH * FRAMES + (carried ? VELOCITIES * FRAMES : 0);
        }

        int across() {
            return size / PATCH;
        }

        int times() {
            return frames / FRAMES;
        }

        int tokens() {
            return across() * across() * times();
        }
    }

    VideoTransformer(Shape shape, Optional<Injection> injection) {
        this.shape = shape;
        this.injection = injection;
        int d = shape.width;
        int values = CHANNELS * PATCH * PATCH * FRAMES;
        add("in.weight", d, values);
        add("in.bias", d);
        add("time.0.weight", d, 2L * FREQUENCIES);
        add("time.0.bias", d);
        add("time.1.weight", d, d);
        add("time.1.bias", d);
        injection.ifPresent(this::addScores);
        for (int b = 0; b < shape.blocks; b++) {
            String block = "blocks." + b + ".";
            add(block + "modulation.weight", 6L * d, d);
            add(block + "modulation.bias", 6L * d);
            add(block + "qkv.weight", 3L * d, d);
            add(block + "qkv.bias", 3L * d);
            add(block + "out.weight", d, d);
            add(block + "out.bias", d);
            if (injection.equals(Optional.of(Injection.CROSS_ATTENTION))) {
                add(block + "cross.q.weight", d, d);
                add(block + "cross.kv.weight", 2L * d, d);
                add(block + "cross.out.weight", d, d);
            }
            add(block + "mlp.0.weight", (long) EXPANSION * d, d);
            add(block + "mlp.0.bias", (long) EXPANSION * d);
            add(block + "mlp.1.weight", d, (long) EXPANSION * d);
            add(block + "mlp.1.bias", d);
        }
        add("last.modulation.weight", 2L * d, d);
        add("last.modulation.bias", 2L * d);
        add("last.weight", shape.outputs(), d);
        add("last.bias", shape.outputs());
        places = Tensors.of(places(shape), 1, shape.tokens(), d);
    }

    private void addScores(Injection how) {
        int d = shape.width;
        switch (how) {
            case DECOUPLED -> {
                addScore("object", 1, d / 2);
                addScore("camera", 1, d / 2);
            }
            case MIXED -> addScore("both", 1, d);
            case TOKEN, CROSS_ATTENTION -> {
                addScore("object", 1, d);
                addScore("camera", 1, d);
            }
        }
    }

    private void addScore(String name, int inputs, int outputs) {
        add(name + ".0.weight", shape.width, 2L * FREQUENCIES * inputs);
        add(name + ".0.bias", shape.width);
        add(name + ".1.weight", outputs, shape.width);
        add(name + ".1.bias", outputs);
        add(name + ".nothing", outputs); // where the score is not told
    }

    private void add(String name, long... size) {
        tensors.put(name, torch.zeros(size));
    }

    Parameters parameters() {
        return Parameters.of(tensors);
    }

    /** First weights: Xavier's, with zeros for modulations, for the last layer, and for what scores add. */
    void draw(Keyed key, Workers workers) {
        parameters()
                .draw(
                        key,
                        (name, _) -> !name.endsWith(".weight")
                                        || name.contains("modulation")
                                        || name.equals("last.weight")
                                        || name.endsWith("cross.out.weight")
                                        || !fromScratch(name)
                                ? Optional.empty()
                                : Optional.of(Initial.XAVIER_UNIFORM),
                        workers);
    }

    /** The last layer of a score is zero at first, where it is added to something; a token must be something. */
    private boolean fromScratch(String name) {
        boolean lastOfScore = name.matches("(object|camera|both)\\.1\\.weight");
        return !lastOfScore || injection.equals(Optional.of(Injection.CROSS_ATTENTION));
    }

    private Tensor tensor(String name) {
        return Optional.ofNullable(tensors.get(name)).orElseThrow();
    }

    private Tensor linear(String name, Tensor x) {
        return torch.linear(x, tensor(name + ".weight"), new TensorOptional(tensor(name + ".bias")));
    }

    private Tensor plain(String name, Tensor x) {
        return torch.linear(x, tensor(name + ".weight"), new TensorOptional());
    }

    /**
     * Scores as the network gets them.
     *
     * @param object from 1 to 10, or not-a-number where it is not told
     * @param camera the same of the camera
     */
    record Told(float[] object, float[] camera) {}

    /**
     * The clean clip as the network sees it in a noisy one, {@code [clips, frames, 3, height, width]}: the first frame, carried along or standing still,
     * and what is added to it.
     *
     * @param noisy clips within [−1, 1] and noise, of the same shape
     * @param first frames, {@code [clips, 3, height, width]}
     * @param times from 0 (clean) to 1 (noise), one a clip
     */
    Tensor predicted(Tensor noisy, Tensor first, float[] times, Told told) {
        int clips = times.length;
        Tensor repeated = first.unsqueeze(1).expand(clips, shape.frames, COLOURS, shape.size, shape.size);
        float[] mask = new float[shape.frames];
        mask[0] = 1;
        Tensor shown =
                Tensors.of(mask, 1, shape.frames, 1, 1, 1).expand(clips, shape.frames, 1, shape.size, shape.size);
        Tensor in = torch.cat(new TensorVector(noisy, repeated, shown), 2);
        Tensor x = linear("in", patches(in, CHANNELS)).add(places);
        Tensor e = linear("time.1", torch.silu(linear("time.0", waves(times, 1000))));
        Optional<Tensor> tokens = Optional.empty();
        if (injection.isPresent()) {
            switch (injection.get()) {
                case DECOUPLED ->
                    e = e.add(
                            torch.cat(new TensorVector(score("object", told.object), score("camera", told.camera)), 1));
                case MIXED -> e = e.add(score("both", sums(told)));
                case TOKEN, CROSS_ATTENTION ->
                    tokens = Optional.of(torch.stack(
                            new TensorVector(score("object", told.object), score("camera", told.camera)), 1));
            }
        }
        int own = shape.tokens();
        if (injection.equals(Optional.of(Injection.TOKEN))) {
            x = torch.cat(new TensorVector(x, tokens.orElseThrow()), 1);
        }
        Tensor lit = torch.silu(e);
        for (int b = 0; b < shape.blocks; b++) {
            x = block("blocks." + b + ".", x, lit, tokens);
        }
        Tensor last = linear("last.modulation", lit).unsqueeze(1);
        int d = shape.width;
        Tensor out = linear("last", modulated(x.narrow(1, 0, own), last.narrow(2, 0, d), last.narrow(2, d, d)));
        int pixels = shape.channels() * PATCH * PATCH * FRAMES;
        Tensor made = clips(out.narrow(2, 0, pixels), shape.channels());
        Tensor painted = repeated.add(made.narrow(2, 0, COLOURS));
        if (!shape.carried) {
            return painted;
        }
        Tensor share = torch.sigmoid(made.narrow(2, COLOURS, 1).sub(new Scalar(CLOSED)));
        Tensor carried = carried(first, velocities(out.narrow(2, pixels, VELOCITIES * FRAMES)));
        return carried.add(painted.sub(carried).mul(share));
    }

    /** A velocity for each patch of each frame, between patches by straight lines: {@code [clips, frames, 2, height, width]}. */
    private Tensor velocities(Tensor rows) {
        long n = rows.size(0);
        Tensor coarse = rows.reshape(n, shape.times(), shape.across(), shape.across(), FRAMES, VELOCITIES)
                .permute(0, 1, 4, 5, 2, 3)
                .reshape(n * shape.frames, VELOCITIES, shape.across(), shape.across());
        return torch.upsample_bilinear2d(coarse, new long[] {shape.size, shape.size}, false)
                .reshape(n, shape.frames, VELOCITIES, shape.size, shape.size);
    }

    /**
     * The first frame as velocities carry it along: frame f has at p what the first frame has at p − f v_f(p), between pixels by straight lines, beyond
     * the edge that of the edge.
     */
    Tensor carried(Tensor first, Tensor velocities) {
        long clips = first.size(0);
        int size = shape.size;
        float[] places = new float[size * size * 2];
        for (int n = 0; n < size * size; n++) {
            places[2 * n] = (float) (2.0 * (n % size) / (size - 1) - 1);
            places[2 * n + 1] = (float) (2.0 * (n / size) / (size - 1) - 1);
        }
        float[] moved = new float[shape.frames];
        for (int f = 0; f < shape.frames; f++) {
            moved[f] = -2F * f / (size - 1);
        }
        Tensor grid = velocities
                .mul(Tensors.of(moved, 1, shape.frames, 1, 1, 1))
                .permute(0, 1, 3, 4, 2)
                .add(Tensors.of(places, 1, 1, size, size, 2))
                .reshape(clips * shape.frames, size, size, 2);
        Tensor repeated = first.unsqueeze(1)
                .expand(clips, shape.frames, COLOURS, size, size)
                .reshape(clips * shape.frames, COLOURS, size, size);
        return torch.grid_sampler(repeated, grid, 0, 1, true).reshape(clips, shape.frames, COLOURS, size, size);
    }

    private static float[] sums(Told told) {
        float[] sums = new float[told.object.length];
        for (int n = 0; n < sums.length; n++) {
            sums[n] = (told.object[n] + told.camera[n]) / 2;
        }
        return sums;
    }

    private Tensor block(String name, Tensor x, Tensor lit, Optional<Tensor> tokens) {
        return Tensors.within(() -> {
            int d = shape.width;
            Tensor m = linear(name + "modulation", lit).unsqueeze(1);
            Tensor attended = linear(
                    name + "out", attention(linear(name + "qkv", modulated(x, m.narrow(2, 0, d), m.narrow(2, d, d)))));
            Tensor now = x.add(attended.mul(m.narrow(2, 2L * d, d)));
            if (tokens.isPresent() && injection.equals(Optional.of(Injection.CROSS_ATTENTION))) {
                now = now.add(plain(name + "cross.out", crossed(name, now, tokens.get())));
            }
            Tensor hidden =
                    torch.gelu(linear(name + "mlp.0", modulated(now, m.narrow(2, 3L * d, d), m.narrow(2, 4L * d, d))));
            return now.add(linear(name + "mlp.1", hidden).mul(m.narrow(2, 5L * d, d)));
        });
    }

    private Tensor modulated(Tensor x, Tensor shift, Tensor scale) {
        Tensor norm = torch.layer_norm(x, new long[] {shape.width});
        return norm.mul(scale.add(new Scalar(1.0))).add(shift);
    }

    /** Attention among all tokens, with queries and keys under norms without weights. */
    private Tensor attention(Tensor qkv) {
        long clips = qkv.size(0);
        long tokens = qkv.size(1);
        long size = shape.width / shape.heads;
        Tensor split = qkv.reshape(clips, tokens, 3, shape.heads, size).permute(2, 0, 3, 1, 4);
        return mixed(split.select(0, 0), split.select(0, 1), split.select(0, 2));
    }

    private Tensor crossed(String name, Tensor x, Tensor tokens) {
        long clips = x.size(0);
        long size = shape.width / shape.heads;
        Tensor q = plain(name + "cross.q", torch.layer_norm(x, new long[] {shape.width}))
                .reshape(clips, x.size(1), shape.heads, size)
                .transpose(1, 2);
        Tensor kv = plain(name + "cross.kv", tokens)
                .reshape(clips, tokens.size(1), 2, shape.heads, size)
                .permute(2, 0, 3, 1, 4);
        return mixed(q, kv.select(0, 0), kv.select(0, 1));
    }

    private Tensor mixed(Tensor q, Tensor k, Tensor v) {
        Tensor out = torch.scaled_dot_product_attention(normed(q), normed(k), v).transpose(1, 2);
        return out.reshape(out.size(0), out.size(1), shape.width);
    }

    /** Rows with a mean of zero and a variance of one, so that products cannot grow. */
    private static Tensor normed(Tensor rows) {
        return torch.layer_norm(rows, new long[] {rows.size(-1)});
    }

    private Tensor score(String name, float[] told) {
        float[] known = new float[told.length];
        float[] places = new float[told.length];
        for (int n = 0; n < told.length; n++) {
            known[n] = Float.isNaN(told[n]) ? 0 : 1;
            places[n] = Float.isNaN(told[n]) ? 0 : (told[n] - 1) / 9;
        }
        Tensor said = linear(name + ".1", torch.silu(linear(name + ".0", waves(places, 10))));
        Tensor is = Tensors.of(known, known.length, 1);
        return said.mul(is).add(tensor(name + ".nothing").mul(is.neg().add(new Scalar(1.0))));
    }

    /** Sines and cosines of numbers from 0 to 1, {@code [numbers, 2 · frequencies]}, the fastest with {@code most} radians. */
    private static Tensor waves(float[] numbers, double most) {
        float[] waves = new float[numbers.length * 2 * FREQUENCIES];
        for (int n = 0; n < numbers.length; n++) {
            for (int f = 0; f < FREQUENCIES; f++) {
                double angle = numbers[n] * Math.pow(most, (double) f / (FREQUENCIES - 1));
                waves[n * 2 * FREQUENCIES + f] = (float) StrictMath.sin(angle);
                waves[n * 2 * FREQUENCIES + FREQUENCIES + f] = (float) StrictMath.cos(angle);
            }
        }
        return Tensors.of(waves, numbers.length, 2 * FREQUENCIES);
    }

    /** The place of each token: a third of the width for its time, its row and its column each, as sines and cosines. */
    static float[] places(Shape shape) {
        int third = shape.width / 3 / 2 * 2;
        float[] places = new float[shape.tokens() * shape.width];
        int across = shape.across();
        for (int token = 0; token < shape.tokens(); token++) {
            int[] at = {token / (across * across), token / across % across, token % across};
            for (int axis = 0; axis < 3; axis++) {
                for (int f = 0; f < third / 2; f++) {
                    double angle = at[axis] / Math.pow(100, 2.0 * f / third);
                    places[token * shape.width + axis * third + f] = (float) StrictMath.sin(angle);
                    places[token * shape.width + axis * third + third / 2 + f] = (float) StrictMath.cos(angle);
                }
            }
        }
        return places;
    }

    /** Patches as rows, {@code [clips, tokens, channels · frames · height · width of a patch]}. */
    private Tensor patches(Tensor in, int channels) {
        long n = in.size(0);
        return in.reshape(n, shape.times(), FRAMES, channels, shape.across(), PATCH, shape.across(), PATCH)
                .permute(0, 1, 4, 6, 3, 2, 5, 7)
                .reshape(n, shape.tokens(), (long) channels * FRAMES * PATCH * PATCH);
    }

    private Tensor clips(Tensor rows, int channels) {
        long n = rows.size(0);
        return rows.reshape(n, shape.times(), shape.across(), shape.across(), channels, FRAMES, PATCH, PATCH)
                .permute(0, 1, 5, 4, 2, 6, 3, 7)
                .reshape(n, shape.frames, channels, shape.size, shape.size);
    }
}
