package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Progress;
import org.lethe.Workers;

class KillTest {
    private static final String STUDY = """
            study: slow
            subject: toy
            data: [{points: {count: 1000}}]
            model: [{mean: {rounds: 1500}}, {mean: {rounds: 1501}}]
            request: [forget]
            method: [retrain, sharded, {sharded: {shards: 2}}]
            audit: [distance, clock]
            seeds: [1, 2, 3, 4, 5]
            """;

    @TempDir
    Path folder;

    /** A process that runs the study and is not asked whether it wants to die. */
    static final class Victim {
        private Victim() {}

        public static void main(String[] args) {
            run(Path.of(args[0]));
        }
    }

    private static List<Run> run(Path folder) {
        try (Workers workers = Workers.threads(2)) {
            return new Engine(workers, Progress.NONE, new DataFolders(List.of()))
                    .run(StudyTest.parse(STUDY), RunFolder.at(folder), false);
        }
    }

    private static long records(Path cells) throws IOException {
        if (!Files.isDirectory(cells)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(cells)) {
            return files.filter(f -> f.toString().endsWith(".json")).count();
        }
    }

    @Test
    @Timeout(60)
    void aKilledRunResumesToTheSameFindings() throws IOException, InterruptedException {
        Path folder = this.folder.resolve("killed");
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName(),
                folder.toString());
        int killed = 0;
        for (int goal : new int[] {1, 7, 8, 20, 33}) {
            Process victim = new ProcessBuilder(command).inheritIO().start();
            while (victim.isAlive() && records(folder.resolve("cells")) < goal) {
                victim.waitFor(1, TimeUnit.MILLISECONDS);
            }
            killed += victim.isAlive() ? 1 : 0;
            victim.destroyForcibly().waitFor();
            RunFolder.at(folder).runs(); // every record that is there is whole
        }
        assertTrue(killed > 0, "no process was caught alive");
        List<Run> resumed = run(folder);
        List<Run> uninterrupted = run(this.folder.resolve("whole"));
        assertEquals(
                uninterrupted.stream().map(RunFolder::comparable).toList(),
                resumed.stream().map(RunFolder::comparable).toList());
        assertEquals(List.of(), RunFolder.at(folder).verify());
        try (Stream<Path> files = Files.walk(folder)) {
            assertTrue(files.noneMatch(f -> f.toString().endsWith(Storage.TEMPORARY)));
        }
    }
}
