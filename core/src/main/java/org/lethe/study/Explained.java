package org.lethe.study;

import com.github.therapi.runtimejavadoc.ClassJavadoc;
import com.github.therapi.runtimejavadoc.Comment;
import com.github.therapi.runtimejavadoc.CommentVisitor;
import com.github.therapi.runtimejavadoc.Link;
import com.github.therapi.runtimejavadoc.ParamJavadoc;
import com.github.therapi.runtimejavadoc.RuntimeJavadoc;
import com.github.therapi.runtimejavadoc.Value;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lethe.Components;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Tool;

/**
 * An entry of a catalogue in words: the doc comments of its record, kept by the build, and its default settings.
 *
 * @param name as in a study file
 * @param summary the first sentence
 * @param text all paragraphs, plain
 * @param exactness what a method promises; empty for other entries
 * @param settings in the order of the record
 */
public record Explained(String name, String summary, String text, Optional<String> exactness, List<Setting> settings) {
    /** A full stop before a space, unless an abbreviation stands before it. */
    private static final Pattern SENTENCE_END =
            Pattern.compile("(?<!\\b(?:al|e\\.g|i\\.e|vs|cf|approx|eqs?|figs?|secs?))[.?!][)\"]?(?= )");

    /**
     * One setting.
     *
     * @param name the key in a study file
     * @param type a number, a word, or the words to choose from
     * @param standard the default
     * @param text what it means
     */
    public record Setting(String name, String type, String standard, String text) {}

    /** Describes an entry of a catalogue. */
    public static Explained of(Object entry) {
        String text = plain(RuntimeJavadoc.getJavadoc(entry.getClass()).getComment());
        Optional<String> exactness =
                entry instanceof Method<?, ?> m ? Optional.of(m.exactness().label()) : Optional.empty();
        return new Explained(Named.Of.name(entry), firstSentence(text), text, exactness, settings(entry));
    }

    /** The first sentence alone, which takes a fraction of the time. */
    public static String summary(Object entry) {
        return firstSentence(plain(RuntimeJavadoc.getJavadoc(entry.getClass()).getComment()));
    }

    /** The same under another name. */
    public Explained named(String other) {
        return new Explained(other, summary, text, exactness, settings);
    }

    private static List<Setting> settings(Object entry) {
        ClassJavadoc comment = RuntimeJavadoc.getJavadoc(entry.getClass());
        Map<String, String> components = new LinkedHashMap<>();
        for (ParamJavadoc component : comment.getRecordComponents()) {
            components.put(component.getName(), plain(component.getComment()).replaceAll("\\s+", " "));
        }
        List<Setting> settings = new ArrayList<>();
        for (RecordComponent component : entry.getClass().getRecordComponents()) {
            if (component.isAnnotationPresent(Tool.Inline.class)) {
                settings.addAll(settings(Components.value(entry, component)));
                continue;
            }
            settings.add(new Setting(
                    component.getName(),
                    type(component.getType()),
                    standard(entry, component),
                    components.getOrDefault(component.getName(), "")));
        }
        return settings;
    }

    private static String firstSentence(String text) {
        String paragraph = text.split("\n\n", 2)[0].replaceAll("\\s+", " ").strip();
        Matcher end = SENTENCE_END.matcher(paragraph);
        return end.find() ? paragraph.substring(0, end.end()) : paragraph;
    }

    private static String type(Class<?> type) {
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .map(c -> c.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
                    .collect(Collectors.joining(" | "));
        }
        return switch (type.getSimpleName()) {
            case "int", "long" -> "whole number";
            case "double", "float" -> "number";
            case "boolean" -> "true | false";
            case "String" -> "text";
            case "Path" -> "path";
            case "List" -> "list";
            default -> "entry";
        };
    }

    private static String standard(Object entry, RecordComponent component) {
        Object value = Components.value(entry, component);
        return switch (value) {
            case Enum<?> e -> e.toString().toLowerCase(Locale.ROOT).replace('_', '-');
            case Optional<?> o -> o.map(Object::toString).orElse("");
            case Record r when r.getClass().isAnnotationPresent(Named.class) -> Named.Of.name(r);
            default -> value.toString();
        };
    }

    private static int depth(int character) {
        return character == '{' ? 1 : character == '}' ? -1 : 0;
    }

    private static String plain(Comment comment) {
        StringBuilder text = new StringBuilder();
        comment.visit(new CommentVisitor() {
            private int open; // braces of a formula that the parser closed too early

            @Override
            public void commentText(String words) {
                for (int n = 0; n < words.length(); n++) {
                    char c = words.charAt(n);
                    boolean inside = open > 0;
                    open += inside ? depth(c) : 0;
                    if (!inside || open > 0) { // not the brace that ends the tag
                        text.append(c);
                    }
                }
            }

            @Override
            public void inlineLink(Link link) {
                text.append(link.getLabel());
            }

            @Override
            public void inlineTag(String name, String value) {
                // The parser ends {@code Σ_{k} x} at its first closing brace.
                open = value.chars().map(Explained::depth).sum();
                text.append(value).append(open > 0 ? "}" : "");
            }

            @Override
            public void inlineValue(Value value) {
                text.append(value.getReferencedMemberName());
            }
        });
        return text.toString()
                .replaceAll("(?i)<li>", "\n- ")
                .replaceAll("(?i)<p>", "\n\n")
                .replaceAll("</?[a-zA-Z][^<>]*>", "")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&nbsp;", " ")
                .replace("&amp;", "&")
                .replaceAll("[ \t]*\n[ \t]*", "\n")
                .replaceAll("\n{3,}", "\n\n")
                .strip();
    }
}
