package org.lethe.study;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lethe.Audit;
import org.lethe.Baseline;
import org.lethe.Case;
import org.lethe.Chain;
import org.lethe.Cost;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Finding;
import org.lethe.Learner;
import org.lethe.Ledger;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Request;
import org.lethe.Workers;

/**
 * Runs studies: makes the cells, does shared steps once, and writes a record per cell.
 *
 * <p>The steps form a graph: data, then models learned on it, then the reference of each request, then cells. A step
 * starts when what it needs is there, and what nobody needs any more is let go. Two controls stand beside the methods of
 * a study in every combination of data, model, request and seed: one that does nothing and the reference.
 *
 * @param workers who runs steps, and parts of steps
 * @param progress where a person watches
 * @param folders where data files are looked for
 * @param keepModels whether the model of every cell is written to the run folder
 */
public record Engine(Workers workers, Progress progress, DataFolders folders, boolean keepModels) {
    /** An engine that keeps no models. */
    public Engine(Workers workers, Progress progress, DataFolders folders) {
        this(workers, progress, folders, false);
    }

    /**
     * What a run would do with a cell.
     *
     * @param digest of the cell
     * @param recipe of the cell
     * @param role of its method
     * @param done whether its record is there already
     * @param estimate of learning and fulfilling, if the data can be read; shared steps count in each cell
     */
    public record Planned(String digest, Run.Recipe recipe, Run.Role role, boolean done, Optional<Estimate> estimate) {}

    /** The cells of a study: per data, model, request and seed the two controls, then the methods in their order. */
    public <D, M> List<Cell<D, M>> cells(Study<D, M> study) {
        Map<DataSource<D>, String> digests = new HashMap<>();
        for (DataSource<D> data : study.data()) {
            digests.put(data, digest(data));
        }
        List<Cell<D, M>> cells = new ArrayList<>();
        for (DataSource<D> data : study.data()) {
            for (Learner<D, M> model : study.models()) {
                for (Request request : study.requests()) {
                    for (long seed : study.seeds()) {
                        Map<Method<D, M>, Run.Role> methods = new LinkedHashMap<>();
                        Method<D, M> reference = study.subject().reference(request);
                        methods.put(study.subject().doNothing(), Run.Role.DO_NOTHING);
                        methods.putIfAbsent(reference, Run.Role.REFERENCE);
                        study.methods().forEach(m -> methods.putIfAbsent(m, Run.Role.TESTED));
                        String digest = digests.getOrDefault(data, "");
                        methods.forEach((method, role) -> cells.add(
                                new Cell<>(study, data, digest, model, request, method, reference, seed, role)));
                    }
                }
            }
        }
        return List.copyOf(cells);
    }

    /** Data that cannot be found fails in its cells, not here. */
    private String digest(DataSource<?> data) {
        try {
            return data.digest(folders);
        } catch (LetheException | UncheckedIOException e) {
            return "not found";
        }
    }

    /** What {@link #run} would do, without doing it. Data are read, because the estimates depend on their size. */
    public <D, M> List<Planned> plan(Study<D, M> study, RunFolder folder) {
        Map<DataSource<D>, Optional<D>> loaded = new HashMap<>();
        List<Planned> plan = new ArrayList<>();
        for (Cell<D, M> cell : cells(study)) {
            Optional<D> data = loaded.computeIfAbsent(cell.data(), source -> {
                try {
                    return Optional.of(source.load(folders));
                } catch (LetheException | UncheckedIOException e) {
                    return Optional.empty();
                }
            });
            plan.add(new Planned(
                    cell.digest(),
                    cell.recipe(),
                    cell.role(),
                    done(cell.digest(), folder).isPresent(),
                    data.map(d -> cell.method().estimate(cell.model(), d))));
        }
        return plan;
    }

    /** A record that need not be made again: it is whole, did not fail, and its model is there if models are kept. */
    private Optional<Run> done(String digest, RunFolder folder) {
        return folder.find(digest)
                .filter(run -> run.failure().isEmpty())
                .filter(run -> !keepModels || Files.exists(folder.model(digest)));
    }

    /**
     * Runs the cells of a study that have no record yet, and returns all of its records in order.
     *
     * @param fresh whether records that are there are thrown away first
     */
    public <D, M> List<Run> run(Study<D, M> study, RunFolder folder, boolean fresh) {
        RunFolder.Hold hold = folder.hold();
        try {
            if (fresh) {
                folder.clear();
            }
            List<Cell<D, M>> cells = cells(study);
            Map<String, Cell<D, M>> open = new LinkedHashMap<>();
            List<String> digests = new ArrayList<>();
            for (Cell<D, M> cell : cells) {
                String digest = cell.digest();
                digests.add(digest);
                if (done(digest, folder).isEmpty()) {
                    open.put(digest, cell);
                }
            }
            folder.describe(study.text(), digests);
            if (!open.isEmpty()) {
                execute(open, folder, cells.size());
            }
            return folder.runs();
        } finally {
            hold.close();
        }
    }

    private <D, M> void execute(Map<String, Cell<D, M>> open, RunFolder folder, int total) {
        Path scratch = scratch();
        try (Progress.Step watched = progress.begin("cells", total)) {
            watched.advance(total - open.size());
            Graph<D, M> graph = new Graph<>(this, folder, scratch, watched);
            open.forEach(graph::add);
            workers.each(graph.roots().size(), i -> graph.roots().get(i).perform());
        } finally {
            delete(scratch);
        }
    }

    private static Path scratch() {
        try {
            return Files.createTempDirectory("lethe-");
        } catch (IOException e) {
            throw new LetheException(
                    LetheException.Code.STORAGE, "the folder for temporary files cannot be written: " + e, e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw Storage.refused(folder, "cannot be deleted", e);
        }
    }

    /** A model with what it took, and what audits found out about it as the model before. */
    private record Made<M>(M model, Cost cost, Baseline baseline) {
        Made(M model, Cost cost) {
            this(model, cost, new Baseline());
        }
    }

    /** The steps of a run. */
    private static final class Graph<D, M> {
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
            Step<Boolean> last = new Step<>(engine.workers, List.of(data, learned, reference), () -> {
                run(digest, cell, data, learned, reference, control);
                return true;
            });
            last.always = true;
        }

        private Step<D> data(DataSource<D> source) {
            return shared(List.of("data", source), () -> {
                Step<D> step = new Step<>(engine.workers, List.of(), () -> source.load(engine.folders));
                roots.add(step);
                return step;
            });
        }

        private Step<Made<M>> learned(Step<D> data, Cell<D, M> cell, Method<D, M> method) {
            Object how = method.learnsPlainly() ? "plainly" : method;
            return shared(
                    List.of("learned", cell.data(), cell.model(), how, cell.seed()),
                    () -> new Step<>(engine.workers, List.of(data), () -> {
                        watched.note(Named.Of.name(cell.model())
                                + (method.learnsPlainly() ? "" : " for " + Named.Of.name(method)));
                        return made(cell, env -> method.learn(cell.model(), data.value(), env));
                    }));
        }

        private Step<Made<M>> reference(Step<D> data, Cell<D, M> cell) {
            Step<Made<M>> before = learned(data, cell, cell.reference());
            return shared(
                    List.of("reference", cell.data(), cell.model(), cell.request(), cell.reference(), cell.seed()),
                    () -> new Step<>(engine.workers, List.of(data, before), () -> {
                        watched.note(Named.Of.name(cell.model()) + ", reference");
                        return made(
                                cell,
                                env -> fulfil(
                                        cell, cell.reference(), before.value().model(), data.value(), env));
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
            return new Env(cell.seed(), engine.workers, engine.progress, new Ledger(), scratch);
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
                    case DO_NOTHING -> new Made<>(model, Cost.NONE);
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
                            name, List.copyOf(findings), audit.limits(), audit.pictures(examined, env(cell))));
                }
                if (engine.keepModels) {
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
                        "audit " + audit + ": " + finding.name() + " is " + finding.value()
                                + ", expected a finite number");
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
                    "ran out of memory: the heap is " + (Runtime.getRuntime().maxMemory() >> 20) + " MiB (" + said
                            + ")";
                default -> e.getClass().getSimpleName() + ": " + said;
            };
        }

        private static String trace(Throwable e) {
            StringWriter text = new StringWriter();
            e.printStackTrace(new PrintWriter(text));
            return text.toString();
        }
    }

    /** A step of a run: starts when what it needs is done, and lets go of its result when all who need it are. */
    private static final class Step<T> {
        private final Workers workers;
        private final List<Step<?>> needs;
        private final List<Step<?>> neededBy = new ArrayList<>();
        private final Supplier<T> work;
        private int waitsFor; // guarded by this
        private int uses; // guarded by this
        private @Nullable T result; // guarded by this
        private @Nullable Throwable failure; // guarded by this
        private boolean always; // runs even where a need has failed, to say so

        Step(Workers workers, List<Step<?>> needs, Supplier<T> work) {
            this.workers = workers;
            this.needs = needs.stream().distinct().toList();
            this.work = work;
            this.waitsFor = this.needs.size();
            this.needs.forEach(need -> {
                need.neededBy.add(this);
                need.uses++;
            });
        }

        /** The result, or the failure of this step or of one it needed. */
        synchronized T value() {
            if (failure instanceof Error error) {
                throw error;
            }
            if (failure instanceof RuntimeException exception) {
                throw exception;
            }
            if (result == null) {
                throw new IllegalStateException("a step was asked for before it was done");
            }
            return result;
        }

        /** Does the work, then starts what waited for it. */
        void perform() {
            work();
            needs.forEach(Step::release);
            List<Step<?>> ready = neededBy.stream().filter(Step::oneLess).toList();
            workers.each(ready.size(), i -> ready.get(i).perform());
        }

        private void work() {
            T made = null;
            Throwable thrown = null;
            try {
                if (!always) {
                    needs.forEach(Step::value); // passes on a failure
                }
                made = work.get();
            } catch (RuntimeException | OutOfMemoryError e) {
                if (always) {
                    throw e;
                }
                thrown = e;
            }
            synchronized (this) {
                result = made;
                failure = thrown;
            }
        }

        private synchronized boolean oneLess() {
            return --waitsFor == 0;
        }

        private synchronized void release() {
            if (--uses == 0) {
                result = null;
            }
        }
    }
}
