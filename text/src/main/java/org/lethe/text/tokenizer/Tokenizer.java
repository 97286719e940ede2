package org.lethe.text.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.lethe.Check;
import org.lethe.LetheException;

/**
 * Turns text into token ids and back, as a {@code tokenizer.json} of the Hugging Face libraries says. Safe for many threads.
 *
 * <p>The work is done by those libraries' own native code, from the class path and without any network. Cutting and padding
 * that a file asks for are switched off: callers decide about lengths. A half of a surrogate pair in a text counts as U+FFFD.
 */
public final class Tokenizer {
    private static final List<String> BEGINS = List.of("<s>", "<|begin_of_text|>", "<bos>", "<|startoftext|>", "[BOS]");
    private static final List<String> ENDS = List.of(
            "</s>", "<|endoftext|>", "<|end_of_text|>", "<eos>", "<|im_end|>", "<|eot_id|>", "<|end|>", "[EOS]");
    private static final String UNKNOWN = "<unk>";
    private static final String END = "<eos>";

    private final NativeTokenizer library;
    private final TokenizerJson file;
    private final int size;
    private final OptionalInt begin;
    private final int end;

    private Tokenizer(NativeTokenizer library, TokenizerJson file, OptionalInt begin, int end) {
        this.library = library;
        this.file = file;
        this.size = file.ids().values().stream().mapToInt(i -> i).max().orElse(-1) + 1;
        begin.ifPresent(id -> Check.require(id >= 0 && id < size, "begin", id, "an id of 0 to " + (size - 1)));
        Check.require(end >= 0 && end < size, "end", end, "an id of 0 to " + (size - 1));
        this.begin = begin;
        this.end = end;
    }

    /**
     * Reads a {@code tokenizer.json}, or a folder with one. The begin and end tokens are those that {@code tokenizer_config.json}
     * or {@code config.json} beside it name, otherwise the usual ones.
     */
    public static Tokenizer read(Path path) throws IOException {
        Path json = Files.isDirectory(path) ? path.resolve("tokenizer.json") : path;
        if (!Files.isRegularFile(json)) {
            throw TokenizerJson.wrong(
                    json.toString(),
                    "expected a tokenizer.json, found none; a tokenizer in another form (vocab.json and merges.txt, or"
                            + " tokenizer.model) is saved as one by save_pretrained of transformers' fast tokenizers");
        }
        String where = json.toString();
        TokenizerJson file = TokenizerJson.of(TokenizerJson.text(json), where);
        List<Beside> beside = new ArrayList<>();
        for (String name : List.of("tokenizer_config.json", "config.json")) {
            Path config = json.resolveSibling(name);
            if (Files.isRegularFile(config)) {
                beside.add(new Beside(
                        config.toString(), TokenizerJson.object(TokenizerJson.text(config), config.toString())));
            }
        }
        OptionalInt end = named(file, beside, "eos_token");
        if (end.isEmpty()) {
            end = file.usual(ENDS);
        }
        return new Tokenizer(new NativeTokenizer(file.json(), where), file, begin(file, beside), orRefuse(end, where));
    }

    /** The tokenizer that a {@code tokenizer.json} describes; its begin and end tokens are the usual ones. */
    public static Tokenizer of(String json) {
        TokenizerJson file = TokenizerJson.of(json, "tokenizer.json");
        return new Tokenizer(
                new NativeTokenizer(json, "tokenizer.json"),
                file,
                file.begin(),
                orRefuse(file.usual(ENDS), "tokenizer.json"));
    }

    /**
     * A tokenizer of whole words between white space; any other word becomes {@code <unk>}. Ids: {@code <unk>} 0, {@code <eos>}
     * 1, then the words in their order.
     */
    public static Tokenizer ofWords(List<String> words) {
        ObjectNode root = TokenizerJson.JSON.createObjectNode();
        root.put("version", "1.0").putNull("truncation").putNull("padding");
        var added = root.putArray("added_tokens");
        for (int id = 0; id < 2; id++) {
            addSpecial(added.addObject(), id, id == 0 ? UNKNOWN : END);
        }
        root.putNull("normalizer");
        root.putObject("pre_tokenizer").put("type", "WhitespaceSplit");
        root.putNull("post_processor").putNull("decoder");
        ObjectNode model = root.putObject("model").put("type", "WordLevel");
        ObjectNode vocabulary = model.putObject("vocab").put(UNKNOWN, 0).put(END, 1);
        var seen = new HashSet<>(List.of(UNKNOWN, END));
        for (String word : words) {
            Check.require(
                    !word.isEmpty() && word.chars().noneMatch(Character::isWhitespace) && seen.add(word),
                    "word",
                    "\"" + word + "\"",
                    "a word without white space that is given once");
            vocabulary.put(word, vocabulary.size());
        }
        model.put("unk_token", UNKNOWN);
        return of(root.toString());
    }

    static void addSpecial(ObjectNode token, int id, String content) {
        token.put("id", id)
                .put("content", content)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
    }

    /** A file beside the tokenizer. */
    private record Beside(String where, JsonNode object) {}

    private static OptionalInt named(TokenizerJson file, List<Beside> beside, String token) {
        for (Beside config : beside) {
            for (String key : List.of(token, token + "_id")) {
                OptionalInt id = file.named(config.object.path(key), key, config.where);
                if (id.isPresent()) {
                    return id;
                }
            }
        }
        return OptionalInt.empty();
    }

    /**
     * The token that texts begin with: as {@code add_bos_token} says, otherwise as the post-processor does. A name alone puts
     * no token anywhere: GPT-2 names one and begins no text with it.
     */
    private static OptionalInt begin(TokenizerJson file, List<Beside> beside) {
        for (Beside config : beside) {
            JsonNode adds = config.object.path("add_bos_token");
            if (adds.isMissingNode() || adds.isNull()) {
                continue;
            }
            if (!adds.isBoolean()) {
                throw TokenizerJson.wrong(config.where, "add_bos_token is " + adds + ", expected true or false");
            }
            if (!adds.booleanValue()) {
                return OptionalInt.empty();
            }
            OptionalInt named = named(file, beside, "bos_token");
            OptionalInt begin =
                    named.isPresent() ? named : file.begin().isPresent() ? file.begin() : file.usual(BEGINS);
            if (begin.isEmpty()) {
                throw TokenizerJson.wrong(
                        config.where, "add_bos_token is true, but bos_token is missing, expected the name of a token");
            }
            return begin;
        }
        return file.begin();
    }

    private static int orRefuse(OptionalInt end, String where) {
        return end.orElseThrow(() -> TokenizerJson.wrong(
                where,
                "has no end token; name it as \"eos_token\" in a tokenizer_config.json beside it, or add one of "
                        + String.join(", ", ENDS) + " to added_tokens"));
    }

    /** Writes {@code tokenizer.json}, and {@code tokenizer_config.json} with the begin and end tokens, to a folder. */
    public void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("tokenizer.json"), json(), StandardCharsets.UTF_8);
        ObjectNode config = TokenizerJson.JSON.createObjectNode();
        begin.ifPresent(id -> config.put("bos_token", token(id)));
        config.put("eos_token", token(end)).put("add_bos_token", begin.isPresent());
        try {
            Files.writeString(
                    folder.resolve("tokenizer_config.json"),
                    TokenizerJson.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(config),
                    StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an object of texts", e);
        }
    }

    /** The whole {@code tokenizer.json}. */
    public String json() {
        return file.json();
    }

    /** The ids of a text, without begin and end tokens. */
    public int[] encode(String text) {
        return library.encode(whole(text), false);
    }

    /** The text of ids; special tokens are left out. */
    public String decode(int[] ids) {
        return decode(ids, true);
    }

    String decode(int[] ids, boolean skipSpecial) {
        for (int id : ids) {
            Check.require(id >= 0 && id < size, "token", id, "an id of 0 to " + (size - 1));
        }
        return library.decode(ids, skipSpecial);
    }

    /** Number of ids: one more than the largest. */
    public int size() {
        return size;
    }

    /** The id of one token, as it is written in the vocabulary. */
    public OptionalInt id(String token) {
        Integer id = file.ids().get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** The token of an id, as it is written in the vocabulary; empty where no token has it. */
    public String token(int id) {
        return file.ids().entrySet().stream()
                .filter(entry -> entry.getValue() == id)
                .map(Map.Entry::getKey)
                .min(Comparator.naturalOrder())
                .orElse("");
    }

    /** The token that every text begins with, where there is one. */
    public OptionalInt begin() {
        return begin;
    }

    /** The token that ends an answer. */
    public int end() {
        return end;
    }

    /** The same with another begin and end token, as {@code config.json} or {@code tokenizer_config.json} name them. */
    public Tokenizer with(OptionalInt begin, int end) {
        return new Tokenizer(library, file, begin, end);
    }

    /** Refuses a model whose vocabulary has no room for some id: its embeddings would be read past their end. */
    public void requireFits(int vocabulary) {
        if (size > vocabulary) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "the tokenizer has ids up to " + (size - 1) + ", but the model's vocabulary has " + vocabulary
                            + " entries, expected at least " + size + "; is it the tokenizer of this model?");
        }
    }

    NativeTokenizer library() {
        return library;
    }

    /** Halves of surrogate pairs are no characters, and the native code has no place for them. */
    private static String whole(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
            }
        }
        return text;
    }
}
