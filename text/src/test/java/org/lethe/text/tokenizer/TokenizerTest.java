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
            assertArrayEquals(ints(known.path("ids_special")), tokenizer.library().encode(text, true), text);
            assertEquals(known.path("decoded").textValue(), tokenizer.decode(ids, false), text);
            assertEquals(known.path("decoded_skip_special").textValue(), tokenizer.decode(ids), text);
            List<List<Integer>> spans = tokenizer.library().spans(text).stream()
                    .map(span -> span == null ? List.of(0, 0) : List.of(span.getStart(), span.getEnd()))
                    .toList();
            assertEquals(JSON.convertValue(known.path("offsets"), List.class), spans, text);
        }
    }
}
