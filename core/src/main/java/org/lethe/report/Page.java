package org.lethe.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lethe.Exactness;
import org.lethe.Printable;
import org.lethe.report.Report.AuditTable;
import org.lethe.report.Report.Control;
import org.lethe.report.Report.Measured;
import org.lethe.report.Report.Row;
import org.lethe.report.Report.Score;
import org.lethe.report.Report.Standing;
import org.lethe.study.Run;
import org.lethe.study.Run.Role;

/**
 * The report as one HTML page that fetches nothing: its style and the script that draws its charts stand in it. No other
 * script can run, because the page's policy names these by their digests. Without scripts the tables say everything.
 */
record Page(Report report) {
    /** More audits than this stand in narrow columns. */
    private static final int SIDE_BY_SIDE = 6;

    static final String CHARTS =
            "Charts: Apache ECharts, copyright 2017-2025 The Apache Software Foundation, Apache License 2.0.<br>";

    private static final List<String> SCRIPTS = List.of("echarts/echarts.min.js", "charts.js");

    String html() {
        String study = report.study().isEmpty() ? "Empty study" : report.study();
        StringBuilder page = new StringBuilder();
        if (report.runs().isEmpty()) {
            page.append("<p>Nothing was run.</p>");
        } else {
            summary(page);
            Charts charts = new Charts(report);
            String overview =
                    Matrix.of(report).stream().map(m -> m.html(report)).collect(Collectors.joining())
                            + charts.tradeOff();
            if (!overview.isEmpty()) {
                page.append("<section id=\"overview\" class=\"charted\"><h2>Overview</h2>" + overview + "</section>\n");
            }
            report.audits().forEach(audit -> audit(page, audit, charts));
            failures(page);
        }
        leftOut(page);
        return framed(study, "Lethe report", page.toString(), footer());
    }

    /** A whole page around its sections: a heading, the style, and the scripts that draw its charts. */
    static String framed(String heading, String kicker, String sections, String footer) {
        List<String> scripts = SCRIPTS.stream().map(Page::script).toList();
        StringBuilder page = new StringBuilder();
        page.append("""
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                """);
        page.append(
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline';"
                        + " img-src data:; script-src "
                        + scripts.stream().map(Page::digest).collect(Collectors.joining(" "))
                        + "\">\n");
        page.append("<title>" + escape(heading) + " · Lethe</title>\n<style>\n" + resource("report.css")
                + "</style>\n</head>\n<body>\n");
        page.append("<header><p class=\"kicker\">" + kicker + "</p><h1>" + escape(heading) + "</h1></header>\n<main>\n"
                + "<noscript><p class=\"quiet\">Scripts are off, so no charts are drawn; every number stands in the tables.</p>"
                + "</noscript>\n");
        page.append(sections + "</main>\n<footer>" + footer + "</footer>\n");
        scripts.forEach(s -> page.append("<script>" + s + "</script>\n"));
        page.append("</body>\n</html>\n");
        return page.toString();
    }

    /** What was asked, what each method did in sentences, how we know, and only then numbers. */
    private void summary(StringBuilder page) {
        page.append("<section id=\"summary\"><dl>");
        Wording.asked(report).forEach(l -> term(page, l[0], escape(l[1])));
        page.append("</dl><ul class=\"answers\">");
        report.answers()
                .forEach(answer -> page.append("<li class=\"" + mood(answer.kind()) + "\"><span class=\"pill "
                        + mood(answer.kind()) + "\">" + answer.kind().words() + "</span> " + escape(answer.text())
                        + "</li>"));
        page.append(
                "</ul><p class=\"quiet\">An audit that found nothing does not prove that data were deleted elsewhere, or that no"
                        + " other attack would succeed.</p><p class=\"controls\">" + controls() + "</p>\n");
        if (!report.audits().isEmpty()) {
            scoreboard(page);
        }
        page.append("</section>\n");
    }

    private static String mood(Answer.Kind kind) {
        return switch (kind) {
            case DONE -> "good";
            case AT_A_COST, OPEN -> "warn";
            case NOT_DONE -> "bad";
        };
    }

    private String controls() {
        return report.audits().isEmpty()
                ? "No audit came to an end."
                : Wording.controls(report).entrySet().stream()
                        .map(e -> "<span class=\"" + mood(e.getKey()) + "\">" + escape(e.getValue()) + "</span>")
                        .collect(Collectors.joining("<br>"));
    }

    private static void term(StringBuilder page, String term, String words) {
        page.append("<dt>" + term + "</dt><dd>" + words + "</dd>");
    }

    private void scoreboard(StringBuilder page) {
        boolean many = report.audits().size() > SIDE_BY_SIDE;
        page.append("<div class=\"scroll" + (many ? " wide" : "") + "\"><table class=\"score" + (many ? " many" : "")
                + "\"><thead><tr><th>method</th>" + (report.promises() ? "<th>promises</th>" : ""));
        report.audits()
                .forEach(a ->
                        page.append("<th class=\"mid\"><a href=\"#" + anchor(a) + "\" title=\"" + escape(a.audit())
                                + "\">" + escape(many ? Wording.name(a.audit(), audits()) : a.audit()) + "</a></th>"));
        page.append("<th class=\"num\">time ÷ reference</th></tr></thead><tbody>");
        for (Score score : report.methods()) {
            page.append("<tr class=\"" + tone(score.role()) + "\"><th scope=\"row\">"
                    + name(score.method(), score.role()) + "</th>" + promise(score.exactness()));
            score.standings()
                    .forEach((audit, s) -> page.append(
                            "<td class=\"mid\"" + label(Wording.name(audit, audits())) + ">" + met(s, many) + "</td>"));
            page.append("<td class=\"num\"" + label("time ÷ reference") + "><span>"
                    + (score.slowness().isPresent()
                            ? Wording.ratio(score.slowness().getAsDouble())
                            : "–")
                    + (score.failed() > 0 ? " <span class=\"pill bad\">" + score.failed() + " failed</span>" : "")
                    + "</span></td></tr>");
        }
        page.append("</tbody></table></div>");
    }

    /** The head of its column, for a narrow page, where each row is a card. */
    static String label(String head) {
        return " data-label=\"" + escape(head) + "\"";
    }

    private List<String> audits() {
        return report.audits().stream().map(AuditTable::audit).toList();
    }

    /** The cell of the column "promises", which is shown where any method promises something. */
    private String promise(Exactness exactness) {
        return report.promises() ? "<td" + label("promises") + ">" + exactness.label() + "</td>" : "";
    }

    private static String met(Map<Standing, Integer> standings, boolean brief) {
        int all = standings.values().stream().mapToInt(Integer::intValue).sum();
        if (all == 0) {
            return "<span class=\"quiet\">–</span>";
        }
        int passed = standings.getOrDefault(Standing.PASS, 0);
        String mood = standings.containsKey(Standing.FAIL) ? "bad" : passed == all ? "good" : "warn";
        String words = passed + " of " + all + " met";
        return brief
                ? "<span class=\"pill " + mood + "\" title=\"" + words + "\">" + passed + "/" + all + "</span>"
                : "<span class=\"pill " + mood + "\">" + words + "</span>";
    }

    private void audit(StringBuilder page, AuditTable audit, Charts charts) {
        page.append("<section id=\"" + anchor(audit) + "\"><h2>" + escape(audit.audit()) + "</h2>");
        page.append("<p><span class=\"pill " + mood(audit.control()) + "\">" + escape(audit.controlWords())
                + "</span></p>");
        audit.undecidedPlaces().forEach(line -> page.append("<p class=\"quiet\">" + escape(line) + "</p>"));
        page.append(charts.bars(audit));
        PictureRows pictures = new PictureRows(report, charts, audit);
        audit.shown().stream()
                .map(r -> List.of(r.place().data(), r.place().model()))
                .distinct()
                .forEach(group -> {
                    page.append("<h3>" + escape(group.get(1)) + " <span class=\"quiet\">on " + escape(group.get(0))
                            + "</span></h3>");
                    tables(
                            page,
                            audit,
                            audit.shown().stream()
                                    .filter(r -> group.equals(
                                            List.of(r.place().data(), r.place().model())))
                                    .toList());
                    page.append(pictures.html(group.get(0), group.get(1)));
                });
        page.append(pictures.notes());
        page.append("<p class=\"limits\"><strong>What this does not prove.</strong> " + escape(audit.limits())
                + "</p></section>\n");
    }

    /** Findings with a bar are shown; findings that only describe are folded away. */
    private void tables(StringBuilder page, AuditTable audit, List<Row> rows) {
        Map<Boolean, List<String>> findings = audit.findings().stream()
                .filter(f -> rows.stream().anyMatch(r -> r.findings().containsKey(f)))
                .collect(Collectors.partitioningBy(f -> rows.stream()
                        .flatMap(r -> Optional.ofNullable(r.findings().get(f)).stream())
                        .anyMatch(m -> m.standing().isPresent())));
        List<String> judged = Objects.requireNonNull(findings.get(true));
        List<String> described = Objects.requireNonNull(findings.get(false));
        if (judged.isEmpty()) {
            table(page, audit, rows, described);
            return;
        }
        table(page, audit, rows, judged);
        if (!described.isEmpty()) {
            page.append("<details><summary>" + Wording.count(described.size(), "more finding")
                    + " without a bar</summary>");
            table(page, audit, rows, described);
            page.append("</details>");
        }
    }

    private void table(StringBuilder page, AuditTable audit, List<Row> rows, List<String> findings) {
        page.append("<div class=\"scroll" + (findings.size() > 4 ? " wide" : "")
                + "\"><table><thead><tr><th>method</th>" + (report.promises() ? "<th>promises</th>" : ""));
        for (String finding : findings) {
            String direction = rows.stream()
                    .flatMap(r -> Optional.ofNullable(r.findings().get(finding)).stream())
                    .findFirst()
                    .map(m -> Wording.better(m.direction()))
                    .orElse("");
            page.append("<th class=\"num\">" + escape(finding) + "<small>" + direction + "</small></th>");
        }
        page.append(
                "<th class=\"num\">learn<small>seconds</small></th><th class=\"num\">fulfil<small>seconds</small></th>"
                        + "<th class=\"num\">seeds</th></tr></thead>");
        String request = "";
        for (Row row : rows) {
            if (!row.place().request().equals(request)) {
                request = row.place().request();
                page.append(page.charAt(page.length() - 2) == 'd' ? "<tbody>" : "</tbody><tbody>");
                page.append("<tr class=\"request\"><th scope=\"rowgroup\"" + (report.promises() ? " colspan=\"2\"" : "")
                        + "><span>" + escape(request) + "</span></th>");
                Map<String, Control> controls =
                        Objects.requireNonNullElse(audit.controls().get(row.place()), Map.of());
                findings.forEach(f -> page.append("<td class=\"num\"" + (controls.containsKey(f) ? label(f) : "") + ">"
                        + control(audit, controls.get(f)) + "</td>"));
                page.append("<td colspan=\"3\"></td></tr>");
            }
            row(page, row, findings);
        }
        page.append("</tbody></table></div>");
        Wording.reasons(rows, findings).forEach(r -> page.append("<p class=\"quiet\">" + escape(r) + "</p>"));
    }

    private void row(StringBuilder page, Row row, List<String> findings) {
        page.append("<tr class=\"" + tone(row.role()) + "\"><th scope=\"row\">" + name(row.method(), row.role())
                + "</th>" + promise(row.exactness()));
        boolean ended = row.failures().size() < row.seeds();
        if (ended) {
            findings.forEach(f -> page.append("<td class=\"num\"" + label(f) + "><span>"
                    + cell(row.findings().get(f)) + "</span></td>"));
            page.append("<td class=\"num\"" + label("learn, seconds") + ">" + Wording.number(row.learnSeconds())
                    + "</td><td class=\"num\"" + label("fulfil, seconds") + ">"
                    + Wording.number(row.fulfilSeconds()) + "</td>");
        } else {
            page.append("<td class=\"failed\" colspan=\"" + (findings.size() + 2) + "\">failed: "
                    + escape(row.failures().getFirst()) + "</td>");
        }
        page.append("<td class=\"num\"" + label("seeds") + ">"
                + (row.seeds() - row.failures().size()) + (row.failures().isEmpty() ? "" : " of " + row.seeds())
                + "</td></tr>");
    }

    private static String cell(@Nullable Measured m) {
        if (m == null) {
            return "<span class=\"quiet\">–</span>";
        }
        StringBuilder text = new StringBuilder();
        m.standing()
                .ifPresent(s -> text.append("<span class=\"mark " + mood(s) + "\" title=\""
                        + escape(Wording.verdict(m, s)) + "\">" + sign(s) + "</span> "));
        text.append("<b>" + Wording.mean(m) + "</b>" + escape(Wording.spread(m)) + "<small>");
        m.interval().ifPresent(i -> text.append("<span>" + Wording.interval(m, i) + " ·</span> "));
        text.append("<span>n " + String.format(Locale.ROOT, "%,d", m.n()) + "</span>");
        m.corrected()
                .ifPresentOrElse(
                        p -> text.append(" <span title=\"Holm-corrected\">· " + escape(Wording.p(p)) + "</span>"),
                        () -> m.pValue().ifPresent(p -> text.append(" <span>· " + escape(Wording.p(p)) + "</span>")));
        return text.append("</small>").toString();
    }

    private static String control(AuditTable audit, @Nullable Control control) {
        if (control == null) {
            return "";
        }
        String mood = switch (control) {
            case HOLDS, REJECTS -> "good";
            case BROKEN -> "bad";
            case PARTLY, BLIND, UNDECIDED, ABSENT -> "quiet";
        };
        String word = switch (control) {
            case HOLDS, REJECTS -> "control holds";
            case PARTLY, UNDECIDED -> "control undecided";
            case BLIND, ABSENT -> "no control";
            case BROKEN -> "control BROKEN";
        };
        return "<small class=\"" + mood + "\" title=\"" + escape(audit.words(control)) + "\">" + word + "</small>";
    }

    private void failures(StringBuilder page) {
        if (!report.failed().isEmpty()) {
            failed(page);
        }
        if (!report.warnings().isEmpty()) {
            page.append("<section id=\"warnings\"><h2>Warnings</h2><ul>");
            report.warnings()
                    .forEach((warning, runs) -> page.append(
                            "<li>" + escape(warning) + "<small>" + escape(Wording.cells(runs)) + "</small></li>"));
            page.append("</ul></section>\n");
        }
    }

    private void leftOut(StringBuilder page) {
        if (report.leftOut().isEmpty()) {
            return;
        }
        page.append("<section id=\"left-out\"><details><summary>" + Wording.leftOut(report) + "</summary><ul>");
        report.reasons()
                .forEach(reason ->
                        page.append("<li>" + escape(reason.why()) + "<small>" + Wording.count(reason.pairs(), "pair")
                                + ": " + escape(Wording.concerned(report, reason)) + "</small></li>"));
        page.append("</ul></details></section>\n");
    }

    private void failed(StringBuilder page) {
        page.append("<section id=\"failed\"><h2>Failed cells</h2><div class=\"scroll\"><table><thead><tr><th>cell</th>"
                + "<th class=\"num\">seed</th><th>cause</th></tr></thead><tbody>");
        for (Run run : report.failed()) {
            var r = run.recipe();
            page.append("<tr><th scope=\"row\">" + escape(r.method()) + "<small>"
                    + escape(String.join(" · ", r.data(), r.model(), r.request())) + "</small></th><td class=\"num\""
                    + label("seed") + ">"
                    + r.seed()
                    + "</td><td class=\"failed\">"
                    + escape(run.failure().map(Run.Failure::message).orElse("")) + "</td></tr>");
        }
        page.append("</tbody></table></div></section>\n");
    }

    private String footer() {
        String versions = report.runs().stream()
                .map(r -> new java.util.TreeMap<>(r.versions())
                        .entrySet().stream()
                                .map(e -> escape(e.getKey() + " " + e.getValue()))
                                .collect(Collectors.joining(" · ")))
                .distinct()
                .collect(Collectors.joining("<br>"));
        return "Mean ± sd over seeds; intervals at 95 %: Student's over seeds, or the audit's own with one seed. P-values are corrected"
                + " per audit by Holm; n is the sample of one seed.<br>"
                + CHARTS + versions;
    }

    private String anchor(AuditTable audit) {
        return "audit-" + (report.audits().indexOf(audit) + 1);
    }

    private static String name(String method, Role role) {
        String word = Wording.role(role);
        return escape(method) + (word.isEmpty() ? "" : " <span class=\"tag\">" + word + "</span>");
    }

    private static String tone(Role role) {
        return role == Role.TESTED ? "tested" : "anchor";
    }

    static String mood(Standing standing) {
        return switch (standing) {
            case PASS -> "good";
            case FAIL -> "bad";
            case UNDECIDED -> "warn";
        };
    }

    private static String mood(Control control) {
        return switch (control) {
            case HOLDS, REJECTS -> "good";
            case BROKEN -> "bad";
            case PARTLY, BLIND, UNDECIDED, ABSENT -> "warn";
        };
    }

    private static String sign(Standing standing) {
        return switch (standing) {
            case PASS -> "✓";
            case FAIL -> "✕";
            case UNDECIDED -> "?";
        };
    }

    static String escape(String text) {
        return Printable.lines(text)
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    /** As it may stand in an element: nothing in it ends the element, or begins another. */
    private static String script(String name) {
        return resource(name).replace("</script", "<\\/script").replace("<!--", "<\\!--");
    }

    private static String digest(String script) {
        try {
            byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(sha256) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String resource(String name) {
        try (InputStream resource = Objects.requireNonNull(Page.class.getResourceAsStream(name), name)) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
