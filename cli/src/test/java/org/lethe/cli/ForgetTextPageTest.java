package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page "make a language model forget", carried out. */
class ForgetTextPageTest {
    private static final String PAGE = "make-a-model-forget.md";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private ManualPage page() throws IOException, InterruptedException {
        ManualPage page = ManualPage.of(PAGE, folder, "model", "forgetful", "reference", "report");
        page.script("people.sh");
        return page;
    }

    private static Typed quick(List<String> command) {
        Typed run = Typed.lethe(command.stream()
                .map(word -> word.equals("40") ? "8" : word.equals("60") ? "4" : word) // epochs
                .toList());
        assertEquals(Lethe.DONE, run.code(), command + ": " + run.err());
        return run;
    }

    @Test
    void theScriptMakesSamplesToForgetToKeepAndThatNobodyLearnt() throws IOException, InterruptedException {
        page();
        assertEquals(24, Files.readAllLines(folder.resolve("forget.jsonl")).size());
        assertEquals(132, Files.readAllLines(folder.resolve("retain.jsonl")).size());
        assertEquals(24, Files.readAllLines(folder.resolve("holdout.jsonl")).size());
        assertEquals(156, Files.readAllLines(folder.resolve("people.jsonl")).size());
    }

    @Test
    void theCommandsOfThePageRunInTheirOrderAndTheReportHasEveryFindingThePageNames()
            throws IOException, InterruptedException {
        ManualPage page = page();
        List<List<String>> commands = page.commands("text ");
        assertEquals(7, commands.size());
        for (List<String> command : commands) {
            Typed run = quick(command);
            if (command.get(1).equals("generate")) {
                assertEquals(
                        3,
                        run.out().lines().filter(l -> l.contains("forgetful: ")).count(),
                        run.out());
            }
            if (command.get(1).equals("audit")) {
                assertEquals(!command.contains("--reference"), run.out().contains("Nothing is judged"), run.out());
            }
        }
        assertEquals(25, Files.readAllLines(folder.resolve("difficulty.csv")).size());
        String findings = Files.readString(folder.resolve("report/findings.csv"));
        List<String> named = page.names("## Audit", "## Which samples are hard?");
        assertEquals(15, named.size(), named.toString());
        named.forEach(name -> assertTrue(findings.contains("," + name + ","), name));
    }

    @Test
    void anAdapterIsMergedIntoTheResult() throws IOException, InterruptedException {
        ManualPage page = page();
        assertTrue(page.text().contains("--lora 8"));
        quick(page.commands("text train").getFirst());
        quick(List.of(
                "text",
                "unlearn",
                "--model",
                folder.resolve("model").toString(),
                "--forget",
                folder.resolve("forget.jsonl").toString(),
                "--retain",
                folder.resolve("retain.jsonl").toString(),
                "--epochs",
                "2",
                "--lora",
                "8",
                "--to",
                folder.resolve("forgetful").toString()));
        assertEquals(
                (double) Files.size(folder.resolve("model/model.safetensors")),
                (double) Files.size(folder.resolve("forgetful/model.safetensors")),
                64);
    }

    @Test
    void theStudyOfTheUsersOwnSamplesRuns() throws IOException, InterruptedException {
        String findings = page().findings(
                        "forget",
                        "[{gpt: {epochs: 40}}]",
                        "[{gpt: {dims: 32, epochs: 4}}]",
                        "knowledge, model-utility,",
                        "{knowledge: {newTokens: 8}}, {model-utility: {samples: 20, newTokens: 8}},");
        assertTrue(findings.contains(",relearned-probability,"));
        assertTrue(findings.contains(",speed-up,"));
        assertTrue(findings.contains(",auc(min-k),"));
    }

    @Test
    void theStudyOfPlantedFactsRuns() throws IOException, InterruptedException {
        String findings = page().findings(
                        "planted",
                        "[planted-facts]",
                        "[{planted-facts: {people: 10, holdout: 4}}]",
                        "[gpt]",
                        "[{gpt: {dims: 32, epochs: 4}}]",
                        "knowledge, model-utility,",
                        "{knowledge: {newTokens: 8}}, {model-utility: {samples: 20, newTokens: 8}},");
        assertTrue(findings.contains(",forget-quality,"));
        assertTrue(findings.contains(",stability(mrd),"));
    }

    @Test
    void theMethodsOfThePageAreThoseOfTheCatalogue() throws IOException, InterruptedException {
        List<String> methods = page().names("## Unlearn", "## Audit");
        assertEquals(16, methods.size(), methods.toString());
        for (String method : methods) {
            Typed explained = Typed.lethe("explain", "text/" + method);
            assertEquals(Lethe.DONE, explained.code(), explained.err());
        }
    }
}
