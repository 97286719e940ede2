package org.lethe.recsys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.forget.ForgetInteractions;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.report.Report;
import org.lethe.study.Engine;
import org.lethe.study.Replay;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Study;

/** Ids that are planted in a request are in one file of the run folder, and nowhere else that a run writes. */
class PersonsTest {
    private static final String CANARY = "canary";
    private static final String PERSONS = "persons.json";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @BeforeEach
    void data() throws IOException {
        StringBuilder csv = new StringBuilder("user,item\n");
        for (int u = 0; u < 40; u++) {
            for (int i = 0; i < 12; i++) {
                csv.append(CANARY + u + "x,item"
                        + (i + Keyed.below(Keyed.seed(u).of("first").at(i), 2) * 12) + "\n");
            }
        }
        Files.writeString(folder.resolve("i.csv"), csv);
        Files.createDirectory(folder.resolve("tmp"));
    }

    private static String study(Path folder, int epochs, String more) {
        return """
                # %1$s1x asks to be forgotten
                study: persons
                subject: recsys
                data: [{file: {path: "%2$s"}}]
                model: [{bpr: {epochs: %3$d, dims: 4}}]
                request:
                  - {forget-users: {choose: listed, users: [%1$s1x, "%1$s2x"]}} # %1$s1x
                  - [{forget-users: {choose: listed, users: [%1$s3x]}}, {balance: {groups: listed, advantaged: [%1$s4x, %1$s5x]}}]
                %4$smethod: [scif, {sisa: {shards: 3}}, [scif, ufr]]
                audit: [utility, completeness, efficiency, fairness]
                seeds: [1]
                keep: all
                """.formatted(CANARY, folder.resolve("i.csv").toString().replace('\\', '/'), epochs, more);
    }

    private static List<Run> run(Path folder, String text) throws IOException {
        try (Workers workers = Workers.threads(2)) {
            return run(folder, text, workers);
        }
    }

    private static List<Run> run(Path folder, String text, Workers workers) throws IOException {
        Study<?, ?> study = Study.parse("study.yaml", text, List.of(new Recsys()));
        RunFolder runs = RunFolder.of(folder.resolve("runs"), study.name());
        List<Run> done = new Engine(workers, Progress.NONE, new DataFolders(List.of())).run(study, runs, false);
        Report.write(done, runs.leftOut(), runs.path());
        return done;
    }

    /** Workers that get tasks as bytes, as those in another process do. */
    private static final class Far implements Workers {
        @Override
        public int count() {
            return 1;
        }

        @Override
        public <T> List<T> all(List<? extends Task<T>> tasks) {
            List<T> results = new ArrayList<>();
            for (Task<T> task : tasks) {
                results.add(sent(task).run(Workers.here()));
            }
            return results;
        }

        @SuppressWarnings("unchecked") // it is what was written
        private static <T> Task<T> sent(Task<T> task) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                out.writeObject(task);
                try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                    return (Task<T>) in.readObject();
                }
            } catch (IOException | ClassNotFoundException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void each(int parts, IntConsumer body) {
            Workers.here().each(parts, body);
        }

        @Override
        public void close() {}
    }

    @Test
    void workersInOtherProcessesShowTheSamePseudonyms() throws IOException {
        List<Run> far = run(folder, study(folder, 2, ""), new Far());
        assertTrue(far.stream().allMatch(r -> r.failure().isEmpty()), far.toString());
        assertEquals(far, run(folder, study(folder, 2, "")), "nothing runs again");
        assertEquals(Set.of("runs/persons/" + PERSONS), told());
    }

    /** A process that is killed while it runs the study. */
    static final class Victim {
        private Victim() {}

        public static void main(String[] args) throws IOException {
            run(Path.of(args[0]), study(Path.of(args[0]), 400, ""));
        }
    }

    /** The names of the files that hold a planted id, apart from the data. */
    private Set<String> told() throws IOException {
        Set<String> names = new TreeSet<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                if (!file.equals(folder.resolve("i.csv")) && (file + bytes.replace("\0", "")).contains(CANARY)) {
                    names.add(folder.relativize(file).toString().replace('\\', '/'));
                }
            }
        }
        return names;
    }

    private Path persons() {
        return folder.resolve("runs/persons").resolve(PERSONS);
    }

    @Test
    void aWholeRunTellsOfPersonsInOneFileThatIsItsOwnersAlone() throws IOException {
        List<Run> runs = run(folder, study(folder, 2, ""));
        assertTrue(runs.stream().allMatch(r -> r.failure().isEmpty()), runs.toString());
        assertEquals(Set.of("runs/persons/" + PERSONS), told());
        if (persons().getFileSystem().supportedFileAttributeViews().contains("posix")) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(persons())));
        }
        List<String> requests =
                runs.stream().map(r -> r.recipe().request()).distinct().toList();
        assertEquals(2, requests.size());
        assertTrue(
                requests.getFirst()
                        .matches("forget-users \\{choose: listed, users: 2 listed users \\(digest [0-9a-f]{16}\\)}"),
                requests.getFirst());
        assertTrue(requests.getLast().matches(".*1 listed user \\(.*2 listed users \\(.*"), requests.getLast());
        String report = Files.readString(folder.resolve("runs/persons/report.md"));
        assertTrue(report.contains("2 listed users"), report);
        assertFalse(runs.toString().contains(CANARY));
    }

    @Test
    void aRunThatListsPersonsCanBeReplayedFromItsFolder() throws IOException {
        run(folder, study(folder, 2, ""));
        RunFolder runs = RunFolder.of(folder.resolve("runs"), "persons");
        Engine engine = new Engine(Workers.here(), Progress.NONE, new DataFolders(List.of()));
        Replay.Result replayed = new Replay(engine, List.of(new Recsys())).of(runs);
        assertEquals(List.of(), replayed.differences());
        assertEquals(runs.cells().size(), replayed.models());
        assertEquals(Set.of("runs/persons/" + PERSONS), told());
    }

    @Test
    void withTheFileARunGoesOnAndWithoutItTheRecordsStay() throws IOException {
        List<Run> first = run(folder, study(folder, 2, ""));
        assertEquals(first, run(folder, study(folder, 2, "")), "nothing runs again");
        RunFolder runs = RunFolder.of(folder.resolve("runs"), "persons");
        Files.delete(persons());
        assertEquals(List.of(), runs.verify());
        assertEquals(first, runs.runs());
        assertEquals(Set.of(), told());
        List<Run> other = run(folder, study(folder, 2, "")); // another key, so that nobody can tell it is the same list
        for (int n = 0; n < first.size(); n++) {
            assertNotEquals(first.get(n).digest(), other.get(n).digest());
            assertEquals(
                    first.get(n).results().getFirst().findings(),
                    other.get(n).results().getFirst().findings());
        }
    }

    @Test
    void anIdThatIsNotThereIsSaidBeforeAnythingRunsAndTellsOfNobody() throws IOException {
        String text = study(folder, 2, """
                  - {forget-users: {choose: listed, users: [%1$s6x, %1$s77x]}}
                  - {forget-interactions: {pairs: ["%1$s7x:item99", "%1$s8x"]}}
                """.formatted(CANARY));
        Study<?, ?> study = Study.parse("study.yaml", text, List.of(new Recsys()));
        RunFolder runs = RunFolder.of(folder.resolve("runs"), study.name());
        Engine engine = new Engine(Workers.here(), Progress.NONE, new DataFolders(List.of()));
        String refused = assertThrows(LetheException.class, () -> engine.run(study, runs, false))
                .getMessage();
        assertEquals(
                refused,
                assertThrows(LetheException.class, () -> engine.plan(study, runs))
                        .getMessage());
        assertEquals(2, refused.lines().count(), refused);
        assertTrue(refused.startsWith("forget-users.users[1] is unknown, expected one of the 40 ids"), refused);
        assertFalse(refused.contains(CANARY), refused);
        assertEquals(Set.of(), told());
        try (Stream<Path> cells = Files.list(runs.path().resolve("cells"))) {
            assertEquals(0, cells.count());
        }
    }

    @Test
    void idsMayStandInAFileAndWorkersGetThem() throws IOException {
        Path ids = folder.resolve("ids.txt");
        Files.writeString(ids, CANARY + "1x\n" + CANARY + "2x\n");
        String inline = "users: [" + CANARY + "1x, \"" + CANARY + "2x\"]";
        String filed = study(folder, 2, "")
                .replace(inline, "users: {file: \"" + ids.toString().replace('\\', '/') + "\"}");
        assertNotEquals(filed, study(folder, 2, ""));
        List<Run> typed = run(folder, study(folder, 2, ""));
        assertEquals(typed, run(folder, filed), "the ids count, and not where they stand");
        Study<?, ?> study = Study.parse("study.yaml", filed, List.of(new Recsys()));
        Files.delete(ids);
        Study<?, ?> travelled = Study.parse("study.yaml", study.text(), List.of(new Recsys()));
        assertEquals(study.requests(), travelled.requests());
        assertEquals(study.methods(), travelled.methods());
        assertEquals(Set.of("runs/persons/" + PERSONS), told());
        String gone =
                assertThrows(LetheException.class, () -> run(folder, filed)).getMessage();
        assertTrue(gone.contains("study.yaml:7: request.forget-users.users.file: "), gone);
        assertTrue(gone.contains("ids.txt"), gone);
    }

    @Test
    void aRequestThatIsPrintedTellsOfNobody() {
        assertFalse(ForgetUsers.listed(CANARY + 1).toString().contains(CANARY));
        assertFalse(ForgetInteractions.listed(CANARY + "1:2").toString().contains(CANARY));
        for (String request : List.of(
                "{forget-users: {users: [canary1, canary2]}}",
                "{forget-users: {choose: listed, percent: 200, users: [canary1]}}",
                "{forget-interactions: {percent: -1, pairs: [\"canary1:2\"]}}",
                "{balance: {groups: activity, advantaged: [canary1]}}",
                "{forget-users: {choose: listed, users: 2 listed users (digest 0123456789abcdef)}}")) {
            String message = "";
            try {
                Study.parse(
                        "s.yaml",
                        study(folder, 1, "").replaceAll("(?s)request:.*method:", "request: [" + request + "]\nmethod:"),
                        List.of(new Recsys()));
            } catch (RuntimeException refused) {
                message = String.valueOf(refused.getMessage());
            }
            assertTrue(message.startsWith("s.yaml:") && !message.contains(CANARY), message);
        }
    }

    @Test
    @Timeout(120)
    void aKilledProcessLeavesPersonsNowhereElse() throws IOException, InterruptedException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + folder.resolve("tmp"),
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName(),
                folder.toString());
        List<String> caught = new ArrayList<>();
        for (int goal : new int[] {1, 2, 4}) {
            Process victim = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("log" + goal).toFile())
                    .start();
            while (victim.isAlive() && written() < goal) {
                victim.waitFor(1, TimeUnit.MILLISECONDS);
            }
            caught.add(victim.isAlive() + "");
            victim.destroyForcibly().waitFor();
            Set<String> told = told();
            told.removeIf(
                    name -> name.equals("runs/persons/" + PERSONS) || name.equals("runs/persons/" + PERSONS + ".tmp"));
            assertEquals(Set.of(), told);
        }
        assertTrue(caught.contains("true"), "no process was caught alive");
        run(folder, study(folder, 400, ""));
        assertEquals(Set.of("runs/persons/" + PERSONS), told());
    }

    private long written() throws IOException {
        Path cells = folder.resolve("runs/persons/models");
        if (!Files.isDirectory(cells)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(cells)) {
            return files.filter(f -> f.toString().endsWith(".json")).count();
        }
    }
}
