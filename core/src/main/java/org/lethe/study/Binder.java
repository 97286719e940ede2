package org.lethe.study;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lethe.Components;
import org.lethe.Formerly;
import org.lethe.Gone;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Personal;

/**
 * Makes records of a catalogue from the entries of a study file.
 *
 * <p>An entry is a name or {@code {name: {key: value}}}: the prototype of that name with some components replaced. A
 * component is a number, a boolean, a word, a path, a constant, a list or an {@code Optional} of these, a record of
 * settings, or an entry of the catalogue. A list of words may stand in a file, one on each line: {@code {file: ids.txt}}.
 * Mistakes are noted, not thrown.
 */
final class Binder {
    private final Mistakes mistakes;
    private final List<Object> catalogue;
    private boolean filed;

    /** {@code catalogue} is everything that a component of an entry may name. */
    Binder(List<Object> catalogue, Mistakes mistakes) {
        this.catalogue = catalogue;
        this.mistakes = mistakes;
    }

    /** Whether a list was read from a file. */
    boolean filed() {
        return filed;
    }

    /** One entry of a list of prototypes; empty where it was a mistake. */
    <T> Optional<T> entry(Node node, String kind, List<? extends T> prototypes) {
        Map<String, T> known = new LinkedHashMap<>();
        prototypes.forEach(p -> known.put(Named.Of.name(p), p));
        String name;
        int line = node.line();
        Node settings = new Node.Mapping(List.of(), line);
        switch (node) {
            case Node.Scalar scalar -> name = scalar.text();
            case Node.Mapping mapping -> {
                List<Node.Pair> pairs = mapping.pairs();
                if (pairs.size() != 1) {
                    mistakes.add(
                            line,
                            kind + " has " + pairs.size() + " names, expected one, as in {name: {setting: value}}"
                                    + (pairs.isEmpty()
                                            ? ""
                                            : "; settings stand one level below \""
                                                    + pairs.getFirst().key() + "\""));
                    return Optional.empty();
                }
                name = pairs.getFirst().key();
                line = pairs.getFirst().line();
                settings = pairs.getFirst().value();
            }
            case Node.Items list -> {
                mistakes.add(line, kind + " is " + list.brief() + ", expected a name or {name: {setting: value}}");
                return Optional.empty();
            }
        }
        T prototype = known.get(name);
        for (T renamed : prototypes) {
            if (prototype == null && Named.Of.formerly(renamed).contains(name)) {
                prototype = renamed;
                mistakes.note(line, kind + " \"" + name + "\" is now called \"" + Named.Of.name(renamed) + "\"");
            }
        }
        if (prototype == null) {
            mistakes.add(line, "unknown " + kind + " \"" + name + "\"" + Mistakes.hint(name, known.keySet()));
            return Optional.empty();
        }
        if (settings instanceof Node.Scalar scalar && scalar.text().isEmpty()) {
            return Optional.of(prototype); // "sisa:" with nothing behind it
        }
        return settings(settings, kind + "." + name, kind + " \"" + name + "\"", prototype, line);
    }

    /** A record with some of its components replaced. */
    private <T> Optional<T> settings(Node node, String path, String what, T prototype, int line) {
        if (!(node instanceof Node.Mapping mapping)) {
            mistakes.add(node.line(), path + " is " + node.brief() + ", expected {setting: value}");
            return Optional.empty();
        }
        if (mapping.pairs().isEmpty()) {
            return Optional.of(prototype);
        }
        RecordComponent[] components =
                prototype instanceof Record ? prototype.getClass().getRecordComponents() : new RecordComponent[0];
        int before = mistakes.count();
        List<String> names =
                Arrays.stream(components).map(RecordComponent::getName).toList();
        Map<String, String> renamed = renamed(components);
        Map<String, Node.Pair> given = new LinkedHashMap<>();
        Gone gone = prototype.getClass().getAnnotation(Gone.class);
        for (Node.Pair pair : mapping.pairs()) {
            String key = renamed.getOrDefault(pair.key(), pair.key());
            if (gone != null && gone.key().equals(key)) {
                mistakes.note(
                        pair.line(), "key \"" + key + "\" in " + what + " has no effect any more: " + gone.remedy());
            } else if (!names.contains(key)) {
                mistakes.add(
                        pair.line(),
                        "unknown key \"" + pair.key() + "\" in " + what
                                + (names.isEmpty() ? ", which has no settings" : Mistakes.hint(pair.key(), names)));
            } else if (given.putIfAbsent(key, pair) != null) {
                mistakes.add(pair.line(), "key \"" + pair.key() + "\" is given twice in " + what);
            } else if (!key.equals(pair.key())) {
                mistakes.note(pair.line(), "key \"" + pair.key() + "\" in " + what + " is now called \"" + key + "\"");
            }
        }
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            Object usual = Components.value(prototype, components[i]);
            Node.Pair pair = given.get(components[i].getName());
            if (pair != null
                    && components[i].isAnnotationPresent(Personal.class)
                    && pair.value() instanceof Node.Scalar shown
                    && Pseudonyms.FORM.matcher(shown.text()).matches()) {
                mistakes.add(
                        pair.line(),
                        path + "." + pair.key() + " is \"" + shown.text()
                                + "\", which stands for ids in a run folder, expected the ids");
            }
            values[i] = pair == null
                    ? usual
                    : value(pair.value(), path + "." + pair.key(), components[i].getGenericType(), usual)
                            .orElse(usual);
        }
        if (mistakes.count() > before) {
            return Optional.empty();
        }
        Map<String, Integer> lines = new LinkedHashMap<>();
        given.forEach((key, pair) -> lines.put(key, pair.line()));
        return construct(prototype, components, values, path, lines, line);
    }

    /** The old keys of settings, with what they are called now. */
    private static Map<String, String> renamed(RecordComponent[] components) {
        Map<String, String> renamed = new LinkedHashMap<>();
        for (RecordComponent component : components) {
            Formerly formerly = component.getAnnotation(Formerly.class);
            if (formerly != null) {
                Arrays.stream(formerly.value()).forEach(old -> renamed.put(old, component.getName()));
            }
        }
        return renamed;
    }

    /** The words that a constant had before. */
    private static List<String> formerly(Enum<?> constant) {
        try {
            Formerly formerly =
                    constant.getDeclaringClass().getField(constant.name()).getAnnotation(Formerly.class);
            return formerly == null ? List.of() : List.of(formerly.value());
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException(constant + " is no constant of its own type", e);
        }
    }

    private <T> Optional<T> construct(
            T prototype,
            RecordComponent[] components,
            Object[] values,
            String path,
            Map<String, Integer> lines,
            int line) {
        try {
            return Optional.of(Components.made(prototype, values));
        } catch (IllegalArgumentException refused) {
            String message = String.valueOf(refused.getMessage());
            for (int i = 0; i < components.length; i++) {
                Personal personal = components[i].getAnnotation(Personal.class);
                if (personal != null && values[i] instanceof List<?> ids && !ids.isEmpty()) {
                    message = message.replace(ids.toString(), Pseudonyms.count(personal.value(), ids.size()));
                }
            }
            String key = message.split("[ .\\[]", 2)[0];
            if (lines.containsKey(key)) {
                mistakes.add(lines.getOrDefault(key, line), path + "." + message);
            } else if (Arrays.stream(components).anyMatch(c -> c.getName().equals(key))) {
                mistakes.add(line, path + "." + message);
            } else {
                mistakes.add(line, path + ": " + message);
            }
            return Optional.empty();
        }
    }

    /** One setting; {@code usual} is its default. */
    Optional<Object> value(Node node, String path, Type type, Object usual) {
        if (type instanceof ParameterizedType p && p.getRawType() == Optional.class) {
            if (node instanceof Node.Scalar s && s.text().equals("none")) {
                return Optional.of(Optional.empty());
            }
            Object inner = ((Optional<?>) usual).isPresent() ? ((Optional<?>) usual).get() : usual;
            return value(node, path, p.getActualTypeArguments()[0], inner).map(Optional::of);
        }
        if (type instanceof ParameterizedType p && p.getRawType() == List.class) {
            return list(node, path, p.getActualTypeArguments()[0]).map(l -> l);
        }
        if (!(type instanceof Class<?> raw)) {
            if (type instanceof ParameterizedType p && p.getRawType() instanceof Class<?> generic) {
                return named(node, path, generic, usual); // Learner<Split, Recommender>
            }
            throw new IllegalStateException(path + " has a type no study file can hold: " + type);
        }
        if (raw == int[].class) {
            return list(node, path, int.class)
                    .map(l -> l.stream().mapToInt(x -> (Integer) x).toArray());
        }
        if (raw == double[].class) {
            return list(node, path, double.class)
                    .map(l -> l.stream().mapToDouble(x -> (Double) x).toArray());
        }
        if (raw.isPrimitive()
                || raw == String.class
                || raw == Path.class
                || raw.isEnum()
                || Number.class.isAssignableFrom(raw)
                || raw == Boolean.class) {
            if (!(node instanceof Node.Scalar scalar)) {
                mistakes.add(node.line(), path + " is " + node.brief() + ", expected " + expected(raw));
                return Optional.empty();
            }
            return scalar(scalar.text(), scalar.line(), path, raw);
        }
        return named(node, path, raw, usual);
    }

    /** One of the constants of an enum. */
    <E extends Enum<E>> Optional<E> constant(Node node, String path, Class<E> type) {
        return value(node, path, type, "").map(type::cast);
    }

    private Optional<List<Object>> list(Node node, String path, Type of) {
        if (of == String.class
                && node instanceof Node.Mapping mapping
                && mapping.pairs().size() == 1
                && mapping.get("file").orElse(null) instanceof Node.Scalar file) {
            return ids(file, path);
        }
        List<Node> items = node instanceof Node.Items list ? list.items() : List.of(node);
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            value(items.get(i), path + "[" + i + "]", of, "").ifPresent(values::add);
        }
        return values.size() == items.size() ? Optional.of(List.copyOf(values)) : Optional.empty();
    }

    /** The lines of a file: {@code users: {file: ids.txt}}. */
    private Optional<List<Object>> ids(Node.Scalar file, String path) {
        filed = true;
        try {
            return Optional.of(List.copyOf(IdFile.read(Path.of(file.text()))));
        } catch (LetheException | InvalidPathException e) {
            mistakes.add(file.line(), path + ".file: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** A record of settings, or an entry of the catalogue or of a sealed family. */
    private Optional<Object> named(Node node, String path, Class<?> type, Object usual) {
        if (type.isRecord() && !type.isAnnotationPresent(Named.class)) {
            return settings(node, path, path, type.isInstance(usual) ? usual : fresh(type, path), node.line());
        }
        return entry(node, path, choices(type, path, usual));
    }

    /** The entries that a component of a type may name, each name once. */
    List<Object> choices(Class<?> type, String path, Object usual) {
        List<Object> choices = new ArrayList<>();
        if (type.isInstance(usual) && usual.getClass().isAnnotationPresent(Named.class)) {
            choices.add(usual);
        }
        family(type, path, choices);
        catalogue.stream().filter(type::isInstance).forEach(choices::add);
        Set<String> seen = new HashSet<>();
        // A name of the catalogue means its prototype, not what this component happens to be set to.
        return choices.reversed().stream()
                .filter(c -> seen.add(Named.Of.name(c)))
                .toList()
                .reversed();
    }

    private static void family(Class<?> type, String path, List<Object> into) {
        if (type.isSealed()) {
            for (Class<?> member : type.getPermittedSubclasses()) {
                if (member.isRecord() && member.isAnnotationPresent(Named.class)) {
                    into.add(fresh(member, path));
                } else {
                    family(member, path, into);
                }
            }
        } else if (type.isRecord()) {
            into.add(fresh(type, path));
        }
    }

    private static Object fresh(Class<?> type, String path) {
        return Components.usual(type)
                .orElseThrow(() ->
                        new IllegalStateException(path + ": " + type + " has no constructor that gives its defaults"));
    }

    private Optional<Object> scalar(String text, int line, String path, Class<?> type) {
        try {
            if (type == String.class) {
                return Optional.of(text);
            }
            if (type == Path.class) {
                return Optional.of(Path.of(text));
            }
            if (type == int.class || type == Integer.class) {
                return Optional.of(Integer.valueOf(number(text)));
            }
            if (type == long.class || type == Long.class) {
                return Optional.of(Long.valueOf(number(text)));
            }
            if (type == double.class || type == Double.class || type == float.class || type == Float.class) {
                double value = Double.parseDouble(number(text));
                if (Double.isFinite(value) && Character.isDigit(text.charAt(text.length() - 1))) {
                    return Optional.of(
                            type == float.class || type == Float.class ? (Object) (float) value : (Object) value);
                }
            }
            if ((type == boolean.class || type == Boolean.class) && (text.equals("true") || text.equals("false"))) {
                return Optional.of(Boolean.valueOf(text));
            }
        } catch (NumberFormatException | InvalidPathException e) {
            // said below, with everything else that is not of the type
        }
        String hint = "";
        if (type.isEnum()) {
            List<String> known = new ArrayList<>();
            for (Object constant : type.getEnumConstants()) {
                String word = Words.kebab((Enum<?>) constant);
                if (word.equals(text) || ((Enum<?>) constant).name().equals(text)) {
                    return Optional.of(constant);
                }
                if (formerly((Enum<?>) constant).contains(text)) {
                    mistakes.note(line, path + " \"" + text + "\" is now called \"" + word + "\"");
                    return Optional.of(constant);
                }
                known.add(word);
            }
            hint = Mistakes.nearest(text, known)
                    .map(n -> "; did you mean \"" + n + "\"?")
                    .orElse("");
        }
        mistakes.add(line, path + " is \"" + text + "\", expected " + expected(type) + hint);
        return Optional.empty();
    }

    private static String number(String text) {
        return text.matches("[+-]?\\d{1,3}(_\\d{3})+") ? text.replace("_", "") : text;
    }

    /** The expected form of a scalar of a type, in words. */
    static String expected(Class<?> type) {
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            return "a whole number";
        }
        if (type == double.class || type == Double.class || type == float.class || type == Float.class) {
            return "a number";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        if (type.isEnum()) {
            return "one of "
                    + String.join(
                            ", ",
                            Arrays.stream(type.getEnumConstants())
                                    .map(c -> Words.kebab((Enum<?>) c))
                                    .toList());
        }
        return type == Path.class ? "a path" : "a word";
    }
}
