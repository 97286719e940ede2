package org.lethe.video.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.video.Labelled;
import org.lethe.video.data.Clips;
import org.lethe.video.data.FilmWriter;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;
import org.lethe.video.flow.CameraMotion;

class SelectClipsTest {
    @TempDir
    Path folder;

    private static ScoreMotion.Scored clip(double object, double camera) {
        return new ScoreMotion.Scored(
                Path.of("x"),
                10,
                2.5,
                object,
                camera,
                CameraMotion.STATIC,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static boolean has(String where, double object, double camera) {
        return Condition.parse(where).of(clip(object, camera));
    }

    @Test
    void andBindsMoreTightlyThanOr() {
        assertTrue(has("object > 6 and camera < 3", 7, 2));
        assertFalse(has("object > 6 and camera < 3", 7, 3));
        assertTrue(has("object > 8 or object > 6 and camera < 3", 9, 9));
        assertFalse(has("(object > 8 or object > 6) and camera < 3", 9, 9));
        assertTrue(has("not object>6", 6, 0) && has("frames=10 and seconds <= 2.50", 1, 1));
        assertFalse(has("freeze < 0.5", 1, 1), "a short clip has no freeze");
        assertFalse(has("freeze >= 0.5", 1, 1));
    }

    private static String refused(String where) {
        return assertThrows(LetheException.class, () -> Condition.parse(where)).getMessage();
    }

    @Test
    void mistakesAreNamedWithTheirPlace() {
        assertEquals("--where \"object > \", character 10: found the end, expected a number", refused("object > "));
        assertEquals(
                "--where \"objekt > 6\", character 1: found \"objekt\", expected one of object, camera, seconds, frames,"
                        + " freeze, \"not\" or \"(\"",
                refused("objekt > 6"));
        assertTrue(refused("object 6").contains("character 8: found \"6\", expected one of <, <=, >, >=, ="));
        assertTrue(refused("(object > 6").contains("character 12: found the end, expected \")\""));
        assertTrue(refused("object > 6 camera < 3").contains("character 12: found \"camera\", expected \"and\""));
        assertTrue(refused("object > 6 && camera < 3").contains("found \"&\""));
        assertTrue(refused("").contains("found the end"));
        assertTrue(refused("(".repeat(100_000)).contains("at most 100"));
    }

    private Path films() throws IOException {
        Path films = Files.createDirectories(folder.resolve("films"));
        List<Labelled> clips = new PlantedClips(2, 6, 32, 8, Texture.Kind.DRAWN, 0, 1)
                .load(new DataFolders(List.of()))
                .test();
        for (int n = 0; n < clips.size(); n++) {
            FilmWriter.write(films.resolve(n + ".mkv"), clips.get(n).clip(), FilmWriter.Coding.LOSSLESS);
        }
        Files.write(films.resolve("z.gif"), new byte[] {'G', 'I', 'F', '8', '9', 'a', 8, 0});
        return films;
    }

    @Test
    void chosenClipsAreSortedListedAndCopied() throws IOException {
        Path films = films();
        Path csv = folder.resolve("list.csv");
        SelectClips.Result listed =
                new SelectClips(List.of(films), "camera > 1", "object", false, 3, Optional.of(csv)).run(Env.seeded(1));
        assertEquals(6, listed.of());
        assertEquals(3, listed.clips().size());
        assertTrue(listed.clips().get(0).object() >= listed.clips().get(1).object());
        assertEquals(1, listed.failed().size(), "the broken one is told");
        List<String> lines = Files.readAllLines(csv);
        assertEquals(4, lines.size());
        assertTrue(lines.get(1).startsWith(listed.clips().get(0).clip() + ",8,1.000,"), lines.get(1));
        Path copies = folder.resolve("copies");
        new SelectClips(List.of(films), "", "camera", true, 2, Optional.of(copies)).run(Env.seeded(1));
        assertEquals(2, Clips.inFolder(copies).size());
        assertThrows(
                LetheException.class,
                () -> new SelectClips(List.of(films), "", "", false, 0, Optional.of(copies)).run(Env.seeded(1)),
                "an existing folder is not filled up");
        assertThrows(
                IllegalArgumentException.class,
                () -> new SelectClips(List.of(films), "", "speed", false, 0, Optional.empty()));
    }
}
