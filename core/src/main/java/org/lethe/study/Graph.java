package org.lethe.study;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.lethe.Audit;
import org.lethe.Baseline;
import org.lethe.Case;
import org.lethe.Chain;
import org.lethe.Cost;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Ledger;
import org.lethe.Legs;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Printable;
import org.lethe.Progress;
import org.lethe.Request;

/**
 * The steps of a batch of cells: the data, the learned models, the models after each request, and the cells with their
 * audits. Cells share the steps that they have in common. A model that the run folder keeps is read instead of made.
 */
final class Graph<D, M> {
    /**
     * A model with its cost, and the results that audits share about it as the model before.
     *
     * @param cost learning, for a learned model; everything since, for a fulfilled one
     * @param warnings why it could not be kept
     */
    private record Made<M>(M model, Cost cost, Baseline baseline, List<String> warnings) {}

    /**
     * A cell with the audits that have no result yet.
     *
     * @param open the audits to run
     * @param known the record that is there, where it holds no failure
     */
    record Open<D, M>(Cell<D, M> cell, List<Audit<D, M>> open, Optional<Run> known) {}

    private final Engine engine;
    private final RunFolder folder;
    private final Place<D> place;
    private final Path scratch;
    private final Progress.Step watched;
    private final Map<String, String> versions = Versions.here();
    private final Map<List<Object>, Step<?>> shared = new HashMap<>();
    private final List<Step<?>> roots = new ArrayList<>();

    Graph(Engine engine, RunFolder folder, Place<D> place, Path scratch, Progress.Step watched) {
        this.engine = engine;
        this.folder = folder;
        this.place = place;
        this.scratch = scratch;
        this.watched = watched;
    }

    List<Step<?>> roots() {
        return roots;
    }

    void add(Open<D, M> open) {
        Cell<D, M> cell = open.cell();
        Step<D> data = left(cell, 0);
        Step<D> remaining = left(cell, Chain.steps(cell.request()).size());
        Step<Made<M>> learned = learned(cell, cell.method());
        Step<Made<M>> after = fulfilled(cell, cell.method());
        Step<Made<M>> reference = fulfilled(cell, cell.reference());
        List<Step<Made<M>>> others = others(open);
        List<Step<Made<M>>> own = own(open, remaining);
        List<Step<?>> needs = new ArrayList<>(List.of(data, remaining, learned, after, reference));
        needs.addAll(others);
        needs.addAll(own);
        // what it needs starts it
        Step.always(engine.workers(), needs, () -> {
            run(open, new Needed<>(data, remaining, learned, after, reference, others, own));
            return true;
        });
    }

    /** The references of the next seeds, as many as an open audit wants. */
    private List<Step<Made<M>>> others(Open<D, M> open) {
        Cell<D, M> cell = open.cell();
        if (cell.reference().doNothing()) {
            return List.of();
        }
        int most = open.open().stream().mapToInt(Audit::retrainings).max().orElse(0);
        Step<Made<M>> learned = learned(cell, cell.reference()); // a reference makes nothing of the model it is given
        return IntStream.rangeClosed(1, most)
                .mapToObj(n -> fulfilled(cell.seeded(cell.seed() + n), cell.reference(), learned))
                .toList();
    }

    /**
     * The method's own form learned on the remaining data, with this seed and then the next ones, as many as an open audit wants; none
     * where the reference has that form anyway. All bits are promised for one seed, so an exact method needs that one alone.
     */
    private List<Step<Made<M>>> own(Open<D, M> open, Step<D> remaining) {
        Cell<D, M> cell = open.cell();
        Method<D, M> method = cell.method().first();
        if (method.learnsPlainly()
                || cell.reference().doNothing()
                || Chain.steps(cell.request()).size() > 1) {
            return List.of();
        }
        IntStream wanted = open.open().stream().filter(Audit::ownForm).mapToInt(Audit::retrainings);
        OptionalInt most = cell.method().exactness() == Exactness.EXACT
                ? wanted.map(n -> 0).max()
                : wanted.max();
        return most.isEmpty()
                ? List.of()
                : IntStream.rangeClosed(0, most.getAsInt())
                        .mapToObj(n -> without(cell.seeded(cell.seed() + n), method, remaining))
                        .toList();
    }

    private Step<Made<M>> without(Cell<D, M> cell, Method<D, M> method, Step<D> remaining) {
        Origin origin = Origin.learned(cell, method).without(cell.study(), cell.request());
        return shared(
                List.of("model", origin),
                () -> new Step<>(engine.workers(), List.of(remaining), () -> {
                    watched.note(Named.Of.name(cell.model()) + " for " + Named.Of.name(method) + ", without the data");
                    return made(
                            cell,
                            origin,
                            true,
                            Cost.NONE,
                            remaining,
                            env -> method.learn(cell.model(), remaining.value(), env));
                }));
    }

    /** The data once the first steps of the request are carried out. */
    private Step<D> left(Cell<D, M> cell, int steps) {
        List<Request> done = Chain.steps(cell.request()).subList(0, steps);
        return shared(List.of("data", cell.data(), done), () -> {
            if (steps == 0) {
                Step<D> step = new Step<>(engine.workers(), List.of(), () -> place.load(cell.data()));
                roots.add(step);
                return step;
            }
            Step<D> before = left(cell, steps - 1);
            return new Step<>(
                    engine.workers(),
                    List.of(before),
                    () -> cell.study().subject().remaining(done.getLast(), before.value()));
        });
    }

    private Step<Made<M>> learned(Cell<D, M> cell, Legs<D, M> legs) {
        Method<D, M> method = legs.first();
        Origin origin = Origin.learned(cell, method);
        return shared(List.of("model", origin), () -> {
            Step<D> data = left(cell, 0);
            return new Step<>(engine.workers(), List.of(data), () -> {
                watched.note(
                        Named.Of.name(cell.model()) + (method.learnsPlainly() ? "" : " for " + Named.Of.name(method)));
                return made(cell, origin, true, Cost.NONE, data, env -> method.learn(cell.model(), data.value(), env));
            });
        });
    }

    /** The model after every step of the request; doing nothing hands on the very model it was given. */
    private Step<Made<M>> fulfilled(Cell<D, M> cell, Legs<D, M> legs) {
        return fulfilled(cell, legs, learned(cell, legs));
    }

    private Step<Made<M>> fulfilled(Cell<D, M> cell, Legs<D, M> legs, Step<Made<M>> learned) {
        Step<Made<M>> model = learned;
        Origin origin = Origin.learned(cell, legs.first());
        List<Request> steps = Chain.steps(cell.request());
        boolean first = true;
        for (int n = 0; n < steps.size(); n++) {
            Method<D, M> method = legs.at(n);
            if (Legs.of(method).doNothing()) {
                continue;
            }
            Request request = steps.get(n);
            origin = origin.fulfilled(cell.study(), request, method);
            model = fulfilled(
                    cell, origin, request, method, model, left(cell, n), first, legs.equals(cell.reference()));
            first = false;
        }
        return model;
    }

    private Step<Made<M>> fulfilled(
            Cell<D, M> cell,
            Origin origin,
            Request request,
            Method<D, M> method,
            Step<Made<M>> before,
            Step<D> data,
            boolean first,
            boolean reference) {
        return shared(
                List.of("model", origin),
                () -> new Step<>(engine.workers(), List.of(data, before), () -> {
                    watched.note(
                            Named.Of.name(cell.model()) + ", " + (reference ? "reference" : Named.Of.name(method)));
                    Made<M> given = before.value();
                    return made(
                            cell,
                            origin,
                            reference,
                            first ? Cost.NONE : given.cost(),
                            data,
                            env -> method.fulfil(given.model(), request, cell.model(), data.value(), env));
                }));
    }

    private <T> Step<T> shared(List<Object> key, Supplier<Step<T>> step) {
        @SuppressWarnings("unchecked") // the first word of a key decides the type
        Step<T> known = (Step<T>) shared.get(key);
        if (known == null) {
            known = step.get();
            shared.put(key, known);
        }
        return known;
    }

    /** Reads a model where the folder keeps it, else makes it and keeps it where that is asked. */
    private Made<M> made(
            Cell<D, M> cell, Origin origin, boolean many, Cost before, Step<D> data, Function<Env, M> how) {
        if (place.stopped()) {
            throw new IllegalStateException("a record could not be written: the run is stopping");
        }
        Optional<Cost> kept = folder.kept(origin);
        if (kept.isPresent()) {
            Path file = folder.stored(origin);
            try {
                return new Made<>(cell.study().subject().load(file), kept.get(), new Baseline(), List.of());
            } catch (IOException e) {
                throw Storage.refused(file, "cannot be read", e);
            }
        }
        Ledger ledger = new Ledger();
        M model = how.apply(env(cell).with(ledger));
        Cost cost = before.then(ledger.cost());
        return new Made<>(
                model,
                cost,
                new Baseline(),
                keeps(cell, many, data.value()) ? keep(cell, origin, model, cost) : List.of());
    }

    private boolean keeps(Cell<D, M> cell, boolean many, D data) {
        Keep keep = engine.keep()
                .or(() -> cell.study().keep())
                .orElseGet(() -> cell.model().estimate(data).seconds() > Keep.LONG ? Keep.LEARNED : Keep.NONE);
        return switch (keep) {
            case ALL -> true;
            case LEARNED -> many;
            case NONE -> false;
        };
    }

    /** A model that cannot be kept is a warning only: its findings are valid. */
    private List<String> keep(Cell<D, M> cell, Origin origin, M model, Cost cost) {
        Map<String, String> provenance = new LinkedHashMap<>(versions);
        provenance.put("origin", origin.text());
        provenance.put("digest", origin.digest());
        try {
            folder.keep(origin, cost, temporary -> cell.study().subject().save(model, provenance, temporary));
            return List.of();
        } catch (LetheException | IllegalArgumentException | UnsupportedOperationException e) {
            return List.of("the model could not be kept: " + cell.study().hidden(String.valueOf(e.getMessage())));
        }
    }

    /** SHA-256 of a model as its file is without provenance; empty where it cannot be written. */
    private String digest(Cell<D, M> cell, M model) {
        Path file = scratch.resolve(cell.digest() + ".safetensors");
        try {
            cell.study().subject().save(model, Map.of(), file);
            String digest = RunFolder.sha256(file);
            Files.delete(file); // the folder goes when the run ends, but many models may come before that
            return digest;
        } catch (IllegalArgumentException | UnsupportedOperationException e) {
            return ""; // such models have no file
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be written", e);
        }
    }

    private Env env(Cell<D, M> cell) {
        return new Env(cell.seed(), engine.workers(), engine.progress(), new Ledger(), scratch, engine.device());
    }

    /** The steps that a cell waits for; each has its value when the cell is run, or fails with its cause. */
    private record Needed<D, M>(
            Step<D> data,
            Step<D> remaining,
            Step<Made<M>> learned,
            Step<Made<M>> after,
            Step<Made<M>> reference,
            List<Step<Made<M>>> others,
            List<Step<Made<M>>> own) {
        List<String> warnings() {
            return Stream.of(learned, after, reference)
                    .flatMap(step -> step.value().warnings().stream())
                    .distinct()
                    .toList();
        }

        /** The reference, then those of other seeds. */
        List<M> references() {
            return models(Stream.concat(Stream.of(reference), others.stream()));
        }

        /** The method's own form without the data, where it is not that of the reference. */
        List<M> ownForm() {
            return models(own.stream());
        }

        private List<M> models(Stream<Step<Made<M>>> steps) {
            return steps.map(step -> step.value().model()).toList();
        }
    }

    private void run(Open<D, M> open, Needed<D, M> needed) {
        if (place.stopped()) {
            return;
        }
        Cell<D, M> cell = open.cell();
        Cost before = Cost.NONE;
        Cost fulfilled = Cost.NONE;
        Cost referenced = Cost.NONE;
        List<String> warnings = List.of();
        Optional<Run.Failure> failure = Optional.empty();
        String trace = "";
        String digest = "";
        String promised = "";
        try {
            before = needed.learned.value().cost();
            referenced = cell.reference().doNothing()
                    ? Cost.NONE
                    : needed.reference.value().cost();
            fulfilled =
                    cell.method().doNothing() ? Cost.NONE : needed.after.value().cost();
            warnings = needed.warnings();
            Case<D, M> whole = new Case<>(
                    needed.data.value(),
                    needed.remaining.value(),
                    cell.request(),
                    needed.learned.value().model(),
                    needed.after.value().model(),
                    needed.reference.value().model(),
                    List.of(),
                    before,
                    fulfilled,
                    referenced,
                    needed.learned.value().baseline());
            digest = digest(cell, whole.after());
            promised = promised(cell, needed);
            if (promised.isEmpty()) { // an audit that is added later may not ask for that model; the check stands
                String same = digest;
                promised = open.known()
                        .flatMap(Run::made)
                        .filter(made -> made.model().equals(same))
                        .map(Run.Made::promised)
                        .orElse("");
            }
            examine(open, whole, needed);
        } catch (RuntimeException | OutOfMemoryError e) {
            failure = Optional.of(new Run.Failure(code(e), cell.study().hidden(message(e))));
            trace = cell.study().hidden(trace(e));
        }
        if (place.stopped()) {
            place.failed();
            return;
        }
        Run run = new Run(
                cell.study().name(),
                cell.digest(),
                cell.recipe(),
                cell.role(),
                cell.method().exactness(),
                cell.origin().digest(),
                cell.dataDigest(),
                versions,
                open.known().map(Run::learned).orElse(before),
                open.known().map(Run::fulfilled).orElse(fulfilled),
                open.known().map(Run::referenced).orElse(referenced),
                List.of(),
                warnings,
                failure,
                Optional.of(new Run.Made(
                        Instant.now(Clock.systemUTC())
                                .truncatedTo(ChronoUnit.SECONDS)
                                .toString(),
                        digest,
                        promised)));
        String log = trace;
        place.written(() -> {
            if (run.failure().isPresent()) {
                folder.log(run.digest(), log);
            }
            folder.write(run, cell.text());
        });
        watched.note(cell.recipe().model() + ", " + cell.recipe().method()
                + (failure.isPresent() ? " failed" : cell.role() != Run.Role.TESTED ? " (control)" : ""));
        watched.advance(1);
    }

    /** SHA-256 of the model that an exact method promises; empty where that model is not here. */
    private String promised(Cell<D, M> cell, Needed<D, M> needed) {
        if (cell.role() != Run.Role.TESTED || cell.method().exactness() != Exactness.EXACT) {
            return "";
        }
        if (!needed.own.isEmpty()) {
            return digest(cell, needed.ownForm().getFirst());
        }
        boolean ofTheReference = cell.method().methods().size() == 1
                && cell.method().first().learnsPlainly()
                && cell.reference().exactness() == Exactness.EXACT;
        return ofTheReference ? digest(cell, needed.reference.value().model()) : "";
    }

    private void examine(Open<D, M> open, Case<D, M> whole, Needed<D, M> needed) {
        Cell<D, M> cell = open.cell();
        for (Audit<D, M> audit : open.open()) {
            List<M> references = audit.ownForm() && !needed.own.isEmpty() ? needed.ownForm() : needed.references();
            // what an audit sees does not depend on what other audits want
            Case<D, M> wanted =
                    whole.withReferences(references.subList(0, Math.min(1 + audit.retrainings(), references.size())));
            Case<D, M> examined = cell.role() == Run.Role.REFERENCE ? wanted.independent() : wanted;
            place.written(() -> folder.write(result(cell, audit, examined), cell.text(audit)));
        }
    }

    private Run.Result result(Cell<D, M> cell, Audit<D, M> audit, Case<D, M> examined) {
        String name = cell.study().brief(audit);
        List<Finding> findings = audit.examine(examined, env(cell));
        findings.forEach(finding -> finite(name, finding));
        return new Run.Result(
                name, audit.aspect(), List.copyOf(findings), audit.limits(), audit.pictures(examined, env(cell)));
    }

    private static void finite(String audit, Finding finding) {
        if (!Double.isFinite(finding.value())) {
            throw new LetheException(
                    LetheException.Code.NUMERIC,
                    "audit " + audit + ": " + finding.name() + " is " + finding.value() + ", expected a finite number");
        }
    }

    private static LetheException.Code code(Throwable e) {
        return switch (e) {
            case LetheException known -> known.code();
            case UncheckedIOException io -> LetheException.Code.STORAGE;
            case IllegalArgumentException mistake -> LetheException.Code.STUDY;
            case OutOfMemoryError full -> LetheException.Code.STORAGE;
            default -> LetheException.Code.DEFECT;
        };
    }

    private static String message(Throwable e) {
        String said = Printable.lines(String.valueOf(e.getMessage()));
        return switch (e) {
            case LetheException known -> said;
            case IllegalArgumentException mistake -> said;
            case OutOfMemoryError full ->
                "ran out of memory: the heap is " + (Runtime.getRuntime().maxMemory() >> 20) + " MiB (" + said + ")";
            default -> e.getClass().getSimpleName() + ": " + said;
        };
    }

    private static String trace(Throwable e) {
        StringWriter text = new StringWriter();
        e.printStackTrace(new PrintWriter(text));
        return Printable.lines(text.toString());
    }
}
