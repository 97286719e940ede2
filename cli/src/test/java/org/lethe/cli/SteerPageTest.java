package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.image.Pictures;
import org.lethe.image.data.PlantedPictures;

/** The page "make clips with as much motion as you ask for", carried out with a model that is hardly trained. */
class SteerPageTest {
    private static final List<String> SMALL = List.of(
            "--clips",
            "{planted-clips: {train: 12, test: 4, size: 16}}",
            "--model",
            "{motion-transformer: {width: 32, blocks: 1, heads: 2, steps: 3, batch: 2}}",
            "--method",
            "{motion-stone: {steps: 3, batch: 2}}");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private ManualPage page() throws IOException {
        return ManualPage.of(
                "steer-motion.md",
                folder,
                "picture.png",
                "generator.safetensors",
                "lively-objects.gif",
                "lively-camera.gif");
    }

    @Test
    void theCommandsOfThePageRunInTheirOrder() throws IOException {
        Pictures.write(
                folder.resolve("picture.png"),
                new PlantedPictures()
                        .load(new DataFolders(List.of()))
                        .works()
                        .getFirst()
                        .picture());
        List<List<String>> commands = page().commands("video ");
        assertEquals(4, commands.size());
        for (List<String> command : commands) {
            boolean training = command.get(1).equals("train-generator");
            Typed run = Typed.lethe(
                    training ? Stream.concat(command.stream(), SMALL.stream()).toList() : command);
            assertEquals(Lethe.DONE, run.code(), command + ": " + run.err());
        }
        assertTrue(Files.size(folder.resolve("lively-objects.gif")) > 0);
    }

    @Test
    void theStudyOfThePageTellsScoresThatSteerFromOthers() throws IOException {
        String findings =
                page().findings("steered", "train: 200", "train: 60", "images: 8", "images: 4", "clips: 8", "clips: 4");
        assertTrue(findings.contains("control-camera"), findings);
        assertTrue(findings.contains("fvd-est"), findings);
    }
}
