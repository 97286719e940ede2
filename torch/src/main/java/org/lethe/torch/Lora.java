package org.lethe.torch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;

/**
 * Low-rank adaptation of linear layers (Hu et al. 2022): W + s·B·A, where A and B are trained and W stays.
 *
 * <p>Names, files and scales are those of PEFT, so that its adapters are read and it reads ours.
 *
 * @param rank rows of A
 * @param alpha s is alpha / rank
 * @param rankStabilised whether s is alpha / √rank instead (Kalajdzievski 2023)
 * @param dropout share of a layer's inputs that is dropped before A while training
 * @param targets which layers: names or ends of names after a dot; or one entry {@link #ALL_LINEAR}; or one entry that begins with
 *     {@code regex:} and is matched against whole names
 * @param ranks other ranks for layers, by an end of the name or an expression for it
 * @param alphas other alphas for layers, in the same way
 */
public record Lora(
        int rank,
        double alpha,
        boolean rankStabilised,
        double dropout,
        List<String> targets,
        Map<String, Integer> ranks,
        Map<String, Double> alphas) {
    /** The target of every linear layer but the output head. */
    public static final String ALL_LINEAR = "all-linear";

    private static final String REGEX = "regex:";
    private static final int LARGEST_RANK = 1 << 16;
    private static final long LARGEST_CONFIG = 10_000_000;
    private static final int MOST_COMPARISONS = 1_000_000;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** Keys of a configuration that are read. */
    private static final Set<String> READ = Set.of(
            "peft_type",
            "r",
            "lora_alpha",
            "lora_dropout",
            "target_modules",
            "rank_pattern",
            "alpha_pattern",
            "use_rslora",
            "fan_in_fan_out",
            "bias",
            "init_lora_weights");

    /** Keys that say where an adapter comes from, or how it was started, and change nothing about a finished one. */
    private static final Set<String> NEUTRAL = Set.of(
            "auto_mapping",
            "base_model_name_or_path",
            "corda_config",
            "eva_config",
            "inference_mode",
            "loftq_config",
            "lora_ga_config",
            "megatron_core",
            "peft_version",
            "qalora_group_size",
            "revision",
            "task_type");

    public Lora {
        targets = List.copyOf(targets);
        ranks = Map.copyOf(ranks);
        alphas = Map.copyOf(alphas);
        Check.require(rank >= 1 && rank <= LARGEST_RANK, "rank", rank, "1 to " + LARGEST_RANK);
        Check.require(alpha > 0 && alpha < Double.POSITIVE_INFINITY, "alpha", alpha, "a finite number above 0");
        Check.require(dropout >= 0 && dropout < 1, "dropout", dropout, "0 or more, below 1");
        Check.require(!targets.isEmpty(), "targets", targets, "at least one");
        boolean several = targets.size() > 1;
        Check.require(
                !several || targets.stream().noneMatch(t -> t.equals(ALL_LINEAR) || t.startsWith(REGEX)),
                "targets",
                targets,
                "names alone, or a single " + ALL_LINEAR + " or regex:");
        ranks.values().forEach(r -> Check.require(r >= 1 && r <= LARGEST_RANK, "ranks", r, "1 to " + LARGEST_RANK));
        alphas.values().forEach(a -> Check.require(a > 0 && a < Double.POSITIVE_INFINITY, "alphas", a, "above 0"));
        targets.stream().filter(t -> t.startsWith(REGEX)).forEach(t -> pattern(t.substring(REGEX.length())));
        ranks.keySet().forEach(p -> pattern(atTheEnd(p)));
        alphas.keySet().forEach(p -> pattern(atTheEnd(p)));
    }

    /** The same rank and alpha for all targets, no dropout. */
    public Lora(int rank, double alpha, List<String> targets) {
        this(rank, alpha, false, 0, targets, Map.of(), Map.of());
    }

    /**
     * A linear layer of a model.
     *
     * @param name as in the model's files, without {@code .weight}
     * @param weight {@code [outputs, inputs]}, or {@code [inputs, outputs]}
     * @param inputsFirst whether it is the latter, as in GPT-2
     * @param head whether it is the output head, which {@link #ALL_LINEAR} leaves out
     */
    public record Layer(String name, Tensor weight, boolean inputsFirst, boolean head) {
        public Layer {
            Check.require(weight.dim() == 2, "dimensions of " + name, weight.dim(), "2");
        }

        /** A layer that is no head, {@code [outputs, inputs]}. */
        public Layer(String name, Tensor weight) {
            this(name, weight, false, false);
        }

        long inputs() {
            return weight.size(inputsFirst ? 0 : 1);
        }

        long outputs() {
            return weight.size(inputsFirst ? 1 : 0);
        }
    }

    /**
     * Adapts the targeted layers of a model: B starts at zero, so that nothing changes at first, and A uniform in ±1/√inputs.
     *
     * @param layers all linear layers of the model
     * @param key of the draws
     */
    public Adapter adapt(List<Layer> layers, Keyed key) {
        Map<String, Layer> chosen = new LinkedHashMap<>();
        for (Layer layer : layers) {
            if (targets(layer)) {
                chosen.put(layer.name, layer);
            }
        }
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException("targets is " + targets + ", expected at least one of "
                    + layers.stream().map(Layer::name).toList());
        }
        return new Adapter(this, chosen, key);
    }

    private boolean targets(Layer layer) {
        String only = targets.getFirst();
        if (only.equals(ALL_LINEAR)) {
            return !layer.head;
        }
        if (only.startsWith(REGEX)) {
            return matches(pattern(only.substring(REGEX.length())), layer.name);
        }
        return targets.stream().anyMatch(t -> layer.name.equals(t) || layer.name.endsWith("." + t));
    }

    int rank(Layer layer) {
        return own(ranks, layer.name, rank);
    }

    double scale(Layer layer) {
        int own = rank(layer);
        return own(alphas, layer.name, alpha) / (rankStabilised ? Math.sqrt(own) : own);
    }

    private static <T> T own(Map<String, T> patterns, String name, T otherwise) {
        return new TreeMap<>(patterns)
                .entrySet().stream()
                        .filter(e -> matches(pattern(atTheEnd(e.getKey())), name))
                        .map(Map.Entry::getValue)
                        .findFirst()
                        .orElse(otherwise);
    }

    private static String atTheEnd(String pattern) {
        return "(.*\\.)?(" + pattern + ")";
    }

    private static Pattern pattern(String expression) {
        try {
            return Pattern.compile(expression);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "pattern is " + expression + ", expected a regular expression: " + e.getDescription(), e);
        }
    }

    /** Matches within a bound: an expression in a file may be made to take for ever. */
    private static boolean matches(Pattern pattern, String name) {
        return pattern.matcher(new Bounded(name, new int[] {MOST_COMPARISONS})).matches();
    }

    private record Bounded(String text, int[] left) implements CharSequence {
        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            if (left[0]-- <= 0) {
                throw new IllegalArgumentException("a pattern takes more than " + MOST_COMPARISONS
                        + " comparisons on the name " + text + ", expected a simpler one");
            }
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return new Bounded(text.substring(start, end), left);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** The settings in a PEFT configuration; whatever changes the arithmetic and is not known here is refused by its key. */
    static Lora read(Path file) throws IOException {
        if (Files.size(file) > LARGEST_CONFIG) {
            throw wrong(file, "has " + Files.size(file) + " bytes, expected at most 10,000,000");
        }
        JsonNode config;
        try {
            config = JSON.readTree(file.toFile());
        } catch (JsonProcessingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + " is not proper JSON: " + e.getOriginalMessage(), e);
        }
        if (!config.path("peft_type").asText().equals("LORA")) {
            throw wrong(file, "peft_type is " + config.path("peft_type") + ", expected \"LORA\"");
        }
        config.properties().forEach(e -> {
            if (!READ.contains(e.getKey()) && !NEUTRAL.contains(e.getKey()) && !off(e.getValue())) {
                throw wrong(file, e.getKey() + " is " + e.getValue() + ", which is not supported; expected it off");
            }
        });
        if (!config.path("bias").asText("none").equals("none")) {
            throw wrong(file, "bias is " + config.path("bias") + ", expected \"none\"");
        }
        JsonNode start = config.path("init_lora_weights");
        if (start.isTextual() && !start.asText().equals("gaussian")) {
            throw wrong(file, "init_lora_weights is " + start + ", which changes the base weights; expected true");
        }
        try {
            return new Lora(
                    whole(config.path("r"), "r"),
                    number(config.path("lora_alpha"), "lora_alpha"),
                    config.path("use_rslora").asBoolean(false),
                    config.path("lora_dropout").asDouble(0),
                    targets(config.path("target_modules")),
                    ranks(config.path("rank_pattern")),
                    alphas(config.path("alpha_pattern")));
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, file + ": " + e.getMessage(), e);
        }
    }

    private static boolean off(JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.asBoolean())
                || (value.isContainerNode() && value.isEmpty());
    }

    private static List<String> targets(JsonNode node) {
        if (node.isTextual()) {
            return List.of(node.asText().equals(ALL_LINEAR) ? ALL_LINEAR : REGEX + node.asText());
        }
        Check.require(node.isArray(), "target_modules", node, "a list of names, or an expression");
        return node.valueStream().map(JsonNode::asText).sorted().toList();
    }

    private static Map<String, Integer> ranks(JsonNode node) {
        Map<String, Integer> ranks = new TreeMap<>();
        node.properties().forEach(e -> ranks.put(e.getKey(), whole(e.getValue(), "rank_pattern." + e.getKey())));
        return ranks;
    }

    private static Map<String, Double> alphas(JsonNode node) {
        Map<String, Double> alphas = new TreeMap<>();
        node.properties().forEach(e -> alphas.put(e.getKey(), number(e.getValue(), "alpha_pattern." + e.getKey())));
        return alphas;
    }

    private static int whole(JsonNode node, String key) {
        Check.require(node.isInt(), key, node, "a whole number");
        return node.asInt();
    }

    private static double number(JsonNode node, String key) {
        Check.require(node.isNumber(), key, node, "a number");
        return node.asDouble();
    }

    /** The PEFT configuration of these settings. */
    byte[] config(boolean inputsFirst, String base) throws IOException {
        ObjectNode config = JSON.createObjectNode();
        config.put("peft_type", "LORA");
        config.put("base_model_name_or_path", base);
        config.put("r", rank);
        config.put("lora_alpha", alpha);
        config.put("lora_dropout", dropout);
        config.put("use_rslora", rankStabilised);
        config.put("fan_in_fan_out", inputsFirst);
        config.put("bias", "none");
        config.put("inference_mode", true);
        String only = targets.getFirst();
        if (only.equals(ALL_LINEAR)) {
            config.put("target_modules", ALL_LINEAR);
        } else if (only.startsWith(REGEX)) {
            config.put("target_modules", only.substring(REGEX.length()));
        } else {
            ArrayNode names = config.putArray("target_modules");
            targets.forEach(names::add);
        }
        ObjectNode ranksNode = config.putObject("rank_pattern");
        new TreeMap<>(ranks).forEach(ranksNode::put);
        ObjectNode alphasNode = config.putObject("alpha_pattern");
        new TreeMap<>(alphas).forEach(alphasNode::put);
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(config);
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }
}
