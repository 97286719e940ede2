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
import org.lethe.image.Pictures;
import org.lethe.image.Work;
import org.lethe.image.data.PlantedPictures;

/** The page "protect pictures", carried out on made-up pictures. */
class PicturesPageTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private ManualPage page() throws IOException {
        for (Work work : new PlantedPictures().load(new DataFolders(List.of())).works()) {
            Path style = Files.createDirectories(folder.resolve("works").resolve(work.style()));
            if (work.caption().startsWith("red ")) {
                Pictures.write(style.resolve(work.caption().replace(' ', '-') + ".png"), work.picture());
            }
        }
        return ManualPage.of(
                "protect-pictures.md",
                folder,
                "works",
                "works/shaded",
                "model.safetensors",
                "seen",
                "protected",
                "stripped",
                "stripped-too",
                "marked",
                "key.safetensors");
    }

    @Test
    void theCommandsOfThePageRunInTheirOrder() throws IOException {
        List<List<String>> commands = page().commands("image ");
        assertEquals(9, commands.size());
        for (List<String> command : commands) {
            boolean training = command.get(1).equals("train");
            Typed run = Typed.lethe(
                    training
                            ? java.util.stream.Stream.concat(
                                            command.stream(),
                                            List.of("--autoencoder-steps", "150", "--steps", "20").stream())
                                    .toList()
                            : command);
            assertEquals(Lethe.DONE, run.code(), command + ": " + run.err());
            if (command.contains("marked") && command.get(1).equals("detect")) {
                assertTrue(run.out().contains("4 of 4"), run.out());
            }
        }
        assertTrue(Files.size(folder.resolve("seen/sheet.png")) > 0);
    }

    @Test
    void theStudyOfThePageHasAReport() throws IOException {
        page();
        String findings = page().findings("protections");
        assertTrue(findings.contains("resilience"), findings);
    }
}
