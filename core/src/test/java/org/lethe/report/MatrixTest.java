package org.lethe.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.lethe.Aspect;
import org.lethe.Cost;
import org.lethe.Direction;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Verdict;
import org.lethe.study.Run;
import org.lethe.study.Run.Role;

class MatrixTest {
    @Test
    void auditsWithTheSameMainFindingBecomeAMatrix() {
        Report report = Report.of(List.of(
                run("mist", Role.TESTED, result("jpeg", 0.9), result("blur", 0.8), result("crop", 0.7)),
                run("uce", Role.TESTED, result("jpeg", 0.6), result("crop", 0.1)),
                run("do-nothing", Role.DO_NOTHING, result("jpeg", 0), result("blur", 0), result("crop", 0))));
        List<Matrix> matrices = Matrix.of(report);
        assertEquals(1, matrices.size());
        Matrix matrix = matrices.getFirst();
        assertEquals(List.of("mist", "uce"), List.copyOf(matrix.rows().keySet()));
        assertTrue(matrix.rows().getOrDefault("uce", List.of()).get(1).isEmpty()); // blur does not suit uce
        assertEquals("1 of 2 methods meet the bar of every audit, 1 miss at least one", matrix.words());
        String markdown = report.markdown();
        assertTrue(markdown.contains("| uce | 0.60 ✓ | – | 0.10 ✗ |"), markdown);
        String html = report.html();
        assertTrue(html.contains("title=\"fail, 0.1000\">0.10</td>"));
        assertFalse(matrix.html(report).contains("do-nothing"));
    }

    @Test
    void twoAuditsAreNoMatrix() {
        Report report = Report.of(List.of(run("mist", Role.TESTED, result("jpeg", 0.9), result("blur", 0.8))));
        assertEquals(List.of(), Matrix.of(report));
        assertFalse(report.html().contains("class=\"matrix\""));
    }

    private static Run.Result result(String audit, double value) {
        Finding finding = new Finding("resilience", value, 8, Direction.HIGHER)
                .judged(value >= 0.5 ? new Verdict.Pass("at least 0.5") : new Verdict.Fail("at least 0.5"));
        return new Run.Result(audit, Aspect.EFFECT, List.of(finding), "Nothing else was looked at.");
    }

    private static Run run(String method, Role role, Run.Result... results) {
        return new Run(
                "copyright",
                "00",
                new Run.Recipe("image", "planted", "gaussian", "mark", method, 1),
                role,
                Exactness.NONE,
                "",
                "",
                Map.of(),
                Cost.NONE,
                Cost.NONE,
                Cost.NONE,
                List.of(results),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }
}
