package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.torch.Devices;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Parameters;
import org.lethe.torch.Recomputed;

/**
 * The layers of a network: first their names and shapes, as in the ecosystem's files, and memory only when it is asked for. A
 * network is built from these once, so that the list of its tensors and its arithmetic cannot differ.
 *
 * <p>Tensors belong to the scope in which {@link #allocate} is called. An adapter may add to linear maps and convolutions.
 */
public final class Layers {
    private static final long LARGEST_SCORES = 1L << 24; // elements, 64 MB: above it they are never all there

    /**
     * A linear map or a convolution, which low-rank adaptation may change.
     *
     * @param name as in the files, without {@code .weight}
     * @param inputs channels that come in
     * @param outputs channels that go out
     * @param kernel side of a convolution's kernel; 0 for a linear map
     * @param stride of a convolution
     * @param padding of a convolution
     */
    public record Site(String name, long inputs, long outputs, int kernel, int stride, int padding) {
        /** The shape of the weight, {@code [outputs, inputs]} or {@code [outputs, inputs, kernel, kernel]}. */
        public long[] shape() {
            return kernel == 0 ? new long[] {outputs, inputs} : new long[] {outputs, inputs, kernel, kernel};
        }

        /** The map with another weight, without a bias. */
        Tensor with(Tensor weight, Tensor in) {
            return kernel == 0
                    ? torch.linear(in, weight)
                    : Convolution.of(in, weight, new TensorOptional(), stride, padding);
        }
    }

    /** A map from a tensor to a tensor. */
    interface Layer {
        Tensor of(Tensor in);
    }

    private final Map<String, long[]> shapes = new LinkedHashMap<>();
    private final Map<String, Site> sites = new LinkedHashMap<>();
    private Map<String, Tensor> tensors = Map.of();
    private Optional<Parameters> parameters = Optional.empty();
    private Optional<DiffusionLora> adapter = Optional.empty();
    private Device device = Device.CPU;
    private ScalarType type = ScalarType.Float;

    Layers() {}

    /** The names of all tensors in the ecosystem's files with their shapes. */
    public Map<String, long[]> shapes() {
        return Collections.unmodifiableMap(shapes);
    }

    /** Number of elements of all tensors. */
    public long size() {
        return shapes.values().stream()
                .mapToLong(s -> LongStream.of(s).reduce(1, (a, b) -> a * b))
                .sum();
    }

    /** The linear maps and convolutions by name. */
    public Map<String, Site> sites() {
        return Collections.unmodifiableMap(sites);
    }

    /** The tensors by the names of the ecosystem's files. */
    public Parameters parameters() {
        return parameters.orElseThrow(() -> new IllegalStateException("the layers have no memory yet"));
    }

    /** The device that holds them. */
    public Device device() {
        return device;
    }

    /** The type in which they are computed. */
    public ScalarType type() {
        return type;
    }

    /** Adds the low-rank products of an adapter to its layers, or replaces the adapter there was. */
    public void adapt(DiffusionLora added) {
        adapter = Optional.of(added);
    }

    /** Drops the adapter; the weights are as they were. */
    public void release() {
        adapter = Optional.empty();
    }

    /** The adapter that acts, if there is one. */
    public Optional<DiffusionLora> adapter() {
        return adapter;
    }

    /** Writes all tensors to one file. */
    public void save(Path file) throws IOException {
        ModelFiles.write(file, parameters(), Map.of());
    }

    /** Makes all tensors, of zeros, in the current scope. */
    void allocate(Device on, ScalarType of) {
        device = on;
        type = of;
        Map<String, Tensor> made = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> made.put(name, torch.zeros(shape).to(Devices.of(on), of)));
        tensors = made;
        parameters = Optional.of(Parameters.of(made));
    }

    /**
     * Copies all tensors from a file, or from the folder of a part, where the half-precision variant is taken if there is no other.
     *
     * @param inner from a name in the file to a name here, or to nothing where a tensor is left out
     */
    void load(Path path, Function<String, Optional<String>> inner) throws IOException {
        Path chosen = path;
        for (String stem : List.of("diffusion_pytorch_model", "model")) {
            Path half = path.resolve(stem + ".fp16.safetensors");
            boolean full = Files.exists(path.resolve(stem + ".safetensors"))
                    || Files.exists(path.resolve(stem + ".safetensors.index.json"));
            if (!full && Files.exists(half)) {
                chosen = half;
            }
        }
        try (ModelFiles files = ModelFiles.open(chosen)) {
            files.load(parameters(), inner);
        }
    }

    /** A tensor of its own. */
    Supplier<Tensor> tensor(String name, long... shape) {
        Check.require(shapes.put(name, shape) == null, "tensor " + name, Arrays.toString(shape), "one of that name");
        return () -> at(name);
    }

    private Tensor at(String name) {
        return Optional.ofNullable(tensors.get(name))
                .orElseThrow(() -> new IllegalStateException("the layers have no memory yet: " + name));
    }

    Layer linear(String name, long inputs, long outputs) {
        return site(new Site(name, inputs, outputs, 0, 0, 0), true);
    }

    Layer linearWithoutBias(String name, long inputs, long outputs) {
        return site(new Site(name, inputs, outputs, 0, 0, 0), false);
    }

    /** A convolution that keeps height and width. */
    Layer convolution(String name, long inputs, long outputs, int kernel) {
        return convolution(name, inputs, outputs, kernel, 1, kernel / 2);
    }

    Layer convolution(String name, long inputs, long outputs, int kernel, int stride, int padding) {
        return site(new Site(name, inputs, outputs, kernel, stride, padding), true);
    }

    Layer convolutionWithoutBias(String name, long inputs, long outputs, int kernel, int stride, int padding) {
        return site(new Site(name, inputs, outputs, kernel, stride, padding), false);
    }

    private Layer site(Site site, boolean biased) {
        Supplier<Tensor> weight = tensor(site.name + ".weight", site.shape());
        Optional<Supplier<Tensor>> bias =
                biased ? Optional.of(tensor(site.name + ".bias", site.outputs)) : Optional.empty();
        sites.put(site.name, site);
        return in -> {
            TensorOptional shift = bias.map(b -> new TensorOptional(b.get())).orElseGet(TensorOptional::new);
            Tensor out = site.kernel == 0
                    ? torch.linear(in, weight.get(), shift)
                    : Convolution.of(in, weight.get(), shift, site.stride, site.padding);
            return adapter.map(a -> a.with(site, in, out)).orElse(out);
        };
    }

    Layer groupNorm(String name, long channels, int groups, double epsilon) {
        Check.require(channels % groups == 0, "norm_num_groups", groups, "a divisor of the " + channels + " channels");
        Supplier<Tensor> weight = tensor(name + ".weight", channels);
        Supplier<Tensor> bias = tensor(name + ".bias", channels);
        return in -> torch.group_norm(
                in, groups, new TensorOptional(weight.get()), new TensorOptional(bias.get()), epsilon, false);
    }

    Layer layerNorm(String name, long dims, double epsilon) {
        Supplier<Tensor> weight = tensor(name + ".weight", dims);
        Supplier<Tensor> bias = tensor(name + ".bias", dims);
        return in -> torch.layer_norm(
                in,
                new long[] {dims},
                new TensorOptional(weight.get()),
                new TensorOptional(bias.get()),
                epsilon,
                false);
    }

    /** A layer norm without weights. */
    static Tensor normed(Tensor in, double epsilon) {
        return torch.layer_norm(
                in, new long[] {in.size(-1)}, new TensorOptional(), new TensorOptional(), epsilon, false);
    }

    /** An activation by the name that configurations give it. */
    static Layer activation(String field, String name) {
        return switch (name) {
            case "silu", "swish" -> torch::silu;
            case "quick_gelu" -> in -> in.mul(in.mul(new Scalar(1.702)).sigmoid());
            case "gelu" -> torch::gelu;
            case "gelu_new", "gelu_pytorch_tanh", "gelu-approximate" -> in -> torch.gelu(in, "tanh");
            case "relu" -> torch::relu;
            default ->
                throw new IllegalArgumentException(field + " is \"" + name
                        + "\", expected silu, quick_gelu, gelu, gelu_new, gelu-approximate or relu");
        };
    }

    /**
     * Attention, softmax(q·kᵀ/√e + bias)·v, written out so that second derivatives exist; the softmax is at least float32. Where
     * there are many scores, and nobody can ask for second derivatives, they are taken block by block and never stored (Dao et
     * al. 2022).
     *
     * @param q {@code [batch, tokens, heads · e]}
     * @param k as q, of the tokens that are looked at
     * @param v as k
     * @param bias added to the scores, {@code [batch or 1, 1, tokens or 1, tokens looked at]}
     */
    static Tensor attention(Tensor q, Tensor k, Tensor v, int heads, Optional<Tensor> bias) {
        long rows = q.size(0);
        long time = q.size(1);
        long all = k.size(1);
        long dims = q.size(2);
        Tensor query = byHead(q, heads); // [rows, heads, time, e]
        Tensor key = byHead(k, heads);
        Tensor value = byHead(v, heads);
        boolean graph = GradMode.is_enabled() && (q.requires_grad() || k.requires_grad() || v.requires_grad());
        boolean written = graph && !Recomputed.stands() || rows * heads * time * all <= LARGEST_SCORES;
        Tensor mixed = written
                ? probabilities(query, key, bias).matmul(value)
                : torch.scaled_dot_product_attention(
                        query,
                        key,
                        value,
                        bias.map(TensorOptional::new).orElseGet(TensorOptional::new),
                        0,
                        false,
                        new DoubleOptional(),
                        false);
        return mixed.transpose(1, 2).reshape(rows, time, dims);
    }

    private static Tensor byHead(Tensor tokens, int heads) {
        return tokens.reshape(tokens.size(0), tokens.size(1), heads, tokens.size(2) / heads)
                .transpose(1, 2);
    }

    /**
     * The same with something that sees the probabilities, {@code [batch, heads, tokens, tokens looked at]}. They belong to the
     * current scope.
     */
    static Tensor attention(Tensor q, Tensor k, Tensor v, int heads, Consumer<Tensor> seen) {
        Tensor probabilities = probabilities(byHead(q, heads), byHead(k, heads), Optional.empty());
        seen.accept(probabilities);
        return probabilities.matmul(byHead(v, heads)).transpose(1, 2).reshape(q.shape());
    }

    private static Tensor probabilities(Tensor q, Tensor k, Optional<Tensor> bias) {
        Tensor scores = q.matmul(k.transpose(2, 3)).mul(new Scalar(1 / Math.sqrt(q.size(3))));
        Tensor shifted = bias.isPresent() ? scores.add(bias.get()) : scores;
        ScalarType own = q.scalar_type().intern();
        ScalarType wide = own == ScalarType.Double ? ScalarType.Double : ScalarType.Float;
        return torch.softmax(shifted, -1, new ScalarTypeOptional(wide)).to(own);
    }

    /**
     * Sines and cosines of times at frequencies that fall from 1 to 1/10,000, {@code [batch, width]}.
     *
     * @param cosinesFirst whether the first half has the cosines
     * @param shift taken from the number of frequencies in the exponent's denominator
     */
    static Tensor sinusoids(Tensor times, long width, boolean cosinesFirst, double shift) {
        long half = width / 2;
        Tensor frequencies = torch.arange(new Scalar(half))
                .to(times.device(), ScalarType.Float)
                .mul(new Scalar(-Math.log(10_000) / (half - shift)))
                .exp();
        Tensor angles = times.to(ScalarType.Float).unsqueeze(1).mul(frequencies);
        Tensor waves = cosinesFirst
                ? torch.cat(new TensorVector(angles.cos(), angles.sin()), 1)
                : torch.cat(new TensorVector(angles.sin(), angles.cos()), 1);
        return width % 2 == 0 ? waves : torch.constant_pad_nd(waves, 0, 1);
    }

    /** Requires a shape, with −1 where any size will do. */
    static void require(Tensor tensor, String name, long... shape) {
        long[] found = tensor.shape();
        boolean fits = found.length == shape.length;
        for (int d = 0; fits && d < shape.length; d++) {
            fits = shape[d] < 0 || shape[d] == found[d];
        }
        Check.require(
                fits,
                "shape of " + name,
                Arrays.toString(found),
                Arrays.toString(shape).replace("-1", "any"));
    }
}
