package org.lethe.study;

import com.fasterxml.jackson.annotation.JacksonInject;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.OptBoolean;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.InjectableValues;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.lethe.Cost;
import org.lethe.LetheException;
import org.lethe.Picture;
import org.lethe.Verdict;

/**
 * The folder of one study: what was run and what was found.
 *
 * <pre>
 * runs/cure4rec/study.yaml            the study file as it was read
 * runs/cure4rec/cells.txt             the digests of the study's cells, in its order
 * runs/cure4rec/cells/DIGEST.json     the record of one executed cell
 * runs/cure4rec/cells/DIGEST.log      the stack trace of one that failed
 * runs/cure4rec/models/DIGEST.safetensors   its model, when asked for
 * </pre>
 *
 * <p>Every file is written to a temporary name, forced to the disk and renamed: a crash leaves a whole file or none.
 * Records of settings the study no longer has stay, so that changing a setting back costs nothing.
 */
public final class RunFolder {
    /** The version of the files; part of every digest. */
    public static final int FORMAT = 1;

    private static final long LARGEST = 64L << 20;
    private static final String PICTURES = "pictures";
    private static final JsonMapper JSON = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .addMixIn(Verdict.class, VerdictForm.class)
            .addMixIn(Run.Result.class, ResultForm.class)
            .injectableValues(new InjectableValues.Std().addValue(PICTURES, List.of()))
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, SerializationFeature.INDENT_OUTPUT)
            .enable(
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private final Path path;

    private RunFolder(Path path) {
        this.path = path;
    }

    /** How a verdict stands in JSON. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Verdict.Pass.class, name = "pass"),
        @JsonSubTypes.Type(value = Verdict.Fail.class, name = "fail"),
        @JsonSubTypes.Type(value = Verdict.Undecided.class, name = "undecided")
    })
    private interface VerdictForm {}

    /** A result without pictures stands as it did before there were any. */
    interface ResultForm {
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JacksonInject(value = PICTURES, useInput = OptBoolean.TRUE)
        List<Picture> pictures();
    }

    /**
     * What a record file holds.
     *
     * @param format version of this form
     * @param cell the canonical text whose SHA-256 is the digest
     * @param checksum SHA-256 of the run as JSON
     * @param run the record
     */
    private record Sealed(int format, String cell, String checksum, Run run) {}

    /** The folder itself, which need not exist yet. */
    public static RunFolder at(Path folder) {
        return new RunFolder(folder);
    }

    /** The folder of a study among others. */
    public static RunFolder of(Path runs, String study) {
        return new RunFolder(runs.resolve(study));
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /** Where the model of a cell is kept when asked for. */
    public Path model(String digest) {
        return path.resolve("models").resolve(digest + ".safetensors");
    }

    private Path record(String digest) {
        return path.resolve("cells").resolve(digest + ".json");
    }

    /**
     * Makes the folder ready for one writer: creates it, removes what a killed run left half done, and holds a lock until
     * closed.
     */
    public Hold hold() {
        try {
            Files.createDirectories(path.resolve("cells"));
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
            for (Path folder : List.of(path, path.resolve("cells"), path.resolve("models"))) {
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

    /** Writes down the study and the digests of its cells. */
    public void describe(String study, List<String> digests) {
        Storage.write(path.resolve("study.yaml"), study.getBytes(StandardCharsets.UTF_8));
        Storage.write(path.resolve("cells.txt"), (String.join("\n", digests) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Forgets every record, log and model. */
    public void clear() {
        for (String part : List.of("cells", "models")) {
            for (Path file : list(path.resolve(part))) {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw Storage.refused(file, "cannot be deleted", e);
                }
            }
        }
    }

    /** Writes one record. {@code cell} is the text the digest was made of. */
    public void write(Run run, String cell) {
        Storage.write(
                record(run.digest()),
                json(new Sealed(FORMAT, cell, sha256(json(run)), run)).getBytes(StandardCharsets.UTF_8));
    }

    /** Writes the log of one cell. */
    public void log(String digest, String text) {
        Storage.write(path.resolve("cells").resolve(digest + ".log"), text.getBytes(StandardCharsets.UTF_8));
    }

    /** The record of a cell, if it has been run. */
    public Optional<Run> find(String digest) {
        Path file = record(digest);
        return Files.exists(file) ? Optional.of(read(file)) : Optional.empty();
    }

    /** The records of the study's cells, in its order; those not yet run are missing. */
    public List<Run> runs() {
        if (!Files.isDirectory(path.resolve("cells"))) {
            throw new LetheException(
                    LetheException.Code.STORAGE, path + " is not a run folder: it has no folder \"cells\"");
        }
        List<Run> runs = new ArrayList<>();
        for (String digest : digests()) {
            find(digest).ifPresent(runs::add);
        }
        return List.copyOf(runs);
    }

    /** The digests of the study's cells, in its order. */
    public List<String> digests() {
        Path file = path.resolve("cells.txt");
        try {
            List<String> digests = Files.readAllLines(file);
            for (int i = 0; i < digests.size(); i++) {
                if (!digests.get(i).matches("[0-9a-f]{64}")) {
                    throw new LetheException(
                            LetheException.Code.STORAGE,
                            file + ":" + (i + 1) + ": \"" + digests.get(i) + "\", expected a SHA-256 in hex");
                }
            }
            return digests;
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be read", e);
        }
    }

    /**
     * Everything that is not as a finished run left it, one sentence each: missing cells, and records whose digest or
     * checksum does not fit what they hold.
     */
    public List<String> verify() {
        List<String> wrong = new ArrayList<>();
        for (String digest : digests()) {
            Path file = record(digest);
            if (!Files.exists(file)) {
                wrong.add(file + " is missing: the cell has not been run");
                continue;
            }
            try {
                Run run = read(file);
                run.failure().ifPresent(f -> wrong.add(file + " failed: " + f.message()));
            } catch (LetheException e) {
                wrong.add(e.getMessage());
            }
        }
        return wrong;
    }

    private static Run read(Path file) {
        try {
            if (Files.size(file) > LARGEST) {
                throw broken(file, "is " + Files.size(file) + " bytes, expected at most " + LARGEST);
            }
            Sealed sealed = JSON.readValue(Files.readAllBytes(file), Sealed.class);
            Run run = sealed.run();
            if (sealed.format() != FORMAT) {
                throw broken(file, "has format " + sealed.format() + ", expected " + FORMAT);
            }
            if (!file.getFileName().toString().equals(run.digest() + ".json")) {
                throw broken(file, "holds the cell " + run.digest() + ", expected the one it is named after");
            }
            if (!sha256(sealed.cell()).equals(run.digest())) {
                throw broken(file, "has a digest that does not fit its cell");
            }
            if (!sha256(json(run)).equals(sealed.checksum())) {
                throw broken(file, "has a checksum that does not fit its findings");
            }
            return run;
        } catch (JacksonException e) {
            throw broken(
                    file,
                    "is not a run record: " + e.getOriginalMessage()
                            + (e.getLocation() == null
                                    ? ""
                                    : " (line " + e.getLocation().getLineNr() + ")"));
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be read", e);
        }
    }

    private static LetheException broken(Path file, String what) {
        return new LetheException(
                LetheException.Code.STORAGE, file + " " + what + "; delete it to have the cell run again");
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
        return json((Object) run);
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a run record has a part that JSON cannot hold", e);
        }
    }

    /**
     * What two executions of a cell must agree in to the last byte: the run without costs, versions and the findings of the
     * machine.
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
        return json(new Run(
                run.study(),
                run.digest(),
                run.recipe(),
                run.role(),
                run.exactness(),
                run.dataDigest(),
                Map.of(),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                results,
                run.warnings(),
                run.failure()));
    }

    /** SHA-256 of a text, in hex. */
    public static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** What this process is made of, for {@link Run#versions()}. */
    public static Map<String, String> versions() {
        Map<String, String> versions = new LinkedHashMap<>();
        String lethe = RunFolder.class.getPackage().getImplementationVersion();
        versions.put("format", String.valueOf(FORMAT));
        versions.put("java", Runtime.version().toString());
        versions.put(
                "kernels", org.lethe.numerics.Lanes.VECTOR ? "vector" : "plain: " + org.lethe.numerics.Lanes.OBSTACLE);
        versions.put("lethe", lethe == null ? "development" : lethe);
        return versions;
    }
}
