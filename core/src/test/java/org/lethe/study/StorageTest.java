package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @Test
    void aPlantedLinkIsNotWrittenThrough() throws IOException {
        Path precious = Files.writeString(folder.resolve("precious"), "mine");
        Path file = folder.resolve("findings.csv");
        Path planted = folder.resolve("findings.csv" + Storage.TEMPORARY);
        for (int writer = 0; writer < 2; writer++) {
            Files.createSymbolicLink(planted, precious);
            if (writer == 0) {
                Storage.write(file, "theirs".getBytes(StandardCharsets.UTF_8));
            } else {
                Storage.write(file, temporary -> Files.writeString(temporary, "theirs"));
            }
            assertEquals("mine", Files.readString(precious));
            assertEquals("theirs", Files.readString(file));
            assertFalse(Files.isSymbolicLink(file) || Files.exists(planted));
        }
    }

    @Test
    void manyMayWriteTheSameFile() throws IOException {
        Path file = folder.resolve("same.png");
        byte[] bytes = "the same picture of two cells".getBytes(StandardCharsets.UTF_8);
        IntStream.range(0, 200).parallel().forEach(n -> Storage.write(file, bytes));
        assertArrayEquals(bytes, Files.readAllBytes(file));
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(file), left.toList());
        }
    }
}
