package org.lethe.text.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.torch.Adapter;
import org.lethe.torch.Devices;
import org.lethe.torch.Lora;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * A decoder-only transformer on libtorch: GPT-2, Llama, Mistral, Qwen, Phi and GPT-NeoX, by the settings of its
 * {@link Architecture}. Its tensors have the names of the ecosystem's files, and belong to the scope in which it is made.
 *
 * <p>With x the residual stream, a block is x += attention(norm x); x += mlp(norm x), or x += attention(norm x) + mlp(norm x) where
 * it is parallel. Attention is written out, softmax(q·kᵀ/√e + mask)·v with the softmax in float32, so that second derivatives
 * exist. Costs about 6 floating-point operations per parameter and token for training, 2 for reading.
 */
public final class Transformer {
    /** A linear map: {@code weight} is [outputs, inputs], or [inputs, outputs] where inputs come first. */
    private record Linear(String name, Tensor weight, Optional<Tensor> bias, boolean inputsFirst) {}

    private record Norm(Tensor weight, Optional<Tensor> bias) {}

    /** Queries, keys and values are one map where {@code query} alone is there. */
    private record Block(
            Norm first,
            Optional<Norm> second,
            Linear query,
            Optional<Linear> key,
            Optional<Linear> value,
            Optional<Norm> queryNorm,
            Optional<Norm> keyNorm,
            Linear out,
            Optional<Linear> gate,
            Linear up,
            Linear down) {}

    private final Architecture shape;
    private final Device device;
    private final ScalarType type;
    private final ScalarType wide; // of statistics of norms, of softmax and of angles
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final List<Lora.Layer> linears = new ArrayList<>();
    private final Tensor embedding;
    private final Optional<Tensor> places;
    private final List<Block> blocks = new ArrayList<>();
    private final Norm last;
    private final Optional<Linear> head;
    private final Tensor frequencies;
    private final Parameters parameters;
    private Optional<Adapter> adapter = Optional.empty();

    /** A transformer with weights of zero, to be loaded or drawn, in float32. */
    public Transformer(Architecture shape, Device device) {
        this(shape, device, ScalarType.Float);
    }

    /** A transformer with weights of zero, to be loaded or drawn, which computes in a floating-point type. */
    public Transformer(Architecture shape, Device device, ScalarType type) {
        this.shape = shape;
        this.device = device;
        this.type = type;
        this.wide = type == ScalarType.Double ? ScalarType.Double : ScalarType.Float;
        shape.shapes().forEach((name, size) -> tensors.put(name, zeros(size)));
        String stem = shape.stem();
        Architecture.Family family = shape.family();
        embedding = tensor(stem + shape.embedding());
        places = family == Architecture.Family.GPT2 ? Optional.of(tensor(stem + "wpe.weight")) : Optional.empty();
        for (int l = 0; l < shape.layers(); l++) {
            blocks.add(
                    switch (family) {
                        case GPT2 -> gpt2(stem + "h." + l + ".");
                        case GPT_NEOX -> neox(stem + "layers." + l + ".");
                        case PHI -> phi(stem + "layers." + l + ".");
                        case LLAMA, MISTRAL, QWEN2, QWEN3 -> llama(stem + "layers." + l + ".");
                    });
        }
        last = norm(stem + shape.lastNorm());
        head = shape.tied() ? Optional.empty() : Optional.of(linear(shape.head()));
        Map<String, Tensor> named = new LinkedHashMap<>(tensors);
        if (shape.tied()) {
            named.put(shape.head() + ".weight", embedding);
        }
        parameters = Parameters.of(named);
        float[] f = new float[shape.rotary().frequencies().size()];
        for (int k = 0; k < f.length; k++) {
            f[k] = shape.rotary().frequencies().get(k).floatValue();
        }
        frequencies = Devices.on(Tensors.of(f, f.length).to(wide), device);
    }

    private Block gpt2(String stem) {
        return new Block(
                norm(stem + "ln_1"),
                Optional.of(norm(stem + "ln_2")),
                linear(stem + "attn.c_attn"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                linear(stem + "attn.c_proj"),
                Optional.empty(),
                linear(stem + "mlp.c_fc"),
                linear(stem + "mlp.c_proj"));
    }

    private Block neox(String stem) {
        return new Block(
                norm(stem + "input_layernorm"),
                Optional.of(norm(stem + "post_attention_layernorm")),
                linear(stem + "attention.query_key_value"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                linear(stem + "attention.dense"),
                Optional.empty(),
                linear(stem + "mlp.dense_h_to_4h"),
                linear(stem + "mlp.dense_4h_to_h"));
    }

    private Block phi(String stem) {
        return new Block(
                norm(stem + "input_layernorm"),
                Optional.empty(),
                linear(stem + "self_attn.q_proj"),
                Optional.of(linear(stem + "self_attn.k_proj")),
                Optional.of(linear(stem + "self_attn.v_proj")),
                headNorm(stem + "self_attn.q_layernorm"),
                headNorm(stem + "self_attn.k_layernorm"),
                linear(stem + "self_attn.dense"),
                Optional.empty(),
                linear(stem + "mlp.fc1"),
                linear(stem + "mlp.fc2"));
    }

    private Block llama(String stem) {
        return new Block(
                norm(stem + "input_layernorm"),
                Optional.of(norm(stem + "post_attention_layernorm")),
                linear(stem + "self_attn.q_proj"),
                Optional.of(linear(stem + "self_attn.k_proj")),
                Optional.of(linear(stem + "self_attn.v_proj")),
                headNorm(stem + "self_attn.q_norm"),
                headNorm(stem + "self_attn.k_norm"),
                linear(stem + "self_attn.o_proj"),
                Optional.of(linear(stem + "mlp.gate_proj")),
                linear(stem + "mlp.up_proj"),
                linear(stem + "mlp.down_proj"));
    }

    private Optional<Norm> headNorm(String name) {
        return shape.headNorm() ? Optional.of(norm(name)) : Optional.empty();
    }

    private Tensor tensor(String name) {
        return Optional.ofNullable(tensors.get(name)).orElseThrow();
    }

    /** Zeros in the type and on the device of the model. */
    Tensor zeros(long... size) {
        return torch.zeros(size).to(Devices.of(device), type);
    }

    private Linear linear(String name) {
        boolean inputsFirst = shape.family() == Architecture.Family.GPT2 && !name.equals(shape.head());
        Tensor weight = tensor(name + ".weight");
        linears.add(new Lora.Layer(name, weight, inputsFirst, name.equals(shape.head())));
        return new Linear(name, weight, Optional.ofNullable(tensors.get(name + ".bias")), inputsFirst);
    }

    private Norm norm(String name) {
        return new Norm(tensor(name + ".weight"), Optional.ofNullable(tensors.get(name + ".bias")));
    }

    /** The shape. */
    public Architecture architecture() {
        return shape;
    }

    /** The device that holds it. */
    public Device device() {
        return device;
    }

    /** The tensors by the names of the ecosystem's files; a tied head is a second name of the embedding. */
    public Parameters parameters() {
        return parameters;
    }

    /** The linear layers, which LoRA may adapt. */
    public List<Lora.Layer> layers() {
        return List.copyOf(linears);
    }

    /** Adds an adapter to the linear layers that it targets. */
    public void adapt(Adapter added) {
        adapter = Optional.of(added);
    }

    /** Whether an adapter acts that is not part of the weights. */
    public boolean adapted() {
        return adapter.isPresent();
    }

    /** Makes an adapter part of the weights, if there is one, and drops it. */
    public void merge() {
        adapter.ifPresent(Adapter::merge);
        adapter = Optional.empty();
    }

    /** What is trained: the adapter's matrices where there is an adapter, else all tensors. */
    public Parameters trained() {
        return adapter.map(Adapter::parameters).orElse(parameters);
    }

    /**
     * The logits of every position, {@code [batch, time, vocabulary]}.
     *
     * @param ids whole numbers, {@code [batch, time]}
     * @param mask 1 for real tokens and 0 for padding, on either side, {@code [batch, time]}
     */
    public Tensor logits(Tensor ids, Tensor mask) {
        return head(hidden(ids, mask));
    }

    /** The state after the last norm, {@code [batch, time, dims]}. */
    public Tensor hidden(Tensor ids, Tensor mask) {
        return normed(last, forward(ids, mask, shape.layers(), Optional.empty(), new ArrayList<>()));
    }

    /** The residual stream after so many blocks, {@code [batch, time, dims]}; after the last one it is not yet normed. */
    public Tensor stream(Tensor ids, Tensor mask, int layers) {
        Check.require(layers >= 0 && layers <= shape.layers(), "layers", layers, "0 to " + shape.layers());
        return forward(ids, mask, layers, Optional.empty(), new ArrayList<>());
    }

    /** The embedding, the output of each block, and in place of the last block's the state after the last norm. */
    public List<Tensor> states(Tensor ids, Tensor mask) {
        List<Tensor> states = new ArrayList<>();
        Tensor end = normed(last, forward(ids, mask, shape.layers(), Optional.empty(), states));
        states.set(states.size() - 1, end);
        return states;
    }

    /**
     * Takes in new tokens after those in a cache, which may hold more than the model has positions, as rows are padded: a row
     * that has used them all is of no use any more, and its last position is repeated. Their state after the last norm is
     * {@code [batch, new, dims]}.
     */
    public Tensor extend(Tensor ids, Tensor mask, KeyValueCache cache) {
        return normed(last, forward(ids, mask, shape.layers(), Optional.of(cache), new ArrayList<>()));
    }

    /** The logits of states after the last norm, whatever their leading dimensions. */
    public Tensor head(Tensor state) {
        return head.map(h -> apply(h, state)).orElseGet(() -> torch.linear(state, embedding));
    }

    private Tensor forward(Tensor ids, Tensor mask, int layers, Optional<KeyValueCache> cache, List<Tensor> states) {
        Check.require(
                ids.dim() == 2 && mask.dim() == 2 && ids.size(0) == mask.size(0) && ids.size(1) == mask.size(1),
                "shape of the mask",
                mask.dim() == 2 ? mask.size(0) + " x " + mask.size(1) : mask.dim() + " dimensions",
                ids.size(0) + " x " + ids.size(1) + ", as the ids have");
        int past = cache.map(KeyValueCache::length).orElse(0);
        long time = ids.size(1);
        Check.require(cache.isPresent() || time <= shape.positions(), "tokens", time, "at most " + shape.positions());
        Tensor seen = cache.map(c -> c.masked(mask)).orElse(mask); // [batch, past + time]
        Tensor position = seen.cumsum(1)
                .sub(new Scalar(1))
                .clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional(new Scalar(shape.positions() - 1)))
                .narrow(1, past, time); // [batch, time]
        Tensor bias = visible(seen, past, time);
        Tensor angles = position.to(wide).unsqueeze(2).mul(frequencies); // [batch, time, rotated / 2]
        Tensor cos = angles.cos().unsqueeze(1);
        Tensor sin = angles.sin().unsqueeze(1);
        Tensor x = torch.embedding(embedding, ids);
        if (places.isPresent()) {
            x = x.add(torch.embedding(places.get(), position));
        }
        states.add(x);
        for (int l = 0; l < layers; l++) {
            Block block = blocks.get(l);
            Tensor in = x;
            int layer = l;
            x = Tensors.within(() -> block(block, in, new Turn(cos, sin), bias, layer, cache));
            states.add(x);
        }
        cache.ifPresent(c -> c.advance(time));
        return x;
    }

    /** Cosines and sines of the angles of all positions, {@code [batch, 1, time, rotated / 2]}. */
    private record Turn(Tensor cos, Tensor sin) {}

    /** What is added to attention scores: 0 where a key may be seen, else the lowest number, {@code [batch, 1, time, all]}. */
    private Tensor visible(Tensor seen, int past, long time) {
        long all = past + time;
        Tensor key = torch.arange(new Scalar(all)).to(Devices.of(device), ScalarType.Long);
        Tensor query = key.narrow(0, past, time).unsqueeze(1); // [time, 1]
        Tensor hidden = key.gt(query); // [time, all]
        if (shape.window() > 0) {
            hidden = hidden.logical_or(query.sub(key).ge(new Scalar(shape.window())));
        }
        Tensor padding = seen.eq(new Scalar(0)).unsqueeze(1); // [batch, 1, all]
        return torch.zeros(1)
                .to(Devices.of(device), wide)
                .expand(seen.size(0), time, all)
                .masked_fill(hidden.logical_or(padding), new Scalar(-Float.MAX_VALUE))
                .unsqueeze(1);
    }

    private Tensor block(Block block, Tensor x, Turn turn, Tensor bias, int layer, Optional<KeyValueCache> cache) {
        Tensor in = normed(block.first, x);
        Tensor attended = attention(block, in, turn, bias, layer, cache);
        if (shape.parallel()) {
            Tensor mlp = mlp(block, block.second.map(n -> normed(n, x)).orElse(in));
            return x.add(attended).add(mlp);
        }
        Tensor middle = x.add(attended);
        return middle.add(mlp(block, normed(block.second.orElseThrow(), middle)));
    }

    private Tensor attention(Block block, Tensor in, Turn turn, Tensor bias, int layer, Optional<KeyValueCache> cache) {
        long rows = in.size(0);
        long time = in.size(1);
        int e = shape.headDims();
        int h = shape.heads();
        int g = shape.groups();
        Tensor q;
        Tensor k;
        Tensor v;
        Tensor joint = apply(block.query, in);
        if (block.key.isPresent()) {
            q = joint.view(rows, time, h, e);
            k = apply(block.key.get(), in).view(rows, time, g, e);
            v = apply(block.value.orElseThrow(), in).view(rows, time, g, e);
        } else if (shape.family() == Architecture.Family.GPT_NEOX) {
            Tensor byHead = joint.view(rows, time, h, 3, e);
            q = byHead.select(3, 0);
            k = byHead.select(3, 1);
            v = byHead.select(3, 2);
        } else {
            Tensor byPart = joint.view(rows, time, 3, h, e);
            q = byPart.select(2, 0);
            k = byPart.select(2, 1);
            v = byPart.select(2, 2);
        }
        q = headNormed(block.queryNorm, q).transpose(1, 2); // [rows, heads, time, head]
        k = headNormed(block.keyNorm, k).transpose(1, 2);
        v = v.transpose(1, 2);
        if (shape.rotary().dims() > 0) {
            q = rotated(q, turn);
            k = rotated(k, turn);
        }
        if (cache.isPresent()) {
            k = cache.get().keys(layer, k);
            v = cache.get().values(layer, v);
        }
        long all = k.size(2);
        // Query heads of a group share its keys: they are laid side by side in time, so that no key is repeated.
        Tensor scores = q.reshape(rows, g, h / g * time, e)
                .matmul(k.transpose(2, 3))
                .mul(new Scalar(1 / Math.sqrt(e)))
                .view(rows, h, time, all)
                .add(bias); // at least float32 from here
        Tensor weights =
                torch.softmax(scores, -1, new ScalarTypeOptional(wide)).to(type).view(rows, g, h / g * time, all);
        Tensor mixed = weights.matmul(v).view(rows, h, time, e).transpose(1, 2).reshape(rows, time, (long) h * e);
        return apply(block.out, mixed);
    }

    private Tensor headNormed(Optional<Norm> norm, Tensor heads) {
        return norm.map(n -> normed(n, heads)).orElse(heads);
    }

    /** Turns halves of the first entries of each head against each other; the rest stays. */
    private Tensor rotated(Tensor heads, Turn turn) {
        long all = heads.size(3);
        long turned = shape.rotary().dims();
        Tensor cos = turn.cos.to(type);
        Tensor sin = turn.sin.to(type);
        Tensor one = heads.narrow(3, 0, turned / 2);
        Tensor two = heads.narrow(3, turned / 2, turned / 2);
        Tensor first = one.mul(cos).sub(two.mul(sin));
        Tensor second = two.mul(cos).add(one.mul(sin));
        return turned == all
                ? torch.cat(new TensorVector(first, second), 3)
                : torch.cat(new TensorVector(first, second, heads.narrow(3, turned, all - turned)), 3);
    }

    private Tensor mlp(Block block, Tensor in) {
        Tensor up = apply(block.up, in);
        Tensor inner =
                block.gate.map(gate -> activated(apply(gate, in)).mul(up)).orElseGet(() -> activated(up));
        return apply(block.down, inner);
    }

    private Tensor activated(Tensor in) {
        return switch (shape.activation()) {
            case SILU -> torch.silu(in);
            case GELU -> torch.gelu(in);
            case GELU_TANH -> torch.gelu(in, "tanh");
        };
    }

    private Tensor normed(Norm norm, Tensor x) {
        if (norm.bias.isPresent()) {
            return torch.layer_norm(
                    x,
                    new long[] {norm.weight.size(0)},
                    new TensorOptional(norm.weight),
                    new TensorOptional(norm.bias.get()),
                    shape.epsilon(),
                    false);
        }
        Tensor precise = x.to(wide);
        Tensor scale = precise.square()
                .mean(new long[] {-1}, true, new ScalarTypeOptional())
                .add(new Scalar(shape.epsilon()))
                .rsqrt();
        return norm.weight.mul(precise.mul(scale).to(type));
    }

    private Tensor apply(Linear linear, Tensor in) {
        Tensor out;
        if (linear.inputsFirst) {
            Tensor flat = in.reshape(-1, linear.weight.size(0)); // one product for all tokens
            long[] size = in.shape();
            size[size.length - 1] = linear.weight.size(1);
            out = linear.bias
                    .map(b -> torch.addmm(b, flat, linear.weight))
                    .orElseGet(() -> flat.mm(linear.weight))
                    .view(size);
        } else {
            out = linear.bias
                    .map(b -> torch.linear(in, linear.weight, new TensorOptional(b)))
                    .orElseGet(() -> torch.linear(in, linear.weight));
        }
        return adapter.map(a -> a.with(linear.name, in, out)).orElse(out);
    }
}
