package org.lethe.text.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.text.tokenizer.ChatTemplate;
import org.lethe.text.tokenizer.ChatTemplate.Role;
import org.lethe.text.tokenizer.ChatTemplate.Turn;

/** The objects of a file: one on each line, or in one list; the file may be gzipped. */
final class JsonRows {
    /** A small file may unpack to more than the memory. */
    static final int MOST_BYTES = 1 << 30;

    static final int MOST_LINE = 1 << 24;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonRows() {}

    /**
     * One object.
     *
     * @param where file and line, or file and number of the element
     * @param name of the row in its file: {@code line 3} or {@code element 3}
     * @param object its fields
     */
    record Row(String where, String name, JsonNode object) {
        boolean has(String key) {
            return object.hasNonNull(key);
        }

        /** A text that may be empty. */
        String text(String key) {
            return text(object.path(key), key);
        }

        String text(JsonNode node, String key) {
            if (!node.isTextual()) {
                throw wrong(key + " is " + shown(node) + ", expected a text");
            }
            String text = node.textValue();
            if (text.indexOf('\0') >= 0) {
                throw wrong(
                        key + " has the character NUL at place " + text.indexOf('\0') + ", expected a text without it");
            }
            return text;
        }

        /** A text with something in it. */
        String filled(String key) {
            return filled(object.path(key), key);
        }

        String filled(JsonNode node, String key) {
            String text = text(node, key);
            if (text.isEmpty()) {
                throw wrong(key + " is empty, expected a text");
            }
            return text;
        }

        Optional<String> optional(String key) {
            return has(key) ? Optional.of(filled(key)) : Optional.empty();
        }

        /** The turns of a conversation: a list of {@code {role, content}} or of {@code {from, value}}. */
        List<Turn> turns(String key) {
            return turns(object.path(key), key);
        }

        List<Turn> turns(JsonNode list, String key) {
            if (!list.isArray() || list.isEmpty()) {
                throw wrong(key + " is " + shown(list) + ", expected a list of turns");
            }
            List<Turn> turns = new ArrayList<>();
            for (int i = 0; i < list.size(); i++) {
                turns.add(turn(list.path(i), key + "[" + i + "]"));
            }
            return turns;
        }

        Turn turn(JsonNode node, String key) {
            if (!node.isObject()) {
                throw wrong(key + " is " + shown(node)
                        + ", expected a text or a turn such as {\"role\": …, \"content\": …}");
            }
            boolean other = node.has("from");
            String name = text(node.path(other ? "from" : "role"), key + (other ? ".from" : ".role"));
            Role role = switch (name) {
                case "system" -> Role.SYSTEM;
                case "user", "human" -> Role.USER;
                case "assistant", "gpt" -> Role.ASSISTANT;
                default ->
                    throw wrong(key + (other ? ".from" : ".role") + " is \"" + cut(name)
                            + "\", expected system, user (or human) or assistant (or gpt)");
            };
            return new Turn(
                    role, filled(node.path(other ? "value" : "content"), key + (other ? ".value" : ".content")));
        }

        /** The prompt of turns that come before an answer: one question as it is, more of them by a template. */
        String prompt(List<Turn> turns, String key, Optional<ChatTemplate> template) {
            if (template.isEmpty()) {
                if (turns.size() == 1 && turns.getFirst().role() == Role.USER) {
                    return turns.getFirst().text();
                }
                throw wrong(key + " has " + turns.size()
                        + " turns before the answer, expected one of the user; name a chat template for longer ones");
            }
            try {
                return template.get().prompt(turns);
            } catch (IllegalArgumentException e) {
                throw wrong(key + ": " + e.getMessage());
            }
        }

        LetheException wrong(String what) {
            return JsonRows.wrong(where, what);
        }
    }

    static List<Row> read(Path file) throws IOException {
        byte[] bytes = bytes(file);
        int start = start(bytes);
        int first = start;
        while (first < bytes.length && " \t\r\n".indexOf(bytes[first]) >= 0) {
            first++;
        }
        List<Row> rows =
                first < bytes.length && bytes[first] == '[' ? list(file, bytes, start) : lines(file, bytes, start);
        if (rows.isEmpty()) {
            throw wrong(file.toString(), "expected JSON objects, one on each line or in one list, found none");
        }
        return rows;
    }

    /** Where the text begins: after a byte-order mark, if there is one. */
    private static int start(byte[] bytes) {
        return bytes.length >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF
                ? 3
                : 0;
    }

    private static byte[] bytes(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw wrong(file.toString(), "expected a file, found none");
        }
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            in.mark(2);
            boolean zipped = in.read() == 0x1F && in.read() == 0x8B;
            in.reset();
            InputStream plain;
            byte[] bytes;
            try {
                plain = zipped ? new GZIPInputStream(in) : in;
                bytes = plain.readNBytes(MOST_BYTES + 1);
            } catch (java.io.EOFException | java.util.zip.ZipException e) {
                throw new LetheException(LetheException.Code.DATA, file + ": broken gzip: " + e.getMessage(), e);
            }
            if (bytes.length > MOST_BYTES) {
                throw wrong(
                        file.toString(), "holds more than " + MOST_BYTES + " bytes, expected at most that; split it");
            }
            return bytes;
        }
    }

    private static List<Row> lines(Path file, byte[] bytes, int start) {
        List<Row> rows = new ArrayList<>();
        int number = 0;
        for (int from = start; from < bytes.length; ) {
            int to = from;
            while (to < bytes.length && bytes[to] != '\n') {
                to++;
            }
            number++;
            String where = file + ":" + number;
            if (to - from > MOST_LINE) {
                throw wrong(where, "the line has " + (to - from) + " bytes, expected at most " + MOST_LINE);
            }
            String line = decode(bytes, from, to, where);
            if (!line.isBlank()) {
                rows.add(row(parse(line, where, Optional.empty()), where, "line " + number));
            }
            from = to + 1;
        }
        return rows;
    }

    private static List<Row> list(Path file, byte[] bytes, int start) {
        int line = 1;
        for (int from = start; from < bytes.length; line++) { // by lines, so that an error can name one
            int to = from;
            while (to < bytes.length && bytes[to] != '\n') {
                to++;
            }
            decode(bytes, from, to, file + ":" + line);
            from = to + 1;
        }
        JsonNode list = parse(
                new String(bytes, start, bytes.length - start, StandardCharsets.UTF_8),
                file.toString(),
                Optional.of(file));
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            rows.add(row(list.path(i), file + ": element " + (i + 1), "element " + (i + 1)));
        }
        return rows;
    }

    private static Row row(JsonNode node, String where, String name) {
        if (!node.isObject()) {
            throw wrong(where, "is " + shown(node) + ", expected an object such as {\"prompt\": …, \"answer\": …}");
        }
        return new Row(where, name, node);
    }

    private static String decode(byte[] bytes, int from, int to, String where) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, from, to - from))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, where + ": expected text in UTF-8, found bytes that are not UTF-8", e);
        }
    }

    private static JsonNode parse(String json, String where, Optional<Path> lines) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            var place = e.getLocation();
            String line = lines.isPresent() && place != null ? ":" + place.getLineNr() : "";
            throw new LetheException(
                    LetheException.Code.DATA, where + line + ": expected JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** The lines of a text file. */
    static List<String> lines(Path file) {
        try {
            byte[] bytes = bytes(file);
            return List.of(
                    decode(bytes, start(bytes), bytes.length, file.toString()).split("\r?\n"));
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** The lines of a text file that are not blank. */
    static List<String> sentences(Path file) {
        return lines(file).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
    }

    static LetheException unreadable(Path file, IOException e) {
        return new LetheException(LetheException.Code.STORAGE, file + ": cannot be read: " + e.getMessage(), e);
    }

    static String shown(JsonNode node) {
        return node.isMissingNode()
                ? "missing"
                : node.isContainerNode()
                        ? (node.isArray() ? "a list" : "an object")
                        : node.isTextual() ? "\"" + cut(node.textValue()) + "\"" : cut(node.toString());
    }

    static String cut(String text) {
        return Printable.text(text.length() > 40 ? text.substring(0, 40) + "…" : text);
    }

    static LetheException wrong(String where, String what) {
        return new LetheException(LetheException.Code.DATA, where + ": " + what);
    }

    static String plain(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
