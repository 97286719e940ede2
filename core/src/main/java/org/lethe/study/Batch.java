package org.lethe.study;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lethe.Audit;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Device;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Workers;

/**
 * The cells of one data set, model and seed, as text that travels: a kilobyte, whatever the study.
 *
 * <p>Where it was made, a batch runs on the study itself and its records go straight into the run folder. In another process
 * it reads the study from its text, finds data and subject there, and brings its records back as files. The digest of the
 * data must be the same in both places.
 */
final class Batch implements Workers.Task<List<Batch.Written>> {
    private static final long serialVersionUID = 1L;
    private static final long LARGEST = 1L << 30; // bytes of a model: a file travels as one array

    /** A file of the run folder. */
    record Written(String path, byte[] bytes) implements Serializable {}

    /** A cell and the audits that are asked for, by their digests. */
    record Wanted(String cell, List<String> audits) implements Serializable {}

    private final String study;
    private final String data;
    private final String dataDigest;
    private final String model;
    private final long seed;
    private final List<Wanted> wanted;
    private final List<String> folders;
    private final String store;
    private final byte[] persons;
    private final String device;
    private final @Nullable Keep keep;

    /** Runs the batch in the process that made it; does not travel. */
    private final transient @Nullable Supplier<List<Written>> here;

    <D, M> Batch(Engine engine, RunFolder folder, List<Graph.Open<D, M>> cells, Place<D> place, Progress.Step watched) {
        Cell<D, M> first = cells.getFirst().cell();
        this.study = first.study().text();
        this.data = first.study().full(first.data());
        this.dataDigest = first.dataDigest();
        this.model = first.study().full(first.model());
        this.seed = first.seed();
        this.wanted = cells.stream()
                .map(open -> new Wanted(
                        open.cell().digest(),
                        open.open().stream()
                                .map(audit -> RunFolder.sha256(open.cell().text(audit)))
                                .toList()))
                .toList();
        this.folders = engine.folders().folders().stream()
                .map(f -> f.toAbsolutePath().toString())
                .toList();
        this.store = folder.path().toAbsolutePath().toString();
        this.persons = first.study().persons().key();
        this.device = engine.device().toString();
        this.keep = engine.keep().orElse(null);
        place.expect(first.data());
        this.here = () -> {
            try {
                engine.run(cells, folder, place, watched);
                return List.of();
            } finally {
                place.release(first.data());
            }
        };
    }

    /** How many cells it has. */
    int cells() {
        return wanted.size();
    }

    @Override
    public List<Written> run(Workers workers) {
        return here != null
                ? here.get()
                : elsewhere(Study.parse("study.yaml", study, Studies.subjects()).with(Pseudonyms.of(persons)), workers);
    }

    private <D, M> List<Written> elsewhere(Study<D, M> read, Workers workers) {
        DataSource<D> source = named(read, read.data(), data);
        Learner<D, M> learner = named(read, read.models(), model);
        Engine engine = new Engine(
                workers,
                Progress.NONE,
                new DataFolders(folders.stream().map(Path::of).toList()),
                Optional.ofNullable(keep),
                Device.parse(device));
        Map<String, Cell<D, M>> cells = new LinkedHashMap<>();
        engine.cells(read.only(source, learner, seed)).forEach(cell -> cells.put(cell.digest(), cell));
        try (Scratch scratch = Scratch.make()) {
            Path out = scratch.folder();
            RunFolder written = RunFolder.at(out).reading(Path.of(store), LARGEST);
            List<Graph.Open<D, M>> open = new ArrayList<>();
            for (Wanted asked : wanted) {
                Cell<D, M> cell = cells.get(asked.cell());
                if (cell == null) {
                    String found = cells.values().stream()
                            .findFirst()
                            .map(Cell::dataDigest)
                            .orElse("");
                    throw new LetheException(
                            LetheException.Code.DATA,
                            found.equals(dataDigest)
                                    ? "a worker makes other cells of this study; it must run the same version of Lethe"
                                    : "data " + data + " has the digest " + found + " at a worker, expected "
                                            + dataDigest);
                }
                Set<String> audits = new HashSet<>(asked.audits());
                List<Audit<D, M>> asks = cell.audits().stream()
                        .filter(audit -> audits.contains(RunFolder.sha256(cell.text(audit))))
                        .toList();
                open.add(new Graph.Open<>(cell, asks, written.known(cell.digest())));
            }
            written.hold().close();
            try (Progress.Step unwatched = Progress.NONE.begin("cells", open.size())) {
                engine.run(open, written, new Place<>(engine.folders()), unwatched);
            }
            return files(out);
        }
    }

    private static <T> T named(Study<?, ?> study, List<T> entries, String words) {
        return entries.stream()
                .filter(entry -> study.full(entry).equals(words))
                .findFirst()
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.STUDY, "the study has no " + words + " where it is read by a worker"));
    }

    private static List<Written> files(Path out) {
        List<Written> files = new ArrayList<>();
        try (Stream<Path> all = Files.walk(out)) {
            for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
                if (!file.getFileName().toString().equals(".lock")) {
                    files.add(new Written(out.relativize(file).toString(), Files.readAllBytes(file)));
                }
            }
        } catch (IOException e) {
            throw Storage.refused(out, "cannot be read", e);
        }
        return files;
    }
}
