package org.lethe.averages;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Progress;
import org.lethe.Verdict;
import org.lethe.Workers;
import org.lethe.study.Engine;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Studies;
import org.lethe.study.Study;

class AveragesStudyTest {
    @Test
    void theStudyOfThePageRunsAndItsAuditTellsTheMethodsApart(@TempDir Path folder) throws IOException {
        String page = Files.readString(Path.of("../docs/add-a-subject.md"));
        String text = page.split("```yaml\n", -1)[1].split("```", -1)[0];
        Study<?, ?> study = Study.parse("averages.yaml", text, Studies.subjects());
        List<Run> runs = new Engine(Workers.here(), Progress.NONE, new DataFolders(List.of()))
                .run(study, RunFolder.at(folder), false);
        assertEquals(2 * 3 * 3, runs.size(), "requests, seeds, and the method with two controls");
        for (Run run : runs) {
            assertEquals(Optional.empty(), run.failure());
            Verdict verdict =
                    run.results().getFirst().findings().getFirst().verdict().orElseThrow();
            assertEquals(
                    run.role() != Run.Role.DO_NOTHING,
                    verdict instanceof Verdict.Pass,
                    run.recipe().method());
        }
    }
}
