package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lethe.numerics.Keyed;
import org.lethe.tables.EmbeddingTable;

/** The page "repair embeddings", carried out. */
class HideCommandTest {
    private static final Path PAGE = Path.of("../docs/tasks/repair-embeddings.md");
    private static final Pattern COMMAND = Pattern.compile("\\./lethe (hide embeddings .*)");
    private static final Pattern PRINTED =
            Pattern.compile("(<!-- printed by: lethe hide embeddings -->\n```\n)(.*?)(```)", Pattern.DOTALL);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    /**
     * 400 users with eight numbers. The mean of the first depends on gender, and so does the spread of the second; the
     * last is the same for all. The gender of 20 users is unknown.
     */
    private void files() throws IOException {
        Keyed random = Keyed.seed(1);
        StringBuilder users = new StringBuilder("id,a,b,c,d,e,f,g,h\n");
        StringBuilder people = new StringBuilder("id,gender,town\n");
        for (int u = 0; u < 400; u++) {
            users.append("u").append(u);
            boolean one = u % 2 == 1;
            for (int d = 0; d < 8; d++) {
                double number = Keyed.normal(random.at(u, d));
                double told = d == 0 && one ? number + 1.5 : d == 1 && one ? 2.5 * number : number;
                users.append(',').append(d == 7 ? 0.5f : (float) told);
            }
            users.append('\n');
            people.append("u").append(u).append(',').append(u < 20 ? "" : one ? "f" : "m");
            people.append(",x\n");
        }
        Files.writeString(folder.resolve("users.csv"), users);
        Files.writeString(folder.resolve("people.csv"), people);
    }

    private List<String> words(String command) {
        List<String> words = new ArrayList<>();
        Matcher word = Pattern.compile("\"([^\"]*)\"|(\\S+)").matcher(command);
        while (word.find()) {
            String text = word.group(1) == null ? word.group(2) : word.group(1);
            boolean path = text.matches("[a-z]+\\.[a-z]+") || text.equals("repair");
            words.add(path ? folder.resolve(text).toString() : text);
        }
        return words;
    }

    private Typed hide(String rest) {
        return Typed.lethe(words("hide embeddings users.csv --attributes people.csv " + rest));
    }

    private EmbeddingTable read(String name) throws IOException {
        return EmbeddingTable.read(folder.resolve(name), "id", "");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void thePageShowsWhatItsCommandPrints() throws IOException {
        files();
        String page = Files.readString(PAGE);
        Matcher command = COMMAND.matcher(page);
        assertTrue(command.find());
        Typed output = Typed.lethe(words(command.group(1)));
        assertEquals(Lethe.DONE, output.code(), output.err());
        assertTrue(Files.readString(folder.resolve("repair/findings.csv")).contains("neighbours-kept"));
        assertTrue(Files.readString(folder.resolve("repair/report.md")).contains("from the repaired embeddings for"));
        String report = Files.readString(folder.resolve("repair/report.html"));
        assertTrue(report.contains("<h4>before</h4>") && report.contains("<h4>after</h4>"));
        String printed = output.out().replace(folder.toString() + "/", "");
        assertTrue(printed.contains("passes: at most 0.55"), printed);
        // five attackers by accuracy and by AUC, the rank and the trace
        assertEquals(
                12,
                Pattern.compile("(misses|passes|undecided): ")
                        .matcher(printed)
                        .results()
                        .count(),
                printed);
        Matcher shown = PRINTED.matcher(page);
        assertTrue(shown.find());
        if (Boolean.getBoolean("lethe.write")) {
            Files.writeString(PAGE, page.substring(0, shown.start(2)) + printed + page.substring(shown.end(2)));
        } else {
            // the last digits of the trees are those of the machine that wrote the page
            assertEquals(shape(shown.group(2)), shape(printed));
        }
        assertTrue(command.find());
        Typed other = Typed.lethe(words(command.group(1) + " --attackers logistic"));
        assertEquals(Lethe.DONE, other.code(), other.err());
        assertEquals(400, read("repaired.npy").entities().size());
    }

    private static String shape(String text) {
        return text.replaceAll("(Met|Did not meet) every bar.*", "outcome")
                .replaceAll("[0-9.]+", "#")
                .replaceAll("(misses|passes|undecided): .*", "")
                .replaceAll(" +", " ");
    }

    @Test
    void theDefaultHidesWhatTheAttackFoundAndLeavesTheUnlabelledAlone() throws IOException {
        files();
        Typed output = hide("--attribute gender --attackers mlp,logistic,knn --to out.parquet --json");
        assertEquals(Lethe.DONE, output.code(), output.err());
        JsonNode findings = new ObjectMapper().readTree(output.out()).get("findings");
        for (String attacker : List.of("mlp", "logistic", "knn")) {
            double before = findings.at("/attack-accuracy-before(" + attacker + ")/value")
                    .asDouble();
            double after =
                    findings.at("/attack-accuracy(" + attacker + ")/value").asDouble();
            assertTrue(before > 0.7, attacker + " before: " + before);
            assertTrue(after < 0.6, attacker + " after: " + after); // 380 users: 4 standard errors
        }
        EmbeddingTable before = read("users.csv");
        EmbeddingTable after = read("out.parquet");
        assertEquals(before.columns(), after.columns());
        for (int u = 0; u < 400; u++) {
            assertEquals(before.entities().id(u), after.entities().id(u));
            float[] was = Arrays.copyOfRange(before.rows(), 8 * u, 8 * u + 8);
            float[] is = Arrays.copyOfRange(after.rows(), 8 * u, 8 * u + 8);
            assertEquals(u < 20, Arrays.equals(was, is), "user " + u);
            assertEquals(0.5f, is[7], 1e-5f); // a constant column stays one
        }
        assertEquals(0.95, findings.at("/moved-users/value").asDouble(), 1e-12);
    }

    @Test
    void theSameRowsForAnyNumberOfThreads() throws IOException {
        files();
        for (String method : List.of("transport-map", "d2d-r", "{transport-map: {form: free-support, points: 32}}")) {
            float[][] rows = new float[2][];
            for (int workers = 1; workers <= 2; workers++) {
                Typed output = hide("--attribute gender --attackers knn --to out.npy --method \"" + method
                        + "\" --workers " + workers);
                assertEquals(Lethe.DONE, output.code(), output.err());
                rows[workers - 1] = read("out.npy").rows();
            }
            assertArrayEquals(rows[0], rows[1], method);
        }
    }

    /** A control: the same attack, after a method that hides nothing, still finds what there is. */
    @Test
    void noiseOfNoConsequenceIsFoundLeaking() throws IOException {
        files();
        Typed output =
                hide("--attribute gender --attackers logistic --to out.csv --method \"{dp-noise: {epsilon: 1e6}}\"");
        assertEquals(Lethe.DONE, output.code(), output.err());
        assertTrue(output.out().contains("misses: at most 0.55"), output.out());
    }

    @Test
    void aMethodToldHalfOfTheLabelsIsAttackedOnTheOthers() throws IOException {
        files();
        Typed output = hide("--attribute gender --attackers logistic --to out.csv --label-share 0.5");
        assertEquals(Lethe.DONE, output.code(), output.err());
        assertTrue(output.out().contains("attack-accuracy-inductive(logistic)"), output.out());
    }

    @Test
    void formerOptionsAndKeysWorkAndSayTheNewOnes() throws IOException {
        files();
        String rest = "--attribute gender --attackers logistic --to out.npy ";
        Typed now = hide(rest + "--label-share 0.5 --max-per-class 100 --method \"{d2d-r: {regulariser: none}}\"");
        Typed old = hide(rest + "--share 0.5 --most 100 --method \"{d2d-r: {preserve: nothing}}\"");
        assertEquals(Lethe.DONE, old.code(), old.err());
        assertEquals(now.out(), old.out());
        for (String note : List.of(
                "option --share is now called --label-share",
                "option --most is now called --max-per-class",
                "\"d2d-r\" is now called \"regulariser\"")) {
            assertTrue(old.err().contains(note), old.err());
            assertFalse(now.err().contains(note), now.err());
        }
        assertFalse(hide("--help").out().contains("--most"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--attribute town --to out.csv | expected 2 or more",
                "--attribute age --to out.csv | no column \"age\"",
                "--attribute gender --to out.json | expected an ending .npy",
                "--attribute gender --to none/out.csv | no folder",
                "--attribute gender --to users.csv | expected another file",
                "--attribute gender --to people.csv | expected another file",
                "--attribute gender --to out.safetensors | ids as whole numbers",
                "--attribute gender --to out.csv --method raid | known are d2d-r",
                "--attribute gender --to out.csv --method d2d | did you mean \"d2d-r\"",
                "--attribute gender --to out.csv --method \"{d2d-r: {regulariser: function}}\" | there are no recommendations",
                "--attribute gender --to out.csv --method \"{equal-noise: {like: {u2u-r: {regulariser: function}}}}\" | no recommendations",
                "--attribute gender --to out.csv --method \"{d2d-r: {steps: -1}}\" | steps is -1",
                "--attribute gender --to out.csv --label-share 0 | --label-share is 0.0",
            })
    void mistakesLeaveNothingBehind(String rest, String expected) throws IOException {
        files();
        String users = Files.readString(folder.resolve("users.csv"));
        Typed output = hide(rest);
        assertNotEquals(Lethe.DONE, output.code());
        assertNotEquals(Lethe.DEFECT, output.code(), output.err());
        assertTrue(output.err().contains(expected), output.err());
        assertEquals(List.of("people.csv", "users.csv"), names());
        assertEquals(users, Files.readString(folder.resolve("users.csv")));
    }

    @Test
    void brokenFilesLeaveNothingBehind() throws IOException {
        files();
        Files.writeString(folder.resolve("nan.csv"), "id,a\nu1,1\nu2,NaN\n");
        Files.writeString(folder.resolve("rows.pkl"), "x");
        Files.writeString(folder.resolve("strangers.csv"), "id,a\nz,1\n");
        Files.writeString(folder.resolve("few.csv"), "id,a\nu20,1\nu21,2\nu22,3\n");
        List<String> before = names();
        for (String users : List.of("nan.csv", "rows.pkl", "strangers.csv", "few.csv", "nowhere.csv")) {
            Typed output = Typed.lethe(
                    words("hide embeddings " + users + " --attributes people.csv --attribute gender --to out.csv"));
            assertEquals(Lethe.SURROUNDINGS, output.code(), output.err());
            assertTrue(output.err().contains(users) || users.equals("few.csv"), output.err());
            assertEquals(before, names());
        }
    }
}
