package org.lethe.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.lethe.Finding;
import org.lethe.Subject;

/**
 * Runs the study of a run folder again, in a folder of its own that is deleted afterwards, and compares what comes of it with the records: the
 * digests of the models, and every finding to the last bit but those of the machine, such as seconds.
 *
 * <p>The bits are promised for the same version of Lethe on the same device. They may differ on a processor with other vector instructions.
 *
 * @param engine that runs it; no model is kept, whatever it says
 * @param subjects that are installed
 */
public record Replay(Engine engine, List<? extends Subject<?, ?>> subjects) {
    /**
     * What came of it.
     *
     * @param cells that were run again
     * @param models whose digests were compared; records of earlier versions have none
     * @param differences one sentence each; empty where all bits are the same
     */
    public record Result(int cells, int models, List<String> differences) {}

    /** Runs a folder's study again. A {@code LetheException} where the study cannot be run here. */
    public Result of(RunFolder recorded) {
        List<Run> before = recorded.runs();
        try (Scratch scratch = Scratch.make()) {
            RunFolder again = RunFolder.at(scratch.folder());
            again.personsOf(recorded);
            Engine plain = new Engine(
                    engine.workers(), engine.progress(), engine.folders(), Optional.of(Keep.NONE), engine.device());
            Map<String, Run> after = plain.run(recorded.study(subjects), again, false).stream()
                    .collect(Collectors.toMap(Run::digest, run -> run));
            List<String> differences = new ArrayList<>();
            int models = 0;
            for (Run was : before) {
                Optional<Run> is = Optional.ofNullable(after.get(was.digest()));
                models += is.isPresent()
                                && digest(was).isPresent()
                                && digest(is.get()).isPresent()
                        ? 1
                        : 0;
                compare(was, is, differences);
            }
            if (!differences.isEmpty()) {
                differences.addAll(versions(before));
            }
            return new Result(before.size(), models, List.copyOf(differences));
        }
    }

    private static void compare(Run was, Optional<Run> again, List<String> into) {
        Run.Recipe r = was.recipe();
        String cell = r.method() + " on " + r.model() + ", " + r.request() + ", seed " + r.seed() + " (cell "
                + was.digest().substring(0, 8) + "): ";
        if (again.isEmpty()) {
            into.add(cell
                    + "the study gives no such cell here: its data, its device or the meaning of a setting is another");
            return;
        }
        Run is = again.get();
        String failedBefore = was.failure().map(Run.Failure::message).orElse("");
        String failedNow = is.failure().map(Run.Failure::message).orElse("");
        if (!failedBefore.equals(failedNow)) {
            into.add(cell + (failedNow.isEmpty() ? "did not fail" : "failed: " + failedNow) + ", expected "
                    + (failedBefore.isEmpty() ? "findings" : "the failure: " + failedBefore));
        }
        if (digest(was).isPresent() && digest(is).isPresent() && !digest(was).equals(digest(is))) {
            into.add(cell + "the model has the SHA-256 " + digest(is).get() + ", expected "
                    + digest(was).get());
        }
        SequencedMap<String, Finding> now = findings(is);
        findings(was).forEach((name, finding) -> {
            Finding other = now.get(name);
            if (!Objects.equals(finding, other)) {
                into.add(cell + name + " is " + said(Optional.ofNullable(other), finding) + ", expected "
                        + said(Optional.of(finding), other == null ? finding : other));
            }
        });
    }

    private static Optional<String> digest(Run run) {
        return run.made().map(Run.Made::model).filter(digest -> !digest.isEmpty());
    }

    /** The findings that are the same in every execution, by audit and name. */
    private static SequencedMap<String, Finding> findings(Run run) {
        SequencedMap<String, Finding> findings = new LinkedHashMap<>();
        for (Run.Result result : run.results()) {
            result.findings().stream()
                    .filter(finding -> !finding.ofTheMachine())
                    .forEach(finding -> findings.put(result.audit() + "/" + finding.name(), finding));
        }
        return findings;
    }

    /** A finding by its value, or whole where another has the same value. */
    private static String said(Optional<Finding> finding, Finding other) {
        return finding.map(
                        f -> f.value() == other.value() && !f.equals(other) ? f.toString() : Double.toString(f.value()))
                .orElse("not there");
    }

    /** What made the records and what runs here, where the two are not the same. */
    private static List<String> versions(List<Run> before) {
        String here = Versions.here().toString();
        return before.stream()
                .map(run -> Map.copyOf(run.versions()))
                .distinct()
                .filter(versions -> !versions.equals(Versions.here()))
                .map(versions -> "the records were made by " + new TreeMap<>(versions) + ", here runs " + here)
                .toList();
    }
}
