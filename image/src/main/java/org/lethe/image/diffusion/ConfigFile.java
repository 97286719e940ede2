package org.lethe.image.diffusion;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Utf8;

/**
 * A {@code config.json}, field by field. It remembers which fields were asked for, so that one that nobody reads, and which may
 * change the arithmetic, is refused and not ignored.
 */
final class ConfigFile {
    private static final long LARGEST = 10_000_000;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // Python writes -Infinity
            .build();

    private final JsonNode root;
    private final String where;
    private final Set<String> known = new HashSet<>();

    private ConfigFile(JsonNode root, String where) {
        this.root = root;
        this.where = where;
    }

    /** Reads a file, or the file {@code config.json} of a folder, into a record that checks itself. */
    static <T> T read(Path path, Function<ConfigFile, T> record) throws IOException {
        Path file = Files.isDirectory(path) ? path.resolve("config.json") : path;
        if (!Files.isRegularFile(file)) {
            throw new LetheException(LetheException.Code.DATA, file + " is not there, expected a configuration");
        }
        return parse(Utf8.read(file, LARGEST), file.toString(), record);
    }

    /** The record that a text describes; a mistake names the place and the field. */
    static <T> T parse(String json, String where, Function<ConfigFile, T> record) {
        JsonNode root;
        try {
            root = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, where + " is not proper JSON: " + e.getOriginalMessage(), e);
        }
        if (root == null || !root.isObject()) {
            throw new LetheException(LetheException.Code.DATA, where + ": is no JSON object");
        }
        try {
            return record.apply(new ConfigFile(root, where));
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, where + ": " + e.getMessage(), e);
        }
    }

    private JsonNode field(String name) {
        known.add(name);
        JsonNode value = root.path(name);
        return value.isNull() ? root.path("\0") : value; // null is as good as absent
    }

    boolean has(String name) {
        return !field(name).isMissingNode();
    }

    /** Names of all fields. */
    List<String> names() {
        List<String> names = new ArrayList<>();
        root.fieldNames().forEachRemaining(names::add);
        return names;
    }

    int whole(String name, int otherwise) {
        JsonNode value = field(name);
        if (value.isMissingNode()) {
            return otherwise;
        }
        Check.require(value.isIntegralNumber() && value.canConvertToInt(), name, value, "a whole number");
        return value.asInt();
    }

    double number(String name, double otherwise) {
        JsonNode value = field(name);
        if (value.isMissingNode()) {
            return otherwise;
        }
        Check.require(value.isNumber(), name, value, "a number");
        return value.asDouble();
    }

    boolean flag(String name, boolean otherwise) {
        JsonNode value = field(name);
        if (value.isMissingNode()) {
            return otherwise;
        }
        Check.require(value.isBoolean(), name, value, "true or false");
        return value.asBoolean();
    }

    String text(String name, String otherwise) {
        JsonNode value = field(name);
        if (value.isMissingNode()) {
            return otherwise;
        }
        Check.require(value.isTextual(), name, value, "a text");
        return value.asText();
    }

    /** A field with one of a few values. */
    String oneOf(String name, String otherwise, String... choices) {
        String value = text(name, otherwise);
        Check.require(
                Arrays.asList(choices).contains(value),
                name,
                "\"" + value + "\"",
                "one of " + String.join(", ", choices));
        return value;
    }

    List<String> texts(String name, List<String> otherwise) {
        JsonNode value = field(name);
        if (value.isMissingNode()) {
            return otherwise;
        }
        Check.require(
                value.isArray() && value.valueStream().allMatch(JsonNode::isTextual), name, value, "a list of texts");
        return value.valueStream().map(JsonNode::asText).toList();
    }

    List<Double> numbers(String name, List<Double> otherwise) {
        JsonNode value = field(name);
        if (value.isMissingNode()) {
            return otherwise;
        }
        Check.require(
                value.isArray() && value.valueStream().allMatch(JsonNode::isNumber), name, value, "a list of numbers");
        return value.valueStream().map(JsonNode::asDouble).toList();
    }

    /** Whole numbers of a list. */
    List<Integer> wholes(String name, List<Integer> otherwise) {
        JsonNode value = field(name);
        if (value.isMissingNode()) {
            return otherwise;
        }
        Check.require(
                value.isArray() && value.valueStream().allMatch(JsonNode::isInt),
                name,
                value,
                "a list of whole numbers");
        return value.valueStream().map(JsonNode::asInt).toList();
    }

    /** Whole numbers of each level: of a list, or one number for all of them. */
    List<Integer> perLevel(String name, int levels, int otherwise) {
        JsonNode value = field(name);
        if (value.isArray()) {
            List<Integer> all = wholes(name, List.of());
            Check.require(all.size() == levels, name, value, "one number for each of the " + levels + " levels");
            return all;
        }
        return Collections.nCopies(levels, whole(name, otherwise));
    }

    /** A field that is an object, under the same name for messages. */
    ConfigFile object(String name) {
        JsonNode value = field(name);
        Check.require(value.isObject(), name, value.isMissingNode() ? "absent" : value, "an object");
        return new ConfigFile(value, where + ": " + name);
    }

    /** Fields that change nothing about the arithmetic carried out here. */
    void neutral(String... names) {
        known.addAll(Arrays.asList(names));
    }

    /** Requires a field to be absent or to have the one value that is carried out here. */
    void only(String name, Object value) {
        JsonNode found = field(name);
        boolean same = found.isMissingNode()
                || (value instanceof Number n && found.isNumber() && found.asDouble() == n.doubleValue())
                || (value instanceof Boolean b && found.isBoolean() && found.asBoolean() == b)
                || (value instanceof String s
                        && found.isTextual()
                        && found.asText().equals(s));
        Check.require(same, name, found, value + ", as nothing else is supported");
    }

    /** Refuses each field that nobody asked for, unless it is off or a comment of the writer. */
    void finish() {
        for (String name : names()) {
            JsonNode value = root.path(name);
            boolean off = value.isNull()
                    || (value.isBoolean() && !value.asBoolean())
                    || (value.isContainerNode() && value.isEmpty());
            Check.require(
                    known.contains(name) || name.startsWith("_") || off,
                    name,
                    value,
                    "it absent, as it is not known here");
        }
    }
}
