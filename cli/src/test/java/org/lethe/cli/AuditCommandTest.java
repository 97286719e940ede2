package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.numerics.Keyed;

/** The page "does my model give away an attribute?", carried out. */
class AuditCommandTest {
    private static final Path PAGE = Path.of("../docs/tasks/does-my-model-give-away-an-attribute.md");
    private static final Pattern COMMAND = Pattern.compile("\\./lethe (audit embeddings .*)");
    private static final Pattern PRINTED =
            Pattern.compile("(<!-- printed by: lethe audit embeddings -->\n```\n)(.*?)(```)", Pattern.DOTALL);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    /** 400 users with eight numbers, the first of which knows the gender; 20 users say nothing of theirs. */
    private void files() throws IOException {
        Keyed random = Keyed.seed(1);
        StringBuilder users = new StringBuilder("id,a,b,c,d,e,f,g,h\n");
        StringBuilder people = new StringBuilder("id,gender,town\n");
        for (int u = 0; u < 400; u++) {
            users.append("u").append(u);
            for (int d = 0; d < 8; d++) {
                double shift = d == 0 && u % 2 == 1 ? 1.5 : 0;
                users.append(',').append((float) (Keyed.normal(random.at(u, d)) + shift));
            }
            users.append('\n');
            people.append("u")
                    .append(u)
                    .append(',')
                    .append(u < 20 ? "" : u % 2 == 1 ? "f" : "m")
                    .append(",x\n");
        }
        Files.writeString(folder.resolve("users.csv"), users);
        Files.writeString(folder.resolve("people.csv"), people);
    }

    private String[] command(String page) {
        Matcher command = COMMAND.matcher(page);
        assertTrue(command.find());
        return command.group(1)
                .replace("users.csv", folder.resolve("users.csv").toString())
                .replace("people.csv", folder.resolve("people.csv").toString())
                .replace("--out audit", "--out " + folder.resolve("audit"))
                .split(" ");
    }

    @Test
    void thePageShowsWhatItsCommandPrints() throws IOException {
        files();
        String page = Files.readString(PAGE);
        Typed output = Typed.lethe(command(page));
        assertEquals(Lethe.DONE, output.code(), output.err());
        String report = Files.readString(folder.resolve("audit/report.html"));
        assertTrue(report.contains("Users by gender") && report.contains("<h4>these embeddings</h4>"));
        assertTrue(
                report.contains("<h1>An attacker guesses gender from these embeddings for"), "the answer comes first");
        assertTrue(report.contains("<code>lethe hide embeddings "), "the command that repairs");
        for (String word : List.of("as released", "Trade-off", ">method<", " cell")) {
            assertFalse(shown(report).contains(word), word);
        }
        assertTrue(Files.readString(folder.resolve("audit/findings.csv")).contains("attack-accuracy(boosted-trees)"));
        String printed = output.out().replace(folder.toString() + "/", "");
        Matcher shown = PRINTED.matcher(page);
        assertTrue(shown.find());
        if (Boolean.getBoolean("lethe.write")) {
            Files.writeString(PAGE, page.substring(0, shown.start(2)) + printed + page.substring(shown.end(2)));
        } else {
            // the last digits of the trees are those of the machine that wrote the page
            assertEquals(shape(shown.group(2)), shape(printed));
        }
    }

    /** What a page says, without its style and scripts. */
    private static String shown(String page) {
        return page.replaceAll("(?s)<(style|script)[^>]*>.*?</\\1>", "");
    }

    private static String shape(String text) {
        return text.replaceAll("[0-9.]+", "#").replaceAll(" +", " ");
    }

    @Test
    void whatDoesNotFitIsAnErrorInWords() throws IOException {
        files();
        String users = folder.resolve("users.csv").toString();
        String people = folder.resolve("people.csv").toString();
        Typed oneValued = Typed.lethe("audit", "embeddings", users, "--attributes", people, "--attribute", "town");
        assertEquals(Lethe.SURROUNDINGS, oneValued.code());
        assertTrue(oneValued.err().contains("expected 2 or more"), oneValued.err());
        Typed missing = Typed.lethe("audit", "embeddings", users, "--attributes", people, "--attribute", "age");
        assertTrue(missing.err().contains("no column \"age\""), missing.err());
        Typed attacker = Typed.lethe(
                "audit", "embeddings", users, "--attributes", people, "--attribute", "gender", "--attackers", "oracle");
        assertEquals(Lethe.MISTAKE, attacker.code());
        Path strangers = Files.writeString(folder.resolve("s.csv"), "id,gender\nz,f\n");
        Typed none = Typed.lethe(
                "audit", "embeddings", users, "--attributes", strangers.toString(), "--attribute", "gender");
        assertEquals(Lethe.SURROUNDINGS, none.code());
        assertTrue(none.err().contains("expected the same ids"), none.err());
        assertFalse(Files.exists(folder.resolve("audit")));
    }

    @Test
    void programsGetJson() throws IOException {
        files();
        Typed output = Typed.lethe(
                "audit",
                "embeddings",
                folder.resolve("users.csv").toString(),
                "--attributes",
                folder.resolve("people.csv").toString(),
                "--attribute",
                "gender",
                "--attackers",
                "logistic,knn",
                "--json");
        assertEquals(Lethe.DONE, output.code(), output.err());
        assertTrue(output.out().contains("\"attack-accuracy(logistic)\""), output.out());
        assertTrue(output.out().contains("\"unlabelled\" : 20"), output.out());
    }
}
