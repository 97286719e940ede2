package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        List<String> words = new java.util.ArrayList<>(List.of("data", "add", file.toString()));
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
        assertTrue(lines.contains("all 6 users, 6 items, 24 interactions"), added.out());
        assertTrue(lines.contains("dropped 12 rows with rating below the threshold of 0.0"), added.out());
        assertTrue(lines.contains("repeated 1 rows whose user and item stand in another row"), added.out());
    }
}
