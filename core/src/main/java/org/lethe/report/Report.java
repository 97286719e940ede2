package org.lethe.report;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.lethe.Direction;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Verdict;
import org.lethe.statistics.Statistics;
import org.lethe.study.Run;
import org.lethe.study.Run.Role;
import org.lethe.study.Storage;

/**
 * What a study found: one table per audit, from which the page, the Markdown, the CSV and the JSON are written.
 *
 * <p>Seeds of one cell become mean ± sd. The interval is Student's over seeds, or, with a single seed, the one the audit
 * gave. P-values of several seeds become twice their median (Rüger 1978), which holds whatever their dependence; the
 * p-values of tested methods are then corrected per audit by Holm. A verdict passes only if it passes for every seed.
 *
 * @param study name of the study
 * @param runs everything that was executed, failed cells included
 * @param audits one table each, in the study's order
 * @param methods the score of each method, references first and controls that do nothing last
 */
public record Report(String study, List<Run> runs, List<AuditTable> audits, List<Score> methods) {
    /** Where a method was tried. */
    public record Place(String data, String model, String request) {
        String words() {
            return model + ", " + request + " on " + data;
        }
    }

    /** What all seeds together say about a bar. */
    public enum Standing {
        PASS,
        FAIL,
        UNDECIDED
    }

    /**
     * One finding of one method at one place, over seeds.
     *
     * @param mean over seeds
     * @param sd over seeds, 0 for one seed
     * @param interval where the true value lies, where that can be said
     * @param n sample size of one seed, the smallest where they differ
     * @param seeds how many seeds were measured
     * @param unit as in {@link Finding}
     * @param direction as in {@link Finding}
     * @param standing what the seeds say about the bar, where there is one
     * @param bar the bar in words, or empty
     * @param pValue of the test against the reference
     * @param corrected the p-value after Holm's correction, for tested methods
     */
    public record Measured(
            double mean,
            double sd,
            Optional<Interval> interval,
            long n,
            int seeds,
            String unit,
            Direction direction,
            Optional<Standing> standing,
            String bar,
            OptionalDouble pValue,
            OptionalDouble corrected) {
        Measured corrected(double p) {
            return new Measured(
                    mean, sd, interval, n, seeds, unit, direction, standing, bar, pValue, OptionalDouble.of(p));
        }
    }

    /**
     * One method at one place.
     *
     * @param seeds how many seeds were asked for
     * @param failures why seeds failed, one entry each
     * @param learnSeconds mean over the seeds that ended
     * @param fulfilSeconds mean over the seeds that ended
     * @param findings by name; empty where every seed failed
     */
    public record Row(
            Place place,
            String method,
            Role role,
            Exactness exactness,
            int seeds,
            List<String> failures,
            double learnSeconds,
            double fulfilSeconds,
            SequencedMap<String, Measured> findings) {}

    /** Whether a finding's bar tells a method that does nothing from the reference. */
    public enum Control {
        /** The do-nothing method is rejected and the reference accepted. */
        HOLDS("control holds: do-nothing rejected, reference accepted"),
        /** It holds at some places; at the others the data do not decide about the controls. */
        PARTLY("control holds where it decides: do-nothing rejected, reference accepted"),
        /** It rejects doing nothing, which is also the reference of such a request; what it accepts, the audit shows itself. */
        REJECTS("control holds: do-nothing rejected; nothing else is a reference for this request"),
        /** The bar lets the do-nothing method pass; it constrains methods, but does not prove an effect. */
        BLIND("no control: do-nothing meets this bar too"),
        /** The bar rejects the reference, so missing it says nothing against a method. */
        BROKEN("control BROKEN: the reference misses this bar"),
        /** The data do not decide about the controls, so a verdict on a method says little. */
        UNDECIDED("no control: the data do not tell do-nothing from the reference"),
        /** A control was not run, failed, or is not measured by this finding. */
        ABSENT("no control: a control was not run, or is not measured by this");

        private final String words;

        Control(String words) {
            this.words = words;
        }

        /** The sentence for it. */
        public String words() {
            return words;
        }
    }

    /**
     * Everything one audit found.
     *
     * @param audit name of the audit
     * @param limits what a pass does not prove
     * @param findings names of the columns
     * @param rows by place, the reference first, the control that does nothing last
     * @param controls per place and finding with a bar
     * @param undecided per place where the data do not decide about the controls, why
     */
    public record AuditTable(
            String audit,
            String limits,
            List<String> findings,
            List<Row> rows,
            SequencedMap<Place, SequencedMap<String, Control>> controls,
            SequencedMap<Place, String> undecided) {
        /** An audit's control holds where some bar tells the controls apart at every place, and none rejects the reference. */
        public Control control() {
            if (controls.values().stream().anyMatch(c -> c.containsValue(Control.BROKEN))) {
                return Control.BROKEN;
            }
            if (controls.isEmpty()) {
                return Control.ABSENT;
            }
            for (Control worst : List.of(Control.ABSENT, Control.BLIND, Control.UNDECIDED)) {
                if (controls.values().stream().anyMatch(c -> at(c) == worst)) {
                    return worst == Control.UNDECIDED && held() > 0 ? Control.PARTLY : worst;
                }
            }
            return controls.values().stream().anyMatch(c -> at(c) == Control.REJECTS) ? Control.REJECTS : Control.HOLDS;
        }

        /** What the bars of one place come to: any that tells the controls apart is enough. */
        private static Control at(Map<String, Control> bars) {
            return List.of(Control.HOLDS, Control.REJECTS, Control.UNDECIDED, Control.BLIND).stream()
                    .filter(bars::containsValue)
                    .findFirst()
                    .orElse(Control.ABSENT);
        }

        private long held() {
            return controls.values().stream()
                    .filter(c -> at(c) == Control.HOLDS || at(c) == Control.REJECTS)
                    .count();
        }

        /** The sentence for {@link #control}, with the places where the data do not decide, and why. */
        public String controlWords() {
            Control control = control();
            String words = control.words();
            if (control == Control.PARTLY) {
                words += "; at " + held() + " of " + controls.size() + " places";
            }
            if (control == Control.PARTLY || control == Control.UNDECIDED) {
                words += undecided.entrySet().stream()
                        .map(e -> "; undecided at " + e.getKey().words() + ": " + e.getValue())
                        .collect(joining());
            }
            return words;
        }

        /** The finding charts show: the first with a bar, else the first that is better one way. */
        Optional<String> main() {
            Optional<String> judged = findings.stream()
                    .filter(f -> rows.stream()
                            .map(r -> r.findings().get(f))
                            .anyMatch(m -> m != null && m.standing().isPresent() && m.direction() != Direction.NONE))
                    .findFirst();
            return judged.or(() -> findings.stream()
                    .filter(f -> rows.stream()
                            .map(r -> r.findings().get(f))
                            .anyMatch(m -> m != null && m.direction() != Direction.NONE))
                    .findFirst());
        }

        Optional<Row> row(Place place, Role role) {
            return rows.stream()
                    .filter(r -> r.place().equals(place) && r.role() == role)
                    .findFirst();
        }
    }

    /**
     * How one method did in all.
     *
     * @param standings per audit, how many bars were met, missed and left undecided
     * @param failed how many cells failed
     * @param cells how many cells there were
     * @param slowness mean over places of fulfilling seconds over the reference's; absent without a reference
     */
    public record Score(
            String method,
            Role role,
            Exactness exactness,
            SequencedMap<String, Map<Standing, Integer>> standings,
            int failed,
            int cells,
            OptionalDouble slowness) {
        int count(Standing standing) {
            return standings.values().stream()
                    .mapToInt(s -> s.getOrDefault(standing, 0))
                    .sum();
        }

        /** Every bar was met, for every seed, and no cell failed. */
        public boolean held() {
            return failed == 0 && count(Standing.PASS) > 0 && count(Standing.FAIL) + count(Standing.UNDECIDED) == 0;
        }
    }

    /** Puts runs together; runs of one cell that differ in the seed only become one row. */
    public static Report of(List<Run> runs) {
        String study = runs.stream().map(Run::study).distinct().collect(joining(", "));
        SequencedMap<Place, SequencedMap<String, List<Run>>> cells = cells(runs);
        SequencedMap<String, String> limits = new LinkedHashMap<>();
        runs.forEach(run -> run.results().forEach(result -> limits.putIfAbsent(result.audit(), result.limits())));
        List<AuditTable> audits = new ArrayList<>();
        limits.forEach((audit, limit) -> audits.add(table(audit, limit, cells)));
        return new Report(study, List.copyOf(runs), List.copyOf(audits), scores(cells, audits));
    }

    /**
     * Writes {@code report.html}, {@code report.md}, {@code findings.csv} and {@code report.json}.
     *
     * <p>Each file is written under a temporary name, synced and renamed: whoever looks finds a whole file or none.
     */
    public static void write(List<Run> runs, Path folder) throws IOException {
        Report report = of(runs);
        Files.createDirectories(folder);
        write(folder.resolve("findings.csv"), report.csv());
        write(folder.resolve("report.json"), report.json());
        write(folder.resolve("report.md"), report.markdown());
        write(folder.resolve("report.html"), report.html());
    }

    /** One page that needs nothing but itself. */
    public String html() {
        return new Page(this).html();
    }

    /** The same tables as Markdown. */
    public String markdown() {
        return new MarkdownText(this).text();
    }

    /** One line per finding per run, in RFC 4180 form; a failed cell is one line with its cause. */
    public String csv() {
        return Table.csv(runs);
    }

    /** The tables for a program. */
    public String json() {
        return Table.json(this);
    }

    /** All distinct values of one coordinate, in order of appearance. */
    List<String> distinct(java.util.function.Function<Run.Recipe, String> coordinate) {
        return runs.stream().map(Run::recipe).map(coordinate).distinct().toList();
    }

    List<Run> failed() {
        return runs.stream().filter(r -> r.failure().isPresent()).toList();
    }

    Optional<AuditTable> audit(String name) {
        return audits.stream().filter(a -> a.audit().equals(name)).findFirst();
    }

    private static void write(Path file, String text) {
        Storage.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static SequencedMap<Place, SequencedMap<String, List<Run>>> cells(List<Run> runs) {
        SequencedMap<Place, List<Run>> places = new LinkedHashMap<>();
        for (Run run : runs) {
            var r = run.recipe();
            places.computeIfAbsent(new Place(r.data(), r.model(), r.request()), p -> new ArrayList<>())
                    .add(run);
        }
        SequencedMap<Place, SequencedMap<String, List<Run>>> cells = new LinkedHashMap<>();
        places.forEach((place, there) -> {
            SequencedMap<String, List<Run>> methods = new LinkedHashMap<>();
            there.stream()
                    .sorted(Comparator.comparingInt(r -> order(r.role())))
                    .forEach(r -> methods.computeIfAbsent(
                                    r.role() + " " + r.recipe().method(), m -> new ArrayList<>())
                            .add(r));
            cells.put(place, methods);
        });
        return cells;
    }

    private static int order(Role role) {
        return switch (role) {
            case REFERENCE -> 0;
            case TESTED -> 1;
            case DO_NOTHING -> 2;
        };
    }

    private static AuditTable table(
            String audit, String limits, SequencedMap<Place, SequencedMap<String, List<Run>>> cells) {
        Set<String> names = new LinkedHashSet<>();
        List<Row> rows = new ArrayList<>();
        cells.forEach((place, methods) -> methods.values().forEach(seeds -> {
            Row row = row(audit, place, seeds);
            names.addAll(row.findings().sequencedKeySet());
            rows.add(row);
        }));
        List<Row> corrected = corrected(rows);
        SequencedMap<Place, SequencedMap<String, Control>> controls = new LinkedHashMap<>();
        SequencedMap<Place, String> undecided = new LinkedHashMap<>();
        cells.forEach((place, methods) -> {
            SequencedMap<String, List<Verdict>> idle = verdicts(audit, methods, Role.DO_NOTHING);
            SequencedMap<String, List<Verdict>> reference = verdicts(audit, methods, Role.REFERENCE);
            boolean referred =
                    methods.values().stream().anyMatch(runs -> runs.getFirst().role() == Role.REFERENCE);
            SequencedMap<String, Control> here = new LinkedHashMap<>();
            for (String name : names) {
                if (corrected.stream()
                        .filter(r -> r.place().equals(place))
                        .map(r -> r.findings().get(name))
                        .anyMatch(m -> m != null && m.standing().isPresent())) {
                    List<Verdict> ofIdle = idle.getOrDefault(name, List.of());
                    here.put(
                            name,
                            referred ? control(ofIdle, reference.getOrDefault(name, List.of())) : control(ofIdle));
                }
            }
            if (!here.isEmpty()) {
                controls.put(place, here);
            }
            if (AuditTable.at(here) == Control.UNDECIDED) {
                Stream.concat(idle.values().stream(), reference.values().stream())
                        .flatMap(List::stream)
                        .flatMap(
                                v -> v instanceof Verdict.Undecided(var bar, var why) ? Stream.of(why) : Stream.empty())
                        .findFirst()
                        .ifPresent(why -> undecided.put(place, why));
            }
        });
        return new AuditTable(audit, limits, List.copyOf(names), corrected, controls, undecided);
    }

    private static Row row(String audit, Place place, List<Run> seeds) {
        SequencedMap<String, List<Finding>> byName = new LinkedHashMap<>();
        for (Run run : seeds) {
            run.results().stream()
                    .filter(result -> result.audit().equals(audit))
                    .flatMap(result -> result.findings().stream())
                    .forEach(f -> byName.computeIfAbsent(f.name(), n -> new ArrayList<>())
                            .add(f));
        }
        SequencedMap<String, Measured> findings = new LinkedHashMap<>();
        byName.forEach((name, measured) -> findings.put(name, measured(measured)));
        List<Run> ended = seeds.stream().filter(r -> r.failure().isEmpty()).toList();
        Run first = seeds.getFirst();
        return new Row(
                place,
                first.recipe().method(),
                first.role(),
                first.exactness(),
                seeds.size(),
                seeds.stream()
                        .flatMap(r -> r.failure().stream())
                        .map(f -> f.message())
                        .toList(),
                ended.stream().mapToDouble(r -> r.learned().seconds()).average().orElse(0),
                ended.stream()
                        .mapToDouble(r -> r.fulfilled().seconds())
                        .average()
                        .orElse(0),
                findings);
    }

    private static Measured measured(List<Finding> seeds) {
        Finding first = seeds.getFirst();
        double[] values = seeds.stream().mapToDouble(Finding::value).toArray();
        boolean finite = Arrays.stream(values).allMatch(Double::isFinite);
        List<Verdict> verdicts =
                seeds.stream().flatMap(f -> f.verdict().stream()).toList();
        double[] tests = seeds.stream()
                .flatMapToDouble(f -> f.pValue().stream())
                .sorted()
                .toArray();
        return new Measured(
                finite ? Statistics.mean(values) : Double.NaN,
                finite ? Statistics.sd(values) : Double.NaN,
                !finite
                        ? Optional.empty()
                        : values.length == 1 ? first.interval() : Optional.of(Statistics.tInterval(values)),
                seeds.stream().mapToLong(Finding::n).min().orElse(0),
                values.length,
                first.unit(),
                first.direction(),
                standing(verdicts),
                verdicts.isEmpty() ? "" : verdicts.getFirst().bar(),
                switch (tests.length) {
                    case 0 -> OptionalDouble.empty();
                    case 1 -> OptionalDouble.of(tests[0]);
                    default -> OptionalDouble.of(Math.min(1, 2 * Statistics.quantile(tests, 0.5)));
                },
                OptionalDouble.empty());
    }

    private static Optional<Standing> standing(List<Verdict> verdicts) {
        Optional<Standing> worst = Optional.empty();
        for (Verdict verdict : verdicts) {
            Standing standing = switch (verdict) {
                case Verdict.Pass(var bar) -> Standing.PASS;
                case Verdict.Fail(var bar) -> Standing.FAIL;
                case Verdict.Undecided(var bar, var why) -> Standing.UNDECIDED;
            };
            if (worst.isEmpty() || standing == Standing.FAIL || worst.get() == Standing.PASS) {
                worst = Optional.of(standing);
            }
        }
        return worst;
    }

    /** Holm's correction over every test of a tested method in one audit. */
    private static List<Row> corrected(List<Row> rows) {
        double[] tests = rows.stream()
                .filter(r -> r.role() == Role.TESTED)
                .flatMap(r -> r.findings().values().stream())
                .flatMapToDouble(m -> m.pValue().stream())
                .toArray();
        double[] holm = Statistics.holm(tests);
        int next = 0;
        for (Row row : rows) {
            for (var finding : row.findings().entrySet()) {
                if (row.role() == Role.TESTED && finding.getValue().pValue().isPresent()) {
                    finding.setValue(finding.getValue().corrected(holm[next++]));
                }
            }
        }
        return List.copyOf(rows);
    }

    private static SequencedMap<String, List<Verdict>> verdicts(
            String audit, SequencedMap<String, List<Run>> methods, Role role) {
        SequencedMap<String, List<Verdict>> verdicts = new LinkedHashMap<>();
        methods.values().stream()
                .flatMap(List::stream)
                .filter(run -> run.role() == role)
                .flatMap(run -> run.results().stream())
                .filter(result -> result.audit().equals(audit))
                .flatMap(result -> result.findings().stream())
                .forEach(f -> f.verdict()
                        .ifPresent(v -> verdicts.computeIfAbsent(f.name(), n -> new ArrayList<>())
                                .add(v)));
        return verdicts;
    }

    /**
     * What both controls come to over all seeds: one seed that decides is enough where no other decides the other way. A
     * method under test, by contrast, has to pass for every seed.
     */
    private static Control control(List<Verdict> idle, List<Verdict> reference) {
        if (reference.stream().anyMatch(Verdict.Fail.class::isInstance)) {
            return Control.BROKEN;
        }
        if (idle.stream().anyMatch(Verdict.Pass.class::isInstance)) {
            return Control.BLIND;
        }
        if (idle.isEmpty() || reference.isEmpty()) {
            return Control.ABSENT;
        }
        return idle.stream().anyMatch(Verdict.Fail.class::isInstance)
                        && reference.stream().anyMatch(Verdict.Pass.class::isInstance)
                ? Control.HOLDS
                : Control.UNDECIDED;
    }

    /** The same where doing nothing is the reference too, as for a request to hide. */
    private static Control control(List<Verdict> idle) {
        if (idle.isEmpty()) {
            return Control.ABSENT;
        }
        if (idle.stream().anyMatch(Verdict.Pass.class::isInstance)) {
            return Control.BLIND;
        }
        return idle.stream().anyMatch(Verdict.Fail.class::isInstance) ? Control.REJECTS : Control.UNDECIDED;
    }

    private static List<Score> scores(
            SequencedMap<Place, SequencedMap<String, List<Run>>> cells, List<AuditTable> audits) {
        SequencedMap<String, List<Run>> methods = new LinkedHashMap<>();
        cells.values()
                .forEach(here -> here.forEach((method, seeds) ->
                        methods.computeIfAbsent(method, m -> new ArrayList<>()).addAll(seeds)));
        boolean referenced =
                methods.values().stream().anyMatch(r -> r.getFirst().role() == Role.REFERENCE);
        List<Score> scores = new ArrayList<>();
        for (List<Run> runs : methods.values()) {
            Run first = runs.getFirst();
            SequencedMap<String, Map<Standing, Integer>> standings = new LinkedHashMap<>();
            for (AuditTable audit : audits) {
                Map<Standing, Integer> counts = new LinkedHashMap<>();
                audit.rows().stream()
                        .filter(r -> r.method().equals(first.recipe().method()) && r.role() == first.role())
                        .flatMap(r -> r.findings().values().stream())
                        .flatMap(m -> m.standing().stream())
                        .forEach(s -> counts.merge(s, 1, Integer::sum));
                standings.put(audit.audit(), counts);
            }
            scores.add(new Score(
                    first.recipe().method(),
                    first.role(),
                    first.exactness(),
                    standings,
                    (int) runs.stream().filter(r -> r.failure().isPresent()).count(),
                    runs.size(),
                    // where doing nothing is the reference, its time measures nothing
                    runs.stream()
                            .filter(r -> referenced
                                    && r.failure().isEmpty()
                                    && r.referenced().seconds() > 0
                                    && r.fulfilled().seconds() > 0)
                            .mapToDouble(r ->
                                    r.fulfilled().seconds() / r.referenced().seconds())
                            .average()));
        }
        scores.sort(Comparator.comparingInt(s -> order(s.role())));
        return List.copyOf(scores);
    }
}
