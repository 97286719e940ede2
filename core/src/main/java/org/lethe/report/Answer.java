package org.lethe.report;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.lethe.Aspect;
import org.lethe.Exactness;
import org.lethe.report.Report.AuditTable;
import org.lethe.report.Report.Control;
import org.lethe.report.Report.Measured;
import org.lethe.report.Report.Row;
import org.lethe.report.Report.Score;
import org.lethe.report.Report.Standing;
import org.lethe.study.Run;
import org.lethe.study.Run.Role;

/**
 * What a report says of one method first, in sentences for a person who knows no audit.
 *
 * @param kind in short
 * @param text the sentences
 */
public record Answer(Kind kind, String text) {
    /** How far a method did what was asked. */
    public enum Kind {
        /** The effect is there, and no audit shows that anything else suffered beyond its bar. */
        DONE("done"),
        /** The effect is there, but quality, time or fairness miss a bar. */
        AT_A_COST("done, at a cost"),
        /** No audit speaks against the effect, but the data do not decide. */
        OPEN("cannot be told"),
        /** An audit of the effect misses its bar, or the method failed. */
        NOT_DONE("not done");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        /** The words for it. */
        public String words() {
            return words;
        }
    }

    /** The answer as one line for a terminal. */
    public String line() {
        return kind.words + ": " + text;
    }

    /** The answer for each tested method, those that did what was asked first. */
    static List<Answer> all(Report report) {
        return report.methods().stream()
                .filter(score -> score.role() == Role.TESTED)
                .map(score -> of(report, score))
                .sorted(Comparator.comparing(Answer::kind))
                .toList();
    }

    private static Answer of(Report report, Score score) {
        Bars effect = Bars.of(report, score, aspect -> aspect == Aspect.EFFECT);
        Bars rest = Bars.of(report, score, aspect -> aspect != Aspect.EFFECT);
        boolean exact = score.exactness() != Exactness.APPROXIMATE && score.exactness() != Exactness.NONE;
        List<String> sentences = new ArrayList<>();
        Promise promise = Promise.of(report, score);
        sentences.add(promise.sentence(Wording.name(score.method(), report.distinct(r -> r.method()))));
        if (score.failed() > 0) {
            sentences.add("It failed in " + score.failed() + " of " + Wording.count(score.cells(), "run") + ".");
        }
        effect.sentence("the effect", "found nothing against it").ifPresent(sentences::add);
        rest.sentence("quality, cost and fairness", "found no harm").ifPresent(sentences::add);
        Kind kind;
        if (score.failed() > 0 || !effect.missed.isEmpty() || promise.broken > 0) {
            kind = Kind.NOT_DONE;
        } else if (!exact && (effect.open > 0 || effect.judged() == 0)) {
            kind = Kind.OPEN;
        } else {
            kind = rest.missed.isEmpty() ? Kind.DONE : Kind.AT_A_COST;
        }
        return new Answer(kind, String.join(" ", sentences));
    }

    /**
     * What a method promises, and whether its bits were compared with those of a model that never saw the data.
     *
     * @param checked how many models were compared
     * @param broken how many of them have other bits
     */
    private record Promise(Exactness exactness, int checked, int broken) {
        static Promise of(Report report, Score score) {
            List<Run.Made> made = report.runs().stream()
                    .filter(r -> r.role() == score.role() && r.recipe().method().equals(score.method()))
                    .flatMap(r -> r.made().stream())
                    .filter(Run.Made::checked)
                    .toList();
            return new Promise(score.exactness(), made.size(), (int)
                    made.stream().filter(m -> !m.kept()).count());
        }

        String sentence(String name) {
            if (broken > 0) {
                return name
                        + " promises, bit for bit, the model that training without the data would make, but the bits differ in "
                        + broken + " of " + Wording.count(checked, "comparison") + ".";
            }
            return promise(name, exactness)
                    + (checked > 0
                            ? " Checked: the bits are the same in " + checked + " of "
                                    + Wording.count(checked, "comparison") + "."
                            : "");
        }
    }

    private static String promise(String name, Exactness exactness) {
        return switch (exactness) {
            case EXACT -> name + " makes, bit for bit, the model that training without the data would make.";
            case EXACT_GIVEN_PARTITION ->
                name
                        + " makes, bit for bit, the model that training without the data would make, once the partition into shards is"
                        + " taken as given.";
            case EXACT_UP_TO_ROUNDING ->
                name + " makes the model that training without the data would make, up to the rounding of numbers.";
            case APPROXIMATE -> name + " comes near what was asked and promises nothing: only audits can say how near.";
            case NONE -> name + ":";
        };
    }

    /**
     * The bars of one method under some audits.
     *
     * @param met how many are met
     * @param missed those that are missed, by name, each with the first number that missed
     * @param misses how many are missed
     * @param open how many are undecided
     * @param reasons why, with the measures that each concerns
     */
    private record Bars(
            int met,
            SequencedMap<String, Measured> missed,
            int misses,
            int open,
            SequencedMap<String, Set<String>> reasons) {
        static Bars of(Report report, Score score, Predicate<Aspect> aspect) {
            int met = 0;
            int misses = 0;
            int open = 0;
            SequencedMap<String, Measured> missed = new LinkedHashMap<>();
            SequencedMap<String, Set<String>> reasons = new LinkedHashMap<>();
            for (AuditTable audit : report.audits()) {
                for (Row row : aspect.test(audit.aspect()) ? audit.rows() : List.<Row>of()) {
                    if (!row.method().equals(score.method()) || row.role() != score.role()) {
                        continue;
                    }
                    Map<String, Control> controls = audit.controls().getOrDefault(row.place(), new LinkedHashMap<>());
                    for (var finding : row.findings().entrySet()) {
                        Measured m = finding.getValue();
                        boolean broken = controls.get(finding.getKey()) == Control.BROKEN;
                        if (broken && m.standing().equals(Optional.of(Standing.FAIL))) {
                            open++;
                            reasons.computeIfAbsent("the reference misses it too", none -> new LinkedHashSet<>())
                                    .add(finding.getKey());
                            continue;
                        }
                        switch (m.standing().orElse(Standing.PASS)) {
                            case PASS -> met += m.standing().isPresent() ? 1 : 0;
                            case FAIL -> {
                                misses++;
                                missed.putIfAbsent(finding.getKey(), m);
                            }
                            case UNDECIDED -> {
                                open++;
                                m.reasons()
                                        .forEach(why -> reasons.computeIfAbsent(why, none -> new LinkedHashSet<>())
                                                .add(finding.getKey()));
                            }
                        }
                    }
                }
            }
            return new Bars(met, missed, misses, open, reasons);
        }

        int judged() {
            return met + misses + open;
        }

        /** What audits say; nothing where there was no bar. */
        Optional<String> sentence(String of, String good) {
            if (judged() == 0) {
                return Optional.empty();
            }
            String asked = Wording.count(judged(), "comparison");
            String undecided = open == 0
                    ? ""
                    : " These data cannot tell about " + (open == judged() ? "any" : open) + " of " + asked + ": "
                            + why() + ".";
            if (!missed.isEmpty()) {
                var first = missed.firstEntry();
                return Optional.of("Audits of " + of + " miss " + Wording.grouped(missed.sequencedKeySet()) + " in "
                        + misses + " of "
                        + asked + "; for one, " + first.getKey() + " is " + Wording.mean(first.getValue())
                        + Wording.unit(first.getValue().unit()) + " (the bar: "
                        + first.getValue().bar() + ")." + undecided);
            }
            return Optional.of(
                    met == 0
                            ? "No audit of " + of + " can decide with these data (" + asked + "): " + why() + "."
                            : "Audits of " + of + " " + good + " in " + met + " of " + asked + "." + undecided);
        }

        private String why() {
            return Stream.concat(
                            Wording.undecided(reasons).stream().limit(2),
                            reasons.size() > 2
                                    ? Stream.of("and " + Wording.count(reasons.size() - 2, "more reason"))
                                    : Stream.empty())
                    .collect(joining("; "));
        }
    }
}
