package org.lethe.image.diffusion;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Utf8;
import org.lethe.torch.Tensors;

/**
 * The tokenizer of CLIP, which Stable Diffusion's prompts go through: lower case, byte pairs inside words, and a mark at the end of
 * each word. Read from {@code vocab.json} and {@code merges.txt}.
 */
public final class ClipTokenizer {
    private static final String START = "<|startoftext|>";
    private static final String END = "<|endoftext|>";
    private static final String WORD_END = "</w>";
    private static final long LARGEST_FILE = 50_000_000;
    private static final int LONGEST_TEXT = 100_000;
    private static final int LONGEST_WORD = 1_000; // characters: pairs are searched again after each merge
    private static final Pattern SPACES = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern WORDS = Pattern.compile(
            "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\s\\p{L}\\p{N}]+",
            Pattern.UNICODE_CHARACTER_CLASS);
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Map<String, Integer> ids;
    private final Map<String, Integer> ranks; // of pairs, with a space between
    private final Map<String, Integer> added = new HashMap<>();
    private final String[] characters = characters();
    private final int start;
    private final int end;

    private ClipTokenizer(Map<String, Integer> ids, Map<String, Integer> ranks, int start, int end) {
        this.ids = ids;
        this.ranks = ranks;
        this.start = start;
        this.end = end;
    }

    /** Reads the two files of a folder. */
    public static ClipTokenizer read(Path folder) throws IOException {
        Path vocabulary = folder.resolve("vocab.json");
        JsonNode json;
        try {
            json = JSON.readTree(text(vocabulary));
        } catch (JsonProcessingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, vocabulary + " is not proper JSON: " + e.getOriginalMessage(), e);
        }
        Map<String, Integer> ids = new HashMap<>();
        if (json == null || !json.isObject() || json.isEmpty()) {
            throw wrong(vocabulary, "is no JSON object from tokens to ids");
        }
        json.properties().forEach(e -> {
            if (!e.getValue().isInt() || e.getValue().asInt() < 0) {
                throw wrong(
                        vocabulary,
                        "token \"" + e.getKey() + "\" has the id " + e.getValue() + ", expected a whole number");
            }
            ids.put(e.getKey(), e.getValue().asInt());
        });
        Path merges = folder.resolve("merges.txt");
        Map<String, Integer> ranks = new HashMap<>();
        List<String> lines = text(merges).lines().toList();
        for (int n = 0; n < lines.size(); n++) {
            String line = lines.get(n);
            if (line.isEmpty() || (n == 0 && line.startsWith("#version"))) {
                continue;
            }
            String[] pair = line.split(" ", -1);
            if (pair.length != 2 || pair[0].isEmpty() || pair[1].isEmpty()) {
                throw wrong(
                        merges, "line " + (n + 1) + " is \"" + line + "\", expected two parts with a space between");
            }
            if (!ids.containsKey(pair[0] + pair[1])) {
                throw wrong(
                        merges, "line " + (n + 1) + " makes \"" + pair[0] + pair[1] + "\", which vocab.json has not");
            }
            ranks.putIfAbsent(line, ranks.size());
        }
        for (String special : List.of(START, END)) {
            if (!ids.containsKey(special)) {
                throw wrong(vocabulary, "has no \"" + special + "\"");
            }
        }
        return new ClipTokenizer(
                ids,
                ranks,
                Optional.ofNullable(ids.get(START)).orElseThrow(),
                Optional.ofNullable(ids.get(END)).orElseThrow());
    }

    /** A tokenizer of whole words in lower case, in the order of their ids; two more stand for begin and end, as does any other word. */
    public static ClipTokenizer ofWords(List<String> words) {
        Map<String, Integer> ids = new HashMap<>();
        for (String word : words) {
            Check.require(
                    !word.isEmpty() && ids.put(word + WORD_END, ids.size()) == null, "word", word, "words that differ");
        }
        ids.put(START, words.size());
        ids.put(END, words.size() + 1);
        return new ClipTokenizer(ids, Map.of(), words.size(), words.size() + 1);
    }

    /** The words of texts as a tokenizer cuts them, in lower case, each once, in the order in which they come up. */
    public static List<String> wordsOf(List<String> texts) {
        Set<String> words = new LinkedHashSet<>();
        for (String text : texts) {
            Matcher matcher = WORDS.matcher(lower(text));
            while (matcher.find()) {
                words.add(matcher.group());
            }
        }
        return List.copyOf(words);
    }

    private static String text(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw wrong(file, "is not there, expected vocab.json and merges.txt of a tokenizer");
        }
        return Utf8.read(file, LARGEST_FILE);
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }

    /** The character that stands for each byte: itself where it can be printed, else one from 256 on. */
    private static String[] characters() {
        String[] characters = new String[256];
        int next = 256;
        for (int b = 0; b < 256; b++) {
            boolean shown = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            characters[b] = String.valueOf((char) (shown ? b : next++));
        }
        return characters;
    }

    /** The id of a text's beginning. */
    public int start() {
        return start;
    }

    /** The id of a text's end. */
    public int end() {
        return end;
    }

    /** The id of a token, as the vocabulary spells it. */
    Optional<Integer> id(String token) {
        return Optional.ofNullable(ids.get(token)).or(() -> Optional.ofNullable(ids.get(token + WORD_END)));
    }

    /** Number of ids, without words that were added. */
    public int size() {
        return ids.values().stream().mapToInt(i -> i).max().orElse(-1) + 1;
    }

    /** The text that ids are written as, with one blank after each end of a word; beginnings and ends of texts are left out. */
    public String text(int... ids) {
        Map<Integer, String> tokens = new HashMap<>();
        this.ids.forEach((token, id) -> tokens.put(id, token));
        Map<String, Byte> bytes = new HashMap<>();
        for (int b = 0; b < 256; b++) {
            bytes.put(characters[b], (byte) b);
        }
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            String token = Optional.ofNullable(tokens.get(id))
                    .orElseThrow(() -> new IllegalArgumentException("id is " + id + ", expected one of a token"));
            if (id == start || id == end) {
                continue;
            }
            boolean last = token.endsWith(WORD_END);
            text.append(last ? token.substring(0, token.length() - WORD_END.length()) : token);
            text.append(last ? " " : "");
        }
        return ranks.isEmpty()
                ? text.toString().strip()
                : decoded(text.toString(), bytes).strip();
    }

    /** Characters that stand for bytes as the text of these bytes; bytes that are no UTF-8 become replacement characters. */
    private static String decoded(String text, Map<String, Byte> bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            String character = text.substring(i, i + 1);
            out.write(Optional.ofNullable(bytes.get(character)).orElse((byte) ' '));
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    /** Adds words, as those of textual inversion, that are found as they are before anything else. */
    public void add(Map<String, Integer> words) {
        added.putAll(words);
    }

    /** The ids of a text without beginning and end. */
    public int[] ids(String text) {
        Check.require(text.length() <= LONGEST_TEXT, "characters of a text", text.length(), "at most 100,000");
        List<Integer> found = new ArrayList<>();
        List<String> whole = new ArrayList<>(added.keySet());
        whole.sort((a, b) -> a.length() == b.length() ? a.compareTo(b) : b.length() - a.length());
        whole.add(END);
        Matcher special = Pattern.compile(
                        String.join("|", whole.stream().map(Pattern::quote).toList()))
                .matcher(text);
        int from = 0;
        while (special.find()) {
            words(text.substring(from, special.start()), found);
            found.add(Optional.ofNullable(added.get(special.group())).orElse(end));
            from = special.end();
        }
        words(text.substring(from), found);
        return found.stream().mapToInt(i -> i).toArray();
    }

    private static String lower(String text) {
        String spaced =
                SPACES.matcher(Normalizer.normalize(text, Normalizer.Form.NFC)).replaceAll(" ");
        StringBuilder lower = new StringBuilder();
        // letter by letter: the form of a sigma at the end of a word is not looked at
        spaced.codePoints().forEach(c -> {
            if (c == 0x130) {
                lower.append("i\u0307");
            } else {
                lower.appendCodePoint(Character.toLowerCase(c));
            }
        });
        return lower.toString();
    }

    private void words(String text, List<Integer> found) {
        Matcher matcher = WORDS.matcher(lower(text));
        while (matcher.find()) {
            String word = matcher.group();
            if (word.equals(START) || word.equals(END)) {
                found.add(word.equals(START) ? start : end);
            } else {
                Check.require(word.length() <= LONGEST_WORD, "characters of a word", word.length(), "at most 1,000");
                pairs(word, found);
            }
        }
    }

    private void pairs(String word, List<Integer> found) {
        if (ranks.isEmpty()) { // whole words alone
            found.add(Optional.ofNullable(ids.get(word + WORD_END)).orElse(end));
            return;
        }
        List<String> parts = new ArrayList<>();
        for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
            parts.add(characters[b & 0xFF]);
        }
        parts.set(parts.size() - 1, parts.getLast() + WORD_END);
        while (parts.size() > 1) {
            int best = Integer.MAX_VALUE;
            int at = -1;
            for (int i = 0; i + 1 < parts.size(); i++) {
                int rank = ranks.getOrDefault(parts.get(i) + " " + parts.get(i + 1), Integer.MAX_VALUE);
                if (rank < best) {
                    best = rank;
                    at = i;
                }
            }
            if (at < 0) {
                break;
            }
            parts.set(at, parts.get(at) + parts.remove(at + 1));
        }
        for (String part : parts) {
            found.add(Optional.ofNullable(ids.get(part)).orElse(end)); // the unknown token is that of the end
        }
    }

    /**
     * The ids of a text with beginning and end, cut to fit and padded.
     *
     * @param length of the result
     * @param padding id of the padding: the end in Stable Diffusion 1, 0 in 2
     */
    public int[] padded(String text, int length, int padding) {
        Check.require(length >= 2, "length", length, "at least 2");
        int[] own = ids(text);
        int kept = Math.min(own.length, length - 2);
        int[] all = new int[length];
        Arrays.fill(all, padding);
        all[0] = start;
        System.arraycopy(own, 0, all, 1, kept);
        all[kept + 1] = end;
        return all;
    }

    /** The ids of texts, {@code [texts, length]}. */
    public Tensor batch(List<String> texts, int length, int padding) {
        Check.require(!texts.isEmpty(), "texts", texts.size(), "at least 1");
        int[] all = texts.stream()
                .flatMapToInt(t -> Arrays.stream(padded(t, length, padding)))
                .toArray();
        return Tensors.of(all, texts.size(), length).to(ScalarType.Long);
    }
}
