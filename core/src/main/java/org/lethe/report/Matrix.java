package org.lethe.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.lethe.report.Report.AuditTable;
import org.lethe.report.Report.Measured;
import org.lethe.report.Report.Place;
import org.lethe.report.Report.Row;
import org.lethe.report.Report.Standing;
import org.lethe.study.Run.Role;

/**
 * A finding that several audits have as their main one, as a matrix of methods and audits at one place: which protection withstands
 * which attack.
 *
 * @param finding that the audits share
 * @param place where the methods were tried
 * @param audits the columns
 * @param rows the rows: of each method, one row of each audit, absent where the audit does not suit the method
 */
record Matrix(String finding, Place place, List<AuditTable> audits, Map<String, List<Optional<Row>>> rows) {
    /** Fewer audits stand in the score board well enough. */
    private static final int FEWEST = 3;

    private static final double MANY = 100; // from here on decimals say nothing

    /** All matrices of a report. */
    static List<Matrix> of(Report report) {
        Map<String, List<AuditTable>> alike = new LinkedHashMap<>();
        report.audits()
                .forEach(a -> a.main()
                        .ifPresent(f ->
                                alike.computeIfAbsent(f, k -> new ArrayList<>()).add(a)));
        List<Matrix> matrices = new ArrayList<>();
        alike.forEach((finding, audits) -> audits.stream()
                .flatMap(a -> a.shown().stream())
                .map(Row::place)
                .distinct()
                .map(place -> of(finding, place, audits))
                .filter(m -> m.audits.size() >= FEWEST)
                .forEach(matrices::add));
        return matrices;
    }

    private static Matrix of(String finding, Place place, List<AuditTable> all) {
        List<AuditTable> audits = all.stream()
                .filter(a -> a.shown().stream().anyMatch(r -> tested(r, place, finding)))
                .toList();
        Map<String, List<Optional<Row>>> rows = new LinkedHashMap<>();
        for (int n = 0; n < audits.size(); n++) {
            int column = n;
            audits.get(n).shown().stream()
                    .filter(r -> tested(r, place, finding))
                    .forEach(r -> rows.computeIfAbsent(
                                    r.method(),
                                    m -> new ArrayList<>(Collections.nCopies(audits.size(), Optional.empty())))
                            .set(column, Optional.of(r)));
        }
        return new Matrix(finding, place, audits, rows);
    }

    private static boolean tested(Row row, Place place, String finding) {
        return row.place().equals(place)
                && row.role() == Role.TESTED
                && row.findings().containsKey(finding);
    }

    /** What the matrix says in one sentence. */
    String words() {
        long holding = rows.values().stream()
                .filter(row -> row.stream().allMatch(r -> stands(r, Standing.PASS)))
                .count();
        long broken = rows.values().stream()
                .filter(row -> row.stream().anyMatch(r -> stands(r, Standing.FAIL)))
                .count();
        return holding + " of " + Wording.count(rows.size(), "method") + " meet the bar of every audit, " + broken
                + " miss at least one";
    }

    private boolean stands(Optional<Row> row, Standing standing) {
        return row.map(r -> Charts.at(r, finding).standing().equals(Optional.of(standing)))
                .orElse(standing == Standing.PASS);
    }

    /** As a table whose cells are tinted by their standing and value. */
    String html(Report report) {
        List<String> methods = report.distinct(r -> r.method());
        List<String> names = report.audits().stream().map(AuditTable::audit).toList();
        StringBuilder html = new StringBuilder("<figure class=\"matrix\"><figcaption>" + Page.escape(finding)
                + " of each method against each audit <span class=\"quiet\">" + Page.escape(place.words()) + "; "
                + Page.escape(words()) + "</span></figcaption><div class=\"scroll\"><table><thead><tr><th>method</th>");
        audits.forEach(a -> html.append("<th class=\"num\">" + Page.escape(Wording.name(a.audit(), names)) + "</th>"));
        html.append("</tr></thead><tbody>");
        rows.forEach((method, row) -> {
            html.append("<tr><th scope=\"row\">" + Page.escape(Wording.name(method, methods)) + "</th>");
            for (int n = 0; n < row.size(); n++) {
                String label = Page.label(Wording.name(audits.get(n).audit(), names));
                html.append(row.get(n).map(r -> cell(r, label)).orElse("<td class=\"quiet num\"" + label + ">–</td>"));
            }
            html.append("</tr>");
        });
        return html.append("</tbody></table></div></figure>\n").toString();
    }

    private String cell(Row row, String label) {
        Measured m = Charts.at(row, finding);
        String mood = m.standing()
                .map(s -> switch (s) {
                    case PASS -> "good";
                    case FAIL -> "bad";
                    case UNDECIDED -> "warn";
                })
                .orElse("quiet");
        String said = m.standing().map(s -> s.name().toLowerCase(Locale.ROOT)).orElse("no bar");
        return "<td class=\"num cell " + mood + "\"" + label + " title=\"" + Page.escape(said + ", " + Charts.words(m))
                + "\">" + brief(m) + "</td>";
    }

    /** Two decimals are enough to compare by eye; the tables have them all. */
    private static String brief(Measured m) {
        return Math.abs(m.mean()) < MANY ? String.format(Locale.ROOT, "%.2f", m.mean()) : Wording.mean(m);
    }

    /** As a Markdown table. */
    String markdown(Report report) {
        List<String> methods = report.distinct(r -> r.method());
        List<String> names = report.audits().stream().map(AuditTable::audit).toList();
        StringBuilder text = new StringBuilder(
                "\n" + MarkdownText.escape(finding + ", " + place.words() + ": " + words()) + ".\n\n| method |");
        audits.forEach(a -> text.append(" " + MarkdownText.escape(Wording.name(a.audit(), names)) + " |"));
        text.append("\n|---|" + "---:|".repeat(audits.size()) + "\n");
        rows.forEach((method, row) -> {
            text.append("| " + MarkdownText.escape(Wording.name(method, methods)) + " |");
            row.forEach(r -> text.append(" " + r.map(this::plain).orElse("–") + " |"));
            text.append("\n");
        });
        return text.toString();
    }

    private String plain(Row row) {
        Measured m = Charts.at(row, finding);
        String sign = m.standing()
                .map(s -> switch (s) {
                    case PASS -> " ✓";
                    case FAIL -> " ✗";
                    case UNDECIDED -> " ?";
                })
                .orElse("");
        return brief(m) + sign;
    }
}
