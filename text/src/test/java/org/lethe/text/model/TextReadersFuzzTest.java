package org.lethe.text.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.laws.Fuzz;
import org.lethe.text.data.PreferenceFile;
import org.lethe.text.data.SampleFile;
import org.lethe.text.tokenizer.Tokenizer;

/** Readers of samples, preferences, tokenizers and descriptions of models against changed files. */
@Timeout(3600)
class TextReadersFuzzTest {
    private static final String SAMPLES = """
            {"prompt": "Who?", "answer": "\\u00e9 she", "group": "a"}
            {"prompt": "Where?", "answer": "There", "group": "b"}
            """;

    private static final String PAIRS = """
            {"prompt": "Who?", "chosen": "she", "rejected": "no one"}
            {"prompt": "é", "chosen": "a b", "rejected": "b a"}
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private void fuzz(String name, String file, int usual, Fuzz.Reader reader, String... seeds) throws IOException {
        List<byte[]> bytes = Arrays.stream(seeds)
                .map(seed -> seed.getBytes(StandardCharsets.UTF_8))
                .toList();
        Fuzz.Outcome outcome = new Fuzz(name, folder.resolve(file), bytes, reader).run(usual);
        assertTrue(outcome.refused() > 0, outcome + ": changes that no reader minds test nothing");
    }

    @Test
    void samples() throws IOException {
        String list = "[" + SAMPLES.strip().replace("\n", ",\n") + "]";
        fuzz("samples .jsonl", "s.jsonl", 2000, f -> new SampleFile().read(f), SAMPLES);
        fuzz("samples .json", "s.json", 2000, f -> new SampleFile().read(f), list);
        fuzz("preferences .jsonl", "p.jsonl", 2000, f -> new PreferenceFile().read(f), PAIRS);
        fuzz("sentences .txt", "r.txt", 1000, SampleFile::sentences, "No.\r\n\n Not known, é. \n");
    }

    @Test
    void filesOfModels() throws IOException {
        String config = ArchitectureFile.gpt(64, 16, 1, 2, 32, 1).json();
        fuzz("config.json of text", "c.json", 1000, ArchitectureFile::read, config);
        String words = Tokenizer.ofWords(List.of("a", "b", "é")).json();
        fuzz("tokenizer.json", "tokenizer.json", 500, Tokenizer::read, words);
    }
}
