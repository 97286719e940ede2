package org.lethe.image.diffusion;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.study.Mistakes;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * Low-rank adaptation of a part of Stable Diffusion (Hu et al. 2022): beside a map W stands s·B·A, of linear maps and of
 * convolutions. Its tensors belong to the scope in which it is made.
 *
 * <p>Three spellings of files are read, which real files mix: PEFT's, that of older diffusers, and kohya's, whose names have
 * underscores for dots and are matched against the names that the network has. Without an alpha s is 1.
 */
public final class DiffusionLora {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String METADATA = "lora_adapter_metadata";

    /** A part of a pipeline. */
    public enum Part {
        /** The denoiser. */
        UNET,
        /** The text encoder, the only one or the first. */
        TEXT,
        /** The second text encoder of Stable Diffusion XL. */
        SECOND_TEXT;

        /** What names in files begin with, ours first. */
        private List<String> prefixes() {
            return switch (this) {
                case UNET -> List.of("unet.", "lora_unet_");
                case TEXT -> List.of("text_encoder.", "lora_te_", "lora_te1_");
                case SECOND_TEXT -> List.of("text_encoder_2.", "lora_te2_");
            };
        }

        private String name(String rest) {
            return prefixes().getFirst() + rest;
        }
    }

    /** What the end of a name says the tensor is. */
    private enum Role {
        DOWN,
        UP,
        ALPHA;

        private List<String> endings() {
            return switch (this) {
                case DOWN -> List.of(".lora_A.weight", ".lora.down.weight", "_lora.down.weight", ".lora_down.weight");
                case UP -> List.of(".lora_B.weight", ".lora.up.weight", "_lora.up.weight", ".lora_up.weight");
                case ALPHA -> List.of(".alpha");
            };
        }
    }

    /** The matrices of a layer: {@code down} is [rank, inputs] or [rank, inputs, k, k], {@code up} [outputs, rank] or [outputs, rank, 1, 1]. */
    private record Pair(Layers.Site site, Tensor down, Tensor up, double scale) {}

    private final Part part;
    private final Map<String, Pair> pairs = new LinkedHashMap<>();
    private double strength = 1;
    private double merged;

    private DiffusionLora(Part part) {
        this.part = part;
    }

    /**
     * A new adapter that changes nothing yet: B is zero, A uniform in ±1/√inputs.
     *
     * @param which layers, by name
     * @param rank rows of A
     * @param alpha s is alpha / rank
     */
    public static DiffusionLora fresh(
            Part part, Layers layers, Predicate<String> which, int rank, double alpha, Keyed key) {
        Check.require(rank >= 1 && rank <= 1 << 16, "rank", rank, "1 to 65536");
        Check.require(alpha > 0 && alpha < Double.POSITIVE_INFINITY, "alpha", alpha, "a finite number above 0");
        DiffusionLora made = new DiffusionLora(part);
        layers.sites().values().stream().filter(s -> which.test(s.name())).forEach(site -> {
            long inputs = site.inputs() * Math.max(1, site.kernel() * site.kernel());
            Tensor down = zeros(layers, downShape(site, rank));
            double bound = 1 / Math.sqrt(inputs);
            Initial.uniform(-bound, bound).fill(down, key.of(site.name()), Workers.here());
            made.put(site, down, zeros(layers, upShape(site, rank)), alpha / rank);
        });
        if (made.pairs.isEmpty()) {
            throw new IllegalArgumentException("layers is none, expected some of "
                    + layers.sites().keySet().stream().limit(5).toList());
        }
        return made;
    }

    private static Tensor zeros(Layers layers, long... shape) {
        return torch.zeros(shape).to(Devices.of(layers.device()), layers.type());
    }

    private static long[] downShape(Layers.Site site, long rank) {
        return site.kernel() == 0
                ? new long[] {rank, site.inputs()}
                : new long[] {rank, site.inputs(), site.kernel(), site.kernel()};
    }

    private static long[] upShape(Layers.Site site, long rank) {
        return site.kernel() == 0 ? new long[] {site.outputs(), rank} : new long[] {site.outputs(), rank, 1, 1};
    }

    private void put(Layers.Site site, Tensor down, Tensor up, double scale) {
        pairs.put(site.name(), new Pair(site, down.requires_grad_(true), up.requires_grad_(true), scale));
    }

    /** Whether a file has anything for a part. */
    public static boolean has(Path file, Part part) throws IOException {
        try (Safetensors opened = Safetensors.open(file)) {
            return opened.entries().keySet().stream()
                    .anyMatch(n -> part.prefixes().stream().anyMatch(n::startsWith));
        }
    }

    /** Reads what a file has for one part; a tensor that fits no layer is an error. */
    public static DiffusionLora read(Path file, Part part, Layers layers) throws IOException {
        Map<String, String> known = new TreeMap<>(); // from spellings of layers to their names
        for (String name : layers.sites().keySet()) {
            known.put(name, name);
            known.put(name.replace('.', '_'), name);
            if (name.startsWith("text_model.")) {
                known.put(name.substring("text_model.".length()), name);
            }
            String old = name.replace(".to_out.0", ".to_out"); // …attn1.processor.to_out_lora
            int last = old.lastIndexOf('.');
            known.putIfAbsent(
                    old.substring(0, Math.max(0, last)) + ".processor" + old.substring(Math.max(0, last)), name);
        }
        try (Safetensors opened = Safetensors.open(file)) {
            Map<String, Map<Role, String>> found = new TreeMap<>(); // of each layer, its tensors in the file
            for (String name : opened.entries().keySet()) {
                Optional<String> rest = part.prefixes().stream()
                        .filter(name::startsWith)
                        .map(p -> name.substring(p.length()))
                        .findFirst();
                if (rest.isPresent()) {
                    place(file, name, rest.get(), known, found);
                } else if (Arrays.stream(Part.values())
                        .flatMap(p -> p.prefixes().stream())
                        .noneMatch(name::startsWith)) {
                    throw wrong(
                            file,
                            "tensor \"" + name + "\" is of no known part, expected names that begin with "
                                    + "unet., text_encoder., lora_unet_ or lora_te_");
                }
            }
            if (found.isEmpty()) {
                throw wrong(file, "has nothing for " + part + ", expected names that begin with " + part.prefixes());
            }
            DiffusionLora made = new DiffusionLora(part);
            Map<String, Double> said = metadata(file, opened, part);
            found.forEach((layer, tensors) -> made.put(
                    file,
                    opened,
                    layers,
                    Optional.ofNullable(layers.sites().get(layer)).orElseThrow(),
                    tensors,
                    said));
            return made;
        }
    }

    private static void place(
            Path file, String name, String rest, Map<String, String> known, Map<String, Map<Role, String>> found) {
        for (Role role : Role.values()) {
            for (String ending : role.endings()) {
                if (rest.endsWith(ending)) {
                    String spelling = rest.substring(0, rest.length() - ending.length());
                    String layer = known.get(spelling);
                    if (layer == null) {
                        throw wrong(
                                file,
                                "tensor \"" + name + "\" fits no layer"
                                        + Mistakes.nearest(spelling, known.keySet())
                                                .map(n -> "; the nearest is \"" + n + "\"")
                                                .orElse(""));
                    }
                    String twice =
                            found.computeIfAbsent(layer, _ -> new TreeMap<>()).put(role, name);
                    if (twice != null) {
                        throw wrong(file, "tensors \"" + twice + "\" and \"" + name + "\" are both of layer " + layer);
                    }
                    return;
                }
            }
        }
        throw wrong(
                file,
                "tensor \"" + name + "\" is of no known kind, expected lora_A, lora_B, lora.down, lora.up,"
                        + " lora_down, lora_up or alpha");
    }

    /** Rank and alpha that the file's own description says; whatever else would change the arithmetic is refused. */
    private static Map<String, Double> metadata(Path file, Safetensors opened, Part part) {
        String text = opened.metadata().getOrDefault(METADATA, "{}");
        JsonNode json;
        try {
            json = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": " + METADATA + " is not proper JSON: " + e.getOriginalMessage(),
                    e);
        }
        Map<String, Double> said = new TreeMap<>();
        json.properties().forEach(e -> {
            if (!e.getKey().startsWith(part.name(""))) {
                return;
            }
            String key = e.getKey().substring(part.name("").length());
            if (e.getValue().isNumber()) {
                said.put(key, e.getValue().asDouble());
            }
            boolean on = switch (key) {
                case "use_dora", "use_rslora", "lora_bias" -> e.getValue().asBoolean();
                case "rank_pattern", "alpha_pattern" -> !e.getValue().isEmpty();
                default -> false;
            };
            if (on) {
                throw wrong(
                        file,
                        METADATA + "." + e.getKey() + " is " + e.getValue()
                                + ", expected it off, as it is not supported");
            }
        });
        return said;
    }

    private void put(
            Path file,
            Safetensors opened,
            Layers layers,
            Layers.Site site,
            Map<Role, String> tensors,
            Map<String, Double> said) {
        String down = Optional.ofNullable(tensors.get(Role.DOWN))
                .orElseThrow(() -> wrong(file, "layer " + site.name() + " has no matrix A, expected both"));
        String up = Optional.ofNullable(tensors.get(Role.UP))
                .orElseThrow(() -> wrong(file, "layer " + site.name() + " has no matrix B, expected both"));
        List<Long> shape = opened.require(down).shape();
        long rank = shape.isEmpty() ? 0 : shape.getFirst();
        Optional<String> alpha = Optional.ofNullable(tensors.get(Role.ALPHA));
        double scale = 1;
        if (alpha.isPresent()) {
            double[] value = opened.doubles(alpha.get());
            if (value.length != 1) {
                throw wrong(file, "tensor \"" + alpha.get() + "\" has " + value.length + " elements, expected one");
            }
            scale = value[0] / rank;
        } else if (said.containsKey("lora_alpha")) {
            scale = Optional.ofNullable(said.get("lora_alpha")).orElseThrow()
                    / Optional.ofNullable(said.get("r")).orElse((double) rank);
        }
        put(
                site,
                shaped(file, opened, layers, down, downShape(site, rank)),
                shaped(file, opened, layers, up, upShape(site, rank)),
                scale);
    }

    /** A tensor of a file, whose trailing ones may be there or not. */
    private static Tensor shaped(Path file, Safetensors opened, Layers layers, String name, long... shape) {
        List<Long> found = opened.require(name).shape();
        List<Long> wanted = Arrays.stream(shape).boxed().toList();
        if (!bare(found).equals(bare(wanted))) {
            throw wrong(file, "tensor \"" + name + "\" has shape " + found + ", expected " + wanted);
        }
        return Tensors.of(opened, name)
                .to(ScalarType.Float)
                .clone()
                .view(shape)
                .to(Devices.of(layers.device()), layers.type());
    }

    private static List<Long> bare(List<Long> shape) {
        int end = shape.size();
        while (end > 2 && shape.get(end - 1) == 1) {
            end--;
        }
        return shape.subList(0, end);
    }

    /** The output of a layer with the adapter's part. */
    Tensor with(Layers.Site site, Tensor in, Tensor out) {
        Pair pair = pairs.get(site.name());
        double acting = strength - merged;
        if (pair == null || acting == 0) {
            return out;
        }
        Tensor inner = site.with(pair.down, in);
        Tensor product = site.kernel() == 0
                ? torch.linear(inner, pair.up)
                : new Layers.Site(site.name(), inner.size(1), site.outputs(), 1, 1, 0).with(pair.up, inner);
        return out.add(product, new Scalar(pair.scale * acting));
    }

    /** Multiplies the adapter's part; at 0 it changes nothing. */
    public void strength(double factor) {
        Check.require(factor > -1e6 && factor < 1e6, "strength", factor, "a finite number");
        Check.require(merged == 0, "merged", true, "false before the strength changes");
        strength = factor;
    }

    /** The matrices, to be trained, by PEFT's names. */
    public Parameters parameters() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        pairs.forEach((name, pair) -> {
            all.put(part.name(name + ".lora_A.weight"), pair.down);
            all.put(part.name(name + ".lora_B.weight"), pair.up);
        });
        return Parameters.of(all);
    }

    /** The names of the layers that it changes, in order. */
    public List<String> layers() {
        return List.copyOf(new TreeSet<>(pairs.keySet()));
    }

    /** Adds the products to the weights, at the present strength. */
    public void merge(Layers layers) {
        Check.require(merged == 0, "merged", true, "false before merging");
        move(layers, strength);
        merged = strength;
    }

    /** Takes the products off the weights again, which then differ from the first ones by rounding alone. */
    public void unmerge(Layers layers) {
        Check.require(merged != 0, "merged", false, "true before unmerging");
        move(layers, -merged);
        merged = 0;
    }

    private void move(Layers layers, double by) {
        try (var _ = new NoGradGuard()) {
            pairs.forEach((name, pair) -> {
                try (var _ = new PointerScope()) {
                    Tensor weight = layers.parameters().tensor(name + ".weight").detach();
                    Tensor product = pair.up.flatten(1, -1).mm(pair.down.flatten(1, -1)); // [outputs, inputs · k · k]
                    weight.add_(product.view(weight.shape()), new Scalar(pair.scale * by));
                }
            });
        }
    }

    /** Writes PEFT's spelling, with rank and alpha in the file's description. */
    public void save(Path file) throws IOException {
        Pair any = pairs.values().iterator().next();
        Check.require(
                pairs.values().stream().allMatch(p -> p.scale == any.scale && p.down.size(0) == any.down.size(0)),
                "scales",
                "different",
                "the same rank and alpha in all layers");
        ObjectNode said = JSON.createObjectNode();
        said.put(part.name("r"), any.down.size(0));
        said.put(part.name("lora_alpha"), any.scale * any.down.size(0));
        said.putPOJO(part.name("target_modules"), layers());
        ModelFiles.write(file, parameters(), Map.of(METADATA, said.toString()));
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }
}
