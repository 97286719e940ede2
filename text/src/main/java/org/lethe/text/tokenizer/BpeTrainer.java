package org.lethe.text.tokenizer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lethe.Check;

/**
 * Learns a byte-level vocabulary by byte pair encoding: the most frequent pair of neighbours becomes a token, again and again
 * (Sennrich, Haddow and Birch 2016, algorithm 1, on bytes as in GPT-2, Radford et al. 2019, section 2.2).
 *
 * <p>Texts are split into words by GPT-2's expression, and no token crosses a word. Of pairs that are equally frequent, the one
 * with the greatest bytes is taken, so the same texts give the same vocabulary. A pair that occurs once is no longer joined, so a
 * short text gives fewer tokens than asked for. Ids: the end token 0, the 256 bytes 1 to 256, then the joined pairs in their
 * order. Costs the length of the texts once, and for each new token the occurrences of its pair.
 *
 * @param vocabulary number of tokens: the end token, 256 bytes and the joined pairs
 */
public record BpeTrainer(int vocabulary) {
    /** The token that ends a text. It splits texts in which it is written. */
    public static final String END = "<|endoftext|>";

    private static final int BYTES = 256;
    private static final int FIRST = 1; // id of byte 0; the end token is before it
    private static final Pattern WORDS = Pattern.compile(
            "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);

    public BpeTrainer {
        check(vocabulary);
    }

    /** 2,048 tokens. */
    public BpeTrainer() {
        this(2048);
    }

    /** Refuses a number of tokens that has no room for the bytes. */
    public static void check(int vocabulary) {
        Check.require(
                vocabulary >= FIRST + BYTES && vocabulary <= 1 << 20,
                "vocabulary",
                vocabulary,
                FIRST + BYTES + " to 1048576: an end token, 256 bytes and joined pairs");
    }

    /** The tokenizer of some texts. */
    public Tokenizer train(Iterable<String> texts) {
        return Tokenizer.of(json(merges(texts)));
    }

    /**
     * Two tokens that become one.
     *
     * @param left id of the first
     * @param right id of the second
     */
    record Merge(int left, int right) {}

    /** A pair with its number of occurrences when it was put into the queue. */
    private record Candidate(long pair, long count) {}

    /** The pairs that are joined, in their order; the n-th has id 257 + n. */
    List<Merge> merges(Iterable<String> texts) {
        Map<String, Integer> words = new LinkedHashMap<>();
        for (String text : texts) {
            for (String part : text.split(Pattern.quote(END), -1)) {
                Matcher matcher = WORDS.matcher(part);
                while (matcher.find()) {
                    words.merge(matcher.group(), 1, Math::addExact);
                }
            }
        }
        int[][] tokens = new int[words.size()][];
        int[] counts = new int[words.size()];
        int word = 0;
        for (var entry : words.entrySet()) {
            byte[] bytes = entry.getKey().getBytes(StandardCharsets.UTF_8);
            tokens[word] = new int[bytes.length];
            for (int i = 0; i < bytes.length; i++) {
                tokens[word][i] = FIRST + (bytes[i] & 0xFF);
            }
            counts[word++] = entry.getValue();
        }
        return merges(tokens, counts);
    }

    private List<Merge> merges(int[][] words, int[] counts) {
        List<byte[]> bytes = new ArrayList<>();
        bytes.add(new byte[0]);
        for (int i = 0; i < BYTES; i++) {
            bytes.add(new byte[] {(byte) i});
        }
        Map<Long, Long> pairs = new HashMap<>();
        Map<Long, List<Integer>> places = new HashMap<>(); // a word may stand in a list in which it no longer belongs
        for (int word = 0; word < words.length; word++) {
            count(words[word], counts[word], word, pairs, places);
        }
        PriorityQueue<Candidate> queue = new PriorityQueue<>(Math.max(1, pairs.size()), (a, b) -> compare(a, b, bytes));
        pairs.forEach((pair, count) -> queue.add(new Candidate(pair, count)));
        List<Merge> merges = new ArrayList<>();
        while (bytes.size() < vocabulary && !queue.isEmpty()) {
            Candidate best = queue.remove();
            long now = pairs.getOrDefault(best.pair, 0L);
            if (now != best.count) {
                continue; // a candidate with the present number was added when it changed
            }
            if (now < 2) {
                break;
            }
            Merge merge = new Merge((int) (best.pair >>> 32), (int) best.pair);
            merges.add(merge);
            int id = bytes.size();
            byte[] left = bytes.get(merge.left);
            byte[] right = bytes.get(merge.right);
            byte[] whole = Arrays.copyOf(left, left.length + right.length);
            System.arraycopy(right, 0, whole, left.length, right.length);
            bytes.add(whole);
            Map<Long, Long> changed = new LinkedHashMap<>();
            List<Integer> there = places.getOrDefault(best.pair, List.of());
            places.remove(best.pair); // no word has this pair any more
            for (int word : there) {
                int[] joined = join(words[word], merge, id);
                if (joined.length < words[word].length) {
                    change(words[word], -counts[word], changed);
                    change(joined, counts[word], changed);
                    for (int i = 0; i + 1 < joined.length; i++) {
                        if (joined[i] == id || joined[i + 1] == id) {
                            place(places, pair(joined[i], joined[i + 1]), word);
                        }
                    }
                    words[word] = joined;
                }
            }
            changed.forEach((pair, change) -> {
                if (change != 0) {
                    long count = pairs.merge(pair, change, Long::sum);
                    if (count > 0) {
                        queue.add(new Candidate(pair, count));
                    } else {
                        pairs.remove(pair);
                    }
                }
            });
        }
        return merges;
    }

    private static void count(
            int[] word, int times, int number, Map<Long, Long> pairs, Map<Long, List<Integer>> places) {
        for (int i = 0; i + 1 < word.length; i++) {
            long pair = pair(word[i], word[i + 1]);
            pairs.merge(pair, (long) times, Long::sum);
            place(places, pair, number);
        }
    }

    private static void place(Map<Long, List<Integer>> places, long pair, int word) {
        List<Integer> there = places.computeIfAbsent(pair, _ -> new ArrayList<>(2));
        if (there.isEmpty() || there.getLast() != word) {
            there.add(word);
        }
    }

    private static void change(int[] word, int times, Map<Long, Long> changed) {
        for (int i = 0; i + 1 < word.length; i++) {
            changed.merge(pair(word[i], word[i + 1]), (long) times, Long::sum);
        }
    }

    private static int[] join(int[] word, Merge merge, int id) {
        int[] joined = new int[word.length];
        int length = 0;
        for (int i = 0; i < word.length; i++) {
            if (i + 1 < word.length && word[i] == merge.left && word[i + 1] == merge.right) {
                joined[length++] = id;
                i++;
            } else {
                joined[length++] = word[i];
            }
        }
        return length == word.length ? word : Arrays.copyOf(joined, length);
    }

    private static int compare(Candidate a, Candidate b, List<byte[]> bytes) {
        int order = Long.compare(b.count, a.count);
        if (order == 0) {
            order = Arrays.compareUnsigned(bytes.get((int) (b.pair >>> 32)), bytes.get((int) (a.pair >>> 32)));
        }
        return order != 0 ? order : Arrays.compareUnsigned(bytes.get((int) b.pair), bytes.get((int) a.pair));
    }

    private static long pair(int left, int right) {
        return (long) left << 32 | right;
    }

    private static String json(List<Merge> merges) {
        ObjectNode root = TokenizerJson.JSON.createObjectNode();
        root.put("version", "1.0").putNull("truncation").putNull("padding");
        Tokenizer.addSpecial(root.putArray("added_tokens").addObject(), 0, END);
        root.putNull("normalizer");
        byteLevel(root.putObject("pre_tokenizer"));
        root.putNull("post_processor");
        byteLevel(root.putObject("decoder"));
        ObjectNode model = root.putObject("model").put("type", "BPE");
        ObjectNode vocabulary = model.putObject("vocab").put(END, 0);
        List<String> tokens = new ArrayList<>();
        tokens.add(END);
        for (int i = 0; i < BYTES; i++) {
            tokens.add(letter(i));
            vocabulary.put(letter(i), FIRST + i);
        }
        var list = model.putArray("merges");
        for (Merge merge : merges) {
            String left = tokens.get(merge.left);
            String right = tokens.get(merge.right);
            list.addArray().add(left).add(right);
            vocabulary.put(left + right, tokens.size());
            tokens.add(left + right);
        }
        return root.toString();
    }

    private static void byteLevel(ObjectNode part) {
        part.put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
    }

    /** The letter that stands for a byte: printable ones for themselves, the others for U+0100 and on, in their order. */
    static String letter(int value) {
        int other = 0;
        for (int i = 0; i <= value; i++) {
            boolean itself = i >= '!' && i <= '~' || i >= 0xA1 && i <= 0xAC || i >= 0xAE;
            if (i == value) {
                return Character.toString(itself ? i : 0x100 + other);
            }
            other += itself ? 0 : 1;
        }
        throw new IllegalArgumentException("byte is " + value);
    }
}
