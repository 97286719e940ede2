package org.lethe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.lethe.Printable;
import org.lethe.report.Report.AuditTable;
import org.lethe.report.Report.Measured;
import org.lethe.report.Report.Row;
import org.lethe.study.Run;

/** The report as GitHub-flavoured Markdown. */
record MarkdownText(Report report) {
    String text() {
        StringBuilder text =
                new StringBuilder("# " + escape(report.study().isEmpty() ? "Empty study" : report.study()));
        text.append("\n\n");
        if (report.runs().isEmpty()) {
            return text + "Nothing was run.\n";
        }
        Wording.asked(report).forEach(l -> text.append("- **" + l[0] + "**: " + escape(l[1]) + "\n"));
        report.answers().forEach(a -> text.append("- **" + a.kind().words() + "**: " + escape(a.text()) + "\n"));
        Wording.controls(report).values().forEach(l -> text.append("- **Controls**: " + escape(l) + "\n"));
        List<Matrix> matrices = Matrix.of(report);
        if (!matrices.isEmpty()) {
            text.append("\n## Overview\n");
            matrices.forEach(m -> text.append(m.markdown(report)));
        }
        for (AuditTable audit : report.audits()) {
            text.append("\n## " + escape(audit.audit()) + "\n\n");
            text.append(escape(audit.controlWords()) + "\n\n");
            audit.undecidedPlaces().forEach(line -> text.append(escape(line) + "\n\n"));
            audit.shown().stream()
                    .map(r -> List.of(r.place().data(), r.place().model()))
                    .distinct()
                    .forEach(group -> {
                        text.append("\n### " + escape(group.get(1) + " on " + group.get(0)) + "\n\n");
                        table(text, audit, group);
                    });
            List<String> pictures = PictureRows.titles(report, audit);
            if (!pictures.isEmpty()) {
                text.append("\nPictures, in report.html: " + escape(String.join(", ", pictures)) + "\n");
            }
            text.append("\n> What this does not prove: " + escape(audit.limits()) + "\n");
        }
        if (!report.failed().isEmpty()) {
            text.append("\n## Failed cells\n\n| cell | seed | cause |\n|---|---:|---|\n");
            for (Run run : report.failed()) {
                var r = run.recipe();
                text.append("| " + escape(String.join(" / ", r.data(), r.model(), r.request(), r.method())) + " | "
                        + r.seed() + " | "
                        + escape(run.failure().map(Run.Failure::message).orElse("")) + " |\n");
            }
        }
        if (!report.warnings().isEmpty()) {
            text.append("\n## Warnings\n\n");
            report.warnings()
                    .forEach((warning, runs) ->
                            text.append("- " + escape(warning) + " (" + escape(Wording.cells(runs)) + ")\n"));
        }
        if (!report.leftOut().isEmpty()) {
            text.append("\n## Left out\n\n" + Wording.leftOut(report) + ".\n\n");
            report.reasons()
                    .forEach(reason ->
                            text.append("- " + escape(reason.why()) + " (" + Wording.count(reason.pairs(), "pair")
                                    + ": " + escape(Wording.concerned(report, reason)) + ")\n"));
        }
        return text.toString();
    }

    private void table(StringBuilder text, AuditTable audit, List<String> group) {
        boolean promises = report.promises();
        List<String> head = new ArrayList<>(List.of("request", "method"));
        if (promises) {
            head.add("promises");
        }
        head.add("seeds");
        audit.findings().forEach(f -> head.add(escape(f)));
        head.addAll(List.of("learn", "fulfil"));
        text.append("| " + String.join(" | ", head) + " |\n|---|---|" + (promises ? "---|" : ""));
        text.append("---:|".repeat(head.size() - (promises ? 3 : 2))).append("\n");
        List<Row> rows = audit.shown().stream()
                .filter(r -> group.equals(List.of(r.place().data(), r.place().model())))
                .toList();
        for (Row row : rows) {
            List<String> cells = new ArrayList<>();
            cells.add(escape(row.place().request()));
            String role = Wording.role(row.role());
            cells.add(escape(row.method()) + (role.isEmpty() ? "" : " *(" + role + ")*"));
            if (promises) {
                cells.add(row.exactness().label());
            }
            cells.add(
                    row.failures().isEmpty()
                            ? "" + row.seeds()
                            : row.failures().size() + " of " + row.seeds() + " failed");
            audit.findings().forEach(f -> cells.add(cell(row.findings().get(f))));
            boolean ended = row.failures().size() < row.seeds();
            cells.add(ended ? Wording.seconds(row.learnSeconds()) : "");
            cells.add(ended ? Wording.seconds(row.fulfilSeconds()) : "");
            text.append("| " + cells.stream().collect(Collectors.joining(" | ")) + " |\n");
        }
        Wording.reasons(rows, audit.findings()).forEach(r -> text.append("\n" + escape(r) + "\n"));
    }

    private static String cell(@org.jspecify.annotations.Nullable Measured m) {
        if (m == null) {
            return "";
        }
        StringBuilder text = new StringBuilder(escape(Wording.mean(m) + Wording.spread(m)));
        m.interval().ifPresent(i -> text.append(" (" + Wording.interval(m, i) + ")"));
        text.append(", n " + m.n());
        m.corrected()
                .ifPresentOrElse(
                        p -> text.append(", Holm " + Wording.p(p)),
                        () -> m.pValue().ifPresent(p -> text.append(", " + Wording.p(p))));
        m.standing().ifPresent(s -> text.append(" **" + Table.word(s) + "** (" + escape(m.bar()) + ")"));
        return text.toString();
    }

    /** Backslashes before every character that Markdown or HTML could take for itself; line ends and tabs become spaces. */
    static String escape(String text) {
        return Printable.text(text.replaceAll("[\\r\\n\\t]+", " ")).replaceAll("([\\\\`*_\\[\\]<>|#~&])", "\\\\$1");
    }
}
