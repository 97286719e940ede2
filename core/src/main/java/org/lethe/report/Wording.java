package org.lethe.report;

import static java.util.stream.Collectors.joining;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lethe.Direction;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Verdict;
import org.lethe.report.Report.Control;
import org.lethe.report.Report.Score;
import org.lethe.report.Report.Standing;
import org.lethe.study.Run;
import org.lethe.study.Run.Role;

/** Numbers and sentences as every form of the report writes them. */
final class Wording {
    private static final Pattern PARAMETER = Pattern.compile("([^()]+)\\(([^()]+)\\)([^()]*)");

    private Wording() {}

    /** Four significant digits, fixed notation where that is readable. */
    static String number(double value) {
        if (!Double.isFinite(value)) {
            return "not finite";
        }
        double size = Math.abs(value);
        if (size == 0) {
            return "0";
        }
        if (size < 1e-4 || size >= 1e7) {
            return String.format(Locale.ROOT, "%.2e", value);
        }
        return String.format(
                Locale.ROOT, size >= 1_000 ? "%,." + decimals(size) + "f" : "%." + decimals(size) + "f", value);
    }

    private static int decimals(double size) {
        return Math.clamp(3 - (int) Math.floor(Math.log10(size)), 0, 5);
    }

    /** The mean, to the digit where the spread has its second one: further digits would be noise. */
    static String mean(Report.Measured m) {
        return rounded(m.mean(), m);
    }

    /** The text after the mean: the sd, with more than one seed, and the unit. */
    static String spread(Report.Measured m) {
        return (m.seeds() > 1 ? " ± " + rounded(m.sd(), m) : "") + unit(m.unit());
    }

    /** The interval to the digits of its mean. */
    static String interval(Report.Measured m, Interval i) {
        return rounded(i.low(), m) + " to " + rounded(i.high(), m);
    }

    private static String rounded(double value, Report.Measured m) {
        int places = places(m);
        return places < 0 || value == 0 ? number(value) : fixed(value, places);
    }

    /** Digits after the point that the spread of seeds, or the interval of a single seed, leaves meaningful; −1 for none. */
    private static int places(Report.Measured m) {
        double size = Math.abs(m.mean());
        double spread = m.seeds() > 1
                ? m.sd()
                : m.interval().map(i -> (i.high() - i.low()) / 4).orElse(0.0);
        if (!Double.isFinite(size) || size >= 1e7 || (size < 1e-4 && size > 0 && spread < 1e-5)) {
            return -1;
        }
        return spread > 0 ? Math.clamp(1 - (int) Math.floor(Math.log10(spread)), 0, 6) : size == 0 ? 0 : decimals(size);
    }

    private static String fixed(double value, int places) {
        String text = String.format(Locale.ROOT, "%,." + places + "f", value);
        return text.startsWith("-") ? "\u2212" + text.substring(1) : text;
    }

    static String unit(String unit) {
        return unit.isEmpty() ? "" : " " + unit;
    }

    static String p(double p) {
        return p < 0.001 ? "p < 0.001" : String.format(Locale.ROOT, "p = %.3f", p);
    }

    /** Two significant digits: as many as a ratio of two timings can carry. */
    static String ratio(double ratio) {
        return BigDecimal.valueOf(ratio).round(new MathContext(2)).toPlainString();
    }

    static String seconds(double seconds) {
        return number(seconds) + " s";
    }

    static String better(Direction direction) {
        return switch (direction) {
            case HIGHER -> "higher is better";
            case LOWER -> "lower is better";
            case ZERO -> "nearer 0 is better";
            case HALF -> "nearer ½ is better";
            case NONE -> "descriptive";
        };
    }

    static String role(Role role) {
        return switch (role) {
            case TESTED -> "";
            case REFERENCE -> "reference";
            case DO_NOTHING, REJECTED -> "control";
        };
    }

    /** Whether a method of this role is a control that every audit must reject. */
    static boolean mustBeRejected(Role role) {
        return role == Role.DO_NOTHING || role == Role.REJECTED;
    }

    /** The requests, the models with their data, and the methods: one line each. */
    static List<String[]> asked(Report report) {
        List<String[]> lines = new ArrayList<>();
        lines.add(new String[] {"Asked", String.join(" · ", report.distinct(r -> r.request()))});
        lines.add(new String[] {
            "Of",
            String.join(", ", report.distinct(r -> r.model())) + " on "
                    + String.join(", ", report.distinct(r -> r.data()))
        });
        long seeds =
                report.runs().stream().map(r -> r.recipe().seed()).distinct().count();
        lines.add(new String[] {
            "Tried",
            report.methods().stream()
                            .filter(s -> s.role() == Role.TESTED)
                            .map(Score::method)
                            .collect(joining(", "))
                    + " — " + count(report.runs().size(), "run") + ", " + count((int) seeds, "seed")
        });
        return lines;
    }

    /** Which bars were missed, and how many are undecided; nothing where all are met. */
    private static List<String> parts(Set<String> missed, int fails, int undecided, int judged) {
        List<String> parts = new ArrayList<>();
        if (!missed.isEmpty()) {
            parts.add("misses " + grouped(missed) + " in " + fails + " of " + count(judged, "comparison"));
        }
        if (undecided > 0) {
            parts.add(undecided + " undecided");
        }
        return parts;
    }

    /** Names of findings, those that differ only in their parentheses as one: {@code auc(mlp, knn)}. */
    static String grouped(Set<String> names) {
        SequencedMap<String, List<String>> groups = new LinkedHashMap<>();
        for (String name : names) {
            Matcher parts = PARAMETER.matcher(name);
            boolean matches = parts.matches();
            List<String> group = groups.computeIfAbsent(
                    matches ? parts.group(1) + "(%)" + parts.group(3) : name, none -> new ArrayList<>());
            if (matches) {
                group.add(parts.group(2));
            }
        }
        return groups.entrySet().stream()
                .map(e -> e.getValue().isEmpty()
                        ? e.getKey()
                        : e.getKey().replace("(%)", "(" + String.join(", ", e.getValue()) + ")"))
                .collect(joining(", "));
    }

    /** What findings of one method say about all their bars. */
    static String outcome(List<Finding> findings) {
        Set<String> missed = new LinkedHashSet<>();
        SequencedMap<String, Set<String>> reasons = new LinkedHashMap<>();
        int undecided = 0;
        int met = 0;
        for (Finding finding : findings) {
            if (finding.verdict().isPresent()) {
                switch (finding.verdict().get()) {
                    case Verdict.Pass(var bar) -> met++;
                    case Verdict.Fail(var bar) -> missed.add(finding.name());
                    case Verdict.Undecided(var bar, var why) -> {
                        undecided++;
                        reasons.computeIfAbsent(why, none -> new LinkedHashSet<>())
                                .add(finding.name());
                    }
                }
            }
        }
        int judged = met + missed.size() + undecided;
        if (judged == 0) {
            return "There was no bar to meet.";
        }
        if (met == judged) {
            return "Met every bar in " + count(met, "comparison") + ".";
        }
        return "Did not meet every bar: " + String.join("; ", parts(missed, missed.size(), undecided, judged))
                + (met > 0 ? "; meets the other " + met : "") + "."
                + (reasons.isEmpty() ? "" : " Undecided: " + String.join("; ", undecided(reasons)) + ".");
    }

    /** Each reason once, after the measures that it concerns. */
    static List<String> undecided(SequencedMap<String, Set<String>> reasons) {
        return reasons.entrySet().stream()
                .map(e -> grouped(e.getValue()) + ": " + e.getKey())
                .toList();
    }

    /** The verdict with its bar and, where it is undecided, the reasons. */
    static String verdict(Report.Measured m, Standing standing) {
        return Table.word(standing) + ": "
                + Stream.concat(Stream.of(m.bar()), m.reasons().stream()).collect(joining("; "));
    }

    /** Why verdicts in a table are undecided, each reason once, with the measures and the methods that it concerns. */
    static List<String> reasons(List<Report.Row> rows, List<String> findings) {
        List<String> methods = rows.stream().map(Report.Row::method).distinct().toList();
        SequencedMap<String, Set<String>> measures = new LinkedHashMap<>();
        SequencedMap<String, Set<String>> concerned = new LinkedHashMap<>();
        for (Report.Row row : rows) {
            for (String finding : findings) {
                Optional.ofNullable(row.findings().get(finding)).stream()
                        .flatMap(m -> m.reasons().stream())
                        .forEach(why -> {
                            measures.computeIfAbsent(why, none -> new LinkedHashSet<>())
                                    .add(finding);
                            concerned
                                    .computeIfAbsent(why, none -> new LinkedHashSet<>())
                                    .add(name(row.method(), methods));
                        });
            }
        }
        return measures.entrySet().stream()
                .map(e -> "Undecided: " + grouped(e.getValue()) + ": " + e.getKey() + " ("
                        + String.join(", ", concerned.getOrDefault(e.getKey(), Set.of())) + ").")
                .toList();
    }

    static int judged(Score score) {
        return Arrays.stream(Standing.values()).mapToInt(score::count).sum();
    }

    /** One line per kind of answer the controls gave. */
    static SequencedMap<Control, String> controls(Report report) {
        SequencedMap<Control, SequencedMap<String, String>> audits = new LinkedHashMap<>();
        for (Report.AuditTable audit : report.audits()) {
            audits.computeIfAbsent(audit.control(), c -> new LinkedHashMap<>())
                    .merge(audit.controlWords(), audit.audit(), (names, name) -> names + ", " + name);
        }
        SequencedMap<Control, String> lines = new LinkedHashMap<>();
        audits.forEach((control, said) -> lines.put(
                control,
                said.entrySet().stream()
                        .map(e -> e.getValue() + ": " + e.getKey() + ".")
                        .collect(joining(" "))));
        return lines;
    }

    /** The cells that a warning stands for: the first few by name. */
    static String cells(List<Run> runs) {
        int shown = Math.min(3, runs.size());
        return runs.subList(0, shown).stream()
                        .map(run -> {
                            Run.Recipe r = run.recipe();
                            return String.join(" · ", r.method(), r.request(), r.model(), r.data()) + ", seed "
                                    + r.seed();
                        })
                        .collect(joining("; "))
                + (shown < runs.size() ? "; and " + count(runs.size() - shown, "more cell") : "");
    }

    /** How many pairs the product of the study left out. */
    static String leftOut(Report report) {
        return count(report.leftOut().size(), "pair") + " left out, because they do not fit together";
    }

    /**
     * The entries that a reason concerns: {@code methods sisa, scif; audits rank}. The only model or request of a study
     * is not named.
     */
    static String concerned(Report report, Report.Reason reason) {
        List<List<String>> only = Stream.of(report.distinct(r -> r.model()), report.distinct(r -> r.request()))
                .filter(all -> all.size() == 1)
                .toList();
        return reason.coordinates().entrySet().stream()
                .filter(e -> !only.contains(e.getValue()))
                .map(e -> (e.getValue().size() == 1
                                ? e.getKey().substring(0, e.getKey().length() - 1)
                                : e.getKey()) + " " + String.join(", ", e.getValue()))
                .collect(joining("; "));
    }

    static String count(int n, String what) {
        return n + " " + what + (n == 1 ? "" : "s");
    }

    /** An entry without its settings, unless another entry has the same name. */
    static String name(String entry, List<String> all) {
        String name = entry.split(" \\{", 2)[0];
        return all.stream()
                                .filter(other -> other.split(" \\{", 2)[0].equals(name))
                                .count()
                        > 1
                ? entry
                : name;
    }

    /**
     * The settings that tell each entry from the others: {@code forget-users {choose: core, percent: 5}} becomes {@code
     * core}.
     */
    static String shorter(String entry, List<String> all) {
        List<String> own = parts(entry);
        if (all.size() > 1) {
            own.removeIf(part -> all.stream().allMatch(other -> parts(other).contains(part)));
        }
        String label = own.isEmpty() ? entry : String.join(", ", own);
        return label.length() <= 30 ? label : label.substring(0, 29) + "…";
    }

    private static List<String> parts(String entry) {
        return new ArrayList<>(Arrays.stream(entry.split("[{},]"))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList());
    }
}
