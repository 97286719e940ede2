package org.lethe.report;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.lethe.Aspect;
import org.lethe.Direction;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Verdict;
import org.lethe.study.LeftOut;
import org.lethe.study.Run;
import org.lethe.study.Run.Role;
import org.lethe.study.Storage;

/**
 * The findings of a study: one table per audit, from which the page, the Markdown, the CSV and the JSON are written.
 *
 * <p>Seeds of one cell become mean ± sd. The interval is Student's over seeds (on the scale of log-odds for what is best at
 * ½, of logarithms for times and their ratios), or, with a single seed, the one the audit gave. P-values of several seeds become twice their median (Rüger 1978), which holds whatever their dependence; the
 * p-values of tested methods are then corrected per audit by Holm. A bar is missed where more seeds miss it than chance
 * would let miss it at 5 % each; it is met where every seed meets it; else it is undecided.
 *
 * @param study name of the study
 * @param runs everything that was executed, failed cells included
 * @param leftOut pairs that the study's product left out
 * @param audits one table each, in the study's order
 * @param methods the score of each method, references first and controls last
 */
public record Report(
        String study, List<Run> runs, List<LeftOut> leftOut, List<AuditTable> audits, List<Score> methods) {
    /** Where a method was tried. */
    public record Place(String data, String model, String request) {
        String words() {
            return model + ", " + request + " on " + data;
        }

        /** The words that tell this place from the others: what is the same for all of them is not said. */
        String among(Collection<Place> all) {
            List<String> told = new ArrayList<>();
            if (all.stream().anyMatch(p -> !p.model.equals(model))) {
                told.add(model);
            }
            if (all.stream().anyMatch(p -> !p.request.equals(request))) {
                told.add(request);
            }
            if (all.stream().anyMatch(p -> !p.data.equals(data))) {
                told.add("on " + data);
            }
            return told.isEmpty() ? words() : String.join(", ", told);
        }
    }

    /** The verdict of all seeds together on a bar. */
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
     * @param reasons why the data do not decide about the bar, each once; empty where they do
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
            List<String> reasons,
            OptionalDouble pValue,
            OptionalDouble corrected) {
        Measured corrected(double p) {
            return new Measured(
                    mean,
                    sd,
                    interval,
                    n,
                    seeds,
                    unit,
                    direction,
                    standing,
                    bar,
                    reasons,
                    pValue,
                    OptionalDouble.of(p));
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

    /** Whether a finding's bar tells the methods that must be rejected, doing nothing among them, from the reference. */
    public enum Control {
        /** The bar rejects each method that it must reject, and accepts the reference. */
        HOLDS("control holds: {and} rejected, reference accepted"),
        /** It holds at some places; at the others the data do not decide about the controls. */
        PARTLY("control holds where it decides: {and} rejected, reference accepted"),
        /** The bar rejects each method that it must reject; the audit is one of cost, or has no reference here and checks itself. */
        REJECTS("control holds: {and} rejected; no reference has to meet this bar"),
        /** A method that the bar must reject passes it. The bar constrains methods, but does not prove an effect. */
        BLIND("no control: {or} meets this bar too"),
        /** The bar rejects the reference, so missing it says nothing against a method. */
        BROKEN("control BROKEN: the reference misses this bar"),
        /** The data do not decide about the controls, so a verdict on a method says little. */
        UNDECIDED("no control: the data do not tell {or} from the reference"),
        /** A control was not run, failed, or has no such finding. */
        ABSENT("no control: a control was not run, or has no number here");

        private final String words;

        Control(String words) {
            this.words = words;
        }

        /**
         * What the controls come to over all seeds: one seed that decides is enough. A method under test, by contrast, has to pass
         * for every seed. A control that must be rejected may pass for none, and a reference may miss its bar as often as chance
         * lets it. Without a reference that the audit looked at, as for a request to hide, rejecting them is all.
         *
         * @param rejected for each method that must be rejected, its verdicts about one finding, one a seed
         * @param reference likewise for the references
         */
        public static Control of(List<List<Verdict>> rejected, List<List<Verdict>> reference) {
            if (reference.stream().anyMatch(Gathering::missed)) {
                return BROKEN;
            }
            if (any(rejected, Verdict.Pass.class)) {
                return BLIND;
            }
            if (rejected.isEmpty()
                    || Stream.of(rejected, reference).flatMap(List::stream).anyMatch(List::isEmpty)) {
                return ABSENT;
            }
            if (!each(rejected, Verdict.Fail.class) || !each(reference, Verdict.Pass.class)) {
                return UNDECIDED;
            }
            return reference.isEmpty() ? REJECTS : HOLDS;
        }

        /** What the bars of one place come to, by the names of their findings: any that tells the controls apart is enough. */
        public static Control of(Map<String, Control> bars) {
            return List.of(HOLDS, REJECTS, UNDECIDED, BLIND).stream()
                    .filter(bars::containsValue)
                    .findFirst()
                    .orElse(ABSENT);
        }

        private static boolean any(List<List<Verdict>> controls, Class<? extends Verdict> kind) {
            return controls.stream().flatMap(List::stream).anyMatch(kind::isInstance);
        }

        private static boolean each(List<List<Verdict>> controls, Class<? extends Verdict> kind) {
            return controls.stream().allMatch(seeds -> seeds.stream().anyMatch(kind::isInstance));
        }

        /** The sentence for it, given the names of the methods that must be rejected. */
        public String words(List<String> rejected) {
            return words.replace("{and}", joined(rejected, " and ")).replace("{or}", joined(rejected, " or "));
        }

        private static String joined(List<String> names, String last) {
            return names.size() < 2
                    ? String.join("", names)
                    : String.join(", ", names.subList(0, names.size() - 1)) + last + names.getLast();
        }
    }

    /**
     * Everything one audit found.
     *
     * @param audit name of the audit
     * @param aspect what it measures a model by
     * @param limits what a pass does not prove
     * @param findings names of the columns
     * @param rows by place, the reference first, the controls that must be rejected last
     * @param controls per place and finding with a bar
     * @param undecided per place where the data do not decide about the controls, why
     */
    public record AuditTable(
            String audit,
            Aspect aspect,
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
                if (controls.values().stream().anyMatch(c -> Control.of(c) == worst)) {
                    return worst == Control.UNDECIDED && held() > 0 ? Control.PARTLY : worst;
                }
            }
            return controls.values().stream().anyMatch(c -> Control.of(c) == Control.REJECTS)
                    ? Control.REJECTS
                    : Control.HOLDS;
        }

        private long held() {
            return controls.values().stream()
                    .filter(c -> Control.of(c) == Control.HOLDS || Control.of(c) == Control.REJECTS)
                    .count();
        }

        /** The sentence for one control, which names the methods that this audit must reject. */
        String words(Control control) {
            return control.words(shown().stream()
                    .filter(r -> Wording.mustBeRejected(r.role()))
                    .map(r -> Wording.name(r.method(), List.of(r.method())))
                    .distinct()
                    .toList());
        }

        /** The sentence for {@link #control}, with each reason why the data do not decide, and at how many places. */
        public String controlWords() {
            Control control = control();
            String words = words(control);
            if (control == Control.PARTLY) {
                words += "; at " + held() + " of " + controls.size() + " places";
            }
            if (control == Control.PARTLY || control == Control.UNDECIDED) {
                words += reasons().entrySet().stream()
                        .map(e -> "; undecided at " + places(e.getValue()) + ": " + e.getKey())
                        .collect(joining());
            }
            return words;
        }

        private String places(List<Place> these) {
            return these.size() == 1
                    ? these.getFirst().among(controls.sequencedKeySet())
                    : these.size() + " of " + controls.size() + " places";
        }

        /** Why the data do not decide about the controls, with the places of each reason. */
        private SequencedMap<String, List<Place>> reasons() {
            SequencedMap<String, List<Place>> reasons = new LinkedHashMap<>();
            undecided.forEach((place, why) ->
                    reasons.computeIfAbsent(why, none -> new ArrayList<>()).add(place));
            return reasons;
        }

        /** The places behind the numbers of {@link #controlWords}: a line for each reason that several places share. */
        List<String> undecidedPlaces() {
            Control control = control();
            return control != Control.PARTLY && control != Control.UNDECIDED
                    ? List.of()
                    : reasons().entrySet().stream()
                            .filter(e -> e.getValue().size() > 1)
                            .map(e -> "The controls are undecided (" + e.getKey() + ") at: "
                                    + e.getValue().stream()
                                            .map(p -> p.among(controls.sequencedKeySet()))
                                            .collect(joining("; "))
                                    + ".")
                            .toList();
        }

        /** The finding that charts show: the first with a bar, else the first with a direction. */
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

        /** Rows with something to show: not those that the audit does not suit. */
        List<Row> shown() {
            return rows.stream()
                    .filter(r -> !r.findings().isEmpty() || !r.failures().isEmpty())
                    .toList();
        }
    }

    /**
     * The score of one method over all audits.
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
        return of(runs, List.of());
    }

    /** The same with the pairs that the study's product left out. */
    public static Report of(List<Run> runs, List<LeftOut> leftOut) {
        return Gathering.of(runs, leftOut);
    }

    /** The same as {@link #write(List, List, Path)} where no pair was left out. */
    public static void write(List<Run> runs, Path folder) throws IOException {
        write(runs, List.of(), folder);
    }

    /**
     * Writes {@code report.html}, {@code report.md}, {@code findings.csv} and {@code report.json}.
     *
     * <p>Each file is written under a temporary name, synced and renamed: a reader finds a whole file or none.
     */
    public static void write(List<Run> runs, List<LeftOut> leftOut, Path folder) throws IOException {
        Report report = of(runs, leftOut);
        Files.createDirectories(folder);
        write(folder.resolve("findings.csv"), report.csv());
        write(folder.resolve("report.json"), report.json());
        write(folder.resolve("report.md"), report.markdown());
        write(folder.resolve("report.html"), report.html());
    }

    /** The same files of a tool, whose page and Markdown are a sheet of its own. */
    public static void write(List<Run> runs, Sheet sheet, Path folder) throws IOException {
        Report report = of(runs, List.of());
        Files.createDirectories(folder);
        write(folder.resolve("findings.csv"), report.csv());
        write(folder.resolve("report.json"), report.json());
        write(folder.resolve("report.md"), sheet.markdown());
        write(folder.resolve("report.html"), sheet.html());
    }

    /** Says which bars the findings of one method met, missed or left undecided, as the summary of a report does. */
    public static String outcome(List<Finding> findings) {
        return Wording.outcome(findings);
    }

    /** What the report says first: a few sentences for each tested method. */
    public List<Answer> answers() {
        return Answer.all(this);
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
    List<String> distinct(Function<Run.Recipe, String> coordinate) {
        return runs.stream().map(Run::recipe).map(coordinate).distinct().toList();
    }

    List<Run> failed() {
        return runs.stream().filter(r -> r.failure().isPresent()).toList();
    }

    /** Whether any method of the study promises something about its result. */
    boolean promises() {
        return runs.stream().anyMatch(r -> r.exactness() != Exactness.NONE);
    }

    /** Warnings, which do not touch the findings, each with its cells. */
    SequencedMap<String, List<Run>> warnings() {
        SequencedMap<String, List<Run>> warnings = new LinkedHashMap<>();
        runs.forEach(run -> run.warnings()
                .forEach(w ->
                        warnings.computeIfAbsent(w, none -> new ArrayList<>()).add(run)));
        return warnings;
    }

    /**
     * Pairs that were left out for one reason, each coordinate once.
     *
     * @param why the reason
     * @param pairs how many
     * @param coordinates models, requests, methods and audits by those words; only those that were named
     */
    record Reason(String why, int pairs, SequencedMap<String, List<String>> coordinates) {}

    List<Reason> reasons() {
        SequencedMap<String, List<LeftOut>> byWhy = new LinkedHashMap<>();
        leftOut.forEach(
                l -> byWhy.computeIfAbsent(l.why(), w -> new ArrayList<>()).add(l));
        SequencedMap<String, Function<LeftOut, String>> coordinates = new LinkedHashMap<>();
        coordinates.put("models", LeftOut::model);
        coordinates.put("requests", LeftOut::request);
        coordinates.put("methods", LeftOut::method);
        coordinates.put("audits", LeftOut::audit);
        return byWhy.entrySet().stream()
                .map(e -> {
                    SequencedMap<String, List<String>> named = new LinkedHashMap<>();
                    coordinates.forEach((word, coordinate) -> {
                        List<String> names = e.getValue().stream()
                                .map(coordinate)
                                .filter(name -> !name.isEmpty())
                                .distinct()
                                .toList();
                        if (!names.isEmpty()) {
                            named.put(word, names);
                        }
                    });
                    return new Reason(e.getKey(), e.getValue().size(), named);
                })
                .toList();
    }

    private static void write(Path file, String text) {
        Storage.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
