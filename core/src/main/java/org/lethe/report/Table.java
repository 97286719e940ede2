package org.lethe.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Printable;
import org.lethe.Verdict;
import org.lethe.study.Run;

/** The report for programs: CSV with one line per finding, JSON with the tables. */
final class Table {
    private static final List<String> COLUMNS = List.of(
            "study",
            "subject",
            "data",
            "model",
            "request",
            "method",
            "role",
            "exactness",
            "seed",
            "digest",
            "audit",
            "finding",
            "value",
            "low",
            "high",
            "level",
            "n",
            "unit",
            "direction",
            "verdict",
            "bar",
            "p",
            "learn_seconds",
            "fulfil_seconds",
            "reference_seconds",
            "failure");

    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+(\\.\\d*)?([eE][+-]?\\d+)?|Infinity)");

    private Table() {}

    static String csv(List<Run> runs) {
        StringBuilder text = new StringBuilder(String.join(",", COLUMNS)).append("\r\n");
        for (Run run : runs) {
            if (run.failure().isPresent()) {
                line(text, before(run, ""), Stream.generate(() -> "").limit(11), run);
            }
            for (Run.Result result : run.results()) {
                for (Finding finding : result.findings()) {
                    line(text, before(run, result.audit()), cells(finding), run);
                }
            }
        }
        return text.toString();
    }

    private static Stream<String> before(Run run, String audit) {
        var r = run.recipe();
        return Stream.of(
                run.study(),
                r.subject(),
                r.data(),
                r.model(),
                r.request(),
                r.method(),
                word(run.role()),
                run.exactness().label(),
                Long.toString(r.seed()),
                run.digest(),
                audit);
    }

    private static Stream<String> cells(Finding f) {
        return Stream.of(
                f.name(),
                Double.toString(f.value()),
                f.interval().map(i -> Double.toString(i.low())).orElse(""),
                f.interval().map(i -> Double.toString(i.high())).orElse(""),
                f.interval().map(i -> Double.toString(i.level())).orElse(""),
                Long.toString(f.n()),
                f.unit(),
                word(f.direction()),
                f.verdict().map(Table::word).orElse(""),
                f.verdict().map(Verdict::bar).orElse(""),
                f.pValue().isPresent() ? Double.toString(f.pValue().getAsDouble()) : "");
    }

    private static void line(StringBuilder text, Stream<String> before, Stream<String> finding, Run run) {
        Stream<String> after = Stream.of(
                Double.toString(run.learned().seconds()),
                Double.toString(run.fulfilled().seconds()),
                Double.toString(run.referenced().seconds()),
                run.failure().map(Run.Failure::message).orElse(""));
        text.append(Stream.of(before, finding, after)
                        .flatMap(cells -> cells)
                        .map(Table::quoted)
                        .collect(Collectors.joining(",")))
                .append("\r\n");
    }

    /** As RFC 4180 has it; what a spreadsheet would take for a formula gets an apostrophe in front, numbers excepted. */
    static String quoted(String cell) {
        boolean formula = !cell.isEmpty()
                && "=+-@\t\r".indexOf(cell.charAt(0)) >= 0
                && !NUMBER.matcher(cell).matches();
        String safe = Printable.lines(formula ? "'" + cell : cell);
        boolean plain = !formula && safe.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? safe : '"' + safe.replace("\"", "\"\"") + '"';
    }

    static String json(Report report) {
        ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        ObjectNode root = mapper.createObjectNode();
        root.put("format", 1)
                .put("study", report.study())
                .put("cells", report.runs().size());
        ArrayNode audits = root.putArray("audits");
        report.audits().forEach(table -> audit(audits.addObject(), table));
        ArrayNode failures = root.putArray("failed");
        for (Run run : report.failed()) {
            run.failure()
                    .ifPresent(failure -> place(failures.addObject(), run)
                            .put("code", failure.code().name())
                            .put("cause", failure.message()));
        }
        report.warnings().forEach((warning, runs) -> {
            ObjectNode node = root.withArray("warnings").addObject().put("warning", warning);
            for (Run run : runs) {
                place(node.withArray("cells").addObject(), run);
            }
        });
        for (Report.Reason reason : report.reasons()) {
            ObjectNode node = root.withArray("leftOut")
                    .addObject()
                    .put("why", reason.why())
                    .put("pairs", reason.pairs());
            reason.coordinates().forEach((word, names) -> names.forEach(node.withArray(word)::add));
        }
        try {
            return Printable.lines(mapper.writeValueAsString(root)) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain values cannot fail to be written", e);
        }
    }

    private static void audit(ObjectNode audit, Report.AuditTable table) {
        audit.put("audit", table.audit())
                .put("aspect", word(table.aspect()))
                .put("control", word(table.control()))
                .put("controlWords", table.controlWords())
                .put("limits", table.limits());
        table.undecided()
                .forEach((place, why) -> audit.withArray("undecided")
                        .addObject()
                        .put("data", place.data())
                        .put("model", place.model())
                        .put("request", place.request())
                        .put("why", why));
        ArrayNode rows = audit.putArray("rows");
        table.rows().forEach(row -> row(rows.addObject(), row, table));
    }

    private static void row(ObjectNode node, Report.Row row, Report.AuditTable table) {
        node.put("data", row.place().data())
                .put("model", row.place().model())
                .put("request", row.place().request())
                .put("method", row.method())
                .put("role", word(row.role()))
                .put("exactness", row.exactness().label())
                .put("seeds", row.seeds())
                .put("failed", row.failures().size());
        number(node, "learnSeconds", row.learnSeconds());
        number(node, "fulfilSeconds", row.fulfilSeconds());
        ArrayNode findings = node.putArray("findings");
        row.findings().forEach((name, m) -> {
            ObjectNode finding = findings.addObject().put("finding", name);
            number(finding, "mean", m.mean());
            number(finding, "sd", m.sd());
            m.interval().ifPresent(i -> interval(finding, i));
            finding.put("n", m.n())
                    .put("seeds", m.seeds())
                    .put("unit", m.unit())
                    .put("direction", word(m.direction()));
            m.standing().ifPresent(s -> finding.put("verdict", word(s)).put("bar", m.bar()));
            m.reasons().forEach(why -> finding.withArray("reasons").add(why));
            m.pValue().ifPresent(p -> finding.put("p", p));
            m.corrected().ifPresent(p -> finding.put("pHolm", p));
            var controls = table.controls().get(row.place());
            if (controls != null && controls.containsKey(name)) {
                finding.put("control", word(controls.get(name)));
            }
        });
    }

    private static ObjectNode place(ObjectNode node, Run run) {
        var r = run.recipe();
        return node.put("data", r.data())
                .put("model", r.model())
                .put("request", r.request())
                .put("method", r.method())
                .put("seed", r.seed());
    }

    private static void interval(ObjectNode node, Interval interval) {
        ObjectNode ends = node.putObject("interval");
        number(ends, "low", interval.low());
        number(ends, "high", interval.high());
        ends.put("level", interval.level());
    }

    /** JSON has no word for a number that is not finite. */
    private static void number(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        } else {
            node.putNull(key);
        }
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String word(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Pass(var bar) -> "pass";
            case Verdict.Fail(var bar) -> "fail";
            case Verdict.Undecided(var bar, var why) -> "undecided: " + why;
        };
    }
}
