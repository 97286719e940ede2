package org.lethe.study;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.lethe.Audit;
import org.lethe.Baseline;
import org.lethe.Case;
import org.lethe.Chain;
import org.lethe.Cost;
import org.lethe.DataSource;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Ledger;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Request;

/** The steps of a run of an {@link Engine}, each shared by all cells that need it. */
final class Graph<D, M> {
    /** A model with what it took, and what audits found out about it as the model before. */
    private record Made<M>(M model, Cost cost, Baseline baseline) {
        Made(M model, Cost cost) {
            this(model, cost, new Baseline());
        }
    }

    private final Engine engine;
    private final RunFolder folder;
    private final Path scratch;
    private final Progress.Step watched;
    private final Map<String, String> versions = RunFolder.versions();
    private final Map<List<Object>, Step<?>> shared = new HashMap<>();
    private final List<Step<?>> roots = new ArrayList<>();
    private final AtomicBoolean stopped = new AtomicBoolean();

    Graph(Engine engine, RunFolder folder, Path scratch, Progress.Step watched) {
        this.engine = engine;
        this.folder = folder;
        this.scratch = scratch;
        this.watched = watched;
    }

    List<Step<?>> roots() {
        return roots;
    }

    void add(String digest, Cell<D, M> cell) {
        Step<D> data = data(cell.data());
        boolean control = cell.role() != Run.Role.TESTED;
        Step<Made<M>> reference = reference(data, cell);
        Step<Made<M>> learned = cell.role() == Run.Role.REFERENCE
                ? learned(data, cell, cell.reference())
                : learned(data, cell, cell.method());
        // what it needs starts it
        Step.always(engine.workers(), List.of(data, learned, reference), () -> {
            run(digest, cell, data, learned, reference, control);
            return true;
        });
    }

    private Step<D> data(DataSource<D> source) {
        return shared(List.of("data", source), () -> {
            Step<D> step = new Step<>(engine.workers(), List.of(), () -> source.load(engine.folders()));
            roots.add(step);
            return step;
        });
    }

    private Step<Made<M>> learned(Step<D> data, Cell<D, M> cell, Method<D, M> method) {
        Object how = method.learnsPlainly() ? "plainly" : method;
        return shared(
                List.of("learned", cell.data(), cell.model(), how, cell.seed()),
                () -> new Step<>(engine.workers(), List.of(data), () -> {
                    watched.note(Named.Of.name(cell.model())
                            + (method.learnsPlainly() ? "" : " for " + Named.Of.name(method)));
                    return made(cell, env -> method.learn(cell.model(), data.value(), env));
                }));
    }

    private Step<Made<M>> reference(Step<D> data, Cell<D, M> cell) {
        Step<Made<M>> before = learned(data, cell, cell.reference());
        return shared(
                List.of("reference", cell.data(), cell.model(), cell.request(), cell.reference(), cell.seed()),
                () -> new Step<>(engine.workers(), List.of(data, before), () -> {
                    watched.note(Named.Of.name(cell.model()) + ", reference");
                    return made(
                            cell,
                            env -> fulfil(cell, cell.reference(), before.value().model(), data.value(), env));
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

    private Made<M> made(Cell<D, M> cell, Function<Env, M> how) {
        if (stopped.get()) {
            throw new IllegalStateException("a record could not be written: the run is stopping");
        }
        Ledger ledger = new Ledger();
        M model = how.apply(env(cell).with(ledger));
        return new Made<>(model, ledger.cost());
    }

    /** One request after another, each on the model and the data that the one before left. */
    private M fulfil(Cell<D, M> cell, Method<D, M> method, M before, D data, Env env) {
        M model = before;
        D left = data;
        List<Request> steps = Chain.steps(cell.request());
        for (int n = 0; n < steps.size(); n++) {
            model = method.fulfil(model, steps.get(n), cell.model(), left, env);
            if (n < steps.size() - 1) {
                left = cell.study().subject().remaining(steps.get(n), left);
            }
        }
        return model;
    }

    private Env env(Cell<D, M> cell) {
        return new Env(cell.seed(), engine.workers(), engine.progress(), new Ledger(), scratch);
    }

    private void run(
            String digest,
            Cell<D, M> cell,
            Step<D> data,
            Step<Made<M>> learned,
            Step<Made<M>> reference,
            boolean control) {
        Cost before = Cost.NONE;
        Cost fulfilled = Cost.NONE;
        Cost referenced = Cost.NONE;
        List<Run.Result> results = new ArrayList<>();
        Optional<Run.Failure> failure = Optional.empty();
        String trace = "";
        if (stopped.get()) {
            return;
        }
        try {
            D loaded = data.value();
            before = learned.value().cost();
            referenced = reference.value().cost();
            M model = learned.value().model();
            Made<M> after = switch (cell.role()) {
                case DO_NOTHING, REJECTED -> new Made<>(model, Cost.NONE);
                case REFERENCE -> reference.value();
                case TESTED -> made(cell, env -> fulfil(cell, cell.method(), model, loaded, env));
            };
            fulfilled = after.cost();
            Case<D, M> examined = new Case<>(
                    loaded,
                    cell.request(),
                    model,
                    after.model(),
                    reference.value().model(),
                    before,
                    fulfilled,
                    referenced,
                    learned.value().baseline());
            for (Audit<D, M> audit : cell.audits()) {
                List<Finding> findings = audit.examine(examined, env(cell));
                String name = Words.brief(audit, cell.study().prototype(audit));
                findings.forEach(finding -> finite(name, finding));
                results.add(new Run.Result(
                        name, audit.aspect(), List.copyOf(findings), audit.limits(), audit.pictures(examined, env(cell))));
            }
            if (engine.keepModels()) {
                keep(digest, cell, after.model());
            }
        } catch (RuntimeException | OutOfMemoryError e) {
            failure = Optional.of(new Run.Failure(code(e), message(e)));
            results.clear();
            trace = trace(e);
        }
        if (stopped.get()) {
            return;
        }
        try {
            if (failure.isPresent()) {
                folder.log(digest, trace);
            }
            folder.write(record(cell, digest, before, fulfilled, referenced, results, failure), cell.text());
        } catch (LetheException e) {
            stopped.set(true); // the next record could not be written either
            throw e;
        }
        watched.note(cell.recipe().model() + ", " + cell.recipe().method()
                + (failure.isPresent() ? " failed" : control ? " (control)" : ""));
        watched.advance(1);
    }

    private Run record(
            Cell<D, M> cell,
            String digest,
            Cost before,
            Cost fulfilled,
            Cost referenced,
            List<Run.Result> results,
            Optional<Run.Failure> failure) {
        return new Run(
                cell.study().name(),
                digest,
                cell.recipe(),
                cell.role(),
                cell.method().exactness(),
                cell.dataDigest(),
                versions,
                before,
                fulfilled,
                referenced,
                List.copyOf(results),
                List.of(),
                failure);
    }

    private void keep(String digest, Cell<D, M> cell, M model) {
        Path file = folder.model(digest);
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be written", e);
        }
        Map<String, String> provenance = new LinkedHashMap<>(versions);
        provenance.put("cell", cell.text());
        provenance.put("digest", digest);
        Storage.write(file, temporary -> cell.study().subject().save(model, provenance, temporary));
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
            default -> LetheException.Code.NUMERIC;
        };
    }

    private static String message(Throwable e) {
        String said = String.valueOf(e.getMessage());
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
        return text.toString();
    }
}
