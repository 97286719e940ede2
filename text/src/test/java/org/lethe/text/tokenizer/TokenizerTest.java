package org.lethe.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;

final class TokenizerTest {
    private static final JsonMapper JSON = new JsonMapper();

    private static int[] ints(JsonNode list) {
        return IntStream.range(0, list.size()).map(i -> list.path(i).intValue()).toArray();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "clip",
                "gpt2-bytelevel",
                "llama2-metaspace",
                "llama2-metaspace-pretok",
                "llama3-bytelevel",
                "qwen2-bytelevel"
            })
    void everyCaseOfTheReferenceLibraryIsTheSame(String name) throws IOException {
        Path folder = KnownFiles.of("goldens/tokenizers/" + name);
        Tokenizer tokenizer = Tokenizer.read(folder);
        JsonNode golden = JSON.readTree(folder.resolve("golden.json").toFile());
        assertEquals(60, golden.path("cases").size());
        for (JsonNode known : golden.path("cases")) {
            String text = known.path("text").textValue();
            int[] ids = tokenizer.encode(text);
            assertArrayEquals(ints(known.path("ids")), ids, text);
            assertArrayEquals(
                    ints(known.path("ids_special")), tokenizer.library().encode(text, true), text);
            assertEquals(known.path("decoded").textValue(), tokenizer.decode(ids, false), text);
            assertEquals(known.path("decoded_skip_special").textValue(), tokenizer.decode(ids), text);
            List<List<Integer>> spans = tokenizer.library().spans(text).stream()
                    .map(span -> span == null ? List.of(0, 0) : List.of(span.getStart(), span.getEnd()))
                    .toList();
            assertEquals(JSON.convertValue(known.path("offsets"), List.class), spans, text);
        }
    }

    @Test
    void aByteLevelTokenizerWithoutNormaliserGivesEveryTextBack() throws IOException {
        for (String name : List.of("gpt2-bytelevel", "llama3-bytelevel")) {
            Path folder = KnownFiles.of("goldens/tokenizers/" + name);
            Tokenizer tokenizer = Tokenizer.read(folder.resolve("tokenizer.json"));
            for (JsonNode known :
                    JSON.readTree(folder.resolve("golden.json").toFile()).path("cases")) {
                String text = known.path("text").textValue();
                assertEquals(text, tokenizer.decode(tokenizer.encode(text), false));
            }
        }
    }

    @Test
    void beginAndEndAreThoseOfTheFiles() throws IOException {
        assertBeginAndEnd("clip", OptionalInt.of(912), 913);
        assertBeginAndEnd("gpt2-bytelevel", OptionalInt.empty(), 0);
        assertBeginAndEnd("llama2-metaspace", OptionalInt.of(1), 2);
        assertBeginAndEnd("llama3-bytelevel", OptionalInt.of(650), 651);
        assertBeginAndEnd("qwen2-bytelevel", OptionalInt.empty(), 650);
    }

    private static void assertBeginAndEnd(String name, OptionalInt begin, int end) throws IOException {
        Tokenizer tokenizer = Tokenizer.read(KnownFiles.of("goldens/tokenizers/" + name));
        assertEquals(begin, tokenizer.begin(), name);
        assertEquals(end, tokenizer.end(), name);
    }

    private static final Tokenizer WORDS = Tokenizer.ofWords(List.of("a", "b", "c"));

    private static ObjectNode words() throws IOException {
        return (ObjectNode) JSON.readTree(WORDS.json());
    }

    @Test
    void wordsBetweenWhiteSpaceAreTokensAndOthersAreUnknown() {
        assertArrayEquals(new int[] {2, 3, 0, 4}, WORDS.encode(" a b\nx  c"));
        assertEquals("a b c", WORDS.decode(new int[] {2, 3, 0, 1, 4}));
        assertEquals(5, WORDS.size());
        assertEquals(1, WORDS.end());
        assertEquals(OptionalInt.of(4), WORDS.id("c"));
        assertEquals(OptionalInt.empty(), WORDS.id("d"));
        assertEquals("c", WORDS.token(4));
        assertThrows(IllegalArgumentException.class, () -> Tokenizer.ofWords(List.of("a", "a")));
        assertThrows(IllegalArgumentException.class, () -> Tokenizer.ofWords(List.of("a b")));
        assertThrows(IllegalArgumentException.class, () -> Tokenizer.ofWords(List.of("")));
    }

    @Test
    void aFileBesideNamesBeginAndEnd(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), WORDS.json());
        Path beside = folder.resolve("tokenizer_config.json");
        Files.writeString(beside, "{\"eos_token\": {\"content\": \"c\"}, \"bos_token\": \"b\"}");
        assertEquals(4, Tokenizer.read(folder).end());
        assertEquals(OptionalInt.empty(), Tokenizer.read(folder).begin()); // a name alone puts no token anywhere
        Files.writeString(beside, "{\"eos_token\": null, \"bos_token\": \"b\", \"add_bos_token\": true}");
        assertEquals(1, Tokenizer.read(folder).end());
        assertEquals(OptionalInt.of(3), Tokenizer.read(folder).begin());
        Files.writeString(folder.resolve("config.json"), "{\"eos_token_id\": [2, 3], \"bos_token_id\": 4}");
        assertEquals(2, Tokenizer.read(folder).end());
        assertEquals(OptionalInt.of(3), Tokenizer.read(folder).begin());
        Files.writeString(beside, "{\"eos_token\": \"z\"}");
        assertEquals(
                beside + ": eos_token is \"z\", expected a token of the tokenizer.json",
                assertThrows(LetheException.class, () -> Tokenizer.read(folder)).getMessage());
        Files.writeString(beside, "{\"add_bos_token\": 1}");
        assertEquals(
                beside + ": add_bos_token is 1, expected true or false",
                assertThrows(LetheException.class, () -> Tokenizer.read(folder)).getMessage());
        Files.writeString(beside, "{");
        assertTrue(assertThrows(LetheException.class, () -> Tokenizer.read(folder))
                .getMessage()
                .startsWith(beside + ":1: expected JSON: "));
    }

    @Test
    void whatIsWrittenIsReadAgain(@TempDir Path folder) throws IOException {
        Tokenizer other = WORDS.with(OptionalInt.of(2), 4);
        other.write(folder);
        Tokenizer read = Tokenizer.read(folder);
        assertEquals(other.json(), read.json());
        assertEquals(OptionalInt.of(2), read.begin());
        assertEquals(4, read.end());
        assertThrows(IllegalArgumentException.class, () -> WORDS.with(OptionalInt.empty(), 5));
        assertThrows(IllegalArgumentException.class, () -> WORDS.with(OptionalInt.of(-1), 1));
    }

    @Test
    void aVocabularyThatIsTooSmallIsRefused() {
        WORDS.requireFits(5);
        assertEquals(
                "the tokenizer has ids up to 4, but the model's vocabulary has 4 entries, expected at least 5; is it"
                        + " the tokenizer of this model?",
                assertThrows(LetheException.class, () -> WORDS.requireFits(4)).getMessage());
    }

    @Test
    void idsOutOfRangeAndHalvesOfCharactersAreNoDanger() {
        assertThrows(IllegalArgumentException.class, () -> WORDS.decode(new int[] {5}));
        assertThrows(IllegalArgumentException.class, () -> WORDS.decode(new int[] {-1}));
        Tokenizer bytes = new BpeTrainer(257).train(List.of());
        assertEquals("\uFFFDa\uFFFD", bytes.decode(bytes.encode("\uD800a\uDC00")));
        assertEquals("", bytes.decode(new int[0]));
        assertEquals("\uFFFD", bytes.decode(new int[] {1 + 0xC3}));
    }

    private static String refusal(Consumer<ObjectNode> change) throws IOException {
        ObjectNode file = words();
        change.accept(file);
        LetheException refused = assertThrows(LetheException.class, () -> Tokenizer.of(file.toString()));
        assertEquals(LetheException.Code.DATA, refused.code());
        return refused.getMessage();
    }

    @Test
    void eachMistakeIsNamed() throws IOException {
        assertEquals(
                "tokenizer.json: pre_tokenizer.type is \"Magic\", expected one of BertPreTokenizer, ByteLevel,"
                        + " CharDelimiterSplit, Digits, FixedLength, Metaspace, Punctuation, Sequence, Split,"
                        + " UnicodeScripts, Whitespace, WhitespaceSplit",
                refusal(file -> file.putObject("pre_tokenizer").put("type", "Magic")));
        assertTrue(refusal(file -> file.putObject("normalizer")
                        .put("type", "Sequence")
                        .putArray("normalizers")
                        .addObject()
                        .put("type", "Precompiled"))
                .startsWith("tokenizer.json: normalizer.normalizers[0].type is \"Precompiled\", expected one of "));
        assertTrue(refusal(file -> ((ObjectNode) file.path("model")).put("type", "X"))
                .contains("model.type is \"X\""));
        assertTrue(refusal(file -> file.remove("model")).contains("model is missing"));
        assertTrue(refusal(file -> ((ObjectNode) file.path("model")).put("dropout", 0.1))
                .contains("model.dropout is 0.1"));
        assertTrue(refusal(file -> ((ObjectNode) file.path("model").path("vocab")).put("d", 4))
                .contains("gives id 4 to \"c\" and to \"d\""));
        assertTrue(refusal(file -> ((ObjectNode) file.path("model").path("vocab")).put("d", -1))
                .contains("\"d\" is -1"));
        assertTrue(refusal(file -> ((ObjectNode) file.path("added_tokens").path(1)).put("id", 7))
                .contains("added_tokens[1].id of \"<eos>\" is 7, expected 1 as in model.vocab"));
        assertTrue(refusal(file -> ((ObjectNode) file.path("added_tokens").path(1))
                        .put("content", "z")
                        .put("id", 9))
                .contains("added_tokens[1].id of \"z\" is 9, expected 5, the next number after the vocabulary"));
        assertTrue(refusal(file -> file.putArray("added_tokens"))
                .contains("has no end token; name it as \"eos_token\" in a tokenizer_config.json"));
        assertTrue(refusal(file -> file.put("version", "9")).contains("the tokenizers library refuses it"));
    }

    @Test
    void whatWouldEndTheProcessIsRefused() throws IOException {
        for (String regex : List.of("", "x*", "x?", "(?=a)", "\\b", "^", "a|", "(x)*", "x{0,3}", "[a]*", "\\p{L}*")) {
            String message = refusal(file -> {
                ObjectNode replace =
                        file.putObject("normalizer").put("type", "Replace").put("content", " ");
                replace.putObject("pattern").put("Regex", regex);
            });
            assertTrue(message.contains("normalizer.pattern is"), message);
        }
        for (String regex : List.of("\\s+", " {2,}", "[ab]+c", "\\p{L}", "ab.", "[^a-z]{1,4}")) {
            ObjectNode file = words();
            ObjectNode replace =
                    file.putObject("normalizer").put("type", "Replace").put("content", " ");
            replace.putObject("pattern").put("Regex", regex);
            assertEquals(5, Tokenizer.of(file.toString()).size());
        }
        assertTrue(refusal(file -> file.putObject("decoder")
                        .put("type", "Strip")
                        .put("content", " ")
                        .put("start", 0)
                        .put("stop", 1L << 40))
                .contains("decoder.stop is 1099511627776, expected 0"));
    }

    @Test
    void cuttingAndPaddingThatAFileAsksForAreOff() throws IOException {
        ObjectNode file = words();
        file.putObject("truncation")
                .put("direction", "Right")
                .put("max_length", 2)
                .put("strategy", "LongestFirst")
                .put("stride", 0);
        ObjectNode padding = file.putObject("padding");
        padding.putObject("strategy").put("Fixed", 8);
        padding.put("direction", "Right")
                .putNull("pad_to_multiple_of")
                .put("pad_id", 0)
                .put("pad_type_id", 0)
                .put("pad_token", "<unk>");
        assertArrayEquals(new int[] {2, 2, 2}, Tokenizer.of(file.toString()).encode("a a a"));
    }

    @Test
    void mergesOfTokensThatAreNotThereAreRefused() {
        String json = new BpeTrainer(258).train(List.of("ababab ababab")).json();
        String broken = json.replace("[\"a\",\"b\"]", "[\"a\",\"zz\"]");
        assertFalse(json.equals(broken));
        assertTrue(assertThrows(LetheException.class, () -> Tokenizer.of(broken))
                .getMessage()
                .contains("but model.vocab has no \"zz\""));
        // both spellings of merges
        assertArrayEquals(
                Tokenizer.of(json).encode("abab"),
                Tokenizer.of(json.replace("[\"a\",\"b\"]", "\"a b\"")).encode("abab"));
    }

    @Test
    void damagedFilesAreRefusedOrRead(@TempDir Path folder) throws IOException {
        byte[] good = new BpeTrainer(300)
                .train(List.of("the cat and the dog and the cat"))
                .json()
                .getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("tokenizer.json");
        Keyed random = Keyed.seed(5);
        int refused = 0;
        for (int round = 0; round < 300; round++) {
            byte[] bytes = good.clone();
            for (int i = 0; i < 3; i++) {
                bytes[Keyed.below(random.of(round).at(i), bytes.length)] =
                        (byte) (32 + Keyed.below(random.of(round).at(10 + i), 95));
            }
            Files.write(file, round % 3 == 0 ? java.util.Arrays.copyOf(good, good.length * round / 300) : bytes);
            try {
                Tokenizer read = Tokenizer.read(folder);
                read.decode(read.encode("the cat \u0000 😀"));
            } catch (LetheException e) {
                assertTrue(
                        e.getMessage().startsWith(file.toString())
                                || e.getMessage().startsWith("a text"),
                        e.getMessage());
                refused++;
            }
        }
        assertTrue(refused > 200, "refused " + refused);
        Files.write(file, new byte[] {(byte) 0xFF, '{'});
        assertTrue(assertThrows(LetheException.class, () -> Tokenizer.read(file))
                .getMessage()
                .contains("not UTF-8"));
        Files.writeString(file, "[".repeat(100_000));
        assertTrue(assertThrows(LetheException.class, () -> Tokenizer.read(file))
                .getMessage()
                .contains("expected JSON"));
        Files.delete(file);
        assertTrue(assertThrows(LetheException.class, () -> Tokenizer.read(folder))
                .getMessage()
                .contains("found none"));
        try (var channel = Files.newByteChannel(
                file, java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE)) {
            channel.position(TokenizerJson.MOST_BYTES)
                    .write(java.nio.ByteBuffer.wrap(new byte[1])); // a hole: takes no disk
        }
        assertTrue(assertThrows(LetheException.class, () -> Tokenizer.read(file))
                .getMessage()
                .contains("expected at most"));
    }

    @Test
    void manyThreadsGetTheSameTokens() throws Exception {
        Tokenizer tokenizer = new BpeTrainer(400).train(List.of("the cat and the dog and the cat sat on the mat"));
        int[] expected = tokenizer.encode("the cat sat");
        List<Thread> threads = new ArrayList<>();
        List<Throwable> wrong = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int t = 0; t < 4; t++) {
            threads.add(Thread.ofPlatform()
                    .uncaughtExceptionHandler((_, e) -> wrong.add(e))
                    .start(() -> {
                        for (int i = 0; i < 500; i++) {
                            assertArrayEquals(expected, tokenizer.encode("the cat sat"));
                        }
                    }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(List.of(), wrong);
    }
}
