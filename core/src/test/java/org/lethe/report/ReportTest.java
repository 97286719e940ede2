package org.lethe.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Aspect;
import org.lethe.Cost;
import org.lethe.Direction;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.LetheException;
import org.lethe.Picture;
import org.lethe.Verdict;
import org.lethe.study.Run;
import org.lethe.study.Run.Role;

class ReportTest {
    private static final String LIMITS = "Nothing else was looked at.";

    @Test
    void seedsBecomeMeanAndSdAndStudentsInterval() {
        Report report = Report.of(List.of(
                run("sisa", Role.TESTED, 1, found(0.1)),
                run("sisa", Role.TESTED, 2, found(0.2)),
                run("sisa", Role.TESTED, 3, found(0.3))));
        var measured = only(report);
        assertEquals(0.2, measured.mean(), 1e-15);
        assertEquals(0.1, measured.sd(), 1e-15);
        assertEquals(
                0.2 + 4.302652729911275 * 0.1 / Math.sqrt(3),
                measured.interval().orElseThrow().high(),
                1e-9);
        assertEquals(3, measured.seeds());
        assertTrue(report.html().contains("<b>0.20</b> ± 0.10"));
        assertTrue(report.markdown().contains("0.20 ± 0.10"));
    }

    @Test
    void singleSeedKeepsTheAuditsInterval() {
        Interval interval = new Interval(0.1, 0.4, 0.95);
        Report report = Report.of(List.of(run("sisa", Role.TESTED, 1, found(0.2).within(interval))));
        assertEquals(Optional.of(interval), only(report).interval());
        assertEquals(0, only(report).sd());
    }

    @Test
    void controlHoldsWhereDoNothingIsRejectedAndTheReferenceAccepted() {
        assertEquals(Report.Control.HOLDS, control(true, false));
        assertEquals(Report.Control.BROKEN, control(false, false));
        assertEquals(Report.Control.BROKEN, control(false, true));
        assertEquals(Report.Control.BLIND, control(true, true));
    }

    private static Report.Control control(boolean reference, boolean idle) {
        Report report = Report.of(List.of(
                run("nothing", Role.DO_NOTHING, 1, judged(idle)),
                run("sisa", Role.TESTED, 1, judged(true)),
                run("retrain", Role.REFERENCE, 1, judged(reference))));
        Report.Control control = report.audits().getFirst().control();
        assertTrue(report.html().contains(control.words()));
        assertTrue(report.markdown().contains(control.words()));
        return control;
    }

    @Test
    void oneSeedThatDecidesIsEnoughForAControl() {
        Finding open = found(0.3).judged(new Verdict.Undecided("at most 0.5", "9 users are too few"));
        List<Run> oneSeed = List.of(
                run("nothing", Role.DO_NOTHING, 1, open),
                run("sisa", Role.TESTED, 1, judged(true)),
                run("retrain", Role.REFERENCE, 1, open));
        Report undecided = Report.of(oneSeed);
        assertEquals(Report.Control.UNDECIDED, undecided.audits().getFirst().control());
        assertTrue(undecided.markdown().contains("9 users are too few"));
        List<Run> twoSeeds = new ArrayList<>(oneSeed);
        twoSeeds.add(run("nothing", Role.DO_NOTHING, 2, judged(false)));
        twoSeeds.add(run("sisa", Role.TESTED, 2, judged(true)));
        twoSeeds.add(run("retrain", Role.REFERENCE, 2, judged(true)));
        assertEquals(
                Report.Control.HOLDS, Report.of(twoSeeds).audits().getFirst().control());
        twoSeeds.add(run("nothing", Role.DO_NOTHING, 3, judged(true)));
        assertEquals(
                Report.Control.BLIND, Report.of(twoSeeds).audits().getFirst().control());
    }

    @Test
    void whereSomePlacesAreUndecidedTheyAreNamed() {
        Finding open = found(0.3).judged(new Verdict.Undecided("at most 0.5", "9 users are too few"));
        List<Run> runs = new ArrayList<>(List.of(
                run("nothing", Role.DO_NOTHING, 1, judged(false)), run("retrain", Role.REFERENCE, 1, judged(true))));
        for (Run run : List.of(run("nothing", Role.DO_NOTHING, 1, open), run("retrain", Role.REFERENCE, 1, open))) {
            runs.add(elsewhere(run, "other"));
        }
        Report.AuditTable audit = Report.of(runs).audits().getFirst();
        assertEquals(Report.Control.PARTLY, audit.control());
        assertTrue(audit.controlWords().contains("at 1 of 2 places"), audit.controlWords());
        assertTrue(audit.controlWords().contains("other"), audit.controlWords());
        assertTrue(audit.controlWords().endsWith("9 users are too few"), audit.controlWords());
    }

    private static Run elsewhere(Run run, String model) {
        Run.Recipe r = run.recipe();
        return new Run(
                run.study(),
                run.digest(),
                new Run.Recipe(r.subject(), r.data(), model, r.request(), r.method(), r.seed()),
                run.role(),
                run.exactness(), "",
                run.dataDigest(),
                run.versions(),
                run.learned(),
                run.fulfilled(),
                run.referenced(),
                run.results(), List.of(),
                run.failure());
    }

    @Test
    void whereDoingNothingIsTheReferenceRejectingItIsTheControl() {
        Run idle = run("do-nothing", Role.DO_NOTHING, 1, judged(false));
        assertEquals(
                Report.Control.REJECTS,
                Report.of(List.of(idle)).audits().getFirst().control());
        Run blind = run("do-nothing", Role.DO_NOTHING, 1, judged(true));
        assertEquals(
                Report.Control.BLIND,
                Report.of(List.of(blind)).audits().getFirst().control());
    }

    @Test
    void withoutControlsNothingIsClaimed() {
        Report report = Report.of(List.of(run("sisa", Role.TESTED, 1, judged(true))));
        assertEquals(Report.Control.ABSENT, report.audits().getFirst().control());
    }

    @Test
    void oneFailingSeedFailsTheRow() {
        Report report = Report.of(List.of(
                run("sisa", Role.TESTED, 1, judged(true)),
                run("sisa", Role.TESTED, 2, judged(false)),
                run("sisa", Role.TESTED, 3, judged(true))));
        assertEquals(Optional.of(Report.Standing.FAIL), only(report).standing());
        assertFalse(report.methods().getFirst().held());
    }

    @Test
    void pValuesOfTestedMethodsAreCorrectedTogetherAndControlsLeftOut() {
        Report report = Report.of(List.of(
                run("retrain", Role.REFERENCE, 1, found(1).tested(0.9)),
                run("sisa", Role.TESTED, 1, found(1).tested(0.01)),
                run("scif", Role.TESTED, 1, found(1).tested(0.04)),
                run("nothing", Role.DO_NOTHING, 1, found(1).tested(0.001))));
        var rows = report.audits().getFirst().rows();
        assertEquals(
                List.of("retrain", "sisa", "scif", "nothing"),
                rows.stream().map(Report.Row::method).toList());
        assertTrue(rows.get(0).findings().firstEntry().getValue().corrected().isEmpty());
        assertEquals(
                0.02, rows.get(1).findings().firstEntry().getValue().corrected().orElseThrow(), 1e-15);
        assertEquals(
                0.04, rows.get(2).findings().firstEntry().getValue().corrected().orElseThrow(), 1e-15);
    }

    @Test
    void pageLoadsNothingAndRunsItsOwnScriptsOnly() {
        String html = Report.of(SampleRuns.cure4rec()).html();
        assertFalse(Pattern.compile("(src|href)\\s*=\\s*\"(?!#)|url\\(|@import|<link")
                .matcher(withoutScripts(html))
                .find());
        assertTrue(html.contains("default-src 'none'"));
        assertEquals(
                2, Pattern.compile("'sha256-[^']{44}'").matcher(html).results().count());
        assertTrue(html.contains("What this does not prove"));
        assertTrue(html.contains("prefers-color-scheme: dark"));
        assertTrue(html.length() < 2_000_000, html.length() + " characters");
    }

    @Test
    void scriptsOfThePageAreTheOnesItsPolicyNames() throws Exception {
        String html = Report.of(SampleRuns.cure4rec()).html();
        var script = Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL).matcher(html);
        int scripts = 0;
        while (script.find()) {
            byte[] digest = java.security.MessageDigest.getInstance("SHA-256")
                    .digest(script.group(1).getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertTrue(html.contains("'sha256-" + java.util.Base64.getEncoder().encodeToString(digest) + "'"));
            scripts++;
        }
        assertEquals(2, scripts);
    }

    @Test
    void pageIsWellFormed() throws Exception {
        String html = withoutScripts(Report.of(SampleRuns.cure4rec()).html());
        String xml = html.replace("<!doctype html>", "")
                .replaceAll("<(meta[^>]*)>", "<$1/>")
                .replace("<br>", "<br/>");
        var builder = javax.xml.parsers.DocumentBuilderFactory.newInstance().newDocumentBuilder();
        builder.parse(new java.io.ByteArrayInputStream(xml.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    }

    private static String withoutScripts(String html) {
        return html.replaceAll("(?s)<script>.*?</script>", "");
    }

    @Test
    void chartsShowWhatTheTablesSay() throws IOException {
        Report report = Report.of(SampleRuns.cure4rec());
        List<JsonNode> figures = new ArrayList<>();
        var json = Pattern.compile("<script type=\"application/json\">(.*?)</script>")
                .matcher(report.html());
        while (json.find()) {
            figures.add(new ObjectMapper().readTree(json.group(1)));
        }
        assertEquals(6 + 3 * 3, figures.size());
        JsonNode bars = figures.get(2).at("/show/ndcgFull@20/options");
        assertEquals(3, bars.size());
        var first = Charts.at(report.audits().getFirst().rows().getFirst(), "ndcgFull@20");
        JsonNode bar = bars.at("/0/series/0/data/0");
        assertEquals(first.mean(), bar.at("/value/0").doubleValue(), 0);
        assertEquals(first.interval().orElseThrow().high(), bar.at("/value/3").doubleValue(), 0);
        assertEquals(first.mean(), bar.at("/value/5").doubleValue(), 0);
        assertEquals("--ink", bar.at("/itemStyle/color").textValue());
        assertEquals("--card", bars.at("/0/series/0/data/6/itemStyle/color").textValue());
        assertEquals(24, bars.at("/0/yAxis/0/data").size());
        assertEquals("failed", bars.at("/2/yAxis/1/data/6/value").textValue());
        JsonNode dot = figures.get(0).at("/options/0/series/0/data/0");
        assertEquals(figures.get(0).get("axes").size(), dot.get("value").size());
        assertEquals(first.mean(), dot.at("/value/0").doubleValue(), 0);
        for (JsonNode web : figures.get(1).findValues("value")) {
            web.forEach(v -> assertTrue(v.doubleValue() >= 0 && v.doubleValue() <= 1));
        }
    }

    @Test
    void aPictureShowsTheRowsBeforeOnceAndThoseOfEachMethodAfter() throws IOException {
        List<Run> runs = SampleRuns.cure4rec();
        String html = Report.of(runs).html();
        var figure = Pattern.compile("(?s)<figure class=\"charts points\".*?</figure>")
                .matcher(html);
        assertTrue(figure.find());
        assertEquals(
                List.of("before", "retrain, after", "sisa, after"),
                Pattern.compile("<h4>(.*?)</h4>")
                        .matcher(figure.group())
                        .results()
                        .map(r -> r.group(1))
                        .limit(3)
                        .toList());
        assertTrue(figure.group().contains("&lt;women&gt;") && figure.group().contains("seed 1;"));
        JsonNode data = new ObjectMapper().readTree(figure.group().replaceAll("(?s).*json\">(.*)</script>.*", "$1"));
        assertEquals(7, data.get("options").size());
        Picture.Scatter scatter = (Picture.Scatter)
                runs.getFirst().results().get(1).pictures().getFirst();
        Picture.Points men = scatter.panels().getFirst().classes().get(1);
        assertEquals(men.y().get(5), data.at("/options/0/classes/1/at/11").floatValue());
        assertEquals(2, data.at("/options/0/classes/1/mean/0").floatValue());
        double width = data.at("/x/1").doubleValue() - data.at("/x/0").doubleValue();
        assertEquals(width, data.at("/y/1").doubleValue() - data.at("/y/0").doubleValue(), 1e-9);
        assertTrue(Report.of(runs).markdown().contains("Pictures, in report.html: users by group\n"));
    }

    @Test
    void hostileNamesStayText() {
        String name = "<script>alert('1')</script>|`\n\"&,";
        Finding finding = new Finding(name, 1, 1, Direction.HIGHER).judged(new Verdict.Fail(name));
        Run run = new Run(
                name,
                "00",
                new Run.Recipe(name, name, name, name, name, 1),
                Role.TESTED,
                Exactness.NONE, "",
                "",
                Map.of(name, name),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                List.of(new Run.Result(name, Aspect.EFFECT, List.of(finding), name)), List.of(),
                Optional.empty());
        Report report = Report.of(List.of(run));
        String html = withoutScripts(report.html());
        assertEquals(
                Pattern.compile("<script type=\"application/json\">")
                        .matcher(html)
                        .results()
                        .count(),
                Pattern.compile("<script").matcher(html).results().count());
        assertFalse(html.contains("alert('1')</"));
        assertFalse(html.contains("='1"));
        String markdown = report.markdown();
        assertFalse(markdown.contains(" <script"));
        int columns = -1;
        for (String line : markdown.split("\n")) {
            if (line.startsWith("|")) {
                int here = line.replace("\\|", "").split("\\|", -1).length;
                assertTrue(columns < 0 || columns == here, line);
                columns = here;
            }
        }
        assertEquals(name, parsed(report.csv()).get(1).get(0));
    }

    @Test
    void csvHoldsNothingASpreadsheetWouldRun() {
        for (String formula :
                List.of("=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "=HYPERLINK(\"x\")")) {
            String csv = Report.of(List.of(run(formula, Role.TESTED, 1, found(-0.5))))
                    .csv();
            List<String> line = parsed(csv).get(1);
            assertEquals("'" + formula, line.get(5));
            assertEquals("-0.5", line.get(12));
        }
    }

    @Test
    void csvComesBackAsItWasWritten() {
        Finding finding = new Finding("ndcg@20", 1.0 / 3, 943, Direction.HIGHER)
                .within(new Interval(0.3, 0.4, 0.95))
                .judged(new Verdict.Pass("at least 0.3, \"or so\""))
                .tested(1e-300);
        List<List<String>> lines =
                parsed(Report.of(List.of(run("sisa {shards: 10, slices: 2}", Role.TESTED, 7, finding)))
                        .csv());
        assertEquals(2, lines.size());
        assertEquals(lines.get(0).size(), lines.get(1).size());
        assertEquals("sisa {shards: 10, slices: 2}", at(lines, "method"));
        assertEquals(1.0 / 3, Double.parseDouble(at(lines, "value")), 0);
        assertEquals(1e-300, Double.parseDouble(at(lines, "p")), 0);
        assertEquals("at least 0.3, \"or so\"", at(lines, "bar"));
        assertEquals("7", at(lines, "seed"));
    }

    @Test
    void failedCellsAreShownWithTheirCause() {
        Report report = Report.of(List.of(
                run("sisa", Role.TESTED, 1, found(1)),
                failed("scif", "loss is not finite at epoch 3"),
                failed("sisa", "disk full")));
        assertTrue(report.html().contains("loss is not finite at epoch 3"));
        assertTrue(report.markdown().contains("disk full"));
        assertEquals(
                "loss is not finite at epoch 3", parsed(report.csv()).get(2).getLast());
        assertTrue(report.html().contains("1 of 2"));
    }

    @Test
    void emptyAndFailedOnlyStudiesHaveReports(@TempDir Path folder) throws IOException {
        Report.write(List.of(), folder);
        assertTrue(Files.readString(folder.resolve("report.html")).contains("Nothing was run."));
        Report.write(List.of(failed("sisa", "no data")), folder);
        assertTrue(Files.readString(folder.resolve("report.html")).contains("no data"));
        try (var files = Files.list(folder)) {
            assertEquals(
                    List.of("findings.csv", "report.html", "report.json", "report.md"),
                    files.map(f -> f.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void jsonHasTheNumbersOfTheTable() throws IOException {
        Report report = Report.of(SampleRuns.cure4rec());
        JsonNode root = new ObjectMapper().readTree(report.json());
        assertEquals(4, root.get("audits").size());
        JsonNode row = root.get("audits").get(0).get("rows").get(0);
        assertEquals("retrain", row.get("method").textValue());
        assertEquals(
                report.audits()
                        .get(0)
                        .rows()
                        .get(0)
                        .findings()
                        .firstEntry()
                        .getValue()
                        .mean(),
                row.get("findings").get(0).get("mean").doubleValue(),
                0);
        assertEquals(9, root.get("failed").size());
        assertEquals("holds", root.get("audits").get(1).get("control").textValue());
    }

    @Test
    void sampleReportIsWrittenForTheEye() throws IOException {
        Path folder = Path.of("target", "sample-report");
        Report.write(SampleRuns.cure4rec(), folder);
        String html = Files.readString(folder.resolve("report.html"));
        assertTrue(html.contains("newton") && html.contains("Trade-off") && html.contains("Four aspects"));
    }

    private static Report.Measured only(Report report) {
        return report.audits()
                .getFirst()
                .rows()
                .getFirst()
                .findings()
                .firstEntry()
                .getValue();
    }

    private static Finding found(double value) {
        return new Finding("ndcg@20", value, 100, Direction.HIGHER);
    }

    private static Finding judged(boolean pass) {
        return found(0.5).judged(pass ? new Verdict.Pass("at least 0.3") : new Verdict.Fail("at least 0.3"));
    }

    private static Run run(String method, Role role, long seed, Finding finding) {
        return new Run(
                "quick",
                "00",
                new Run.Recipe("recsys", "planted", "bpr", "forget", method, seed),
                role,
                Exactness.EXACT, "",
                "",
                Map.of(),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                List.of(new Run.Result("utility", Aspect.UTILITY, List.of(finding), LIMITS)), List.of(),
                Optional.empty());
    }

    private static Run failed(String method, String cause) {
        return new Run(
                "quick",
                "00",
                new Run.Recipe("recsys", "planted", "bpr", "forget", method, 9),
                Role.TESTED,
                Exactness.EXACT, "",
                "",
                Map.of(),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                List.of(), List.of(),
                Optional.of(new Run.Failure(LetheException.Code.NUMERIC, cause)));
    }

    private static String at(List<List<String>> lines, String column) {
        return lines.get(1).get(lines.get(0).indexOf(column));
    }

    /** The grammar of RFC 4180, read slowly. */
    private static List<List<String>> parsed(String csv) {
        List<List<String>> lines = new ArrayList<>();
        List<String> line = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < csv.length(); i++) {
            char c = csv.charAt(i);
            if (quoted) {
                if (c == '"' && i + 1 < csv.length() && csv.charAt(i + 1) == '"') {
                    cell.append(csv.charAt(++i));
                } else if (c == '"') {
                    quoted = false;
                } else {
                    cell.append(c);
                }
            } else if (c == '"') {
                quoted = true;
            } else if (c == ',' || c == '\n') {
                line.add(cell.toString());
                cell.setLength(0);
                if (c == '\n') {
                    lines.add(line);
                    line = new ArrayList<>();
                }
            } else if (c != '\r') {
                cell.append(c);
            }
        }
        return lines;
    }

    @Test
    void timeIsComparedWithAReferenceOnly() {
        List<Run> runs = SampleRuns.cure4rec();
        assertTrue(Report.of(runs).methods().stream().anyMatch(m -> m.slowness().isPresent()));
        List<Run> alone = runs.stream().filter(r -> r.role() != Role.REFERENCE).toList();
        assertTrue(alone.size() < runs.size());
        assertTrue(
                Report.of(alone).methods().stream().allMatch(m -> m.slowness().isEmpty()));
    }
}
