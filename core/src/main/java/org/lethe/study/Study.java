package org.lethe.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lethe.Audit;
import org.lethe.Chain;
import org.lethe.DataSource;
import org.lethe.DoNothing;
import org.lethe.Learner;
import org.lethe.Legs;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Subject;

/**
 * A study: a subject, and lists of data, models, requests, methods, audits and seeds whose product is the cells. A list
 * inside the list of requests is a {@link Chain}: its requests are carried out one after another. A list inside the list of
 * methods has one method for each of these requests.
 *
 * @param name of the study and of its run folder
 * @param subject the family of models
 * @param data the data sets
 * @param models the models
 * @param requests what is asked
 * @param methods the algorithms under test; the controls are added by the engine
 * @param audits that judge the results
 * @param seeds of all random draws
 * @param keep which models are kept; by default learned models whose training is long
 * @param text the file it was read from; with the ids in place of the files that list them, so that a worker can read it elsewhere
 * @param notes for its writer, as on keys that have a new name
 * @param persons what is shown in place of their ids
 * @param <D> the data the subject trains on
 * @param <M> the models of the subject
 */
public record Study<D, M>(
        String name,
        Subject<D, M> subject,
        List<DataSource<D>> data,
        List<Learner<D, M>> models,
        List<Request> requests,
        List<Legs<D, M>> methods,
        List<Audit<D, M>> audits,
        List<Long> seeds,
        Optional<Keep> keep,
        String text,
        List<String> notes,
        Pseudonyms persons) {
    private static final List<String> KEYS =
            List.of("study", "subject", "data", "model", "request", "method", "audit", "seeds", "keep");
    private static final int LARGEST = 1 << 20;

    /** Reads a study file. All of its mistakes are in the one exception. */
    public static Study<?, ?> read(Path file, List<? extends Subject<?, ?>> subjects) {
        return parse(file.toString(), text(file), subjects);
    }

    /** The text of a study file. */
    static String text(Path file) {
        try {
            if (Files.size(file) > LARGEST) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        file + " is " + Files.size(file) + " bytes, expected a study of at most " + LARGEST);
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be read", e);
        }
    }

    /** Reads the text of a study file; {@code file} is its name in messages. */
    public static Study<?, ?> parse(String file, String text, List<? extends Subject<?, ?>> subjects) {
        Mistakes mistakes = new Mistakes(file);
        Optional<Node> root = Node.read(text, mistakes);
        mistakes.orThrow();
        if (!(root.orElseThrow() instanceof Node.Mapping mapping)) {
            mistakes.add(1, "the file is " + root.get().brief() + ", expected keys: " + String.join(", ", KEYS));
            mistakes.orThrow();
            throw new IllegalStateException("a mistake was noted");
        }
        Set<String> seen = new HashSet<>();
        for (Node.Pair pair : mapping.pairs()) {
            if (!KEYS.contains(pair.key())) {
                mistakes.add(pair.line(), "unknown key \"" + pair.key() + "\"" + Mistakes.hint(pair.key(), KEYS));
            } else if (!seen.add(pair.key())) {
                mistakes.add(pair.line(), "key \"" + pair.key() + "\" is given twice");
            }
        }
        Map<String, Subject<?, ?>> known = new LinkedHashMap<>();
        subjects.forEach(s -> known.put(s.name(), s));
        Optional<String> subject = word(mapping, "subject", mistakes);
        if (subject.isPresent() && !known.containsKey(subject.get())) {
            mistakes.add(
                    mapping.get("subject").orElseThrow().line(),
                    "unknown subject \"" + subject.get() + "\"" + Mistakes.hint(subject.get(), known.keySet()));
        }
        Subject<?, ?> found = subject.map(known::get).orElse(null);
        if (found == null) {
            name(mapping, mistakes);
            mistakes.orThrow();
            throw new IllegalStateException("a mistake was noted");
        }
        return of(found, mapping, text, mistakes);
    }

    private static <D, M> Study<D, M> of(Subject<D, M> subject, Node.Mapping root, String text, Mistakes mistakes) {
        List<Object> catalogue = new ArrayList<>();
        catalogue.addAll(subject.data());
        catalogue.addAll(subject.models());
        catalogue.addAll(subject.requests());
        catalogue.addAll(subject.methods());
        catalogue.addAll(subject.audits());
        Binder binder = new Binder(catalogue, mistakes);
        String name = name(root, mistakes);
        var data = entries(root, "data", subject.data(), binder, mistakes);
        var models = entries(root, "model", subject.models(), binder, mistakes);
        var requests = entries(root, "request", mistakes, item -> request(item, subject, binder, mistakes));
        List<Method<D, M>> legs = Stream.concat(subject.methods().stream(), Stream.of(new DoNothing<D, M>()))
                .toList();
        var methods = entries(root, "method", mistakes, item -> method(item, legs, subject, binder, mistakes));
        var audits = entries(root, "audit", subject.audits(), binder, mistakes);
        var seeds = seeds(root, mistakes);
        Optional<Keep> keep = root.get("keep").flatMap(node -> binder.constant(node, "keep", Keep.class));
        Study<D, M> study = new Study<>(
                name,
                subject,
                List.copyOf(data.keySet()),
                List.copyOf(models.keySet()),
                List.copyOf(requests.keySet()),
                List.copyOf(methods.keySet()),
                List.copyOf(audits.keySet()),
                seeds,
                keep,
                text,
                mistakes.notes(),
                Pseudonyms.passing());
        if (binder.filed()) {
            study = study.with(study.with(Pseudonyms.none()).written());
        }
        if (mistakes.count() == 0) {
            Map<Object, String> refused = Product.of(study).refused();
            for (Map<?, Integer> listed : List.of(models, requests, methods, audits)) {
                listed.forEach((entry, line) -> {
                    if (refused.containsKey(entry)) {
                        mistakes.add(line, refused.getOrDefault(entry, ""));
                    }
                });
            }
        }
        mistakes.orThrow();
        return study;
    }

    /** The cells that have one data set, one model and one seed. */
    Study<D, M> only(DataSource<D> one, Learner<D, M> model, long seed) {
        return new Study<>(
                name,
                subject,
                List.of(one),
                List.of(model),
                requests,
                methods,
                audits,
                List.of(seed),
                keep,
                text,
                notes,
                persons);
    }

    /** The same with other words in place of persons' ids. */
    Study<D, M> with(Pseudonyms others) {
        return new Study<>(name, subject, data, models, requests, methods, audits, seeds, keep, text, notes, others);
    }

    private Study<D, M> with(String otherText) {
        return new Study<>(
                name, subject, data, models, requests, methods, audits, seeds, keep, otherText, notes, persons);
    }

    /** The lists of persons' ids in its entries. */
    List<Pseudonyms.Listed> listed() {
        return Stream.of(data, models, requests, methods, audits)
                .flatMap(List::stream)
                .flatMap(entry -> Pseudonyms.in(entry).stream())
                .toList();
    }

    /** Its file without ids of persons: as it was read if it has none, else without comments too. */
    String shown() {
        return listed().isEmpty()
                ? text
                : "# The ids of persons are left out, and with them all comments.\n" + written();
    }

    /** Its file as its entries give it. */
    private String written() {
        return """
                study: %s
                subject: %s
                data: %s
                model: %s
                request: %s
                method: %s
                audit: %s
                seeds: %s
                %s""".formatted(
                        name,
                        subject.name(),
                        items(data),
                        items(models),
                        items(requests),
                        items(methods),
                        items(audits),
                        seeds,
                        keep.map(k -> "keep: " + Words.kebab(k) + "\n").orElse(""));
    }

    private String items(List<?> entries) {
        return entries.stream()
                .map(entry -> switch (entry) {
                    case Chain chain -> items(chain.steps());
                    case Legs<?, ?> legs when legs.methods().size() > 1 -> items(legs.methods());
                    default -> Words.item(brief(entry));
                })
                .collect(Collectors.joining(", ", "[", "]"));
    }

    /** A text from elsewhere, as the message of an exception, without the ids of persons that this study lists. */
    String hidden(String message) {
        return Pseudonyms.hidden(message, listed());
    }

    private static Optional<String> word(Node.Mapping root, String key, Mistakes mistakes) {
        Optional<Node> node = root.get(key);
        if (node.isEmpty()) {
            mistakes.add(root.line(), "key \"" + key + "\" is missing");
            return Optional.empty();
        }
        if (node.get() instanceof Node.Scalar scalar) {
            return Optional.of(scalar.text());
        }
        mistakes.add(node.get().line(), key + " is " + node.get().brief() + ", expected a word");
        return Optional.empty();
    }

    private static String name(Node.Mapping root, Mistakes mistakes) {
        Optional<String> name = word(root, "study", mistakes);
        if (name.isPresent() && !name.get().matches("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")) {
            mistakes.add(
                    root.get("study").orElseThrow().line(),
                    "study is \"" + name.get()
                            + "\", expected letters, digits, \"-\", \"_\" and \".\" only: it names a folder");
        }
        return name.orElse("");
    }

    private static List<Node> items(Node.Mapping root, String key, Mistakes mistakes) {
        Optional<Node> node = root.get(key);
        if (node.isEmpty()) {
            mistakes.add(root.line(), "key \"" + key + "\" is missing");
            return List.of();
        }
        List<Node> items = node.get() instanceof Node.Items list ? list.items() : List.of(node.get());
        if (items.isEmpty()
                || items.getFirst() instanceof Node.Scalar s && s.text().isEmpty() && items.size() == 1) {
            mistakes.add(node.get().line(), key + " is empty, expected at least one entry");
            return List.of();
        }
        return items;
    }

    private static <T> Map<T, Integer> entries(
            Node.Mapping root, String key, List<T> prototypes, Binder binder, Mistakes mistakes) {
        return entries(root, key, mistakes, item -> binder.entry(item, key, prototypes));
    }

    /** The entries under a key, with their lines. */
    private static <T> Map<T, Integer> entries(
            Node.Mapping root, String key, Mistakes mistakes, Function<Node, Optional<T>> read) {
        Map<T, Integer> entries = new LinkedHashMap<>();
        Set<String> words = new HashSet<>();
        for (Node item : items(root, key, mistakes)) {
            Optional<T> entry = read.apply(item);
            if (entry.isPresent() && !words.add(Words.full(entry.get()))) {
                mistakes.add(
                        item.line(),
                        key + " \"" + Words.chained(entry.get(), Named.Of::name)
                                + "\" is given twice with the same settings");
            }
            entry.ifPresent(e -> entries.putIfAbsent(e, item.line()));
        }
        return entries;
    }

    /** A request, or a list of requests that are carried out one after another. */
    private static Optional<Request> request(Node item, Subject<?, ?> subject, Binder binder, Mistakes mistakes) {
        return item instanceof Node.Items list
                ? steps(list, "request", subject.requests(), binder, mistakes).map(Chain::new)
                : binder.entry(item, "request", subject.requests());
    }

    /** A method, or a list of methods, one for each request of a chain. */
    private static <D, M> Optional<Legs<D, M>> method(
            Node item, List<Method<D, M>> legs, Subject<D, M> subject, Binder binder, Mistakes mistakes) {
        return item instanceof Node.Items list
                ? steps(list, "method", legs, binder, mistakes).map(Legs::new)
                : binder.entry(item, "method", subject.methods()).map(Legs::of);
    }

    private static <T> Optional<List<T>> steps(
            Node.Items list, String key, List<T> prototypes, Binder binder, Mistakes mistakes) {
        if (list.items().size() < 2) {
            mistakes.add(
                    list.line(),
                    key + " has a chain of " + list.items().size() + ", expected at least 2 " + key
                            + "s, as in [[first, second]]");
            return Optional.empty();
        }
        List<T> steps = new ArrayList<>();
        for (Node step : list.items()) {
            binder.entry(step, key, prototypes).ifPresent(steps::add);
        }
        return steps.size() == list.items().size() ? Optional.of(List.copyOf(steps)) : Optional.empty();
    }

    private static List<Long> seeds(Node.Mapping root, Mistakes mistakes) {
        Set<Long> seeds = new LinkedHashSet<>();
        for (Node item : items(root, "seeds", mistakes)) {
            try {
                long seed = Long.parseLong(item instanceof Node.Scalar s ? s.text() : "");
                if (!seeds.add(seed)) {
                    mistakes.add(item.line(), "seeds has " + seed + " twice");
                }
            } catch (NumberFormatException e) {
                mistakes.add(item.line(), "seeds has " + item.brief() + ", expected whole numbers");
            }
        }
        return List.copyOf(seeds);
    }

    /** An entry of this study as its file would write it, without settings at their defaults. */
    String brief(Object entry) {
        return Words.chained(entry, e -> Words.brief(e, prototype(e), persons));
    }

    /** An entry of this study with every setting: what a digest is made of. */
    String full(Object entry) {
        return Words.full(entry, persons);
    }

    /** The prototype of an entry of this study, for what it looks like with the settings at their defaults. */
    private Object prototype(Object entry) {
        List<Object> all = new ArrayList<>();
        all.addAll(subject.data());
        all.addAll(subject.models());
        all.addAll(subject.requests());
        all.addAll(subject.methods());
        all.addAll(subject.audits());
        all.add(new DoNothing<D, M>());
        return all.stream()
                .filter(p -> p.getClass() == entry.getClass() && Objects.equals(Named.Of.name(p), Named.Of.name(entry)))
                .findFirst()
                .orElse(entry);
    }
}
