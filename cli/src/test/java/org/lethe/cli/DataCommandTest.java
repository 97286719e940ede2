package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Printable;
import org.lethe.study.Studies;
import org.lethe.study.Study;

class DataCommandTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    /** Six users with six items each, the columns as given; every third line has the rating −1. */
    private Path file(String name, String header) throws IOException {
        StringBuilder csv = new StringBuilder(header).append('\n');
        for (int row = 0; row < 36; row++) {
            csv.append(row / 6 + ",film " + row % 6 + "," + (row % 3 == 0 ? -1 : row % 5) + "\n");
        }
        return Files.writeString(folder.resolve(name), csv);
    }

    private static Typed add(Path file, String... options) {
        List<String> words = new ArrayList<>(List.of("data", "add", file.toString()));
        words.addAll(List.of(options));
        return Typed.lethe(words);
    }

    @Test
    void addSaysWhatWasReadAndWhatWasDropped() throws IOException {
        Path file = file("seen.csv", "user,item,rating");
        Files.writeString(file, Files.readString(file) + "0,film 1,4\n");
        Typed added = add(file, "--users", "user", "--items", "item", "--value", "rating");
        assertEquals(Lethe.DONE, added.code(), added.err());
        List<String> lines =
                added.out().lines().map(l -> l.replaceAll(" +", " ")).toList();
        assertTrue(lines.contains("rows 37"), added.out());
        assertTrue(lines.contains("all 6 users, 4 items, 24 interactions"), added.out());
        assertTrue(lines.contains("dropped 12 rows with rating below the threshold of 0.0"), added.out());
        assertTrue(lines.contains("repeated 1 rows whose user and item stand in another row"), added.out());
    }

    @Test
    @Timeout(20)
    void presenceIsToldWithoutReading() throws IOException {
        Path gowalla = Files.createDirectories(folder.resolve("recsys/gowalla-lightgcn"));
        for (String name : List.of("train.txt", "test.txt")) {
            try (RandomAccessFile file =
                    new RandomAccessFile(gowalla.resolve(name).toFile(), "rw")) {
                file.setLength(1L << 40); // to hash it takes an hour
            }
        }
        for (String command : List.of("data list", "doctor")) {
            List<String> words = new ArrayList<>(List.of(command.split(" ")));
            words.addAll(List.of("--data", folder.toString()));
            Typed output = Typed.lethe(words);
            assertEquals(Lethe.DONE, output.code(), output.err());
            assertTrue(output.out().matches("(?s).*planted +generated\n.*gowalla +found\n.*"), output.out());
        }
        Files.write(gowalla.resolve("test.txt"), new byte[0]);
        assertTrue(
                Typed.lethe("data", "list", "--data", folder.toString()).out().matches("(?s).*gowalla +not here\n.*"));
    }

    @Test
    void whatIsInANameDoesNotMatter() throws IOException {
        for (String[] named : new String[][] {
            {"q\".csv", "user,\"it\"\"em\",rating", "user", "it\"em"},
            {"a, b: [c] {d}.csv", "\"us,er\",\"it\"\"em\",rating", "us,er", "it\"em"},
            {"back\\slash.csv", "u\\n,#item,\"title, with year\"", "u\\n", "#item"},
            {"esc\u001b\t\n.csv", "\"- u\u001b\u009b\",null,rating", "- u\u001b\u009b", "null"},
            {"*.csv", "benutzer ü,🧀,rating", "benutzer ü", "🧀"},
        }) {
            Path file = file(named[0], named[1]);
            Typed added = add(file, "--users", named[2], "--items", named[3]);
            assertEquals(Lethe.DONE, added.code(), added.err());
            String line = added.out().lines().reduce((first, last) -> last).orElseThrow();
            assertTrue(line.startsWith("data: [{file: {path: "), line);
            assertEquals(Printable.lines(added.out()), added.out());
            Study<?, ?> study = Study.parse("study.yaml", """
                    study: mine
                    subject: recsys
                    %s
                    model: [bpr]
                    request: [forget-users]
                    method: [retrain]
                    audit: [utility]
                    seeds: [1]
                    """.formatted(line), Studies.subjects());
            Object read = study.data().getFirst().load(new DataFolders(List.of()));
            assertTrue(added.out().contains(read.toString()), added.out());
        }
    }
}
