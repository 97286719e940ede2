package org.lethe.study;

import java.io.IOException;
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
import java.util.stream.Stream;
import org.lethe.Chain;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.DoNothing;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
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
                        Method<D, M> reference = study.subject().reference(Chain.steps(request).getFirst());
                        methods.put(new DoNothing<>(), Run.Role.DO_NOTHING);
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
}
