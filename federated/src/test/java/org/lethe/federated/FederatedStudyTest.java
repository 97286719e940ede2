package org.lethe.federated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Workers;
import org.lethe.study.Engine;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Study;

class FederatedStudyTest {
    private static final String SMALL = """
            study: small
            subject: federated
            data: [{planted-sites: {clients: 3, records: 100}}]
            model: [{mlp: {hidden: 8, federation: {rounds: 2, steps: 5}}}]
            request: [{balance-sites: {groups: group}}]
            method: [{fed-avg: {rounds: 2}}, {wassffed: {beta: 0.3, rounds: 2}}, w2-post-processing]
            audit: [group-fairness, accuracy, client-spread, calibration]
            seeds: [1]
            """;

    @Test
    void aStudyRunsFromItsText(@TempDir Path folder) {
        Study<?, ?> study = Study.parse("small.yaml", SMALL, List.of(new Federated()));
        List<Run> runs = new Engine(Workers.here(), Progress.NONE, new DataFolders(List.of()))
                .run(study, RunFolder.at(folder), false);
        assertTrue(runs.size() >= 4, runs.size() + " runs");
        for (Run run : runs) {
            assertEquals(Optional.empty(), run.failure());
        }
    }

    @Test
    void theShippedStudiesAreReadWithoutAMistake() throws IOException {
        try (Stream<Path> studies = Files.list(Path.of("../studies"))) {
            List<Path> own = studies.filter(
                            file -> file.getFileName().toString().startsWith("wassffed"))
                    .toList();
            assertEquals(3, own.size());
            for (Path file : own) {
                Study.read(file, List.of(new Federated()));
            }
        }
    }

    @Test
    void aSettingOutOfRangeIsNamedWithItsLine() {
        LetheException refused = assertThrows(
                LetheException.class,
                () -> Study.parse("small.yaml", SMALL.replace("beta: 0.3", "beta: 3"), List.of(new Federated())));
        assertTrue(
                refused.getMessage().contains("small.yaml:6: method.wassffed.beta is 3.0, expected 0 to 1"),
                refused.getMessage());
    }
}
