package org.lethe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDigestTest {
    private static final FileTime LONG_AGO = FileTime.fromMillis(1_500_000_000_000L);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private Path cache() {
        return folder.resolve("cache/digests");
    }

    private Path file(String name, int bytes, int filled) throws IOException {
        byte[] content = new byte[bytes];
        Arrays.fill(content, (byte) filled);
        Path file = Files.write(folder.resolve(name), content);
        return Files.setLastModifiedTime(file, LONG_AGO);
    }

    private List<Path> notes() throws IOException {
        if (Files.notExists(cache())) {
            return List.of();
        }
        try (Stream<Path> notes = Files.list(cache())) {
            return notes.toList();
        }
    }

    private String of(Path... files) {
        return FileDigest.of(List.of(files), cache());
    }

    @Test
    void isSha256OverNamesAndBytes() throws IOException, NoSuchAlgorithmException {
        Path small = file("small", 3, 'x');
        Path large = file("large", 2 << 20, 'y');
        for (int time = 0; time < 2; time++) { // hashed, then remembered
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update("small\nxxxlarge\n".getBytes(StandardCharsets.UTF_8));
            sha256.update(Files.readAllBytes(large));
            assertEquals(HexFormat.of().formatHex(sha256.digest()), of(small, large));
        }
        assertEquals(1, notes().size());
    }

    /** A note with another digest shows which files were not read again. */
    @Test
    void largeFilesAreNotReadAgainUntilTheyChange() throws IOException {
        Path large = file("large", 2 << 20, 'y');
        String real = of(large);
        String other = "0".repeat(64);
        Files.writeString(notes().getFirst(), other);
        assertEquals(other, of(large));
        Files.setLastModifiedTime(large, FileTime.fromMillis(LONG_AGO.toMillis() + 1));
        assertEquals(real, of(large));
        file("large", (2 << 20) + 1, 'y');
        assertNotEquals(real, of(large));
        assertEquals(3, notes().size());
    }

    @Test
    void smallAndFreshFilesAreHashedEachTime() throws IOException {
        of(file("small", 1000, 'x'));
        Path fresh = file("fresh", 2 << 20, 'y');
        Files.setLastModifiedTime(fresh, FileTime.fromMillis(System.currentTimeMillis()));
        of(fresh);
        assertEquals(List.of(), notes());
    }

    @Test
    void aBrokenCacheIsNoError() throws IOException {
        Path large = file("large", 2 << 20, 'y');
        String real = of(large);
        Files.writeString(notes().getFirst(), "half a dig");
        assertEquals(real, of(large));
        assertEquals(real, Files.readString(notes().getFirst()));
        Path blocked = Files.writeString(folder.resolve("a-file"), "");
        assertEquals(real, FileDigest.of(List.of(large), blocked.resolve("digests")));
    }

    @Test
    void aMissingFileIsNamed() {
        LetheException none = assertThrows(LetheException.class, () -> of(folder.resolve("nowhere")));
        assertTrue(none.getMessage().contains("nowhere: cannot be read"), none.getMessage());
    }
}
