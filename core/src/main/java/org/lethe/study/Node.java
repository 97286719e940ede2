package org.lethe.study;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A YAML text as a tree that knows its lines. */
sealed interface Node {
    /** Where it begins, counted from 1. */
    int line();

    /** A word or number as it was written. */
    record Scalar(String text, int line) implements Node {}

    /** A list. */
    record Items(List<Node> items, int line) implements Node {}

    /** Keys with values, in their order, duplicates included. */
    record Mapping(List<Pair> pairs, int line) implements Node {
        /** The value of the first pair with this key. */
        Optional<Node> get(String key) {
            return pairs.stream()
                    .filter(p -> p.key().equals(key))
                    .map(Pair::value)
                    .findFirst();
        }
    }

    /** One key with its value. */
    record Pair(String key, Node value, int line) {}

    /** The node as somebody would write it on one line. */
    default String brief() {
        return switch (this) {
            case Scalar s -> "\"" + s.text() + "\"";
            case Items i -> "a list of " + i.items().size();
            case Mapping m ->
                m.pairs().isEmpty() ? "{}" : "{" + m.pairs().getFirst().key() + ": …}";
        };
    }

    /** Deepest nesting that is read; a study needs six. */
    int DEEPEST = 50;

    /** Reads one document; what cannot be read is one mistake, and then there is no tree. */
    static Optional<Node> read(String text, Mistakes mistakes) {
        try (YAMLParser parser = new YAMLFactory().createParser(text)) {
            JsonToken token = parser.nextToken();
            if (token == null) {
                mistakes.add(1, "the file is empty, expected a study");
                return Optional.empty();
            }
            Optional<Node> node = node(parser, token, 0, mistakes);
            if (node.isPresent() && parser.nextToken() != null) {
                mistakes.add(parser.currentTokenLocation().getLineNr(), "a second document begins, expected one study");
            }
            return node;
        } catch (JacksonException e) {
            int said = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            List<String> lines = text.lines().toList();
            for (int n = 0; n < lines.size(); n++) {
                if (lines.get(n).matches("\\s*\t\\s*\\S.*")
                        && lines.get(n).strip().charAt(0) != '#') {
                    mistakes.add(n + 1, "is indented with a tab, expected blanks");
                    return Optional.empty();
                }
            }
            int line = said;
            String message = e.getOriginalMessage().lines().findFirst().orElse("unreadable");
            if (message.startsWith("mapping values are not allowed here")) {
                message =
                        "a key stands where none can, expected it indented like the keys beside it, or quotation marks around a text"
                                + " with \": \"";
            }
            mistakes.add(line, "not YAML: " + message);
            return Optional.empty();
        } catch (IOException e) {
            throw new IllegalStateException("a text in memory can be read", e);
        }
    }

    private static Optional<Node> node(YAMLParser parser, JsonToken token, int depth, Mistakes mistakes)
            throws IOException {
        int line = parser.currentTokenLocation().getLineNr();
        if (depth > DEEPEST) {
            mistakes.add(line, "nested deeper than " + DEEPEST);
            return Optional.empty();
        }
        if (parser.isCurrentAlias()) {
            mistakes.add(line, "alias *" + parser.getText() + ", expected the value itself");
            return Optional.empty();
        }
        if (token == JsonToken.START_OBJECT) {
            List<Pair> pairs = new ArrayList<>();
            for (JsonToken t = parser.nextToken(); t != JsonToken.END_OBJECT; t = parser.nextToken()) {
                String key = parser.currentName();
                int at = parser.currentTokenLocation().getLineNr();
                Optional<Node> value = node(parser, parser.nextToken(), depth + 1, mistakes);
                if (value.isEmpty()) {
                    return value;
                }
                pairs.add(new Pair(key, value.get(), at));
            }
            return Optional.of(new Mapping(List.copyOf(pairs), line));
        }
        if (token == JsonToken.START_ARRAY) {
            List<Node> items = new ArrayList<>();
            for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
                Optional<Node> item = node(parser, t, depth + 1, mistakes);
                if (item.isEmpty()) {
                    return item;
                }
                items.add(item.get());
            }
            return Optional.of(new Items(List.copyOf(items), line));
        }
        return Optional.of(new Scalar(token == JsonToken.VALUE_NULL ? "" : parser.getText(), line));
    }
}
