package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.LetheException;

class ScratchTest {
    @TempDir
    Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void whatAKilledProcessLeftIsRemovedByTheNext() throws IOException {
        Path left = Files.createDirectories(folder.resolve("lethe-1/deep"));
        Files.writeString(left.resolve("file"), "u17");
        Files.createFile(folder.resolve("lethe-1.lock")); // nobody holds it any more
        Files.createDirectory(folder.resolve("lethe-mine")); // without a lock it is something else
        try (Scratch scratch = Scratch.make(folder)) {
            assertTrue(Files.isDirectory(scratch.folder()));
            assertEquals(3, names().size(), names().toString());
        }
        assertEquals(List.of("lethe-mine"), names());
    }

    @Test
    void whatIsInUseStays() throws IOException {
        try (Scratch first = Scratch.make(folder)) {
            Path file = Files.writeString(first.folder().resolve("file"), "in use");
            try (Scratch second = Scratch.make(folder)) {
                assertTrue(Files.isDirectory(second.folder()));
            }
            assertTrue(Files.exists(file));
        }
        assertEquals(List.of(), names());
    }

    @Test
    void aLinkIsNotFollowed() throws IOException {
        Path precious =
                Files.writeString(Files.createDirectory(folder.resolve("mine")).resolve("file"), "precious");
        Files.createSymbolicLink(folder.resolve("lethe-1"), precious.getParent());
        Files.createFile(folder.resolve("lethe-1.lock"));
        Files.createSymbolicLink(folder.resolve("lethe-2.lock"), precious);
        Files.createDirectory(folder.resolve("lethe-2"));
        Scratch.make(folder).close();
        assertEquals("precious", Files.readString(precious));
    }

    @Test
    void aFolderThatIsNotThereIsSaidInWords() {
        LetheException e = assertThrows(LetheException.class, () -> Scratch.make(folder.resolve("absent")));
        assertEquals(LetheException.Code.STORAGE, e.code());
        assertTrue(e.getMessage().contains(folder.resolve("absent").toString()), e.getMessage());
    }
}
