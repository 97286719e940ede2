package org.lethe.study;

import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lethe.Chain;
import org.lethe.Components;
import org.lethe.Legs;
import org.lethe.Named;
import org.lethe.Printable;

/** Records in the words of a study file: {@code sisa {shards: 10, slices: 5}}. */
public final class Words {
    private Words() {}

    /** With every setting, in the order of declaration: what a digest is made of. */
    public static String full(Object entry) {
        return full(entry, Pseudonyms.passing());
    }

    /** The same with what stands in place of persons' ids. */
    static String full(Object entry, Pseudonyms persons) {
        return chained(entry, e -> text(e, null, persons));
    }

    /**
     * An entry in words, as {@link #full} writes them, or with some of its settings; no chain.
     *
     * @param prototypes what it may be
     * @param catalogue what its settings may name
     */
    public static <T> T read(String words, List<? extends T> prototypes, List<?> catalogue) {
        int brace = words.indexOf(" {");
        String yaml = brace < 0 ? words : "{" + words.substring(0, brace) + ":" + words.substring(brace) + "}";
        Mistakes mistakes = new Mistakes("");
        Binder binder = new Binder(List.copyOf(catalogue), mistakes);
        Optional<T> read = Node.read(yaml, mistakes).flatMap(node -> binder.entry(node, "entry", prototypes));
        mistakes.orThrow();
        return read.orElseThrow();
    }

    /** An entry with some settings, in their order, as it stands in the list of a study file. */
    public static String entry(String name, Map<String, String> settings) {
        return settings.entrySet().stream()
                .map(e -> e.getKey() + ": " + quoted(e.getValue()))
                .collect(Collectors.joining(", ", "{" + name + ": {", "}}"));
    }

    /** An entry in words, or each step of a chain. */
    static String chained(Object entry, Function<Object, String> words) {
        List<?> steps = switch (entry) {
            case Chain chain -> chain.steps();
            case Legs<?, ?> legs -> legs.methods();
            default -> List.of(entry);
        };
        return String.join(", then ", steps.stream().map(words).toList());
    }

    /** With the settings that differ from the prototype's, as somebody would write it. */
    public static String brief(Object entry, Object prototype) {
        return brief(entry, prototype, Pseudonyms.passing());
    }

    /** The same with what stands in place of persons' ids. */
    static String brief(Object entry, Object prototype, Pseudonyms persons) {
        return text(entry, prototype, persons);
    }

    /** An entry in words, as it stands in a list: {@code {sisa: {shards: 2}}}. */
    static String item(String words) {
        int brace = words.indexOf(" {");
        return brace > 0 ? "{" + words.substring(0, brace) + ": " + words.substring(brace + 1) + "}" : words;
    }

    private static String text(Object entry, @org.jspecify.annotations.Nullable Object prototype, Pseudonyms persons) {
        StringBuilder out = new StringBuilder();
        if (entry.getClass().isAnnotationPresent(Named.class)) {
            out.append(Named.Of.name(entry));
        }
        List<String> settings = new ArrayList<>();
        if (entry instanceof Record) {
            // Another member of a family than the prototype has usual settings of its own.
            Object like = prototype == null || prototype.getClass() == entry.getClass()
                    ? prototype
                    : Components.usual(entry.getClass()).orElse(null);
            for (RecordComponent component : entry.getClass().getRecordComponents()) {
                Object value = Components.value(entry, component);
                Object usual = like == null ? null : Components.value(like, component);
                if (usual == null || !Objects.deepEquals(value, usual)) {
                    settings.add(component.getName() + ": "
                            + Pseudonyms.listed(entry, component)
                                    .map(persons::of)
                                    .orElseGet(() -> word(value, usual, persons)));
                }
            }
        }
        if (!settings.isEmpty()) {
            out.append(out.isEmpty() ? "{" : " {")
                    .append(String.join(", ", settings))
                    .append('}');
        } else if (out.isEmpty()) {
            out.append("{}");
        }
        return out.toString();
    }

    /** A setting as it stands in a study file. */
    static String word(Object value) {
        return word(value, null, Pseudonyms.passing());
    }

    private static String word(Object value, @org.jspecify.annotations.Nullable Object usual, Pseudonyms persons) {
        return switch (value) {
            case String s -> quoted(s);
            case Enum<?> e -> kebab(e);
            case Optional<?> o -> o.isPresent() ? word(o.get(), null, persons) : "none";
            case List<?> list ->
                "["
                        + String.join(
                                ", ",
                                list.stream().map(e -> word(e, null, persons)).toList())
                        + "]";
            case Map<?, ?> map ->
                "{"
                        + String.join(
                                ", ",
                                map.entrySet().stream()
                                        .map(e -> e.getKey() + ": " + word(e.getValue(), null, persons))
                                        .sorted()
                                        .toList())
                        + "}";
            default -> {
                if (value.getClass().isArray()) {
                    List<String> items = new ArrayList<>();
                    for (int i = 0; i < Array.getLength(value); i++) {
                        items.add(word(Array.get(value, i), null, persons));
                    }
                    yield "[" + String.join(", ", items) + "]";
                }
                if (value instanceof Record) {
                    String text = text(value, usual, persons);
                    // An entry inside an entry is a mapping of its name to its settings.
                    yield value.getClass().isAnnotationPresent(Named.class) ? item(text) : text;
                }
                yield value.toString();
            }
        };
    }

    /** A text as YAML has it: between quotation marks unless it is plain, with the escapes of YAML 1.1, section 5.6. */
    private static String quoted(String s) {
        if (s.matches("[A-Za-z0-9_./][A-Za-z0-9_./ -]*") && !s.endsWith(" ") && !s.equalsIgnoreCase("null")) {
            return s;
        }
        StringBuilder text = new StringBuilder("\"");
        s.codePoints().forEach(c -> {
            switch (c) {
                case '\\', '"' -> text.append('\\').appendCodePoint(c);
                case '\n' -> text.append("\\n");
                default -> {
                    if (Printable.is(c)) {
                        text.appendCodePoint(c);
                    } else {
                        text.append((c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
                    }
                }
            }
        });
        return text.append('"').toString();
    }

    /** A constant in the words of a study file: {@code PER_USER} is {@code per-user}. */
    static String kebab(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
