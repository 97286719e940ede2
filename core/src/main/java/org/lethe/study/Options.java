package org.lethe.study;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.lethe.Components;
import org.lethe.Formerly;
import org.lethe.Named;
import org.lethe.Tool;

/** The components of a tool as options. Describes the options, and makes a tool from those that are given. */
public final class Options {
    private Options() {}

    /**
     * One option.
     *
     * @param name {@code --min-size}, or {@code FILE} where it is given by its place
     * @param place what it is given by
     * @param type what it takes: a number, a path, or the words to choose from
     * @param standard the default, as one would type it; empty where there is none
     * @param text what it means
     * @param formerly the names it had before, which are still read
     */
    public record Option(String name, Place place, String type, String standard, String text, List<String> formerly) {
        /** Whether there is nothing without it. */
        public boolean required() {
            return place != Place.OPTIONAL && place != Place.FLAG;
        }
    }

    /** How an option is given. */
    public enum Place {
        /** By its place on the line. */
        ARGUMENT,
        /** By its place on the line, once or several times. */
        ARGUMENTS,
        /** By its name; there is no default. */
        REQUIRED,
        /** By its name. */
        OPTIONAL,
        /** By its name, which alone means yes. */
        FLAG
    }

    /** The options of a tool, in the order of its components. */
    public static List<Option> of(Tool<?> tool) {
        Iterator<Explained.Setting> settings = Explained.of(tool).settings().iterator();
        List<Option> options = new ArrayList<>();
        describe(tool, new Binder(List.copyOf(tool.entries()), new Mistakes("")), settings, options);
        return List.copyOf(options);
    }

    private static void describe(
            Object prototype, Binder binder, Iterator<Explained.Setting> settings, List<Option> into) {
        for (RecordComponent component : prototype.getClass().getRecordComponents()) {
            Object usual = Components.value(prototype, component);
            if (component.isAnnotationPresent(Tool.Inline.class)) {
                describe(usual, binder, settings, into);
                continue;
            }
            Place place = place(component);
            boolean open = place == Place.OPTIONAL || place == Place.FLAG;
            into.add(new Option(
                    name(component),
                    place,
                    type(component.getGenericType(), usual, binder),
                    open ? standard(component.getGenericType(), usual, binder) : "",
                    settings.next().text(),
                    formerly(component)));
        }
    }

    private static Place place(RecordComponent component) {
        Class<?> type = component.getType();
        if (component.isAnnotationPresent(Tool.Argument.class)) {
            return type == List.class ? Place.ARGUMENTS : Place.ARGUMENT;
        }
        if (component.isAnnotationPresent(Tool.Required.class)) {
            return Place.REQUIRED;
        }
        return type == boolean.class ? Place.FLAG : Place.OPTIONAL;
    }

    private static String name(RecordComponent component) {
        return name(component, component.getName());
    }

    private static List<String> formerly(RecordComponent component) {
        Formerly formerly = component.getAnnotation(Formerly.class);
        return formerly == null
                ? List.of()
                : Arrays.stream(formerly.value())
                        .map(old -> name(component, old))
                        .toList();
    }

    private static String name(RecordComponent component, String key) {
        String words = key.replaceAll("([A-Z])", "-$1");
        return component.isAnnotationPresent(Tool.Argument.class)
                ? words.replace('-', '_').toUpperCase(Locale.ROOT)
                : "--" + words.toLowerCase(Locale.ROOT);
    }

    /** The expected form of a value of a type. */
    private static String type(Type type, Object usual, Binder binder) {
        if (type instanceof ParameterizedType p && (p.getRawType() == Optional.class || p.getRawType() == List.class)) {
            String one = type(p.getActualTypeArguments()[0], "", binder);
            return p.getRawType() == Optional.class || one.contains(" | ") ? one : one + ", …";
        }
        Class<?> raw = raw(type);
        if (raw.isEnum()) {
            return String.join(
                    " | ",
                    Arrays.stream(raw.getEnumConstants())
                            .map(c -> Words.kebab((Enum<?>) c))
                            .toList());
        }
        if (plain(raw)) {
            return Binder.expected(raw).replaceFirst("^an? ", "");
        }
        return raw.isRecord() && !raw.isAnnotationPresent(Named.class)
                ? "{setting: value}"
                : String.join(
                        " | ",
                        binder.choices(raw, raw.getSimpleName(), usual).stream()
                                .map(Named.Of::name)
                                .toList());
    }

    private static String standard(Type type, Object usual, Binder binder) {
        return switch (usual) {
            case Optional<?> optional ->
                optional.map(v -> standard(v.getClass(), v, binder)).orElse("");
            case List<?> list ->
                String.join(
                        ",",
                        list.stream()
                                .map(v -> standard(v.getClass(), v, binder))
                                .toList());
            case String text -> text;
            case Number number -> number.toString().replaceAll("\\.0$", "");
            case Record entry
            when entry.getClass().isAnnotationPresent(Named.class) ->
                Words.brief(
                        entry,
                        binder.choices(raw(type), "", "").stream()
                                .filter(c -> c.getClass() == entry.getClass())
                                .findFirst()
                                .orElse(entry));
            default -> Words.word(usual);
        };
    }

    private static Class<?> raw(Type type) {
        return type instanceof ParameterizedType p ? (Class<?>) p.getRawType() : (Class<?>) type;
    }

    private static boolean plain(Class<?> type) {
        return type.isPrimitive()
                || type.isEnum()
                || type == String.class
                || type == Path.class
                || type == Boolean.class
                || Number.class.isAssignableFrom(type);
    }

    /**
     * A tool like the prototype, with the options that were given; all mistakes are thrown as one.
     *
     * @param given by name, the texts in the order in which they stood
     * @param note takes what is right and should be written otherwise, as an option that has a new name
     */
    public static <T extends Tool<?>> T bind(T prototype, Map<String, List<String>> given, Consumer<String> note) {
        Mistakes mistakes = new Mistakes("");
        Optional<T> bound = bind(prototype, given, new Binder(List.copyOf(prototype.entries()), mistakes), mistakes);
        mistakes.orThrow();
        mistakes.notes().forEach(note);
        return bound.orElseThrow();
    }

    private static <T> Optional<T> bind(
            T prototype, Map<String, List<String>> given, Binder binder, Mistakes mistakes) {
        RecordComponent[] components = prototype.getClass().getRecordComponents();
        Object[] values = new Object[components.length];
        int before = mistakes.count();
        for (int i = 0; i < components.length; i++) {
            RecordComponent component = components[i];
            Object usual = Components.value(prototype, component);
            String name = name(component);
            List<String> texts = new ArrayList<>(given.getOrDefault(name, List.of()));
            for (String old : formerly(component)) {
                if (given.containsKey(old)) {
                    mistakes.note(1, "option " + old + " is now called " + name);
                    texts.addAll(given.getOrDefault(old, List.of()));
                }
            }
            if (component.isAnnotationPresent(Tool.Inline.class)) {
                values[i] = bind(usual, given, binder, mistakes).orElse(usual);
            } else if (texts.isEmpty()) {
                values[i] = usual;
                if (place(component) != Place.OPTIONAL && place(component) != Place.FLAG) {
                    mistakes.add(1, name + " is missing");
                }
            } else {
                values[i] = binder.value(
                                node(component, texts, name, mistakes), name, component.getGenericType(), usual)
                        .orElse(usual);
            }
        }
        if (mistakes.count() > before) {
            return Optional.empty();
        }
        try {
            return Optional.of(Components.made(prototype, values));
        } catch (IllegalArgumentException refused) {
            mistakes.add(1, said(String.valueOf(refused.getMessage()), components));
            return Optional.empty();
        }
    }

    /** A refusal that begins with the name of a component, with the option instead. */
    private static String said(String message, RecordComponent[] components) {
        String key = message.split("[ .\\[]", 2)[0];
        return Arrays.stream(components)
                .filter(c -> c.getName().equals(key))
                .findFirst()
                .map(c -> name(c) + message.substring(key.length()))
                .orElse(message);
    }

    private static Node node(RecordComponent component, List<String> texts, String name, Mistakes mistakes) {
        boolean list = component.getType() == List.class || component.getType().isArray();
        if (!list) {
            boolean plain = component.getType() == Optional.class
                    ? plain(raw(((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0]))
                    : plain(component.getType());
            return plain ? new Node.Scalar(texts.getLast(), 1) : yaml(texts.getLast(), name, mistakes);
        }
        boolean plain = !(component.getGenericType() instanceof ParameterizedType p)
                || plain(raw(p.getActualTypeArguments()[0]));
        List<Node> items = new ArrayList<>();
        for (String text : texts) {
            if (component.isAnnotationPresent(Tool.Argument.class)) {
                items.add(new Node.Scalar(text, 1));
            } else if (plain) {
                for (String item : text.split(",", -1)) {
                    items.add(new Node.Scalar(item.strip(), 1));
                }
            } else if (yaml("[" + text + "]", name, mistakes) instanceof Node.Items inner) {
                items.addAll(inner.items());
            }
        }
        return new Node.Items(items, 1);
    }

    private static Node yaml(String text, String name, Mistakes mistakes) {
        Mistakes here = new Mistakes("");
        Optional<Node> node = text.isBlank() ? Optional.of(new Node.Scalar("", 1)) : Node.read(text, here);
        here.each(what -> mistakes.add(1, name + " is " + what));
        return node.orElse(new Node.Scalar(text, 1));
    }
}
