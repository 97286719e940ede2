package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Printable;
import org.lethe.Taxonomy;

class LetheTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @Test
    void helpNamesEveryCommandAndExitCode() {
        Typed help = Typed.lethe("--help");
        assertEquals(Lethe.DONE, help.code());
        for (String command : new String[] {"run", "report", "list", "explain", "data", "verify", "doctor"}) {
            assertTrue(help.out().contains(command), help.out());
        }
        assertTrue(help.out().contains("Exit codes:"), help.out());
        assertTrue(help.out().contains("forget, hide or balance"), help.out());
    }

    @Test
    void everyCommandSaysHowItIsUsed() {
        for (String command : new String[] {
            "run",
            "report",
            "list",
            "explain",
            "data",
            "data add",
            "data fetch",
            "data list",
            "data show",
            "audit",
            "audit embeddings",
            "hide",
            "hide embeddings",
            "verify",
            "doctor"
        }) {
            Typed help = Typed.lethe((command + " --help").split(" "));
            assertEquals(Lethe.DONE, help.code(), help.err());
            assertTrue(help.out().startsWith("Usage: lethe " + command), help.out());
        }
    }

    @Test
    void whatComputesIsChosenTheSameWayEverywhere() {
        for (String command : List.of("run", "recsys train", "text train")) {
            String help = Typed.lethe((command + " --help").split(" ")).out().replaceAll("\\s+", " ");
            assertEquals(
                    2,
                    Pattern.compile("--workers=").matcher(help).results().count(),
                    help); // the synopsis and the list
            assertTrue(
                    help.contains("address of a cluster") && help.contains("--device=") && help.contains("--quiet"),
                    help);
        }
    }

    @Test
    void everythingListedCanBeExplained() {
        for (String kind : new String[] {"data", "models", "requests", "methods", "audits"}) {
            Typed listed = Typed.lethe("list", kind);
            assertEquals(Lethe.DONE, listed.code(), listed.err());
            for (String line :
                    listed.out().lines().filter(l -> l.startsWith("  ")).toList()) {
                String name = line.strip().split(" ", 2)[0];
                Typed explained = Typed.lethe("explain", name);
                assertEquals(Lethe.DONE, explained.code(), explained.err());
                assertTrue(explained.out().contains(name), explained.out());
            }
        }
    }

    @Test
    void listsAndExplanationsSpeakJson() throws IOException {
        JsonNode listed =
                new ObjectMapper().readTree(Typed.lethe("list", "--json").out());
        assertEquals("recsys/retrain", listed.at("/methods/0/name").asText());
        JsonNode explained = new ObjectMapper()
                .readTree(Typed.lethe("explain", "recsys/sisa", "--json").out());
        assertEquals("shards", explained.at("/settings/0/name").asText());
    }

    @Test
    void everyBranchOfTheSurveyHasMethodsOrSaysThatItHasNoneYet() throws IOException {
        String out = Typed.lethe("list", "methods", "--taxonomy").out();
        JsonNode tree = new ObjectMapper()
                .readTree(Typed.lethe("list", "methods", "--taxonomy", "--json").out());
        assertEquals(Taxonomy.Branch.values().length, tree.size());
        Set<String> empty = new HashSet<>();
        Iterator<JsonNode> printed = tree.iterator();
        for (Taxonomy.Branch branch : Taxonomy.Branch.values()) {
            JsonNode node = printed.next();
            List<String> names = new ArrayList<>();
            node.at("/methods").forEach(name -> names.add(name.asText()));
            String line =
                    branch.path().getLast() + ": " + (names.isEmpty() ? "no method yet" : String.join(", ", names));
            assertTrue(out.contains("  " + line + "\n"), line + " in\n" + out);
            assertEquals(branch.path().getFirst(), node.at("/path/0").asText());
            if (names.isEmpty()) {
                empty.add(branch.name());
            }
            for (String name : names) {
                assertEquals(Lethe.DONE, Typed.lethe("explain", name).code(), name);
            }
        }
        assertTrue(Set.of("OPERATOR", "MULTI_MODAL").containsAll(empty), "without a method: " + empty);
        assertTrue(out.contains("input unlearning\n  exact\n    full retraining: "), out);
        assertTrue(Typed.lethe("list", "recsys/methods", "--taxonomy").out().contains("retraining: recsys/retrain\n"));
        assertTrue(Typed.lethe("list", "models", "--taxonomy").err().contains("expected methods and not models"));
    }

    @Test
    void helpLoadsNoSubject() throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xlog:class+init=info",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Lethe.class.getName(),
                        "--help")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(output.contains("hide") && output.contains("org/lethe/cli/Lethe"), output);
        assertFalse(output.contains("org/lethe/recsys"), output);
    }

    @Test
    void helpAndListsLoadNoNativeLibrary() throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "-Xlog:class+init=info",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Lethe.class.getName(),
                        "list",
                        "models")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(output.contains("neumf"), output);
        assertFalse(output.lines().anyMatch(l -> l.contains("org/bytedeco") || l.contains("org.bytedeco")), output);
    }

    @Test
    void mistypedNamesGetTheNearestOne() {
        Typed mistake = Typed.lethe("explain", "recereaser");
        assertEquals(Lethe.MISTAKE, mistake.code());
        assertTrue(mistake.err().contains("receraser"), mistake.err());
    }

    @Test
    void mistakesInAStudyAreAllNamedWithoutStackTraces() throws IOException {
        Path study = folder.resolve("wrong.yaml");
        Files.writeString(study, """
                study: wrong
                subject: recsys
                data: [planted]
                model: [bpr]
                request: [{forget-users: {choose: random, percent: -1}}]
                method: [{sisa: {shrads: 10}}]
                audit: [utility]
                seeds: [1]
                """);
        Typed output = Typed.lethe("run", study.toString());
        assertEquals(Lethe.MISTAKE, output.code());
        assertTrue(output.err().contains("wrong.yaml:5"), output.err());
        assertTrue(output.err().contains("wrong.yaml:6"), output.err());
        assertTrue(output.err().contains("shards"), output.err());
        assertFalse(output.err().contains("\tat "), output.err());
    }

    @Test
    void aSmallStudyRunsResumesAndVerifies() throws IOException {
        Path study = folder.resolve("small.yaml");
        Files.writeString(study, """
                study: small
                subject: recsys
                data: [{planted: {users: 120, items: 80}}]
                model: [{bpr: {dims: 8, epochs: 3}}]
                request: [{forget-users: {choose: random, percent: 10}}]
                method: [{sisa: {shards: 2}}]
                audit: [utility, efficiency]
                seeds: [1]
                """);
        String runs = folder.resolve("runs").toString();
        Typed first = Typed.lethe("run", study.toString(), "--runs", runs, "--quiet");
        assertEquals(Lethe.DONE, first.code(), first.err());
        Path report = folder.resolve("runs/small/report.html");
        assertTrue(Files.size(report) > 1000);
        byte[] findings = Files.readAllBytes(folder.resolve("runs/small/findings.csv"));
        assertEquals(
                Lethe.DONE,
                Typed.lethe("run", study.toString(), "--runs", runs, "--quiet").code());
        assertEquals(
                new String(findings, StandardCharsets.UTF_8),
                Files.readString(folder.resolve("runs/small/findings.csv")),
                "a second run runs nothing, so even the times are the same");
        assertEquals(
                Lethe.DONE,
                Typed.lethe("verify", folder.resolve("runs/small").toString()).code());
        assertEquals(
                Lethe.DONE,
                Typed.lethe("report", folder.resolve("runs/small").toString()).code());
        for (String name : List.of("findings.csv", "report.json", "report.md", "report.html")) {
            Path file = folder.resolve("runs/small").resolve(name);
            byte[] whole = Files.readAllBytes(file);
            byte[] other = whole.clone();
            other[other.length / 2] ^= 1; // what people read says something else than the records
            Files.write(file, other);
            Typed verified = Typed.lethe("verify", folder.resolve("runs/small").toString());
            assertEquals(Lethe.FAILED, verified.code());
            assertTrue(verified.err().contains(file + " is not what the records say"), verified.err());
            Files.write(file, whole);
        }
        assertEquals(
                Lethe.DONE,
                Typed.lethe("verify", folder.resolve("runs/small").toString()).code());
    }

    @Test
    void aDryRunNamesARequestThatTheDataRefuse() throws IOException {
        Path study = folder.resolve("unknown.yaml");
        Files.writeString(study, """
                study: unknown
                subject: recsys
                data: [{planted: {users: 120, items: 80}}]
                model: [bpr]
                request: [{forget-users: {choose: listed, users: [nobody]}}]
                method: [retrain]
                audit: [utility]
                seeds: [1]
                """);
        Typed planned = Typed.lethe("run", study.toString(), "--runs", folder.toString(), "--dry-run");
        assertEquals(Lethe.MISTAKE, planned.code());
        assertTrue(
                planned.err().startsWith("forget-users.users[0] is unknown, expected one of the 120 ids"),
                planned.err());
        assertFalse(planned.err().contains("nobody"), planned.err());
    }

    @Test
    void aRunIsReplayedFromItsFolder() throws IOException {
        Path study = folder.resolve("again.yaml");
        Files.writeString(study, """
                study: again
                subject: recsys
                data: [{planted: {users: 120, items: 80}}]
                model: [{bpr: {dims: 8, epochs: 3}}]
                request: [{forget-users: {choose: random, percent: 10}}]
                method: [{sisa: {shards: 2}}]
                audit: [utility]
                seeds: [1]
                """);
        String runs = folder.resolve("runs").toString();
        assertEquals(
                Lethe.DONE,
                Typed.lethe("run", study.toString(), "--runs", runs, "--quiet").code());
        Typed same = Typed.lethe("verify", runs + "/again", "--replay", "--workers", "2", "--quiet");
        assertEquals(Lethe.DONE, same.code(), same.err());
        assertTrue(
                same.out().contains("3 cells; run again, the digests of 3 models and all findings are the same"),
                same.out());
        Typed json = Typed.lethe("verify", runs + "/again", "--replay", "--quiet", "--json");
        assertTrue(json.out().replaceAll("\\s", "").contains("\"replayed\":{"), json.out());
    }

    @Test
    void aDryRunSaysWhatIsThereAndWhatIsLeft() throws IOException {
        Path study = folder.resolve("kept.yaml");
        String text = """
                study: kept
                subject: recsys
                data: [{planted: {users: 120, items: 80}}]
                model: [{bpr: {dims: 8, epochs: 3}}]
                request: [{forget-users: {choose: random, percent: 10}}]
                method: [{sisa: {shards: 2}}]
                audit: [efficiency]
                seeds: [1]
                """;
        Files.writeString(study, text);
        String runs = folder.resolve("runs").toString();
        List<String> words = List.of("run", study.toString(), "--runs", runs, "--keep", "all", "--quiet");
        Typed before = planned(words);
        assertTrue(before.out().contains("3 cells, 3 audits to run; under 1 s, "), before.out());
        assertEquals(Lethe.DONE, Typed.lethe(words).code());
        assertEquals(
                3,
                planned(words).out().lines().filter(l -> l.endsWith("(done)")).count());
        Files.writeString(study, text.replace("[efficiency]", "[efficiency, utility]"));
        Typed after = planned(words);
        assertEquals(
                3,
                after.out()
                        .lines()
                        .filter(l -> l.endsWith("(model kept, 1 audit to run)"))
                        .count(),
                after.out());
    }

    private static Typed planned(List<String> words) {
        Typed plan = Typed.lethe(
                Stream.concat(words.stream(), Stream.of("--dry-run")).toList());
        assertEquals(Lethe.DONE, plan.code(), plan.err());
        return plan;
    }

    @Test
    void modelsWithLayersRunInAStudyWithEveryAudit() throws IOException {
        Path study = folder.resolve("layers.yaml");
        Files.writeString(study, """
                study: layers
                subject: recsys
                data: [{planted: {users: 120, items: 80}}]
                model: [{neumf: {dims: 4, layers: [8, 4], epochs: 2}}, {multvae: {latent: 4, hidden: 8, epochs: 2}}]
                request: [{forget-users: {choose: random, percent: 20}}]
                method: [retrain]
                audit: [utility, completeness, efficiency, fairness]
                seeds: [1]
                """);
        Typed output = Typed.lethe(
                "run", study.toString(), "--runs", folder.resolve("runs").toString(), "--quiet", "--keep", "all");
        assertEquals(Lethe.DONE, output.code(), output.err());
        String findings = Files.readString(folder.resolve("runs/layers/findings.csv"));
        for (String model : new String[] {"neumf", "multvae"}) {
            assertTrue(findings.contains(model), findings);
        }
    }

    @Test
    void noControlCharacterReachesTheTerminal() throws IOException {
        String header = "id\u001b]0;owned\u0007\u009b2J\u202e";
        Path users = Files.writeString(folder.resolve("a.csv"), header + ",a\n1,2\n");
        Path people = Files.writeString(folder.resolve("att.csv"), "id,g\n1,f\n");
        for (List<String> words : List.of(
                List.of("audit", "embeddings", users.toString(), "--attributes", people.toString(), "--attribute", "g"),
                List.of("data", "add", users.toString(), "--users", header, "--items", header),
                List.of("explain", header),
                List.of("run", folder.resolve(header + ".yaml").toString()),
                List.of("run", folder.toString(), header),
                List.of("verify", folder.resolve(header).toString(), "--json"))) {
            Typed output = Typed.lethe(words);
            String said = output.out() + output.err();
            assertFalse(said.isBlank());
            assertEquals(Printable.lines(said), said);
        }
    }

    @Test
    void doctorSpeaksJson() {
        Typed output = Typed.lethe("doctor", "--json");
        assertEquals(Lethe.DONE, output.code(), output.err());
        assertTrue(output.out().startsWith("{") && output.out().contains("\"kernels\""), output.out());
    }
}
