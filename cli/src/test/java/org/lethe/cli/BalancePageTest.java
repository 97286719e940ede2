package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.numerics.Keyed;

/** The page "serve less active users better", carried out. */
class BalancePageTest {
    private static final Path PAGE = Path.of("../docs/tasks/serve-less-active-users-better.md");
    private static final Pattern STUDY =
            Pattern.compile("<!-- study: balance.yaml -->\n *```yaml\n(.*?)```", Pattern.DOTALL);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    /** 200 users of two tastes; one in ten is five times as active. */
    private void interactions() throws IOException {
        Keyed random = Keyed.seed(1);
        StringBuilder rows = new StringBuilder("user,item\n");
        for (int u = 0; u < 200; u++) {
            int count = u % 10 == 0 ? 50 : 10;
            for (int n = 0; n < count; n++) {
                int item = Keyed.below(random.at(u, n), 60);
                boolean liked = Keyed.unit(random.of(u).of(n).at(1)) < 0.8;
                rows.append('u')
                        .append(u)
                        .append(",i")
                        .append(2 * item + (liked ? u % 2 : 1 - u % 2))
                        .append('\n');
            }
        }
        Files.writeString(folder.resolve("interactions.csv"), rows);
    }

    @Test
    void theStudyOfThePageRunsAndItsReportHasEveryFindingThePageNames() throws IOException {
        interactions();
        String page = Files.readString(PAGE);
        Matcher study = STUDY.matcher(page);
        assertTrue(study.find());
        Path file = folder.resolve("balance.yaml");
        Files.writeString(
                file,
                study.group(1)
                        .replaceAll("(?m)^   ", "")
                        .replace(
                                "interactions.csv",
                                folder.resolve("interactions.csv").toString())
                        .replace("[1, 2, 3]", "[1]")
                        .replace("epochs: 30", "epochs: 3"));
        Typed run = Typed.lethe(
                "run",
                file.toString(),
                "--quiet",
                "--runs",
                folder.resolve("runs").toString());
        assertEquals(Lethe.DONE, run.code(), run.err());
        String findings = Files.readString(folder.resolve("runs/balance/findings.csv"));
        Matcher named =
                Pattern.compile("(?m)^\\|([^|]*)\\|").matcher(page.substring(0, page.indexOf("Four bars judge")));
        int found = 0;
        while (named.find()) {
            Matcher finding = Pattern.compile("`([^`]+)`").matcher(named.group(1));
            while (finding.find()) {
                assertTrue(findings.contains("," + finding.group(1) + ","), finding.group(1));
                found++;
            }
        }
        assertEquals(9, found);
        assertTrue(Files.readString(folder.resolve("runs/balance/report.html")).contains("change of each user"));
    }

    @Test
    void theMethodsOfThePageAreThoseOfTheCatalogue() throws IOException {
        String page = Files.readString(PAGE);
        Matcher named =
                Pattern.compile("(?m)^\\| `([a-z-]+)` \\|").matcher(page.substring(page.indexOf("## Which method")));
        int found = 0;
        while (named.find()) {
            Typed explained = Typed.lethe("explain", "recsys/" + named.group(1));
            assertEquals(Lethe.DONE, explained.code(), explained.err());
            found++;
        }
        assertEquals(5, found);
    }
}
