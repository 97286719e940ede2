package org.lethe.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.lethe.LetheException;

class PaperTableTest {
    private static final Report REPORT = Report.of(SampleRuns.cure4rec());

    private static String metric(int audit) {
        return REPORT.audits().get(audit).main().orElseThrow();
    }

    @Test
    void aLineForEachMethodAtEachPlaceAndOnlyCoordinatesThatVary() {
        String text = new PaperTable(REPORT, List.of(metric(0))).text(PaperTable.Form.MD);
        List<String> lines = text.lines().toList();
        assertEquals(
                "| model | request | method | " + metric(0), lines.getFirst().split(" [↑↓→]")[0], text);
        long measured = REPORT.audits().getFirst().rows().stream()
                .filter(r -> !r.findings().isEmpty())
                .count();
        assertEquals(2 + measured, lines.size());
    }

    @Test
    void theBestTestedMethodsAreBoldAndControlsNever() {
        String text = new PaperTable(REPORT, List.of(metric(0))).text(PaperTable.Form.MD);
        for (String place : List.of("| wmf | forget-users {choose: core, percent: 5} |")) {
            List<String> bold = text.lines()
                    .filter(l -> l.startsWith(place) && l.contains("**"))
                    .toList();
            assertTrue(!bold.isEmpty() && bold.size() < SampleRuns.METHODS.size() - 1, text);
            assertTrue(bold.stream().noneMatch(l -> l.contains("nothing") || l.contains("retrain")), text);
        }
    }

    @Test
    void rowsOfTheReferenceAndOfControlsSaySo() {
        PaperTable table = new PaperTable(REPORT, List.of(metric(0)));
        List<String> rows = table.text(PaperTable.Form.MD).lines().skip(2).toList();
        assertTrue(rows.stream().anyMatch(l -> l.contains("| retrain (reference) |")), rows.toString());
        assertTrue(rows.stream().anyMatch(l -> l.contains("nothing (control) |")), rows.toString());
        assertTrue(rows.stream().anyMatch(l -> l.contains("| ultrare |")), rows.toString());
        assertTrue(table.text(PaperTable.Form.LATEX).contains("retrain (reference)"));
        String csv = table.text(PaperTable.Form.CSV);
        assertTrue(csv.startsWith("model,request,method,role,"), csv);
        assertTrue(csv.contains("retrain,reference,") && csv.contains(",do-nothing,"), csv);
    }

    @Test
    void latexHasNoBareSpecialCharacterOutsideMathematics() {
        String text = new PaperTable(REPORT, List.of()).text(PaperTable.Form.LATEX);
        assertTrue(text.startsWith("\\begin{tabular}{lll") && text.endsWith("\\end{tabular}\n"), text);
        assertTrue(text.contains("sisa \\{shards: 10\\}"), text);
        String[] lines = text.lines().filter(l -> l.endsWith("\\\\")).toArray(String[]::new);
        long cells = lines[0].chars().filter(c -> c == '&').count();
        assertTrue(
                Arrays.stream(lines)
                        .allMatch(l -> l.chars().filter(c -> c == '&').count() == cells),
                text);
    }

    @Test
    void csvHasMeansWithoutRounding() {
        String text = new PaperTable(REPORT, List.of(metric(0))).text(PaperTable.Form.CSV);
        assertTrue(text.startsWith("model,request,method,role,"), text);
        double mean = Optional.ofNullable(
                        REPORT.audits().getFirst().rows().getFirst().findings().get(metric(0)))
                .orElseThrow()
                .mean();
        assertTrue(text.contains(Double.toString(mean)), text);
    }

    @Test
    void aRunWithoutFindingsHasNoTable() {
        for (List<String> metrics : List.of(List.<String>of(), List.of("ndcg"))) {
            assertTrue(assertThrows(
                            LetheException.class,
                            () -> new PaperTable(Report.of(List.of()), metrics).text(PaperTable.Form.CSV))
                    .getMessage()
                    .startsWith("no audit of this run has findings (0 runs failed)"));
        }
    }

    @Test
    void anUnknownMetricIsNamedWithThoseThereAre() {
        String message = assertThrows(
                        LetheException.class, () -> new PaperTable(REPORT, List.of("ndgc")).text(PaperTable.Form.MD))
                .getMessage();
        assertTrue(message.contains("\"ndgc\"") && message.contains(metric(0)), message);
    }
}
