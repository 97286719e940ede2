package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page "align a language model with negative examples", carried out. */
class AlignTextPageTest {
    private static final String PAGE = "align-with-negative-examples.md";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private ManualPage page() throws IOException, InterruptedException {
        ManualPage page = ManualPage.of(PAGE, folder, "assistant", "polite");
        page.script("shop.sh");
        return page;
    }

    @Test
    void theCommandsOfThePageRunInTheirOrderAndPrintWhatThePageSays() throws IOException, InterruptedException {
        ManualPage page = page();
        List<List<String>> commands = page.commands("text ");
        assertEquals(3, commands.size());
        for (List<String> command : commands) {
            Typed run = Typed.lethe(command.stream()
                    .map(word -> word.equals("10") ? "4" : word) // epochs
                    .toList());
            assertEquals(Lethe.DONE, run.code(), command + ": " + run.err());
            if (command.get(1).equals("align")) {
                for (String line : List.of("objective on held-out pairs", "cross-entropy of wanted answers", "ended")) {
                    assertTrue(page.text().contains("**" + line + "**"), line);
                    assertTrue(run.out().contains(line), run.out());
                }
                assertTrue(run.out().contains("15 pairs and 3 held out"), run.out());
            }
        }
    }

    @Test
    void theStudyOfPoliteAnswersRunsAndItsReportHasEveryFindingThePageNames() throws IOException, InterruptedException {
        ManualPage page = page();
        String findings = page.findings(
                "polite",
                "[polite-answers]",
                "[{polite-answers: {samples: 120, prompts: 20}}]",
                "{dims: 64, context: 24}",
                "{dims: 32, context: 24, epochs: 2}",
                "[{align: {pairs: 16}}, {align: {pairs: 64}}]",
                "[{align: {pairs: 16}}]");
        List<String> named = page.names("./lethe run shop.yaml", "## What it does not prove");
        assertEquals(8, named.size(), named.toString());
        named.forEach(name -> assertTrue(findings.contains("," + name + ","), name));
    }

    @Test
    void theStudyOfTheUsersOwnFilesRuns() throws IOException, InterruptedException {
        String findings = page().findings("shop", "{epochs: 10}", "{epochs: 4}");
        assertTrue(findings.contains(",held-out-accuracy,"));
        assertTrue(findings.contains(",utility-loss,"));
    }

    @Test
    void theMethodsOfThePageAreThoseOfTheCatalogue() throws IOException, InterruptedException {
        List<String> methods = page().names("## Which method", "## One run is no result");
        assertEquals(6, methods.size(), methods.toString());
        for (String method : methods) {
            Typed explained = Typed.lethe("explain", "text/" + method);
            assertEquals(Lethe.DONE, explained.code(), explained.err());
        }
    }
}
