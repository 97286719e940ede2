package org.lethe.text.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.lethe.LetheException;
import org.lethe.Printable;

/**
 * What is known of a {@code tokenizer.json} before the library reads it. The library is native code: whatever it might refuse
 * by ending the process, and whatever it would accept and do otherwise than written, is refused here.
 *
 * @param json the whole text
 * @param ids id of every token, those added later included
 * @param added id of every token that was added to the model's vocabulary
 * @param begin the token that the file itself puts before a text
 */
record TokenizerJson(String json, Map<String, Integer> ids, Map<String, Integer> added, OptionalInt begin) {
    /** The largest published ones have some 35 MB. */
    static final long MOST_BYTES = 256L << 20;

    /** Ids above it are a mistake in the file: arrays of that size are made of them. */
    private static final int MOST_IDS = 1 << 24;

    static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** The parts of a tokenizer, the types that the library knows, and the key under which a sequence holds its own parts. */
    private enum Part {
        NORMALIZER(
                "normalizer",
                "normalizers",
                "BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Prepend, Replace, Sequence, Strip,"
                        + " StripAccents"),
        PRE_TOKENIZER(
                "pre_tokenizer",
                "pretokenizers",
                "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, FixedLength, Metaspace, Punctuation,"
                        + " Sequence, Split, UnicodeScripts, Whitespace, WhitespaceSplit"),
        POST_PROCESSOR(
                "post_processor",
                "processors",
                "BertProcessing, ByteLevel, RobertaProcessing, Sequence, TemplateProcessing"),
        DECODER(
                "decoder",
                "decoders",
                "BPEDecoder, ByteFallback, ByteLevel, CTC, Fuse, Metaspace, Replace, Sequence, Strip, WordPiece");

        private final String key;
        private final String inner;
        private final String known;

        Part(String key, String inner, String known) {
            this.key = key;
            this.inner = inner;
            this.known = known;
        }
    }

    /** Characters and classes in a row, each at least once. */
    private static final Pattern NEVER_EMPTY = Pattern.compile(
            "(?:(?:\\\\[pP]\\{\\^?\\w+\\}|\\\\[^bBAzZGpPkgKQEX0-9]|\\[\\^?[^\\[\\]&]+\\]|[^\\\\()\\[\\]{}|*+?^$])(?:\\+|\\{[1-9]\\d{0,3}(?:,\\d{0,4})?\\})?)+");

    private static final String MODELS = "BPE, Unigram, WordLevel, WordPiece";

    /** The text of a file, whose size is checked before memory is taken for it. */
    static String text(Path file) throws IOException {
        long bytes = Files.size(file);
        if (bytes > MOST_BYTES) {
            throw wrong(
                    file.toString(), "has " + bytes + " bytes, expected at most " + MOST_BYTES + " for a tokenizer");
        }
        byte[] read;
        try (var in = Files.newInputStream(file)) {
            read = in.readNBytes((int) MOST_BYTES);
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(read))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": expected JSON in UTF-8, found bytes that are not UTF-8", e);
        }
    }

    /** The object that a text describes. */
    static JsonNode object(String json, String where) {
        JsonNode node;
        try {
            node = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            var place = e.getLocation();
            throw new LetheException(
                    LetheException.Code.DATA,
                    where + (place == null ? "" : ":" + place.getLineNr()) + ": expected JSON: "
                            + e.getOriginalMessage(),
                    e);
        }
        if (!node.isObject()) {
            throw wrong(where, "expected a JSON object, found " + kind(node));
        }
        return node;
    }

    /** Checks a {@code tokenizer.json}; {@code where} is its name in messages. */
    static TokenizerJson of(String json, String where) {
        JsonNode root = object(json, where);
        for (Part part : Part.values()) {
            component(root.path(part.key), part, part.key, where);
        }
        JsonNode model = root.path("model");
        if (!model.isObject()) {
            throw wrong(where, "model is " + kind(model) + ", expected an object; is it a tokenizer.json?");
        }
        String type = model.hasNonNull("type")
                ? text(model.path("type"), "model.type", where)
                : model.has("merges") ? "BPE" : ""; // files of 2020 do not name it
        if (!List.of(MODELS.split(", ")).contains(type)) {
            throw wrong(where, "model.type is \"" + type + "\", expected one of " + MODELS);
        }
        if (model.hasNonNull("dropout") && model.path("dropout").asDouble(1) != 0) {
            throw wrong(
                    where,
                    "model.dropout is " + shown(model.path("dropout"))
                            + ", expected none: the same text would get other tokens each time");
        }
        Map<String, Integer> ids = type.equals("Unigram") ? pieces(model, where) : vocabulary(model, where);
        if (type.equals("BPE")) {
            merges(model, ids, where);
        }
        Map<String, Integer> added = added(root.path("added_tokens"), ids, where);
        return new TokenizerJson(json, Map.copyOf(ids), added, begin(root.path("post_processor"), ids, where));
    }

    private static void component(JsonNode node, Part part, String key, String where) {
        if (node.isMissingNode() || node.isNull()) {
            return;
        }
        if (!node.isObject()) {
            throw wrong(where, key + " is " + kind(node) + ", expected an object with a type, or null");
        }
        String type = text(node.path("type"), key + ".type", where);
        if (!List.of(part.known.split(", ")).contains(type)) {
            throw wrong(where, key + ".type is \"" + type + "\", expected one of " + part.known);
        }
        if (part == Part.DECODER
                && type.equals("Strip")
                && !node.path("stop").asText().equals("0")) {
            // The library ends the process where a token is shorter than what is cut off.
            throw wrong(where, key + ".stop is " + shown(node.path("stop")) + ", expected 0");
        }
        if (part == Part.NORMALIZER && type.equals("Replace")) {
            // The library ends the process where a pattern matches nothing at some place of a text.
            JsonNode pattern = node.path("pattern");
            String regex = pattern.path("Regex").asText("");
            if (pattern.path("String").asText("").isEmpty()
                    && !NEVER_EMPTY.matcher(regex).matches()) {
                throw wrong(
                        where,
                        key + ".pattern is " + shown(pattern)
                                + ", expected a text, or an expression of characters and classes that cannot match"
                                + " nothing");
            }
        }
        if (type.equals("Sequence")) {
            JsonNode parts = node.path(part.inner);
            if (!parts.isArray()) {
                throw wrong(where, key + "." + part.inner + " is " + kind(parts) + ", expected a list");
            }
            for (int i = 0; i < parts.size(); i++) {
                component(parts.path(i), part, key + "." + part.inner + "[" + i + "]", where);
            }
        }
    }

    private static Map<String, Integer> vocabulary(JsonNode model, String where) {
        JsonNode vocabulary = model.path("vocab");
        if (!vocabulary.isObject()) {
            throw wrong(where, "model.vocab is " + kind(vocabulary) + ", expected an object of tokens and their ids");
        }
        Map<String, Integer> ids = HashMap.newHashMap(vocabulary.size());
        Map<Integer, String> tokens = HashMap.newHashMap(vocabulary.size());
        for (var entry : vocabulary.properties()) {
            int id = id(entry.getValue(), "model.vocab.\"" + cut(entry.getKey()) + "\"", where);
            String other = tokens.put(id, entry.getKey());
            if (other != null) {
                throw wrong(
                        where,
                        "model.vocab gives id " + id + " to \"" + cut(other) + "\" and to \"" + cut(entry.getKey())
                                + "\", expected an id of its own for each");
            }
            ids.put(entry.getKey(), id);
        }
        return ids;
    }

    private static Map<String, Integer> pieces(JsonNode model, String where) {
        JsonNode pieces = model.path("vocab");
        if (!pieces.isArray() || pieces.isEmpty()) {
            throw wrong(where, "model.vocab is " + kind(pieces) + ", expected a list of pieces and their scores");
        }
        Map<String, Integer> ids = HashMap.newHashMap(pieces.size());
        for (int i = 0; i < pieces.size(); i++) {
            JsonNode piece = pieces.path(i);
            if (piece.size() != 2
                    || !piece.path(0).isTextual()
                    || !piece.path(1).isNumber()) {
                throw wrong(where, "model.vocab[" + i + "] is " + shown(piece) + ", expected [\"piece\", score]");
            }
            ids.put(piece.path(0).textValue(), i);
        }
        return ids;
    }

    private static void merges(JsonNode model, Map<String, Integer> ids, String where) {
        JsonNode merges = model.path("merges");
        if (!merges.isArray()) {
            throw wrong(where, "model.merges is " + kind(merges) + ", expected a list");
        }
        String prefix = model.path("continuing_subword_prefix").asText("");
        for (int i = 0; i < merges.size(); i++) {
            JsonNode merge = merges.path(i);
            String[] pair = merge.isTextual()
                    ? merge.textValue().split(" ", -1)
                    : merge.isArray()
                                    && merge.path(0).isTextual()
                                    && merge.path(1).isTextual()
                                    && merge.size() == 2
                            ? new String[] {
                                merge.path(0).textValue(), merge.path(1).textValue()
                            }
                            : new String[0];
            if (pair.length != 2) {
                throw wrong(
                        where,
                        "model.merges[" + i + "] is " + shown(merge)
                                + ", expected \"left right\" or [\"left\", \"right\"]");
            }
            String right = pair[1];
            // The library cuts the prefix off by its length, without looking.
            if (!prefix.isEmpty() && !prefix.equals("null") && !right.startsWith(prefix)) {
                throw wrong(
                        where,
                        "model.merges[" + i + "] is " + shown(merge) + ", expected a right part that begins with \""
                                + prefix + "\"");
            }
            String whole = pair[0] + (prefix.equals("null") ? right : right.substring(prefix.length()));
            for (String token : List.of(pair[0], right, whole)) {
                if (!ids.containsKey(token)) {
                    throw wrong(
                            where,
                            "model.merges[" + i + "] is " + shown(merge) + ", but model.vocab has no \"" + cut(token)
                                    + "\"");
                }
            }
        }
    }

    /** The added tokens, which join {@code ids}. The library numbers them by itself, so a file with other numbers is refused. */
    private static Map<String, Integer> added(JsonNode list, Map<String, Integer> ids, String where) {
        Map<String, Integer> added = new LinkedHashMap<>();
        if (list.isMissingNode() || list.isNull()) {
            return added;
        }
        if (!list.isArray()) {
            throw wrong(where, "added_tokens is " + kind(list) + ", expected a list");
        }
        int size = ids.size();
        int most = -1;
        Map<Integer, String> tokens = HashMap.newHashMap(ids.size());
        ids.forEach((token, id) -> tokens.put(id, token));
        for (int i = 0; i < list.size(); i++) {
            String key = "added_tokens[" + i + "]";
            String token = text(list.path(i).path("content"), key + ".content", where);
            int id = id(list.path(i).path("id"), key + ".id", where);
            if (token.isEmpty() || added.containsKey(token)) {
                throw wrong(where, key + ".content is \"" + cut(token) + "\", expected a text that no other one has");
            }
            boolean known = ids.containsKey(token);
            int next = most >= size || size == 0 ? most + 1 : size;
            int expected = ids.getOrDefault(token, next);
            if (id != expected) {
                throw wrong(
                        where,
                        key + ".id of \"" + cut(token) + "\" is " + id + ", expected " + expected
                                + (known ? " as in model.vocab" : ", the next number after the vocabulary"));
            }
            String other = tokens.getOrDefault(id, token);
            if (!other.equals(token)) {
                throw wrong(
                        where,
                        key + ".id of \"" + cut(token) + "\" is " + id + ", which \"" + cut(other)
                                + "\" has in model.vocab, expected a number of its own");
            }
            most = Math.max(most, id);
            ids.put(token, id);
            tokens.put(id, token);
            added.put(token, id);
        }
        return added;
    }

    /** The token that the post-processor puts before a text. */
    private static OptionalInt begin(JsonNode processor, Map<String, Integer> ids, String where) {
        return switch (processor.path("type").asText("")) {
            case "Sequence" -> {
                List<Integer> found = new ArrayList<>();
                for (JsonNode part : processor.path("processors")) {
                    begin(part, ids, where).ifPresent(found::add);
                }
                yield single(found, where);
            }
            case "BertProcessing", "RobertaProcessing" ->
                OptionalInt.of(known(processor.path("cls").path(1), ids, "post_processor.cls", where));
            case "TemplateProcessing" -> {
                List<Integer> found = new ArrayList<>();
                for (JsonNode piece : processor.path("single")) {
                    if (!piece.has("SpecialToken")) {
                        break;
                    }
                    String name = piece.path("SpecialToken").path("id").asText("");
                    for (JsonNode id :
                            processor.path("special_tokens").path(name).path("ids")) {
                        found.add(known(id, ids, "post_processor.special_tokens.\"" + cut(name) + "\".ids", where));
                    }
                }
                yield single(found, where);
            }
            default -> OptionalInt.empty();
        };
    }

    private static OptionalInt single(List<Integer> found, String where) {
        if (found.size() > 1) {
            throw wrong(where, "post_processor puts " + found.size() + " tokens before a text, expected at most one");
        }
        return found.isEmpty() ? OptionalInt.empty() : OptionalInt.of(found.getFirst());
    }

    private static int known(JsonNode node, Map<String, Integer> ids, String key, String where) {
        int id = id(node, key, where);
        if (!ids.containsValue(id)) {
            throw wrong(where, key + " is " + id + ", expected the id of a token");
        }
        return id;
    }

    /** The id of a token that a file beside names by its text, by {@code {content: …}}, or by its id or a list of them. */
    OptionalInt named(JsonNode value, String key, String where) {
        JsonNode plain = value.isObject() ? value.path("content") : value.isArray() ? value.path(0) : value;
        if (plain.isMissingNode() || plain.isNull()) {
            return OptionalInt.empty();
        }
        if (plain.isTextual()) {
            return OptionalInt.of(Optional.ofNullable(ids.get(plain.textValue()))
                    .orElseThrow(() -> wrong(
                            where,
                            key + " is \"" + cut(plain.textValue()) + "\", expected a token of the tokenizer.json")));
        }
        return OptionalInt.of(known(plain, ids, key, where));
    }

    /** The first of some tokens that was added to the vocabulary. */
    OptionalInt usual(List<String> names) {
        return names.stream().filter(added::containsKey).mapToInt(added::get).findFirst();
    }

    private static int id(JsonNode node, String key, String where) {
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 0 || node.intValue() >= MOST_IDS) {
            throw wrong(where, key + " is " + shown(node) + ", expected an id of 0 to " + (MOST_IDS - 1));
        }
        return node.intValue();
    }

    private static String text(JsonNode node, String key, String where) {
        if (!node.isTextual()) {
            throw wrong(where, key + " is " + shown(node) + ", expected a text");
        }
        return node.textValue();
    }

    private static String kind(JsonNode node) {
        if (node.isMissingNode() || node.isNull()) {
            return node.isNull() ? "null" : "missing";
        }
        String name = node.getNodeType().name().toLowerCase(Locale.ROOT);
        return (name.startsWith("a") || name.startsWith("o") ? "an " : "a ") + name;
    }

    private static String shown(JsonNode node) {
        return node.isMissingNode() ? "missing" : cut(node.toString());
    }

    private static String cut(String text) {
        return Printable.text(text.length() > 60 ? text.substring(0, 60) + "…" : text);
    }

    static LetheException wrong(String where, String what) {
        return new LetheException(LetheException.Code.DATA, where + ": " + what);
    }
}
