package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Workers;

/** Batches in processes of their own, as on a cluster. */
class TravellingTest {
    private static final String STUDY = """
            study: far
            subject: toy
            data: [points, {points: {count: 50}}]
            model: [mean]
            request: [forget, [forget, shift]]
            method: [retrain, sharded, failing, [sharded, move]]
            audit: [distance, shifted, drift]
            seeds: [1, 2]
            """;

    @TempDir
    Path folder;

    /** A process that does the task it is given. */
    static final class Elsewhere {
        private Elsewhere() {}

        public static void main(String[] args) throws IOException, ClassNotFoundException {
            try (ObjectInputStream in = new ObjectInputStream(Files.newInputStream(Path.of(args[0])));
                    ObjectOutputStream out = new ObjectOutputStream(Files.newOutputStream(Path.of(args[1])));
                    Workers workers = Workers.threads(2)) {
                out.writeObject(new ArrayList<>((List<?>) ((Workers.Task<?>) in.readObject()).run(workers)));
            }
        }
    }

    /** Sends every task to a process of its own. */
    private final class Far implements Workers {
        private final List<Integer> sizes = new ArrayList<>();

        @Override
        public int count() {
            return 1;
        }

        @Override
        @SuppressWarnings("unchecked") // what comes back is what the task gave
        public <T> List<T> all(List<? extends Task<T>> tasks) {
            List<T> results = new ArrayList<>();
            for (Task<T> task : tasks) {
                results.add((T) sent(task));
            }
            return results;
        }

        private Object sent(Task<?> task) {
            try {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                    out.writeObject(task);
                }
                sizes.add(bytes.size());
                Path in = Files.write(folder.resolve("task"), bytes.toByteArray());
                Path out = folder.resolve("result");
                Process process = new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Elsewhere.class.getName(),
                                in.toString(),
                                out.toString())
                        .inheritIO()
                        .start();
                assertEquals(0, process.waitFor());
                try (ObjectInputStream read = new ObjectInputStream(Files.newInputStream(out))) {
                    return read.readObject();
                }
            } catch (IOException | ClassNotFoundException | InterruptedException e) {
                throw new IllegalStateException("a process could not be used", e);
            }
        }

        @Override
        public void each(int parts, IntConsumer body) {
            Workers.here().each(parts, body);
        }

        @Override
        public void close() {}
    }

    private static List<String> comparable(List<Run> runs) {
        return runs.stream().map(RunFolder::comparable).toList();
    }

    private static Engine engine(Workers workers) {
        return new Engine(workers, Progress.NONE, new DataFolders(List.of()), Optional.of(Keep.ALL), Device.CPU);
    }

    @Test
    @Timeout(120)
    void recordsFromOtherProcessesAreThoseOfThisOne() {
        Study<?, ?> study = StudyTest.parse(STUDY);
        List<Run> here = engine(Workers.here()).run(study, RunFolder.at(folder.resolve("here")), false);
        Far far = new Far();
        RunFolder runs = RunFolder.at(folder.resolve("far"));
        List<Run> there = engine(far).run(study, runs, false);
        assertEquals(comparable(here), comparable(there));
        assertEquals(4, far.sizes.size(), "two data sets by two seeds");
        assertTrue(far.sizes.stream().allMatch(bytes -> bytes < 6_000), far.sizes.toString());
        assertTrue(Files.exists(runs.model(here.get(1).origin())), "kept models come back too");
        assertEquals(
                there.stream().filter(r -> r.failure().isPresent()).count(),
                runs.verify().size());
    }

    @Test
    @Timeout(120)
    void anAuditAddedLaterFindsTheModelsThere() {
        String before = STUDY.replace("[distance, shifted, drift]", "[distance, shifted]")
                .replace(" failing,", "");
        RunFolder runs = RunFolder.at(folder.resolve("far"));
        List<Run> first = engine(new Far()).run(StudyTest.parse(before), runs, false);
        List<Run> second = engine(new Far()).run(StudyTest.parse(STUDY.replace(" failing,", "")), runs, false);
        for (int n = 0; n < first.size(); n++) {
            assertEquals(first.get(n).learned(), second.get(n).learned());
            assertEquals(
                    first.get(n).results().size() + 1, second.get(n).results().size());
        }
    }

    @Test
    void aSumOverManyDependsOnNeitherWorkersNorOrder() {
        List<Workers.Task<Double>> clients = new ArrayList<>();
        for (int n = 0; n < 1000; n++) {
            double part = Math.sin(n) * Math.pow(10, n % 17);
            clients.add(workers -> part);
        }
        double alone = Workers.here().fold(clients, 16, Double::sum);
        for (int threads = 2; threads <= 5; threads++) {
            try (Workers workers = Workers.threads(threads)) {
                assertEquals(alone, workers.fold(clients, 16, Double::sum));
            }
        }
        List<Workers.Task<String>> words = new ArrayList<>();
        for (String word : List.of("a", "b", "c", "d", "e")) {
            words.add(workers -> word);
        }
        assertEquals("(((ab)(cd))e)", Workers.here().fold(words, 2, (left, right) -> "(" + left + right + ")"));
        assertEquals("(((ab)c)(de))", Workers.here().fold(words, 3, (left, right) -> "(" + left + right + ")"));
        assertEquals(7, Workers.here().share(7).value());
        assertThrows(
                IllegalArgumentException.class,
                () -> Workers.here().fold(List.<Workers.Task<Integer>>of(), 2, Integer::sum));
    }

    @Test
    void workersAreNamedByANumberOrAnAddress() {
        try (Workers three = Workers.of("3")) {
            assertEquals(3, three.count());
        }
        for (String wrong : List.of("0", "-1", "many", "spark://host:7077", "99999")) {
            LetheException e = assertThrows(LetheException.class, () -> Workers.of(wrong));
            assertEquals("workers is \"" + wrong + "\", expected a number of threads, from 1 to 9999", e.getMessage());
        }
    }
}
