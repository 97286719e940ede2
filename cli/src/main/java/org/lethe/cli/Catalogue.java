package org.lethe.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Subject;
import org.lethe.study.Studies;

/**
 * The entries of the installed subjects, by name: {@code recsys/retrain}, or {@code retrain} where one subject alone
 * has it.
 *
 * @param entries of all subjects, by kind
 */
record Catalogue(List<Entry> entries) {
    /** The kinds, in the order in which they are listed. */
    static final List<String> KINDS = List.of("data", "models", "requests", "methods", "audits");

    /**
     * One entry.
     *
     * @param kind one of {@link #KINDS}
     * @param subject its name
     * @param value the prototype
     */
    record Entry(String kind, String subject, Object value) {
        String name() {
            return Named.Of.name(value);
        }

        String full() {
            return subject + "/" + name();
        }
    }

    /** That of the installed subjects. */
    static Catalogue installed() {
        Map<String, List<Entry>> byKind = new LinkedHashMap<>();
        KINDS.forEach(kind -> byKind.put(kind, new ArrayList<>()));
        for (Subject<?, ?> subject : Studies.subjects()) {
            byKind.forEach((kind, entries) ->
                    offered(subject, kind).forEach(value -> entries.add(new Entry(kind, subject.name(), value))));
        }
        return new Catalogue(byKind.values().stream().flatMap(List::stream).toList());
    }

    private static List<?> offered(Subject<?, ?> subject, String kind) {
        return switch (kind) {
            case "data" -> subject.data();
            case "models" -> subject.models();
            case "requests" -> subject.requests();
            case "methods" -> subject.methods();
            case "audits" -> subject.audits();
            default -> throw new IllegalArgumentException("kind is " + kind + ", expected one of " + KINDS);
        };
    }

    /** The entries of one kind. */
    Catalogue of(String kind) {
        return new Catalogue(entries.stream().filter(e -> e.kind.equals(kind)).toList());
    }

    /** The entries of one subject. */
    Catalogue in(String subject) {
        return new Catalogue(
                entries.stream().filter(e -> e.subject.equals(subject)).toList());
    }

    /** The short name; with the subject where another subject has an entry of that name too. */
    String name(Entry entry) {
        boolean shared =
                entries.stream().anyMatch(e -> e.name().equals(entry.name()) && !e.subject.equals(entry.subject));
        return shared ? entry.full() : entry.name();
    }

    /** The entry of a name; where there is none, an error that names the nearest, or all where there are several. */
    Entry entry(String name) {
        List<Entry> found = entries.stream()
                .filter(e -> name.equals(name.contains("/") ? e.full() : e.name()))
                .toList();
        List<String> full = found.stream().map(Entry::full).distinct().toList();
        if (full.size() > 1) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "\"" + name + "\" is the name of several entries, expected one of " + String.join(", ", full));
        }
        if (found.isEmpty()) {
            throw Studies.unknown(
                    name,
                    entries.stream()
                            .map(e -> name.contains("/") ? e.full() : e.name())
                            .distinct()
                            .toList());
        }
        return found.getFirst();
    }

    /** The data set of a name. */
    DataSource<?> data(String name) {
        return (DataSource<?>) of("data").entry(name).value();
    }

    /** Name of each data set → whether its files are in one of the folders. */
    Map<String, String> dataFound(DataFolders folders) {
        Map<String, String> found = new LinkedHashMap<>();
        for (Entry entry : of("data").entries) {
            found.put(name(entry), state((DataSource<?>) entry.value, folders));
        }
        return found;
    }

    private static String state(DataSource<?> source, DataFolders folders) {
        if (!source.present(folders)) {
            return Named.Of.name(source).equals("file") ? "your own, by path" : "not here";
        }
        return source.files(folders).isEmpty() ? "generated" : "found";
    }
}
