package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.video.Labelled;
import org.lethe.video.data.Clips;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;

/** The pages "score the motion of clips" and "select clips by their motion", carried out on drawn clips. */
class MotionPagesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private List<List<String>> commands(String page) throws IOException {
        Path clips = Files.createDirectories(folder.resolve("clips"));
        List<Labelled> drawn = new PlantedClips(2, 4, 64, 8, Texture.Kind.DRAWN, 0, 1)
                .load(new DataFolders(List.of()))
                .test();
        for (int n = 0; n < drawn.size(); n++) {
            Clips.write(clips.resolve(n + ".gif"), drawn.get(n).clip());
        }
        return ManualPage.of(page, folder, "clips", "motion-report", "selected").commands("video ");
    }

    private static void run(List<String> command) {
        Typed run = Typed.lethe(command);
        assertEquals(Lethe.DONE, run.code(), command + ": " + run.err());
    }

    @Test
    void clipsAreScored() throws IOException {
        List<List<String>> commands = commands("score-motion.md");
        assertEquals(3, commands.size());
        commands.forEach(MotionPagesTest::run);
        assertTrue(Files.readString(folder.resolve("motion-report/report.html")).contains("3.gif"));
    }

    @Test
    void clipsAreSelected() throws IOException {
        List<List<String>> commands = commands("select-clips.md");
        assertEquals(3, commands.size());
        commands.forEach(MotionPagesTest::run);
        assertTrue(Files.readAllLines(folder.resolve("selected.csv")).size() >= 2);
        assertEquals(2, Clips.inFolder(folder.resolve("selected")).size());
    }
}
