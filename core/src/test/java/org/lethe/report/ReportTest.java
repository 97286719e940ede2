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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Aspect;
import org.lethe.Components;
import org.lethe.Cost;
import org.lethe.Direction;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.LetheException;
import org.lethe.Picture;
import org.lethe.Printable;
import org.lethe.Verdict;
import org.lethe.study.LeftOut;
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
        String words = control.words(List.of("nothing"));
        assertTrue(report.html().contains(words), words);
        assertTrue(report.markdown().contains(words), words);
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
    void theReasonOfAnUndecidedVerdictStandsInItsTooltipAndOnceBelowTheTable() throws IOException {
        Finding open = found(0.3).judged(new Verdict.Undecided("at most 0.5", "9 users are <too> few"));
        Report report = Report.of(List.of(
                run("nothing", Role.DO_NOTHING, 1, judged(false)),
                run("sisa", Role.TESTED, 1, open),
                run("sisa", Role.TESTED, 2, judged(true)),
                run("ultrare", Role.TESTED, 1, open),
                run("scif", Role.TESTED, 1, open),
                run("scif", Role.TESTED, 2, judged(false)),
                run("retrain", Role.REFERENCE, 1, judged(true))));
        String html = report.html();
        assertTrue(html.contains("title=\"undecided: at most 0.5; 9 users are &lt;too&gt; few\""), html);
        String below = "Undecided: ndcg@20: 9 users are &lt;too&gt; few (sisa, ultrare, scif).";
        assertEquals(2, html.split(Pattern.quote(below), -1).length, html);
        assertTrue(report.markdown()
                .contains("\n\nUndecided: ndcg@20: 9 users are \\<too\\> few (sisa, ultrare, scif).\n"));
        JsonNode rows = new ObjectMapper().readTree(report.json()).at("/audits/0/rows");
        assertEquals("9 users are <too> few", rows.at("/1/findings/0/reasons/0").asText(), rows.toString());
        assertTrue(rows.at("/0/findings/0/reasons").isMissingNode());
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
        assertTrue(audit.controlWords().endsWith("ndcg@20: 9 users are too few"), audit.controlWords());
    }

    private static Run elsewhere(Run run, String model) {
        Run.Recipe r = run.recipe();
        return Components.with(
                run, "recipe", new Run.Recipe(r.subject(), r.data(), model, r.request(), r.method(), r.seed()));
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
    void everyControlThatMustBeRejectedHasToBe() {
        assertEquals(Report.Control.HOLDS, controls(judged(false)).control());
        assertEquals(Report.Control.BLIND, controls(judged(true)).control());
        Finding open = found(0.3).judged(new Verdict.Undecided("at most 0.5", "9 users are too few"));
        assertEquals(Report.Control.UNDECIDED, controls(open).control());
        assertEquals(Report.Control.ABSENT, controls(found(0.3)).control());
        assertEquals(
                "control holds: equal-noise and do-nothing rejected, reference accepted",
                controls(judged(false)).controlWords());
        assertEquals(
                "no control: equal-noise or do-nothing meets this bar too",
                controls(judged(true)).controlWords());
    }

    /** Of a study with a second control, of which the audit finds this. */
    private static Report.AuditTable controls(Finding second) {
        return Report.of(List.of(
                        run("equal-noise {like: d2d-r}", Role.REJECTED, 1, second),
                        run("do-nothing", Role.DO_NOTHING, 1, judged(false)),
                        run("sisa", Role.TESTED, 1, judged(true)),
                        run("retrain", Role.REFERENCE, 1, judged(true))))
                .audits()
                .getFirst();
    }

    @Test
    void aControlThatAnAuditDoesNotSuitIsNotMissed() {
        Report report = Report.of(List.of(
                with(run("equal-noise", Role.REJECTED, 1, judged(false)), List.of()),
                run("do-nothing", Role.DO_NOTHING, 1, judged(false)),
                run("retrain", Role.REFERENCE, 1, judged(true))));
        Report.AuditTable audit = report.audits().getFirst();
        assertEquals("control holds: do-nothing rejected, reference accepted", audit.controlWords());
        assertFalse(
                report.html().substring(report.html().indexOf("id=\"audit-1\"")).contains("equal-noise <span"));
    }

    @Test
    void anAuditThatDidNotLookAtTheReferenceIsJudgedByWhatItRejects() {
        List<Run.Result> both = List.of(result("forgotten", true), result("hidden", true));
        List<Run.Result> neither = List.of(result("forgotten", false), result("hidden", false));
        List<Run> runs = List.of(
                with(run("[sisa, d2d-r]", Role.TESTED, 1, found(1)), both),
                with(run("do-nothing", Role.DO_NOTHING, 1, found(1)), neither),
                with(run("retrain", Role.REFERENCE, 1, found(1)), List.of(result("forgotten", true))));
        Report report = Report.of(runs);
        assertEquals(Report.Control.HOLDS, report.audits().get(0).control());
        assertEquals(Report.Control.REJECTS, report.audits().get(1).control());
        assertFalse(report.audits().get(1).shown().stream().anyMatch(r -> r.role() == Role.REFERENCE));
        List<Run> failed = new ArrayList<>(runs.subList(0, 2));
        failed.add(failed("retrain", Role.REFERENCE, "disk full"));
        assertEquals(
                Report.Control.ABSENT,
                Report.of(failed).audits().get(1).control(),
                "a reference that failed is missed");
    }

    private static Run.Result result(String audit, boolean pass) {
        return new Run.Result(audit, Aspect.EFFECT, List.of(judged(pass)), LIMITS);
    }

    private static Run with(Run run, List<Run.Result> results) {
        return Components.with(run, "results", results);
    }

    @Test
    void theTradeOffFollowsFromAspectsWhateverTheNames() {
        List<Run> runs = new ArrayList<>();
        for (int method = 0; method < 3; method++) {
            List<Run.Result> results = new ArrayList<>();
            for (Aspect aspect : List.of(Aspect.COST, Aspect.UTILITY, Aspect.EFFECT, Aspect.EFFECT)) {
                int number = results.size();
                results.add(new Run.Result(
                        "audit " + number,
                        aspect,
                        List.of(
                                new Finding("first of " + number, method, 1, Direction.LOWER),
                                new Finding("judged of " + number, number == 3 ? -method : method, 1, Direction.HIGHER)
                                        .judged(new Verdict.Pass("any"))),
                        LIMITS));
            }
            runs.add(with(run("method-" + method, Role.TESTED, 1, found(1)), results));
        }
        String html = Report.of(runs).html();
        assertEquals(
                List.of("judged of 1", "judged of 2"),
                Pattern.compile("selected=\"\">([^<]*)</option>")
                        .matcher(html)
                        .results()
                        .map(r -> r.group(1))
                        .limit(2)
                        .toList());
        assertFalse(html.contains("data-kind=\"radar\""), "no chart is too small to be read");
    }

    @Test
    void aReferenceThatMissesABarOfCostIsNoBrokenControl() {
        List<Run.Result> slow = List.of(cost(false));
        Report report = Report.of(List.of(
                with(run("sisa", Role.TESTED, 1, found(1)), List.of(cost(false))),
                with(run("do-nothing", Role.DO_NOTHING, 1, found(1)), slow),
                with(run("retrain", Role.REFERENCE, 1, found(1)), slow)));
        Report.AuditTable audit = report.audits().getFirst();
        assertEquals(Report.Control.REJECTS, audit.control());
        String words = "control holds: do-nothing rejected; no reference has to meet this bar";
        assertEquals(words, audit.controlWords());
        for (String text : List.of(report.html(), report.markdown(), report.json())) {
            assertTrue(text.contains(words), "everywhere the same words");
            assertFalse(text.contains("BROKEN"), "nowhere broken");
        }
        assertEquals(Answer.Kind.AT_A_COST, exact(report), "a method that misses it misses it");
    }

    private static Answer.Kind exact(Report report) {
        return report.answers().getFirst().kind();
    }

    private static Run.Result cost(boolean pass) {
        return new Run.Result("latency", Aspect.COST, List.of(judged(pass)), LIMITS);
    }

    @Test
    void aReasonThatPlacesShareIsSaidOnceAndThePlacesBelow() throws IOException {
        Finding open = found(0.3).judged(new Verdict.Undecided("at most 0.5", "9 users are too few"));
        List<Run> runs = new ArrayList<>(List.of(
                run("nothing", Role.DO_NOTHING, 1, judged(false)), run("retrain", Role.REFERENCE, 1, judged(true))));
        for (String place : List.of("second", "third")) {
            runs.add(elsewhere(run("nothing", Role.DO_NOTHING, 1, open), place));
            runs.add(elsewhere(run("retrain", Role.REFERENCE, 1, open), place));
        }
        Report report = Report.of(runs);
        Report.AuditTable audit = report.audits().getFirst();
        assertEquals(
                "control holds where it decides: nothing rejected, reference accepted; at 1 of 3 places; undecided at"
                        + " 2 of 3 places: ndcg@20: 9 users are too few",
                audit.controlWords());
        String below = "The controls are undecided (ndcg@20: 9 users are too few) at: second; third.";
        assertEquals(2, report.html().split(Pattern.quote(below), -1).length, report.markdown());
        assertTrue(report.markdown().contains("second; third"), report.markdown());
        JsonNode undecided = new ObjectMapper().readTree(report.json()).at("/audits/0/undecided");
        assertEquals(2, undecided.size());
        assertEquals("ndcg@20: 9 users are too few", undecided.at("/1/why").asText());
    }

    @Test
    void theTradeOffReachesTheThresholdOfABar() {
        Verdict least = new Verdict.Pass("at least 0.98");
        Report report = Report.of(List.of(
                run("nothing", Role.DO_NOTHING, 1, found(0.9998).judged(least)),
                run("sisa", Role.TESTED, 1, found(1.0001).judged(least)),
                run("retrain", Role.REFERENCE, 1, found(1).judged(least))));
        assertEquals(0.02, Axis.of(report).getFirst().least(), 1e-12);
    }

    @Test
    void theTradeOffOfOneAuditSetsWhatShouldFallAgainstWhatShouldRise() {
        List<Run.Result> results = List.of(new Run.Result(
                "only",
                Aspect.FAIRNESS,
                List.of(
                        new Finding("gap", 1, 1, Direction.LOWER).judged(new Verdict.Pass("any")),
                        new Finding("other gap", 1, 1, Direction.LOWER),
                        new Finding("quality", 1, 1, Direction.HIGHER)),
                LIMITS));
        List<Run> runs = List.of(
                with(run("one", Role.TESTED, 1, found(1)), results),
                with(run("two", Role.TESTED, 1, found(1)), results));
        assertEquals(
                List.of("quality", "gap"),
                Pattern.compile("selected=\"\">([^<]*)</option>")
                        .matcher(Report.of(runs).html())
                        .results()
                        .map(r -> r.group(1))
                        .limit(2)
                        .toList());
    }

    @Test
    void whatIsPromisedIsShownWhereAnythingIs() throws IOException {
        Run exact = run("sisa", Role.TESTED, 1, judged(true));
        Report some = Report.of(List.of(exact));
        assertTrue(some.html().contains("<th>promises</th>") && some.markdown().contains("| promises |"));
        Report none = Report.of(SampleRuns.pictures(4, 2));
        assertFalse(none.html().contains("promises") || none.markdown().contains("promises"));
    }

    @Test
    void pairsLeftOutAreCountedUnderTheirReasons() throws IOException {
        List<LeftOut> leftOut = List.of(
                new LeftOut("", "hide {attribute: age}", "sisa", "", "sisa only forgets"),
                new LeftOut("mf", "hide {attribute: <b>}", "sisa", "", "sisa only forgets"),
                new LeftOut("", "forget", "scif", "rank", "<i>rank</i> looks at lists"));
        List<Run> runs = List.of(run("scif", Role.TESTED, 1, judged(true)));
        Report report = Report.of(runs, leftOut);
        String html = report.html();
        assertTrue(html.contains("<details><summary>3 pairs left out"));
        assertTrue(html.contains("sisa only forgets<small>2 pairs: model mf; requests hide {attribute: age}, hide"
                + " {attribute: &lt;b&gt;}; method sisa</small>"));
        assertTrue(
                html.contains("&lt;i&gt;rank&lt;/i&gt; looks at lists<small>1 pair: method scif; audit rank</small>"));
        assertTrue(report.markdown().contains("## Left out\n\n3 pairs left out"));
        JsonNode json = new ObjectMapper().readTree(report.json()).get("leftOut");
        assertEquals(
                "{\"why\":\"sisa only forgets\",\"pairs\":2,\"models\":[\"mf\"],\"requests\":[\"hide {attribute: age}\","
                        + "\"hide {attribute: <b>}\"],\"methods\":[\"sisa\"]}",
                json.get(0).toString());
        Report whole = Report.of(runs);
        assertFalse((whole.html() + whole.markdown() + whole.json()).matches("(?si).*(left.out|leftOut\").*"));
    }

    @Test
    void warningsAreShownWithTheirCells() throws IOException {
        Report report = Report.of(SampleRuns.pictures(5, 2));
        String warning = "the model could not be kept: no space left on the device";
        assertTrue(report.html().contains("<h2>Warnings</h2><ul><li>" + warning + "<small>protection-1 · protect"));
        assertTrue(report.html().contains("and 2 more cells"));
        assertTrue(report.markdown().contains("## Warnings\n\n- " + warning + " ("));
        JsonNode json = new ObjectMapper().readTree(report.json()).get("warnings");
        assertEquals(5, json.get(0).get("cells").size());
        assertFalse(Report.of(SampleRuns.cure4rec()).html().contains("Warnings</h2>"));
    }

    @Test
    void picturesOfEveryKindAreInThePageAndNamedInMarkdown() throws IOException {
        List<Run> runs = SampleRuns.pictures(5, 6);
        Report report = Report.of(runs);
        String html = report.html();
        List<Picture> pictures = runs.getFirst().results().getFirst().pictures();
        JsonNode overlaid = figure(html, "curves", 0);
        assertEquals(5, overlaid.at("/options/0/lines").size(), "methods of one line each are on common axes");
        Picture.Line line = ((Picture.Curve) pictures.getFirst()).lines().getFirst();
        assertEquals(line.y().get(7), overlaid.at("/options/0/lines/0/y/7").floatValue());
        assertEquals(
                line.high().get(7), overlaid.at("/options/0/lines/0/high/7").floatValue());
        JsonNode apart = figure(html, "curves", 1);
        assertEquals(5, apart.get("options").size());
        assertEquals("[0.0,400.0,100.0]", apart.get("x").toString());
        JsonNode heat = figure(html, "heat", 0);
        assertEquals(5, heat.get("options").size());
        assertEquals(
                ((Picture.HeatMap) pictures.get(2)).values().get(1).get(2),
                heat.at("/options/0/values/1/2").floatValue());
        var images = Pattern.compile("<img alt=\"([^\"]*)\" src=\"data:image/png;base64,([^\"]*)\">")
                .matcher(html);
        assertTrue(images.find());
        assertEquals("works before and after, the same for every method: original", images.group(1));
        Picture.Frame original = ((Picture.Strip) pictures.get(3)).frames().getFirst();
        org.junit.jupiter.api.Assertions.assertArrayEquals(
                original.png(), java.util.Base64.getDecoder().decode(images.group(2)));
        assertEquals(
                1 + 2 * 5,
                Pattern.compile("<img ").matcher(withoutScripts(html)).results().count());
        assertFalse(Pattern.compile("(src|href)\\s*=\\s*\"(?!#|data:image/png;)")
                .matcher(withoutScripts(html))
                .find());
        assertTrue(html.contains("img-src data:;"));
        assertTrue(report.markdown()
                .contains("Pictures, in report.html: success over training, losses, success by artist and prompt, works"
                        + " before and after\n"));
        assertTrue(html.contains("The mean of 50 works."));
    }

    @Test
    void titlesNamesAndCaptionsOfPicturesStayText() throws Exception {
        String name = "</script><img src=x onerror=\"alert('1')\">&";
        List<Picture> hostile = List.of(
                new Picture.Curve(
                        name,
                        name,
                        name,
                        name,
                        List.of(new Picture.Line(name, List.of(0f), List.of(1f), List.of(), List.of()))),
                new Picture.HeatMap(name, name, name, name, List.of(name), List.of(name), List.of(List.of(1f))),
                new Picture.Scatter(
                        name,
                        name,
                        name,
                        name,
                        List.of(new Picture.Panel(
                                name, name, List.of(new Picture.Points(name, List.of(0f), List.of(1f), List.of()))))),
                new Picture.Strip(name, name, List.of(new Picture.Frame(name, new byte[] {(byte) 0x89, 'P', 'N', 'G', 1
                }))));
        Run run = with(
                run(name, Role.TESTED, 1, found(1)),
                List.of(new Run.Result(name, Aspect.EFFECT, List.of(found(1)), name, hostile)));
        String html = withoutScripts(Report.of(List.of(run)).html());
        assertEquals(1, Pattern.compile("<img ").matcher(html).results().count());
        assertFalse(html.contains("onerror=\"") || html.contains("='1"));
        for (String kind : List.of("curves", "heat", "points")) {
            figure(html, kind, 0);
        }
    }

    private static List<JsonNode> figures(String html) throws IOException {
        List<JsonNode> figures = new ArrayList<>();
        var json = Pattern.compile("<script type=\"application/json\">(.*?)</script>")
                .matcher(html);
        while (json.find()) {
            figures.add(new ObjectMapper().readTree(json.group(1)));
        }
        return figures;
    }

    /** The data of one figure of a kind. */
    private static JsonNode figure(String html, String kind, int number) throws IOException {
        var figure = Pattern.compile("(?s)data-kind=\"" + kind + "\".*?json\">(.*?)</script>")
                .matcher(html);
        for (int n = 0; n <= number; n++) {
            assertTrue(figure.find(), kind + " " + n);
        }
        return new ObjectMapper().readTree(figure.group(1));
    }

    @Test
    void withoutControlsNothingIsClaimed() {
        Report report = Report.of(List.of(run("sisa", Role.TESTED, 1, judged(true))));
        assertEquals(Report.Control.ABSENT, report.audits().getFirst().control());
    }

    @Test
    void aBarIsMissedWhereMoreSeedsMissItThanChanceLetsMiss() {
        List<Run> seeds = new ArrayList<>(List.of(
                run("sisa", Role.TESTED, 1, judged(true)),
                run("sisa", Role.TESTED, 2, judged(false)),
                run("sisa", Role.TESTED, 3, judged(true))));
        Report one = Report.of(seeds);
        assertEquals(Optional.of(Report.Standing.UNDECIDED), only(one).standing());
        assertEquals(
                List.of("1 of 3 seeds misses it, as chance lets happen 14 times in 100"),
                only(one).reasons());
        assertFalse(one.methods().getFirst().held());
        assertTrue(
                one.answers().getFirst().text().contains("can decide"),
                one.answers().toString());
        seeds.set(2, run("sisa", Role.TESTED, 3, judged(false)));
        assertEquals(Optional.of(Report.Standing.FAIL), only(Report.of(seeds)).standing());
        assertEquals(
                Answer.Kind.AT_A_COST, Report.of(seeds).answers().getFirst().kind());
    }

    @Test
    void aBarThatTheReferenceMissesTooConvictsNobody() {
        List<Answer> answers = Report.of(List.of(
                        run("nothing", Role.DO_NOTHING, 1, judged(false)),
                        run("sisa", Role.TESTED, 1, judged(false)),
                        run("retrain", Role.REFERENCE, 1, judged(false))))
                .answers();
        assertEquals(Answer.Kind.DONE, answers.getFirst().kind());
        assertTrue(answers.getFirst().text().contains("the reference misses"), answers.toString());
    }

    @Test
    void theFirstSentencesSayWhatAMethodPromisesAndWhatWasFound() {
        Report report = Report.of(List.of(
                run("scif", Role.TESTED, 1, judged(false)),
                run("sisa", Role.TESTED, 1, judged(true)),
                run("retrain", Role.REFERENCE, 1, judged(true))));
        List<Answer> answers = report.answers();
        assertEquals(
                List.of(Answer.Kind.DONE, Answer.Kind.AT_A_COST),
                answers.stream().map(Answer::kind).toList());
        assertTrue(answers.getFirst().text().startsWith("sisa makes, bit for bit"), answers.toString());
        assertTrue(answers.getLast().text().contains("is 0.5000 (the bar: at least 0.3)"), answers.toString());
        answers.forEach(a -> assertTrue(report.markdown().contains(a.text()), a.text()));
        answers.forEach(a -> assertTrue(report.html().contains(a.text()), a.text()));
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
        for (Report report : List.of(
                Report.of(SampleRuns.cure4rec()),
                Report.of(SampleRuns.pictures(10, 12), SampleRuns.leftOut(5, 4)),
                Report.of(SampleRuns.block(17, 16)))) {
            String xml = withoutScripts(report.html())
                    .replace("<!doctype html>", "")
                    .replaceAll("<((meta|img)[^>]*)>", "<$1/>")
                    .replace("<br>", "<br/>");
            var builder = javax.xml.parsers.DocumentBuilderFactory.newInstance().newDocumentBuilder();
            builder.parse(new java.io.ByteArrayInputStream(xml.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        }
    }

    private static String withoutScripts(String html) {
        return html.replaceAll("(?s)<script>.*?</script>", "");
    }

    @Test
    void chartsShowWhatTheTablesSay() throws IOException {
        Report report = Report.of(SampleRuns.cure4rec());
        List<JsonNode> figures = figures(report.html());
        assertEquals(5 + 3 * 3, figures.size());
        JsonNode bars = figures.get(1).at("/show/ndcgFull@20/options");
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
        JsonNode axis = figures.get(0).at("/axes/0");
        assertTrue(axis.get("relative").booleanValue() && !axis.get("lower").booleanValue(), axis.toString());
        assertEquals(0, dot.at("/value/0").doubleValue(), 0, "the first row is the reference itself");
        assertEquals(
                first.interval().orElseThrow().high() - first.mean(),
                dot.at("/ends/0/1").doubleValue(),
                1e-12);
    }

    @Test
    void theTradeOffIsTheDifferenceFromTheReferenceAndReachesTheMargin() throws IOException {
        Verdict within = new Verdict.Pass("within 0.2 of the reference, or not told from it");
        Report report = Report.of(List.of(
                run("nothing", Role.DO_NOTHING, 1, found(0.9).judged(new Verdict.Fail("within 0.2 of the reference"))),
                run("sisa", Role.TESTED, 1, found(0.52).judged(within).within(new Interval(0.5, 0.55, 0.95))),
                run("retrain", Role.REFERENCE, 1, found(0.5).judged(within))));
        Axis axis = Axis.of(report).getFirst();
        assertTrue(axis.relative());
        assertEquals("ndcg@20 − reference", axis.title());
        assertEquals(0.2, axis.least(), 0);
        List<Report.Row> rows = report.audits().getFirst().rows();
        double[] far = new double[3];
        for (int i = 0; i < rows.size(); i++) {
            far[List.of("nothing", "sisa", "retrain").indexOf(rows.get(i).method())] =
                    axis.place(i, axis.at(i).orElseThrow());
        }
        assertEquals(0.4, far[0], 1e-12, "to do nothing is the farthest, though its number is the best");
        assertEquals(0.02, far[1], 1e-12);
        assertEquals(0, far[2]);
        Report alone = Report.of(
                List.of(run("nothing", Role.DO_NOTHING, 1, judged(false)), run("sisa", Role.TESTED, 1, judged(true))));
        assertFalse(Axis.of(alone).getFirst().relative(), "without a reference there is nothing to compare with");
    }

    @Test
    void everyNumberOfATableHasTheHeadOfItsColumnForANarrowPage() {
        String html = Report.of(SampleRuns.cure4rec()).html();
        assertTrue(html.contains("<td class=\"num\" data-label=\"ndcgFull@20\"><span>"), "findings");
        for (String head : List.of("seeds", "learn, seconds", "fulfil, seconds", "time ÷ reference")) {
            assertTrue(html.contains("data-label=\"" + head + "\""), head);
        }
        Matcher bare =
                Pattern.compile("<td class=\"(?:num|mid)[^\"]*\">(?!</td>)").matcher(html);
        assertFalse(bare.find(), () -> html.substring(bare.start(), bare.start() + 80));
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
        Picture.Scatter scatter =
                (Picture.Scatter) runs.getFirst().results().get(1).pictures().getFirst();
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
                Exactness.NONE,
                "",
                "",
                Map.of(name, name),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                List.of(new Run.Result(name, Aspect.EFFECT, List.of(finding), name)),
                List.of(),
                Optional.empty(),
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
    void noControlCharacterOfANameReachesAReader() {
        String name = "m\u001b]0;owned\u0007\r\u009b2J\u202e";
        Report report = Report.of(List.of(
                run(name, Role.TESTED, 1, found(1)), run("idle", Role.DO_NOTHING, 1, found(2)), failed(name, name)));
        for (String text : List.of(
                report.html().replaceAll("(?s)<script>.*?</script>", ""),
                report.markdown(),
                report.csv().replace("\r\n", "\n"),
                report.json())) {
            assertTrue(text.contains("owned"), text);
            assertEquals(Printable.lines(text), text);
        }
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
    void anAuditThatFailedLeavesTheFindingsOfTheOthers() {
        Run run = failed("sisa", "hidden: too few users");
        Report report = Report.of(List.of(
                with(run, List.of(result("forgotten", true))),
                with(
                        run("scif", Role.TESTED, 1, found(1)),
                        List.of(result("forgotten", true), result("hidden", true)))));
        assertEquals(List.of(), report.audits().get(0).rows().get(0).failures());
        assertEquals(
                List.of("hidden: too few users"),
                report.audits().get(1).rows().get(0).failures());
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
        assertTrue(html.contains("newton") && html.contains("Trade-off"));
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
                Exactness.EXACT,
                "",
                "",
                Map.of(),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                List.of(new Run.Result("utility", Aspect.UTILITY, List.of(finding), LIMITS)),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    private static Run failed(String method, String cause) {
        return failed(method, Role.TESTED, cause);
    }

    private static Run failed(String method, Role role, String cause) {
        return new Run(
                "quick",
                "00",
                new Run.Recipe("recsys", "planted", "bpr", "forget", method, 9),
                role,
                Exactness.EXACT,
                "",
                "",
                Map.of(),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                List.of(),
                List.of(),
                Optional.of(new Run.Failure(LetheException.Code.NUMERIC, cause)),
                Optional.empty());
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
