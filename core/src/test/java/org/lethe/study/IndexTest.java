package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.LetheException;

class IndexTest {
    private static final String CELL = RunFolder.sha256("cell");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @Test
    void whatIsWrittenIsReadBack() {
        Index index = new Index(
                RunFolder.FORMAT,
                List.of(new RunFolder.Listed(CELL, List.of(RunFolder.sha256("audit")))),
                List.of(new LeftOut("mean", "shift", "retrain", "", "it forgets")));
        index.write(folder);
        assertEquals(index, Index.read(folder));
    }

    @Test
    void formatOneHasADigestALine() throws IOException {
        Files.writeString(folder.resolve("cells.txt"), CELL + "\n");
        assertEquals(new Index(1, List.of(new RunFolder.Listed(CELL, List.of())), List.of()), Index.read(folder));
    }

    @Test
    void aPathIsNoDigest() throws IOException {
        String path = "../../cells";
        Files.writeString(folder.resolve("cells.txt"), CELL + "\n" + path + "\n");
        assertRefused("cells.txt:2: \"" + path + "\"");
        new Index(2, List.of(new RunFolder.Listed(path, List.of())), List.of()).write(folder);
        assertRefused("index.json: \"" + path + "\"");
        new Index(2, List.of(new RunFolder.Listed(CELL, List.of(path))), List.of()).write(folder);
        assertRefused("index.json: \"" + path + "\"");
    }

    private void assertRefused(String words) {
        LetheException e = assertThrows(LetheException.class, () -> Index.read(folder));
        assertTrue(e.getMessage().contains(words), e.getMessage());
    }
}
