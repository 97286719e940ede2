package org.lethe.study;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.lethe.Audit;
import org.lethe.Chain;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Device;
import org.lethe.Estimate;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Request;
import org.lethe.Workers;

/**
 * Runs studies: makes the cells, runs shared steps once, and writes a record per cell and per audit.
 *
 * <p>The cells of one data set, model and seed are a batch, which travels to a worker. Its steps form a graph: data,
 * then models learned on it, then models after each request, then cells. A step starts when its inputs are there; its
 * result is released after the last step that needs it. Controls stand beside the methods of a study in every
 * combination of data, model, request and seed: one that does nothing, the reference, and those that the subject names.
 *
 * @param workers that run batches, steps, and parts of steps
 * @param progress that a person watches
 * @param folders that are searched for data files
 * @param keep which models are kept; stronger than the study's own word
 * @param device on which models with layers compute
 */
public record Engine(Workers workers, Progress progress, DataFolders folders, Optional<Keep> keep, Device device) {
    /** An engine that keeps what the study says, on the processor. */
    public Engine(Workers workers, Progress progress, DataFolders folders) {
        this(workers, progress, folders, Optional.empty(), Device.CPU);
    }

    /**
     * The plan for one cell.
     *
     * @param digest of the cell
     * @param recipe of the cell
     * @param role of its method
     * @param done whether its records are there already
     * @param kept whether its models before, after and of the reference are kept, so that only audits are left to run
     * @param audits number of its audits without a result
     * @param estimate of the learning and fulfilling that is left, if the data can be read; shared steps count in each cell
     */
    public record Planned(
            String digest,
            Run.Recipe recipe,
            Run.Role role,
            boolean done,
            boolean kept,
            int audits,
            Optional<Estimate> estimate) {}

    /**
     * The plan of a run.
     *
     * @param cells in the study's order
     * @param leftOut the pairs that have nothing to do with one another
     */
    public record Plan(List<Planned> cells, List<LeftOut> leftOut) {}

    /** The cells of a study: per data, model, request and seed the controls, then the methods in their order. */
    public <D, M> List<Cell<D, M>> cells(Study<D, M> study) {
        return cells(study, Product.of(study));
    }

    private <D, M> List<Cell<D, M>> cells(Study<D, M> study, Product<D, M> product) {
        Map<DataSource<D>, String> digests = new HashMap<>();
        for (DataSource<D> data : study.data()) {
            digests.put(data, digest(data));
        }
        List<Cell<D, M>> cells = new ArrayList<>();
        for (DataSource<D> data : study.data()) {
            String digest = digests.getOrDefault(data, "");
            for (List<Product.Row<D, M>> place : product.places()) {
                for (long seed : study.seeds()) {
                    for (Product.Row<D, M> row : place) {
                        cells.add(new Cell<>(
                                study,
                                data,
                                digest,
                                row.model(),
                                row.request(),
                                row.method(),
                                row.reference(),
                                seed,
                                row.role(),
                                row.audits(),
                                device));
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

    /**
     * The plan of {@link #run}, without running it. Data are read, because the estimates depend on their size; requests are resolved on
     * them, and a {@code LetheException} says which cannot be, as with the id of a user who is not there.
     */
    public <D, M> Plan plan(Study<D, M> given, RunFolder folder) {
        Study<D, M> study = given.with(folder.persons().orElse(given.persons()));
        Product<D, M> product = Product.of(study);
        Map<DataSource<D>, Optional<D>> loaded = new HashMap<>();
        resolve(study, source -> loaded.computeIfAbsent(source, this::loaded));
        List<Planned> plan = new ArrayList<>();
        for (Cell<D, M> cell : cells(study, product)) {
            Optional<Graph.Open<D, M>> open = open(cell, folder);
            boolean learned = folder.holds(Origin.learned(cell, cell.method().first()));
            boolean after = folder.holds(cell.origin());
            Optional<Estimate> estimate = open.isEmpty()
                    ? Optional.of(new Estimate(0, 0))
                    : loaded.computeIfAbsent(cell.data(), this::loaded).map(data -> left(cell, data, learned, after));
            plan.add(new Planned(
                    cell.digest(),
                    cell.recipe(),
                    cell.role(),
                    open.isEmpty(),
                    learned && after && folder.holds(cell.origin(cell.reference())),
                    open.map(todo -> todo.open().size()).orElse(0),
                    estimate));
        }
        return new Plan(List.copyOf(plan), product.leftOut());
    }

    /** Refuses requests that cannot be resolved on data that are here, all in one exception. */
    private static <D, M> void resolve(Study<D, M> study, Function<DataSource<D>, Optional<D>> loaded) {
        List<String> refused = new ArrayList<>();
        for (DataSource<D> source : study.data()) {
            Optional<D> data = loaded.apply(source);
            for (Request request : data.isPresent() ? study.requests() : List.<Request>of()) {
                D left = data.get();
                try {
                    for (Request step : Chain.steps(request)) {
                        left = study.subject().remaining(step, left);
                    }
                } catch (LetheException e) {
                    refused.add(study.hidden(String.valueOf(e.getMessage())) + " (in the data " + study.brief(source)
                            + ")");
                }
            }
        }
        if (!refused.isEmpty()) {
            throw new LetheException(LetheException.Code.STUDY, String.join("\n", refused));
        }
    }

    private <D> Optional<D> loaded(DataSource<D> source) {
        try {
            return Optional.of(source.load(folders));
        } catch (LetheException | UncheckedIOException e) {
            return Optional.empty();
        }
    }

    /** The expected cost of a cell without the learning, or what follows it, whose model is kept. */
    private static <D, M> Estimate left(Cell<D, M> cell, D data, boolean learned, boolean after) {
        Estimate all = cell.method().estimate(cell.model(), data, cell.request());
        double learning = Math.min(all.seconds(), cell.model().estimate(data).seconds());
        return new Estimate((learned ? 0 : learning) + (after ? 0 : all.seconds() - learning), all.bytes());
    }

    /** The open work of a cell: it failed or has no record, an audit has no result, or a model is to be kept. */
    private <D, M> Optional<Graph.Open<D, M>> open(Cell<D, M> cell, RunFolder folder) {
        Optional<Run> known = folder.known(cell.digest());
        List<Audit<D, M>> missing = cell.audits().stream()
                .filter(audit -> !folder.has(RunFolder.sha256(cell.text(audit))))
                .toList();
        boolean kept =
                keep.or(() -> cell.study().keep()).filter(Keep.ALL::equals).isEmpty()
                        || known.filter(run -> !run.warnings().isEmpty()).isPresent()
                        || folder.holds(cell.origin());
        return known.isPresent() && missing.isEmpty() && kept
                ? Optional.empty()
                : Optional.of(new Graph.Open<>(cell, missing, known));
    }

    /**
     * Runs the cells of a study that have no record yet, and the audits that have no result, and returns all of its records in
     * order.
     *
     * <p>A study that lists ids is refused with a {@code LetheException} where the data do not have one of them.
     *
     * @param fresh whether records that are there are thrown away first
     */
    public <D, M> List<Run> run(Study<D, M> given, RunFolder folder, boolean fresh) {
        RunFolder.Hold hold = folder.hold();
        try {
            if (!given.listed().isEmpty()) {
                resolve(given, this::loaded); // an id that is not there is said before anything is trained or written
            }
            if (fresh) {
                folder.clear();
            }
            Study<D, M> study = given.with(folder.persons(given));
            Product<D, M> product = Product.of(study);
            List<Cell<D, M>> cells = cells(study, product);
            List<RunFolder.Listed> listed = new ArrayList<>();
            Map<String, Graph.Open<D, M>> open = new LinkedHashMap<>();
            for (Cell<D, M> cell : cells) {
                listed.add(new RunFolder.Listed(
                        cell.digest(),
                        cell.audits().stream()
                                .map(audit -> RunFolder.sha256(cell.text(audit)))
                                .toList()));
                open(cell, folder).ifPresent(todo -> open.put(cell.digest(), todo));
            }
            folder.describe(study.shown(), listed, product.leftOut());
            if (!open.isEmpty()) {
                execute(List.copyOf(open.values()), folder, cells.size());
            }
            return folder.runs();
        } finally {
            hold.close();
        }
    }

    private <D, M> void execute(List<Graph.Open<D, M>> open, RunFolder folder, int total) {
        Map<List<Object>, List<Graph.Open<D, M>>> together = new LinkedHashMap<>();
        for (Graph.Open<D, M> todo : open) {
            Cell<D, M> cell = todo.cell();
            together.computeIfAbsent(List.of(cell.data(), cell.model(), cell.seed()), key -> new ArrayList<>())
                    .add(todo);
        }
        try (Progress.Step watched = progress.begin("cells", total)) {
            watched.advance(total - open.size());
            Place<D> place = new Place<>(folders);
            List<Batch> batches = together.values().stream()
                    .map(cells -> new Batch(this, folder, cells, place, watched))
                    .toList();
            workers.gather(batches, (number, written) -> {
                written.forEach(file -> Storage.write(folder.path().resolve(file.path()), file.bytes()));
                if (!written.isEmpty()) { // a batch that ran here has written its records and moved the bar itself
                    watched.advance(batches.get(number).cells());
                }
            });
        }
    }

    /** Runs a batch in this process. */
    <D, M> void run(List<Graph.Open<D, M>> cells, RunFolder folder, Place<D> place, Progress.Step watched) {
        try (Scratch scratch = Scratch.make()) {
            Graph<D, M> graph = new Graph<>(this, folder, place, scratch.folder(), watched);
            cells.forEach(graph::add);
            workers.each(graph.roots().size(), i -> graph.roots().get(i).perform());
        }
    }
}
