package org.lethe.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.LetheException;
import org.lethe.Progress;

class PictureFilesTest {
    @TempDir
    private Path folder;

    private static final Bitmap GREY = Bitmap.of(new byte[27], 3, 3);

    @BeforeEach
    void pictures() throws IOException {
        Path works = Files.createDirectory(folder.resolve("works"));
        for (String name : List.of("a.png", "b 'quoted' \"name\".png", "größe.JPG", "line\nend.png")) {
            Pictures.write(works.resolve(name), GREY);
        }
        Files.writeString(works.resolve("z.gif"), "GIF89a");
        Files.writeString(works.resolve(".hidden.png"), "");
        Files.createDirectory(works.resolve("inner"));
        Files.createSymbolicLink(works.resolve("link.png"), Path.of("a.png"));
        Files.createSymbolicLink(works.resolve("nowhere.png"), Path.of("gone.png"));
    }

    private PictureFiles works() throws IOException {
        return PictureFiles.of(folder.resolve("works"));
    }

    private static Progress.Step silent() {
        return Progress.NONE.begin("", 0);
    }

    @Test
    void everyFileIsReadOrNamed() throws IOException {
        PictureFiles files = works();
        List<String> read = new ArrayList<>();
        files.each(silent(), picture -> read.add(picture.name()));
        assertEquals(
                List.of("a.png", "b 'quoted' \"name\".png", "größe.JPG", "line\nend.png", "link.png"), sorted(read));
        assertEquals(
                List.of("inner", "nowhere.png", "z.gif"),
                files.left().stream().map(PictureFiles.Left::file).toList());
        assertTrue(
                files.left().getLast().why().startsWith("is GIF"), files.left().toString());
        assertEquals(8, files.count());
    }

    private static List<String> sorted(List<String> names) {
        return names.stream().sorted().toList();
    }

    @Test
    void aPictureThatIsRefusedDoesNotStopTheOthers() throws IOException {
        PictureFiles files = works();
        List<String> done = new ArrayList<>();
        files.each(silent(), picture -> {
            if (picture.name().startsWith("a")) {
                throw new IllegalArgumentException("width is 3, expected more");
            }
            done.add(picture.name());
        });
        assertEquals(4, done.size());
        assertEquals(
                new PictureFiles.Left("a.png", "width is 3, expected more"),
                files.left().getFirst());
    }

    /** A disk that is full would otherwise be named once for each picture, after all of them were worked on. */
    @Test
    void aDiskThatCannotBeWrittenEndsTheWork() throws IOException {
        Path to = Files.createDirectory(folder.resolve("to"));
        PictureFiles files = works();
        List<String> begun = new ArrayList<>();
        LetheException refused = assertThrows(
                LetheException.class,
                () -> files.each(silent(), picture -> {
                    begun.add(picture.name());
                    Path result = files.result(to, picture.name());
                    if (begun.size() == 2) {
                        Files.createDirectories(result.resolveSibling(result.getFileName() + ".tmp/in the way"));
                    }
                    files.write(result, picture.bitmap());
                }));
        assertEquals(LetheException.Code.STORAGE, refused.code());
        assertTrue(refused.getMessage().endsWith("the pictures before it are written, the others are not"));
        assertEquals(2, begun.size());
        assertTrue(Files.exists(to.resolve("a.png")));
    }

    @Test
    void namesOfResultsAreKeptApartAndShortEnough() throws IOException {
        PictureFiles files = works();
        assertEquals(Path.of("to/größe.png"), files.result(Path.of("to"), "größe.JPG"));
        assertThrows(IllegalArgumentException.class, () -> files.result(Path.of("to"), "größe.png"));
        assertEquals(Path.of("to/.png.png"), files.result(Path.of("to"), ".png"));
        files.result(Path.of("to"), "x".repeat(247) + ".png");
        assertThrows(IllegalArgumentException.class, () -> files.result(Path.of("to"), "x".repeat(248) + ".jpg"));
    }

    @Test
    void anEmptyFolderAndOneThatIsNotThereAreRefused() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertTrue(assertThrows(LetheException.class, () -> PictureFiles.of(empty))
                .getMessage()
                .contains("has no files"));
        assertTrue(assertThrows(LetheException.class, () -> PictureFiles.of(folder.resolve("none")))
                .getMessage()
                .contains("is not there"));
        assertEquals(1, PictureFiles.of(folder.resolve("works/a.png")).count());
        LetheException under =
                assertThrows(LetheException.class, () -> PictureFiles.create(folder.resolve("works/a.png/to")));
        assertEquals(LetheException.Code.STORAGE, under.code());
    }
}
