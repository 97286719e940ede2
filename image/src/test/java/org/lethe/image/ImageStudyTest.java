package org.lethe.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Progress;
import org.lethe.Workers;
import org.lethe.report.Report;
import org.lethe.study.Engine;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Study;

class ImageStudyTest {
    private static final String SMALL = """
            study: small
            subject: image
            data: [{planted-pictures: {size: 16}}]
            model: [gaussian]
            request: [erase-concept]
            method: [negative-prompt, safe-latent-diffusion]
            audit: [dreambooth, concept-inversion]
            seeds: [1]
            """;

    @Test
    void aStudyRunsFromItsText(@TempDir Path folder) throws IOException {
        Study<?, ?> study = Study.parse("small.yaml", SMALL, List.of(new Image()));
        List<Run> runs = new Engine(Workers.here(), Progress.NONE, new DataFolders(List.of()))
                .run(study, RunFolder.at(folder), false);
        for (Run run : runs) {
            assertEquals(Optional.empty(), run.failure(), run.recipe().toString());
        }
        Report.write(runs, folder);
        assertTrue(Files.readString(folder.resolve("report.md")).contains("resilience"));
    }

    @Test
    void theShippedStudiesAreReadWithoutAMistake() throws IOException {
        try (Stream<Path> studies = Files.list(Path.of("../studies"))) {
            List<Path> own = studies.filter(
                            file -> file.getFileName().toString().startsWith("copyrightmeter"))
                    .toList();
            assertEquals(2, own.size());
            for (Path file : own) {
                Study.read(file, List.of(new Image()));
            }
        }
    }
}
