package org.lethe.report;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.lethe.Direction;
import org.lethe.Interval;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.report.Report.AuditTable;
import org.lethe.report.Report.Measured;
import org.lethe.report.Report.Row;
import org.lethe.statistics.Statistics;
import org.lethe.study.Run;
import org.lethe.study.Run.Role;

/**
 * One table of chosen findings, a line for each method at each place, as a paper prints it.
 *
 * <p>The rows of the reference and of controls say so after the name of the method; in CSV a column {@code role} does.
 *
 * <p>The best tested method of each column and place is bold, with any other tested method that cannot be told from it: over three or more seeds, the
 * paired differences to the best have a Student's interval that contains zero, at 95 % over all comparisons of the column and place (Bonferroni).
 * With fewer seeds only the best is bold, and where one method is tested, none is.
 *
 * @param report the report
 * @param metrics names of findings, or {@code audit/finding} where two audits have one name
 */
public record PaperTable(Report report, List<String> metrics) {
    private static final int FEWEST = 3; // seeds for a test
    private static final int METHOD = 3; // its place in the head of a line

    /** Forms of a table. */
    public enum Form {
        LATEX,
        CSV,
        MD
    }

    /** A line: where, which method in which role, and its text for each metric. */
    private record Line(List<String> head, Role role, List<Cell> cells) {}

    /** A line before its numbers. */
    private record Key(List<String> head, Role role) {}

    /** A number with its spread; empty where nothing was measured. */
    private record Cell(Optional<Measured> measured, boolean best) {}

    /** A metric: the audit that has it, and its name there. */
    private record Column(AuditTable audit, String finding) {}

    /** The table; a {@code LetheException} names a metric that no audit has, or says that no audit found anything. */
    public String text(Form form) {
        if (report.audits().stream().allMatch(a -> a.findings().isEmpty())) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "no audit of this run has findings ("
                            + Wording.count(report.failed().size(), "run")
                            + " failed), expected at least one for a table");
        }
        List<Column> columns = columns();
        List<Line> lines = lines(columns);
        List<String> head = new ArrayList<>(List.of("data", "model", "request", "method"));
        List<Integer> shown = new ArrayList<>();
        for (int n = 0; n < head.size(); n++) {
            int at = n;
            boolean varies = n == METHOD
                    || lines.stream().map(l -> l.head.get(at)).distinct().count() > 1;
            if (varies) {
                shown.add(n);
            }
        }
        List<String> names = new ArrayList<>(shown.stream().map(head::get).toList());
        for (Column column : columns) {
            names.add(column.finding + arrow(column, form));
        }
        List<List<String>> rows = lines.stream()
                .map(l -> Stream.concat(
                                shown.stream().map(n -> l.head.get(n) + (n == METHOD ? marked(l.role) : "")),
                                l.cells.stream().map(c -> cell(c, form)))
                        .toList())
                .toList();
        return switch (form) {
            case CSV -> csv(columns, shown.stream().map(head::get).toList(), shown, lines);
            case MD -> markdown(names, rows, shown.size());
            case LATEX -> latex(names, rows, shown.size());
        };
    }

    private List<Column> columns() {
        if (metrics.isEmpty()) {
            return report.audits().stream()
                    .flatMap(a -> a.main().map(f -> new Column(a, f)).stream())
                    .toList();
        }
        List<Column> columns = new ArrayList<>();
        for (String metric : metrics) {
            Column found = report.audits().stream()
                    .flatMap(a -> a.findings().stream()
                            .filter(f -> f.equals(metric)
                                    || (Wording.name(a.audit(), List.of(a.audit())) + "/" + f).equals(metric))
                            .map(f -> new Column(a, f)))
                    .findFirst()
                    .orElseThrow(() -> new LetheException(
                            LetheException.Code.STUDY,
                            "no audit has a finding \"" + metric + "\", expected one of "
                                    + report.audits().stream()
                                            .flatMap(a -> a.findings().stream())
                                            .distinct()
                                            .collect(joining(", "))));
            columns.add(found);
        }
        return columns;
    }

    private List<Line> lines(List<Column> columns) {
        SequencedMap<Key, Map<Column, Row>> rows = new LinkedHashMap<>();
        for (Column column : columns) {
            for (Row row : column.audit.rows()) {
                if (!row.findings().isEmpty()) {
                    List<String> head = List.of(
                            row.place().data(), row.place().model(), row.place().request(), row.method());
                    rows.computeIfAbsent(new Key(head, row.role()), h -> new LinkedHashMap<>())
                            .put(column, row);
                }
            }
        }
        return rows.entrySet().stream()
                .map(e -> new Line(
                        e.getKey().head,
                        e.getKey().role,
                        columns.stream()
                                .map(c ->
                                        cell(c, Optional.ofNullable(e.getValue().get(c))))
                                .toList()))
                .toList();
    }

    private Cell cell(Column column, Optional<Row> row) {
        Optional<Measured> measured =
                row.flatMap(r -> Optional.ofNullable(r.findings().get(column.finding)));
        return new Cell(measured, row.isPresent() && measured.isPresent() && isBest(column, row.get()));
    }

    private boolean isBest(Column column, Row row) {
        List<Row> rivals = column.audit.rows().stream()
                .filter(r -> r.place().equals(row.place())
                        && r.role() == Role.TESTED
                        && r.findings().containsKey(column.finding))
                .toList();
        Optional<Row> best = rivals.stream().min(Comparator.comparingDouble(r -> badness(column, r)));
        if (row.role() != Role.TESTED
                || rivals.size() < 2
                || best.isEmpty()
                || !Double.isFinite(badness(column, row))) {
            return false;
        }
        if (best.get().equals(row)) {
            return true;
        }
        double[] differences = differences(column, best.get(), row);
        if (differences.length < FEWEST) {
            return false;
        }
        Interval interval = Statistics.tInterval(differences, 1 - (1 - Statistics.LEVEL) / (rivals.size() - 1));
        return interval.low() <= 0 && interval.high() >= 0;
    }

    /** What a better method has less of; infinite where no way is better. */
    private static double badness(Column column, Row row) {
        Measured m = Optional.ofNullable(row.findings().get(column.finding)).orElseThrow();
        return switch (m.direction()) {
            case HIGHER -> -m.mean();
            case LOWER -> m.mean();
            case ZERO -> Math.abs(m.mean());
            case HALF -> Math.abs(m.mean() - 0.5);
            case NONE -> Double.POSITIVE_INFINITY;
        };
    }

    /** Differences of two methods for the seeds that both have. */
    private double[] differences(Column column, Row one, Row other) {
        Map<Long, Double> first = values(column, one);
        Map<Long, Double> second = values(column, other);
        return first.entrySet().stream()
                .flatMap(e -> Optional.ofNullable(second.get(e.getKey())).map(v -> e.getValue() - v).stream())
                .mapToDouble(Double::doubleValue)
                .toArray();
    }

    private Map<Long, Double> values(Column column, Row row) {
        Map<Long, Double> values = new LinkedHashMap<>();
        for (Run run : report.runs()) {
            Run.Recipe r = run.recipe();
            if (r.method().equals(row.method())
                    && run.role() == row.role()
                    && new Report.Place(r.data(), r.model(), r.request()).equals(row.place())) {
                run.results().stream()
                        .filter(result -> result.audit().equals(column.audit.audit()))
                        .flatMap(result -> result.findings().stream())
                        .filter(f -> f.name().equals(column.finding))
                        .forEach(f -> values.put(r.seed(), f.value()));
            }
        }
        return values;
    }

    private static String marked(Role role) {
        return switch (role) {
            case TESTED -> "";
            case REFERENCE -> " (reference)";
            case DO_NOTHING, REJECTED -> " (control)";
        };
    }

    private static String arrow(Column column, Form form) {
        Direction direction = column.audit.rows().stream()
                .flatMap(r -> Optional.ofNullable(r.findings().get(column.finding)).stream())
                .map(Measured::direction)
                .findFirst()
                .orElse(Direction.NONE);
        boolean latex = form == Form.LATEX;
        return switch (direction) {
            case HIGHER -> latex ? " $\\uparrow$" : " ↑";
            case LOWER -> latex ? " $\\downarrow$" : " ↓";
            case ZERO -> latex ? " $\\to 0$" : " → 0";
            case HALF -> latex ? " $\\to \\frac12$" : " → ½";
            case NONE -> "";
        };
    }

    private static String cell(Cell cell, Form form) {
        if (cell.measured.isEmpty()) {
            return form == Form.LATEX ? "--" : "–";
        }
        Measured m = cell.measured.get();
        String mean = Wording.mean(m);
        String text = m.seeds() > 1 ? mean + Wording.spread(m) : mean + Wording.unit(m.unit());
        if (form == Form.LATEX) {
            String number =
                    "$" + text.replace("−", "-").replace(" ± ", " \\pm ").replace(",", "{,}") + "$";
            return cell.best ? "\\boldmath" + number : number;
        }
        return cell.best ? "**" + text + "**" : text;
    }

    private static String csv(List<Column> columns, List<String> head, List<Integer> shown, List<Line> lines) {
        List<String> names = new ArrayList<>(head);
        names.add("role");
        columns.forEach(c -> names.addAll(List.of(c.finding, c.finding + " sd", c.finding + " seeds")));
        StringBuilder text = new StringBuilder(names.stream().map(Table::quoted).collect(joining(","))).append("\r\n");
        for (Line line : lines) {
            List<String> cells =
                    new ArrayList<>(shown.stream().map(line.head::get).toList());
            cells.add(Table.word(line.role));
            for (Cell cell : line.cells) {
                cells.addAll(cell.measured
                        .map(m -> List.of(
                                Double.toString(m.mean()), Double.toString(m.sd()), Integer.toString(m.seeds())))
                        .orElse(List.of("", "", "")));
            }
            text.append(cells.stream().map(Table::quoted).collect(joining(","))).append("\r\n");
        }
        return text.toString();
    }

    private static String markdown(List<String> names, List<List<String>> rows, int words) {
        StringBuilder text = new StringBuilder();
        text.append("| " + names.stream().map(PaperTable::piped).collect(joining(" | ")) + " |\n");
        text.append("|" + "---|".repeat(words) + "---:|".repeat(names.size() - words) + "\n");
        rows.forEach(r -> text.append("| " + r.stream().map(PaperTable::piped).collect(joining(" | ")) + " |\n"));
        return text.toString();
    }

    private static String piped(String text) {
        return Printable.lines(text).replace("|", "\\|");
    }

    /** With the rules of the package booktabs. */
    private static String latex(List<String> names, List<List<String>> rows, int words) {
        StringBuilder text = new StringBuilder();
        text.append("\\begin{tabular}{" + "l".repeat(words) + "r".repeat(names.size() - words) + "}\n\\toprule\n");
        text.append(names.stream()
                        .map(n -> n.contains("$")
                                ? latex(n.substring(0, n.indexOf(" $"))) + n.substring(n.indexOf(" $"))
                                : latex(n))
                        .collect(joining(" & "))
                + " \\\\\n\\midrule\n");
        rows.forEach(row -> {
            List<String> cells = new ArrayList<>();
            for (int n = 0; n < row.size(); n++) {
                cells.add(n < words ? latex(row.get(n)) : row.get(n));
            }
            text.append(String.join(" & ", cells) + " \\\\\n");
        });
        return text.append("\\bottomrule\n\\end{tabular}\n").toString();
    }

    private static String latex(String text) {
        StringBuilder safe = new StringBuilder();
        for (char c : Printable.lines(text).toCharArray()) {
            safe.append(
                    switch (c) {
                        case '\\' -> "\\textbackslash{}";
                        case '~' -> "\\textasciitilde{}";
                        case '^' -> "\\textasciicircum{}";
                        case '&', '%', '$', '#', '_', '{', '}' -> "\\" + c;
                        default -> String.valueOf(c);
                    });
        }
        return safe.toString();
    }
}
