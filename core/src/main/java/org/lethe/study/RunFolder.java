package org.lethe.study;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.lethe.Cost;
import org.lethe.LetheException;
import org.lethe.Subject;

/**
 * The folder of one study: what was run and what was found.
 *
 * <pre>
 * runs/cure4rec/study.yaml                 the study file as it was read
 * runs/cure4rec/persons.json               the ids that the study lists, where these are persons', and the key of their digests
 * runs/cure4rec/index.json                 the digests of the study's cells and of their audits, and what was left out
 * runs/cure4rec/cells/DIGEST.json          the record of one executed cell
 * runs/cure4rec/cells/DIGEST.log           the stack trace of one that failed
 * runs/cure4rec/audits/DIGEST.json         the result of one audit in one cell
 * runs/cure4rec/pictures/SHA256.png        an image that such a result shows
 * runs/cure4rec/models/DIGEST.safetensors  a model that was kept, learned or fulfilled
 * runs/cure4rec/models/DIGEST.json         where it came from, and what it took
 * </pre>
 *
 * <p>No other file holds an id of a person that the study lists. {@code persons.json} is for its owner alone and may be deleted: the
 * records stay readable and can be verified, but a later run of the study makes new ones.
 *
 * <p>Every file is written to a temporary name, forced to the disk and renamed: a crash leaves a whole file or none.
 * Records of settings the study no longer has stay, so that changing a setting back costs nothing. Folders of format 1,
 * with {@code cells.txt} in place of the index and all results in the record of their cell, are read as well.
 */
public final class RunFolder {
    /** The version of the files; part of every digest. */
    public static final int FORMAT = 2;

    private static final List<String> PARTS = List.of("cells", "audits", "pictures", "models");

    private final Path path;
    private final Path store;
    private final long largest; // bytes of a model that is kept

    private RunFolder(Path path, Path store, long largest) {
        this.path = path;
        this.store = store;
        this.largest = largest;
    }

    /**
     * One cell of a study.
     *
     * @param digest of the cell
     * @param audits the digests of what is measured in it, in the study's order
     */
    public record Listed(String digest, List<String> audits) {}

    /**
     * A model that was kept.
     *
     * @param cost of learning for a learned model, else of everything since
     * @param checksum SHA-256 of its file
     */
    private record Kept(Cost cost, String checksum) {}

    /** The folder itself, which need not exist yet. */
    public static RunFolder at(Path folder) {
        return new RunFolder(folder, folder, Long.MAX_VALUE);
    }

    /** The folder of a study among others. */
    public static RunFolder of(Path runs, String study) {
        return at(runs.resolve(study));
    }

    /**
     * This folder for writing, and another for reading models and records: the view of a worker in another process.
     *
     * @param largest bytes of a model that can travel; a larger one is not kept
     */
    RunFolder reading(Path other, long largest) {
        return new RunFolder(path, other, largest);
    }

    /** Its path. */
    public Path path() {
        return path;
    }

    /** The file of a kept model, by the digest of its origin, which {@link Run#origin()} names. */
    public Path model(String origin) {
        return path.resolve("models").resolve(origin + ".safetensors");
    }

    private Path file(String part, String digest) {
        return path.resolve(part).resolve(digest + ".json");
    }

    /**
     * Makes the folder ready for one writer: creates it, removes what a killed run left half done, and holds a lock until
     * closed.
     */
    public Hold hold() {
        try {
            for (String part : PARTS) {
                Files.createDirectories(path.resolve(part));
            }
            FileChannel channel =
                    FileChannel.open(path.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                if (channel.tryLock() == null) {
                    channel.close();
                    throw busy();
                }
            } catch (OverlappingFileLockException e) {
                channel.close();
                throw busy();
            }
            for (Path folder : Stream.concat(Stream.of(path), PARTS.stream().map(path::resolve))
                    .toList()) {
                for (Path file : list(folder)) {
                    if (file.getFileName().toString().endsWith(Storage.TEMPORARY)) {
                        Files.delete(file);
                    }
                }
            }
            return new Hold(channel);
        } catch (IOException e) {
            throw Storage.refused(path, "cannot be written", e);
        }
    }

    private LetheException busy() {
        return new LetheException(
                LetheException.Code.STORAGE, path + " is in use by another run; wait for it, or stop it first");
    }

    /** The right of one process to write here; the system takes it back when the process dies. */
    public static final class Hold implements AutoCloseable {
        private final FileChannel channel;

        private Hold(FileChannel channel) {
            this.channel = channel;
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new LetheException(LetheException.Code.STORAGE, "the lock cannot be released", e);
            }
        }
    }

    /** Writes down the study, the digests of its cells, and what was left out of its product. */
    public void describe(String study, List<Listed> cells, List<LeftOut> leftOut) {
        Storage.write(path.resolve("study.yaml"), study.getBytes(StandardCharsets.UTF_8));
        new Index(FORMAT, cells, leftOut).write(path);
    }

    /** What stands in place of the ids of persons in the records; empty where the study lists none, or the file was deleted. */
    Optional<Pseudonyms> persons() {
        Path file = path.resolve(PersonsFile.NAME);
        return Files.exists(file) ? Optional.of(PersonsFile.read(path, file).pseudonyms()) : Optional.empty();
    }

    /** The same for a study, whose lists are written down. */
    Pseudonyms persons(Study<?, ?> study) {
        List<Pseudonyms.Listed> lists = study.listed();
        if (lists.isEmpty()) {
            return persons().orElse(study.persons());
        }
        Path file = path.resolve(PersonsFile.NAME);
        PersonsFile before = Files.exists(file) ? PersonsFile.read(path, file) : PersonsFile.fresh();
        before.with(lists).write(file);
        return before.pseudonyms();
    }

    /** The study of this folder with the ids of persons that {@code persons.json} holds. */
    Study<?, ?> study(List<? extends Subject<?, ?>> subjects) {
        Path file = path.resolve("study.yaml");
        Path listed = path.resolve(PersonsFile.NAME);
        try {
            String text = Files.readString(file);
            if (!Files.exists(listed)) {
                return Study.parse(file.toString(), text, subjects);
            }
            PersonsFile persons = PersonsFile.read(path, listed);
            for (Map.Entry<String, List<String>> list : persons.lists().entrySet()) {
                text = text.replace(list.getKey(), Words.word(list.getValue()));
            }
            return Study.parse(file.toString(), text, subjects).with(persons.pseudonyms());
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be read", e);
        }
    }

    /** Takes over the key of another folder, so that the same ids have the same digests here. */
    void personsOf(RunFolder other) {
        Path file = other.path.resolve(PersonsFile.NAME);
        if (Files.exists(file)) {
            PersonsFile.read(other.path, file).write(path.resolve(PersonsFile.NAME));
        }
    }

    /** Forgets every record, log, picture and model, and the ids of persons. */
    public void clear() {
        try {
            Files.deleteIfExists(path.resolve(PersonsFile.NAME));
        } catch (IOException e) {
            throw Storage.refused(path.resolve(PersonsFile.NAME), "cannot be deleted", e);
        }
        for (String part : PARTS) {
            for (Path file : list(path.resolve(part))) {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw Storage.refused(file, "cannot be deleted", e);
                }
            }
        }
    }

    /** Writes the record of a cell, without results. {@code cell} is the text the digest was made of. */
    public void write(Run run, String cell) {
        Storage.write(file("cells", run.digest()), RecordFile.sealed(cell, run.with(List.of())));
    }

    /** Writes the result of an audit. {@code audit} is the text the digest is made of. */
    public void write(Run.Result result, String audit) {
        RecordFile.images(result.pictures()).forEach((digest, png) -> {
            Path image = RecordFile.image(path, digest);
            if (!Files.exists(image)) {
                Storage.write(image, png);
            }
        });
        Storage.write(file("audits", sha256(audit)), RecordFile.sealed(audit, result));
    }

    /** Writes the log of one cell. */
    public void log(String digest, String text) {
        Storage.write(path.resolve("cells").resolve(digest + ".log"), text.getBytes(StandardCharsets.UTF_8));
    }

    /** The record of a cell, if it has been run; its results are records of their own, except in format 1. */
    public Optional<Run> find(String digest) {
        Path file = file("cells", digest);
        return Files.exists(file) ? Optional.of(RecordFile.read(path, file, Run.class)) : Optional.empty();
    }

    /** The result of an audit, by the digest of what it depends on, if there is one. */
    public Optional<Run.Result> result(String audit) {
        Path file = file("audits", audit);
        return Files.exists(file) ? Optional.of(RecordFile.read(path, file, Run.Result.class)) : Optional.empty();
    }

    /** Whether there is a result of an audit: one that is there is whole, as files get their names last. */
    boolean has(String audit) {
        return Files.exists(file("audits", audit));
    }

    /** Keeps a model, which {@code writer} writes; the file gets its name once it is whole. */
    void keep(Origin origin, Cost cost, Storage.Writer writer) {
        Path model = model(origin.digest());
        Storage.write(model, temporary -> {
            writer.write(temporary);
            if (Files.size(temporary) > largest) {
                throw new LetheException(
                        LetheException.Code.STORAGE,
                        "it is larger than the " + largest + " bytes that a worker in another process sends back");
            }
        });
        Storage.write(file("models", origin.digest()), RecordFile.sealed(origin.text(), new Kept(cost, sha256(model))));
    }

    /** The file from which a kept model is read. */
    Path stored(Origin origin) {
        return at(store).model(origin.digest());
    }

    /** The record of a cell that is there and holds no failure. */
    Optional<Run> known(String digest) {
        return at(store).find(digest).filter(run -> run.failure().isEmpty());
    }

    /** Whether a model is kept. */
    boolean holds(Origin origin) {
        return Files.exists(at(store).file("models", origin.digest())) && Files.exists(stored(origin));
    }

    /** The cost of a kept model; empty where it is not kept. */
    Optional<Cost> kept(Origin origin) {
        if (!holds(origin)) {
            return Optional.empty();
        }
        Path file = at(store).file("models", origin.digest());
        Path model = stored(origin);
        Kept kept = RecordFile.read(store, file, Kept.class);
        if (!sha256(model).equals(kept.checksum())) {
            throw RecordFile.broken(model, "is not the model that was kept: its SHA-256 is another");
        }
        return Optional.of(kept.cost());
    }

    /** The records of the study's cells with their results, in its order; those not yet run are missing. */
    public List<Run> runs() {
        if (!Files.isDirectory(path.resolve("cells"))) {
            throw new LetheException(
                    LetheException.Code.STORAGE, path + " is not a run folder: it has no folder \"cells\"");
        }
        List<Run> runs = new ArrayList<>();
        for (Listed cell : Index.read(path).cells()) {
            find(cell.digest()).ifPresent(run -> runs.add(complete(run, cell)));
        }
        return List.copyOf(runs);
    }

    private Run complete(Run run, Listed cell) {
        List<Run.Result> results = new ArrayList<>(run.results());
        cell.audits().forEach(audit -> result(audit).ifPresent(results::add));
        return run.with(results);
    }

    /** The pairs that the study's product left out. */
    public List<LeftOut> leftOut() {
        return Index.read(path).leftOut();
    }

    /** The cells of the study, in its order. */
    public List<Listed> cells() {
        return Index.read(path).cells();
    }

    /**
     * The defects of the folder, one sentence each: missing cells and results, and files that do not fit their digest
     * or checksum.
     */
    public List<String> verify() {
        List<String> wrong = new ArrayList<>();
        for (Listed cell : cells()) {
            Path file = file("cells", cell.digest());
            if (!Files.exists(file)) {
                wrong.add(file + " is missing: the cell has not been run");
                continue;
            }
            try {
                Optional<Run.Failure> failure = find(cell.digest()).flatMap(Run::failure);
                failure.ifPresent(f -> wrong.add(file + " failed: " + f.message()));
                for (String audit : cell.audits()) {
                    if (result(audit).isEmpty() && failure.isEmpty()) {
                        wrong.add(file("audits", audit) + " is missing: the audit has not been run");
                    }
                }
            } catch (LetheException e) {
                wrong.add(e.getMessage());
            }
        }
        for (Path file : list(path.resolve("models"))) {
            String name = file.getFileName().toString();
            if (name.endsWith(".json")) {
                try {
                    Kept kept = RecordFile.read(path, file, Kept.class);
                    Path model = model(name.substring(0, name.length() - ".json".length()));
                    if (!Files.exists(model) || !sha256(model).equals(kept.checksum())) {
                        wrong.add(model + " is missing or is not the model that was kept");
                    }
                } catch (LetheException e) {
                    wrong.add(e.getMessage());
                }
            }
        }
        return wrong;
    }

    private static List<Path> list(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException e) {
            throw Storage.refused(folder, "cannot be read", e);
        }
    }

    /** A run as JSON, keys in a fixed order. */
    public static String json(Run run) {
        return RecordFile.json(run);
    }

    /**
     * The part of a run that is the same to the last byte in every execution of a cell: all but costs, versions, the time and the
     * findings of the machine.
     */
    public static String comparable(Run run) {
        List<Run.Result> results = run.results().stream()
                .map(r -> new Run.Result(
                        r.audit(),
                        r.aspect(),
                        r.findings().stream().filter(f -> !f.ofTheMachine()).toList(),
                        r.limits(),
                        r.pictures()))
                .toList();
        return RecordFile.json(new Run(
                run.study(),
                run.digest(),
                run.recipe(),
                run.role(),
                run.exactness(),
                run.origin(),
                run.dataDigest(),
                Map.of(),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                results,
                run.warnings(),
                run.failure(),
                Optional.empty()));
    }

    /** SHA-256 of a text, in hex. */
    public static String sha256(String text) {
        return sha256(text.getBytes(StandardCharsets.UTF_8));
    }

    /** SHA-256 of bytes, in hex. */
    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    /** SHA-256 of a file, in hex. */
    public static String sha256(Path file) {
        MessageDigest digest = sha256();
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
            while (channel.read(buffer) >= 0) {
                digest.update(buffer.flip());
                buffer.clear();
            }
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be read", e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
