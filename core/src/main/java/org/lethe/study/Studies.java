package org.lethe.study;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import org.lethe.LetheException;
import org.lethe.Subject;

/** Where studies and subjects come from: files, the studies shipped inside the command, and {@code ServiceLoader}. */
public final class Studies {
    private static final String STUDIES = "studies";

    private Studies() {}

    /** Every subject that is installed. */
    public static List<Subject<?, ?>> subjects() {
        List<Subject<?, ?>> subjects = new ArrayList<>();
        for (Subject<?, ?> subject : ServiceLoader.load(Subject.class)) {
            subjects.add(subject);
        }
        return List.copyOf(subjects);
    }

    /** A study file, or the study of that name shipped inside: {@code quickstart}. */
    public static Study<?, ?> resolve(String nameOrPath) {
        return resolve(nameOrPath, subjects());
    }

    /** The same for given subjects. */
    public static Study<?, ?> resolve(String nameOrPath, List<? extends Subject<?, ?>> subjects) {
        Path file = Path.of(nameOrPath);
        if (Files.isRegularFile(file)) {
            return Study.read(file, subjects);
        }
        if (nameOrPath.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            String resource = "studies/" + nameOrPath + (nameOrPath.endsWith(".yaml") ? "" : ".yaml");
            for (Subject<?, ?> subject : subjects) {
                try (InputStream in = subject.getClass().getClassLoader().getResourceAsStream(resource)) {
                    if (in != null) {
                        return Study.parse(resource, new String(in.readAllBytes(), StandardCharsets.UTF_8), subjects);
                    }
                } catch (IOException e) {
                    throw new LetheException(LetheException.Code.STORAGE, resource + " cannot be read", e);
                }
            }
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                "\"" + nameOrPath
                        + "\" is neither a study file nor a study shipped with Lethe, such as \"quickstart\"");
    }

    /**
     * The study of {@link #resolve}, or the studies that a file lists under {@code studies}, by their paths from the folder
     * of that file: what one subject cannot hold together.
     */
    public static List<Study<?, ?>> all(String nameOrPath) {
        return all(nameOrPath, subjects());
    }

    /** The same for given subjects. */
    public static List<Study<?, ?>> all(String nameOrPath, List<? extends Subject<?, ?>> subjects) {
        Path file = Path.of(nameOrPath);
        Optional<List<Path>> listed = Files.isRegularFile(file) ? listed(file) : Optional.empty();
        if (listed.isEmpty()) {
            return List.of(resolve(nameOrPath, subjects));
        }
        List<Study<?, ?>> studies = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Path path : listed.get()) {
            Study<?, ?> study = Study.read(path, subjects);
            if (!names.add(study.name())) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        file + ": studies has two of the name \"" + study.name() + "\", whose runs share a folder");
            }
            studies.add(study);
        }
        return List.copyOf(studies);
    }

    /** The files that a file lists; empty where it is a study itself, or no text that can be read. */
    private static Optional<List<Path>> listed(Path file) {
        Mistakes mistakes = new Mistakes(file.toString());
        Optional<Node> root = Node.read(Study.text(file), mistakes);
        if (root.isEmpty()
                || !(root.get() instanceof Node.Mapping mapping)
                || mapping.get(STUDIES).isEmpty()) {
            return Optional.empty();
        }
        List<Path> files = new ArrayList<>();
        for (Node.Pair pair : mapping.pairs()) {
            if (!pair.key().equals(STUDIES)) {
                mistakes.add(pair.line(), "unknown key \"" + pair.key() + "\" beside " + STUDIES);
            } else if (pair.value() instanceof Node.Items items) {
                for (Node item : items.items()) {
                    if (item instanceof Node.Scalar(String name, int line)) {
                        Path listed = file.resolveSibling(name);
                        files.add(listed);
                        if (!Files.isRegularFile(listed)) {
                            mistakes.add(line, "there is no study file " + listed);
                        }
                    } else {
                        mistakes.add(item.line(), "studies has " + item.brief() + ", expected paths of study files");
                    }
                }
            } else {
                mistakes.add(
                        pair.line(),
                        "studies is " + pair.value().brief() + ", expected a list of paths of study files");
            }
        }
        mistakes.orThrow();
        return Optional.of(files);
    }

    /** The error where there is no entry of a name; it names the nearest. */
    public static LetheException unknown(String name, List<String> known) {
        return new LetheException(
                LetheException.Code.STUDY, "there is no \"" + name + "\"" + Mistakes.hint(name, known));
    }

    /**
     * One entry from what {@link Words#full} said of it: a name, or a name and its settings in braces.
     *
     * @param source where it stands, for messages
     * @param kind what it is, as {@code method}
     * @param prototypes what may be named, here and by a setting
     */
    public static <T> T entry(String source, String kind, String words, List<T> prototypes) {
        int settings = words.indexOf(' ');
        String text =
                settings < 0 ? words : "{" + words.substring(0, settings) + ": " + words.substring(settings + 1) + "}";
        Mistakes mistakes = new Mistakes(source);
        Optional<Node> node = Node.read(text, mistakes);
        mistakes.orThrow();
        Optional<T> entry = new Binder(List.copyOf(prototypes), mistakes).entry(node.orElseThrow(), kind, prototypes);
        mistakes.orThrow();
        return entry.orElseThrow();
    }
}
