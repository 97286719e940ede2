package org.lethe.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Subject;
import org.lethe.study.Studies;

/** What the installed subjects offer, by kind. */
final class Catalogues {
    private Catalogues() {}

    /** Kind of entry → entries, over all subjects. */
    static Map<String, List<Object>> byKind() {
        Map<String, List<Object>> kinds = new LinkedHashMap<>();
        kinds.put("data", offered(Subject::data));
        kinds.put("models", offered(Subject::models));
        kinds.put("requests", offered(Subject::requests));
        kinds.put("methods", offered(Subject::methods));
        kinds.put("audits", offered(Subject::audits));
        return kinds;
    }

    private static List<Object> offered(Function<Subject<?, ?>, List<?>> kind) {
        List<Object> entries = new ArrayList<>();
        Studies.subjects().forEach(subject -> entries.addAll(kind.apply(subject)));
        return entries;
    }

    /** The entry of a name; where there is none, an error that names the nearest. */
    static Object entry(String name) {
        List<Object> all = byKind().values().stream().flatMap(List::stream).toList();
        return Studies.entry(name, all);
    }

    /** The data set of a name; where there is none, an error that names the nearest. */
    static DataSource<?> data(String name) {
        return (DataSource<?>) Studies.entry(name, byKind().getOrDefault("data", List.of()));
    }

    /** Name of each data set → whether its files are in one of the folders. */
    static Map<String, String> dataFound(DataFolders folders) {
        Map<String, String> found = new LinkedHashMap<>();
        for (Object entry : byKind().getOrDefault("data", List.of())) {
            found.put(Named.Of.name(entry), state((DataSource<?>) entry, folders));
        }
        return found;
    }

    private static String state(DataSource<?> source, DataFolders folders) {
        try {
            return source.digest(folders).isEmpty() ? "generated" : "found";
        } catch (LetheException | IllegalArgumentException e) {
            return Named.Of.name(source).equals("file") ? "your own, by path" : "not here";
        }
    }
}
