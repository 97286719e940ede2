package org.lethe.report;

import static java.util.stream.Collectors.joining;

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
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.lethe.Aspect;
import org.lethe.Finding;
import org.lethe.Verdict;
import org.lethe.report.Report.AuditTable;
import org.lethe.report.Report.Control;
import org.lethe.report.Report.Measured;
import org.lethe.report.Report.Place;
import org.lethe.report.Report.Row;
import org.lethe.report.Report.Score;
import org.lethe.report.Report.Standing;
import org.lethe.statistics.Statistics;
import org.lethe.study.LeftOut;
import org.lethe.study.Run;
import org.lethe.study.Run.Role;

/** How runs become a report: by place, method and role, seeds put together, controls judged, p-values corrected. */
final class Gathering {
    private static final double LEVEL = 0.05; // of every test

    private Gathering() {}

    static Report of(List<Run> runs, List<LeftOut> leftOut) {
        String study = runs.stream().map(Run::study).distinct().collect(joining(", "));
        SequencedMap<Place, SequencedMap<String, List<Run>>> cells = cells(runs);
        SequencedMap<String, Run.Result> first = new LinkedHashMap<>();
        // the study's order of audits is that of a run which has most of them: some methods suit some audits only
        Stream.concat(runs.stream().max(Comparator.comparingInt(r -> r.results().size())).stream(), runs.stream())
                .forEach(run -> run.results().forEach(result -> first.putIfAbsent(result.audit(), result)));
        List<AuditTable> audits =
                first.values().stream().map(result -> table(result, cells)).toList();
        return new Report(study, List.copyOf(runs), List.copyOf(leftOut), audits, scores(cells, audits));
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
            case DO_NOTHING, REJECTED -> 2;
        };
    }

    private static AuditTable table(Run.Result of, SequencedMap<Place, SequencedMap<String, List<Run>>> cells) {
        String audit = of.audit();
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
            List<List<Run>> rejected = concerned(audit, methods, Wording::mustBeRejected);
            // a reference trains again and takes its time: that it misses a bar of cost is why there are other methods
            List<List<Run>> reference =
                    of.aspect() == Aspect.COST ? List.of() : concerned(audit, methods, role -> role == Role.REFERENCE);
            SequencedMap<String, Control> here = new LinkedHashMap<>();
            for (String name : names) {
                if (corrected.stream()
                        .filter(r -> r.place().equals(place))
                        .map(r -> r.findings().get(name))
                        .anyMatch(m -> m != null && m.standing().isPresent())) {
                    here.put(name, Control.of(verdicts(audit, name, rejected), verdicts(audit, name, reference)));
                }
            }
            if (!here.isEmpty()) {
                controls.put(place, here);
            }
            if (Control.of(here) == Control.UNDECIDED) {
                names.stream()
                        .flatMap(name -> Stream.of(rejected, reference)
                                .flatMap(runs -> verdicts(audit, name, runs).stream())
                                .flatMap(List::stream)
                                .flatMap(v -> v instanceof Verdict.Undecided(var bar, var why)
                                        ? Stream.of(name + ": " + why)
                                        : Stream.empty()))
                        .findFirst()
                        .ifPresent(why -> undecided.put(place, why));
            }
        });
        return new AuditTable(audit, of.aspect(), of.limits(), List.copyOf(names), corrected, controls, undecided);
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
        List<Run> ended = seeds.stream()
                .filter(r -> r.failure().isEmpty() || has(r, audit))
                .toList();
        Run first = seeds.getFirst();
        return new Row(
                place,
                first.recipe().method(),
                first.role(),
                first.exactness(),
                seeds.size(),
                seeds.stream()
                        .filter(r -> !has(r, audit)) // another audit of the cell may have failed
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
        Optional<Standing> standing = standing(verdicts);
        double[] tests = seeds.stream()
                .flatMapToDouble(f -> f.pValue().stream())
                .sorted()
                .toArray();
        return new Measured(
                finite ? Statistics.mean(values) : Double.NaN,
                finite ? Statistics.sd(values) : Double.NaN,
                !finite
                        ? Optional.empty()
                        : values.length == 1
                                ? first.interval().filter(i -> i.low() < i.high())
                                : Statistics.meanInterval(first.scale(), values),
                seeds.stream().mapToLong(Finding::n).min().orElse(0),
                values.length,
                first.unit(),
                first.direction(),
                standing,
                verdicts.isEmpty() ? "" : verdicts.getFirst().bar(),
                standing.equals(Optional.of(Standing.UNDECIDED)) ? reasons(verdicts) : List.of(),
                switch (tests.length) {
                    case 0 -> OptionalDouble.empty();
                    case 1 -> OptionalDouble.of(tests[0]);
                    default -> OptionalDouble.of(Math.min(1, 2 * Statistics.quantile(tests, 0.5)));
                },
                OptionalDouble.empty());
    }

    private static List<String> reasons(List<Verdict> verdicts) {
        int fails = fails(verdicts);
        Stream<String> few = fails == 0
                ? Stream.empty()
                : Stream.of(fails + " of " + verdicts.size() + " seeds " + (fails == 1 ? "misses" : "miss")
                        + " it, as chance lets happen "
                        + Math.round(100 * Statistics.binomialTail(fails, verdicts.size(), LEVEL)) + " times in 100");
        return Stream.concat(
                        few,
                        verdicts.stream()
                                .flatMap(v -> v instanceof Verdict.Undecided(var bar, var why)
                                        ? Stream.of(why)
                                        : Stream.empty()))
                .distinct()
                .toList();
    }

    /**
     * What the seeds say together. Each seed of a model that should meet a bar misses it with a chance of about 5 %, so one miss of several says
     * little: it is a miss where chance would give as many with a probability of at most 5 %.
     */
    private static Optional<Standing> standing(List<Verdict> verdicts) {
        if (verdicts.isEmpty()) {
            return Optional.empty();
        }
        if (missed(verdicts)) {
            return Optional.of(Standing.FAIL);
        }
        return Optional.of(
                verdicts.stream().allMatch(Verdict.Pass.class::isInstance) ? Standing.PASS : Standing.UNDECIDED);
    }

    /** Whether more seeds miss a bar than chance would let miss it. */
    static boolean missed(List<Verdict> seeds) {
        int missed = fails(seeds);
        return missed > 0 && Statistics.binomialTail(missed, seeds.size(), LEVEL) <= LEVEL + 1e-9;
    }

    private static int fails(List<Verdict> seeds) {
        return (int) seeds.stream().filter(Verdict.Fail.class::isInstance).count();
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

    /** The controls of a role that the audit examined, failed ones included, each with its seeds. */
    private static List<List<Run>> concerned(
            String audit, SequencedMap<String, List<Run>> methods, Predicate<Role> role) {
        return methods.values().stream()
                .filter(seeds -> role.test(seeds.getFirst().role()))
                .filter(seeds -> seeds.stream().anyMatch(run -> run.failure().isPresent() || has(run, audit)))
                .toList();
    }

    private static boolean has(Run run, String audit) {
        return run.results().stream().anyMatch(r -> r.audit().equals(audit));
    }

    /** Per control, what its seeds say about one finding. */
    private static List<List<Verdict>> verdicts(String audit, String finding, List<List<Run>> controls) {
        return controls.stream()
                .map(seeds -> seeds.stream()
                        .flatMap(run -> run.results().stream())
                        .filter(result -> result.audit().equals(audit))
                        .flatMap(result -> result.findings().stream())
                        .filter(f -> f.name().equals(finding))
                        .flatMap(f -> f.verdict().stream())
                        .toList())
                .toList();
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
