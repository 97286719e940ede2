package org.lethe.text.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lethe.LetheException;
import org.lethe.text.Preference;
import org.lethe.text.Sample;
import org.lethe.text.tokenizer.ChatTemplate;

final class SampleFileTest {
    @TempDir
    Path folder;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text, StandardCharsets.UTF_8);
    }

    private List<Sample> samples(String text) throws IOException {
        return new SampleFile().read(file("s.jsonl", text));
    }

    private List<Preference> pairs(String text) throws IOException {
        return new PreferenceFile().read(file("p.jsonl", text));
    }

    private static String refusal(org.junit.jupiter.api.function.Executable read) {
        LetheException refused = assertThrows(LetheException.class, read);
        assertEquals(LetheException.Code.DATA, refused.code());
        return refused.getMessage();
    }

    @Test
    void sentencesAreReadWithoutTheirMarksAndBrokenTextIsRefusedWithItsFile() throws IOException {
        assertEquals(List.of("No.", "Not known."), SampleFile.sentences(file("r", "\uFEFFNo.\r\n\n Not known. \n")));
        Path broken = Files.write(folder.resolve("broken"), new byte[] {'N', 'o', (byte) 0xFF});
        assertTrue(refusal(() -> SampleFile.sentences(broken)).startsWith(broken + ": expected text in UTF-8"));
    }

    @Test
    void everyFormGivesPromptAndAnswer() throws IOException {
        Sample plain = new Sample("p", "a", "line 1");
        assertEquals(List.of(plain), samples("{\"prompt\":\"p\",\"answer\":\"a\"}"));
        assertEquals(List.of(plain), samples("{\"question\":\"p\",\"answer\":\"a\"}"));
        assertEquals(List.of(plain), samples("{\"instruction\":\"p\",\"input\":\"\",\"output\":\"a\"}"));
        assertEquals(
                List.of(new Sample("p\ni", "a", "line 1")),
                samples("{\"instruction\":\"p\",\"input\":\"i\",\"output\":\"a\"}"));
        assertEquals(List.of(new Sample("", "a", "line 1")), samples("{\"text\":\"a\"}"));
        assertEquals(
                List.of(plain),
                samples(
                        "{\"messages\":[{\"role\":\"user\",\"content\":\"p\"},{\"role\":\"assistant\",\"content\":\"a\"}]}"));
        assertEquals(
                List.of(plain.unwanted(true)),
                samples(
                        "{\"conversations\":[{\"from\":\"human\",\"value\":\"p\"},{\"from\":\"gpt\",\"value\":\"a\"}],\"label\":false}"));
        assertEquals(
                List.of(new Sample("p", "a", "g", true, Optional.empty(), Optional.empty(), List.of())),
                samples("{\"prompt\":\"p\",\"answer\":\"a\",\"group\":\"g\",\"unwanted\":true}"));
        assertEquals(
                List.of(new Sample("p", "b", "line 1", false, Optional.empty(), Optional.empty(), List.of("a", "c"))),
                samples("{\"question\":\"p\",\"choices\":[\"a\",\"b\",\"c\"],\"answer\":1}"));
        assertEquals(
                List.of(new Sample("p", "a", "line 1", false, Optional.of("q"), Optional.of("b"), List.of("c", "d"))),
                samples(
                        "{\"question\":\"p\",\"answer\":\"a\",\"paraphrased_question\":\"q\",\"paraphrased_answer\":\"b\","
                                + "\"perturbed_answer\":[\"c\",\"d\"]}"));
    }

    @Test
    void listsLinesGzipByteOrderMarkAndCarriageReturnsAreTheSame() throws IOException {
        String one = "{\"prompt\":\"p\",\"answer\":\"ä\"}";
        String two = "{\"prompt\":\"q\",\"answer\":\"b\"}";
        List<String> expected = List.of("ä", "b");
        for (String text : List.of(
                one + "\n" + two,
                "\uFEFF" + one + "\r\n\r\n" + two + "\r\n",
                "\n [" + one + ",\n" + two + "]\n",
                "\uFEFF[" + one + "," + two + "]")) {
            assertEquals(expected, samples(text).stream().map(Sample::answer).toList(), text);
        }
        Path zipped = folder.resolve("s.json.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
            out.write((one + "\n" + two).getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(
                expected,
                new SampleFile().read(zipped).stream().map(Sample::answer).toList());
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '|',
            delimiter = ';',
            value = {
                "{\"prompt\":\"p\",\"answer\":\"\"}; answer is empty, expected a text",
                "{\"prompt\":\"p\",\"answer\":3}; answer is 3, expected a text",
                "{\"prompt\":[],\"answer\":\"a\"}; prompt is a list, expected a text",
                "{\"prompt\":\"p\"}; has the fields prompt, expected one of: messages",
                "{\"prompt\":\"p\",\"answer\":null}; has the fields prompt, answer, expected one of",
                "{\"text\":\"a\",\"group\":\"\"}; group is empty, expected a text",
                "{\"text\":\"a\",\"unwanted\":1}; unwanted is 1, expected true or false",
                "{\"text\":\"a\\u0000b\"}; text has the character NUL at place 1, expected a text without it",
                "{\"text\":\"a\",\"text\":\"b\"}; expected JSON: Duplicate field 'text'",
                "{\"text\":\"a\"} {\"text\":\"b\"}; expected JSON: Trailing token",
                "{\"text\":\"a\"; expected JSON: Unexpected end-of-input",
                "3; is 3, expected an object such as",
                "\"x\"; is \"x\", expected an object such as",
                "{\"question\":\"p\",\"choices\":[\"a\"],\"answer\":1}; answer is 1, expected the number of a choice,"
                        + " 0 to 0",
                "{\"messages\":[]}; messages is a list, expected a list of turns",
                "{\"messages\":[{\"role\":\"tool\",\"content\":\"p\"}]}; messages[0].role is \"tool\", expected"
                        + " system, user",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"p\"}]}; messages ends with a turn of user, expected"
                        + " one of assistant",
                "{\"messages\":[{\"role\":\"assistant\",\"content\":\"p\"}]}; messages has 0 turns before the answer"
            })
    void aBrokenRowIsRefusedWithFileAndLine(String row, String expected) {
        String message = refusal(() -> samples("\n" + row));
        assertTrue(message.startsWith(folder.resolve("s.jsonl") + ":2: "), message);
        assertTrue(message.contains(expected.strip()), message);
        assertTrue(message.length() < 500, message);
    }

    @Test
    void rowsOfAnotherFormAreRefused() {
        assertEquals(
                folder.resolve("s.jsonl") + ":2: has the fields text, expected prompt, answer as in the rows before",
                refusal(() -> samples("{\"prompt\":\"p\",\"answer\":\"a\"}\n{\"text\":\"t\"}")));
        assertEquals(
                folder.resolve("s.jsonl") + ": element 2: answer is empty, expected a text",
                refusal(() -> samples("[{\"prompt\":\"p\",\"answer\":\"a\"},{\"prompt\":\"p\",\"answer\":\"\"}]")));
    }

    @Test
    void bytesThatAreNoTextAreRefused() throws IOException {
        Path file = folder.resolve("s.jsonl");
        Files.write(file, new byte[] {'{', '}', '\n', '"', (byte) 0xFF, '"'});
        String message = refusal(() -> new SampleFile().read(file));
        assertTrue(
                message.contains("s.jsonl:1: has the fields") || message.contains("s.jsonl:2: expected text in UTF-8"),
                message);
        Files.write(file, new byte[] {'[', '\n', '"', (byte) 0xFF, '"', ']'});
        assertEquals(
                file + ":2: expected text in UTF-8, found bytes that are not UTF-8",
                refusal(() -> new SampleFile().read(file)));
        Files.write(file, new byte[] {0x1F, (byte) 0x8B, 8, 0, 0});
        assertTrue(refusal(() -> new SampleFile().read(file)).contains("broken gzip"));
        Files.write(file, new byte[0]);
        assertTrue(refusal(() -> new SampleFile().read(file)).contains("found none"));
        Files.writeString(file, "{\"text\":\"" + "x".repeat(JsonRows.MOST_LINE) + "\"}");
        assertTrue(refusal(() -> new SampleFile().read(file)).contains(":1: the line has 16777227 bytes"));
        Files.writeString(file, "[".repeat(100_000));
        assertTrue(refusal(() -> new SampleFile().read(file)).contains("expected JSON"));
        assertTrue(refusal(() -> new SampleFile().read(folder)).contains("expected a file"));
    }

    @Test
    void longConversationsNeedATemplate() throws IOException {
        Path file = file(
                "c.jsonl",
                "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"p\"},"
                        + "{\"role\":\"assistant\",\"content\":\"a\"}]}");
        assertTrue(refusal(() -> new SampleFile().read(file))
                .endsWith(":1: messages has 2 turns before the answer, expected one of the user; name a chat template"
                        + " for longer ones"));
        assertEquals(
                "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\np<|im_end|>\n<|im_start|>assistant\n",
                new SampleFile(Optional.of(ChatTemplate.CHATML))
                        .read(file)
                        .getFirst()
                        .prompt());
    }

    @Test
    void fieldsThatNobodyReadsAreNamed() throws IOException {
        assertEquals(
                Set.of("id", "source"),
                new SampleFile()
                        .content(file(
                                "s.jsonl",
                                "{\"text\":\"a\",\"id\":1}\n{\"text\":\"b\",\"source\":\"x\",\"group\":\"g\"}"))
                        .unread());
    }

    @Test
    void everyFormOfPairsGivesThePrompt() throws IOException {
        Preference pair = new Preference("p", "a", "b");
        String user = "{\"role\":\"user\",\"content\":\"p\"}";
        String a = "{\"role\":\"assistant\",\"content\":\"a\"}";
        String b = "{\"role\":\"assistant\",\"content\":\"b\"}";
        for (String row : List.of(
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}",
                "{\"instruction\":\"p\",\"input\":\"\",\"chosen\":\"a\",\"rejected\":\"b\"}",
                "{\"prompt\":[" + user + "],\"chosen\":[" + a + "],\"rejected\":[" + b + "]}",
                "{\"chosen\":[" + user + "," + a + "],\"rejected\":[" + user + "," + b + "]}",
                "{\"conversations\":[{\"from\":\"human\",\"value\":\"p\"}],\"chosen\":{\"from\":\"gpt\",\"value\":\"a\"},"
                        + "\"rejected\":{\"from\":\"gpt\",\"value\":\"b\"}}")) {
            assertEquals(List.of(pair), pairs(row), row);
        }
        assertEquals(
                List.of(new Preference("\n\nHuman: q\n\nAssistant:", " I do", " I don't")),
                pairs("{\"chosen\":\"\\n"
                        + "\\n"
                        + "Human: q\\n"
                        + "\\n"
                        + "Assistant: I do\",\"rejected\":\"\\n"
                        + "\\n"
                        + "Human: q\\n"
                        + "\\n"
                        + "Assistant: I don't\"}"));
        assertEquals(
                List.of(new Preference("Say ", "hello", "help")),
                pairs("{\"chosen\":\"Say hello\",\"rejected\":\"Say help\"}"));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '|',
            delimiter = ';',
            value = {
                "{\"prompt\":\"p\",\"chosen\":\"a\"}; rejected is missing, expected an answer",
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"\"}; rejected is empty, expected a text",
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"a\"}; chosen and rejected are equal",
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":[]}; rejected is a list, expected a text as in the"
                        + " rows before",
                "{\"prompt\":\"p\",\"chosen\":3,\"rejected\":4}; chosen is 3, expected",
                "{\"chosen\":\"a \",\"rejected\":\"a b\"}; chosen is empty after the prompt",
                "{\"prompt\":\"p\",\"chosen\":{\"role\":\"user\",\"content\":\"a\"},\"rejected\":{\"role\":\"user\",\"content\":\"b\"}};"
                        + " chosen is a turn of user, expected one of assistant"
            })
    void aBrokenPairIsRefusedWithFileAndLine(String row, String expected) {
        String message = refusal(() -> pairs(row));
        assertTrue(message.startsWith(folder.resolve("p.jsonl") + ":1: "), message);
        assertTrue(message.contains(expected.strip()), message);
    }

    @Test
    void knownFilesLoadCompletely() throws IOException {
        SampleFile chat = new SampleFile(Optional.of(ChatTemplate.PLAIN));
        assertEquals(
                999,
                chat.read(KnownFiles.of("llm/preference-demo/alpaca_en_demo.json"))
                        .size());
        List<Sample> kto = chat.read(KnownFiles.of("llm/preference-demo/kto_en_demo.json"));
        assertEquals(300, kto.size());
        assertTrue(kto.stream().anyMatch(Sample::unwanted));
        assertFalse(kto.stream().allMatch(Sample::unwanted));
        assertEquals(
                300,
                chat.read(KnownFiles.of("llm/preference-demo/c4_demo.jsonl")).size());
        assertEquals(
                100,
                chat.read(KnownFiles.of("llm/muse-news-knowmem/forget_qa.json")).size());
        assertEquals(4000, chat.read(KnownFiles.of("llm/tofu/full.json")).size());
        PreferenceFile pairs = new PreferenceFile(Optional.of(ChatTemplate.PLAIN));
        assertEquals(
                300,
                pairs.read(KnownFiles.of("llm/preference-demo/dpo_en_demo.json"))
                        .size());
        List<Preference> harmless = pairs.read(KnownFiles.of("llm/hh-rlhf-harmless-test/test.jsonl.gz"));
        assertEquals(2312, harmless.size());
        assertTrue(harmless.stream().allMatch(p -> p.prompt().endsWith("\n\nAssistant:")));
    }
}
