package org.lethe.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BpeTrainerTest {
    @Test
    void joinsThePairsOfTheReferenceTrainer() throws IOException {
        Path folder = KnownFiles.of("llm/gpt2-bpe");
        Tokenizer trained = new BpeTrainer(500).train(List.of(Files.readString(folder.resolve("corpus.en"))));
        JsonNode merges =
                new JsonMapper().readTree(trained.json()).path("model").path("merges");
        List<String> joined = new ArrayList<>();
        merges.forEach(merge ->
                joined.add(merge.path(0).textValue() + " " + merge.path(1).textValue()));
        assertEquals(Files.readAllLines(folder.resolve("train-bpe-reference-merges.txt")), joined);
        assertEquals(500, trained.size());
        JsonNode known = new JsonMapper()
                .readTree(folder.resolve("train-bpe-reference-vocab.json").toFile());
        known.fieldNames()
                .forEachRemaining(token -> assertTrue(trained.id(token).isPresent(), token));
    }

    @Test
    void aMegabyteTakesLessThanFiveSeconds() throws IOException {
        String text = Files.readString(KnownFiles.of("llm/char-corpora/tinyshakespeare.txt"));
        long start = System.nanoTime();
        Tokenizer trained = new BpeTrainer(2048).train(List.of(text));
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.println("1.1 MB to 2048 tokens: " + seconds + " s; tokens " + trained.encode(text).length);
        assertEquals(2048, trained.size());
        assertTrue(seconds < 5, seconds + " s");
        assertEquals(text, trained.decode(trained.encode(text)));
    }

    @Test
    void theSlowAndObviousWayJoinsTheSamePairs() {
        List<String> texts =
                List.of("aaaa abab abba aa", "banana bandana ananas", "'ll we'll aaa\n\n  aaa", "ünïcödé ünï 😀😀 😀");
        BpeTrainer trainer = new BpeTrainer(257 + 40);
        assertEquals(slow(texts, 40), trainer.merges(texts).stream().toList());
    }

    private static List<BpeTrainer.Merge> slow(List<String> texts, int most) {
        List<List<Integer>> words = new ArrayList<>();
        var pattern = java.util.regex.Pattern.compile(
                "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");
        for (String text : texts) {
            pattern.matcher(text).results().forEach(found -> {
                List<Integer> word = new ArrayList<>();
                for (byte b : found.group().getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
                    word.add(1 + (b & 0xFF));
                }
                words.add(word);
            });
        }
        List<String> names = new ArrayList<>(List.of(""));
        for (int i = 0; i < 256; i++) {
            names.add(Character.toString(i)); // one character a byte, so texts compare as bytes do
        }
        List<BpeTrainer.Merge> merges = new ArrayList<>();
        while (merges.size() < most) {
            java.util.Map<BpeTrainer.Merge, Integer> counts = new java.util.HashMap<>();
            for (List<Integer> word : words) {
                for (int i = 0; i + 1 < word.size(); i++) {
                    counts.merge(new BpeTrainer.Merge(word.get(i), word.get(i + 1)), 1, Integer::sum);
                }
            }
            var best = counts.entrySet().stream()
                    .max(java.util.Map.Entry.<BpeTrainer.Merge, Integer>comparingByValue()
                            .thenComparing(e -> names.get(e.getKey().left()))
                            .thenComparing(e -> names.get(e.getKey().right())));
            if (best.isEmpty() || best.get().getValue() < 2) {
                break;
            }
            BpeTrainer.Merge merge = best.get().getKey();
            merges.add(merge);
            names.add(names.get(merge.left()) + names.get(merge.right()));
            for (List<Integer> word : words) {
                for (int i = 0; i + 1 < word.size(); i++) {
                    if (word.get(i) == merge.left() && word.get(i + 1) == merge.right()) {
                        word.set(i, names.size() - 1);
                        word.remove(/* index */ i + 1);
                    }
                }
            }
        }
        return merges;
    }

    @Test
    void theEndTokenInATextIsNoPartOfAWord() {
        Tokenizer trained = new BpeTrainer(300).train(List.of("ab<|endoftext|>ab<|endoftext|>ab"));
        assertEquals(
                List.of(258),
                java.util.Arrays.stream(trained.encode("ab"))
                        .map(i -> i + 1)
                        .boxed()
                        .toList());
        assertEquals(0, trained.end());
        assertTrue(trained.begin().isEmpty());
        assertEquals(258, trained.size());
    }

    @Test
    void anyTextSurvivesTheRoundTrip() {
        Tokenizer trained = new BpeTrainer(257).train(List.of());
        for (String text : List.of("", " ", "\u0000\r\n\t", "日本語 😀 é", "a\u200Db")) {
            assertEquals(text, trained.decode(trained.encode(text)));
        }
        assertArrayEquals(new int[] {1 + 'a'}, trained.encode("a"));
    }

    @Test
    void aVocabularyWithoutRoomForTheBytesIsRefused() {
        assertEquals(
                "vocabulary is 256, expected 257 to 1048576: an end token, 256 bytes and joined pairs",
                assertThrows(IllegalArgumentException.class, () -> new BpeTrainer(256))
                        .getMessage());
    }
}
