package org.lethe.study;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lethe.Aspect;
import org.lethe.Components;
import org.lethe.Cost;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Picture;

/**
 * One executed cell: what was asked, with which seeds and data, what it took and what was found.
 *
 * @param study name of the study
 * @param digest SHA-256, in hex, of everything the findings depend on
 * @param recipe what was run, in the words of a study file
 * @param role whether the method is under test or a control
 * @param exactness what the method promises about its result
 * @param origin digest of where the judged model came from; the name it is kept under, where it is kept
 * @param dataDigest SHA-256 of the data files, empty for generated data
 * @param versions of Lethe, the format, the JDK, and the kernels that ran
 * @param learned cost of the model before
 * @param fulfilled cost of carrying out the request
 * @param referenced cost of the reference
 * @param results per audit, in the study's order; those of an audit that failed are missing
 * @param warnings what went wrong without harm to the findings, as a model that could not be kept
 * @param failure why the cell failed, if it did
 * @param made when, and which model came of it; empty in records of earlier versions
 */
public record Run(
        String study,
        String digest,
        Recipe recipe,
        Role role,
        Exactness exactness,
        String origin,
        String dataDigest,
        Map<String, String> versions,
        Cost learned,
        Cost fulfilled,
        Cost referenced,
        List<Result> results,
        List<String> warnings,
        Optional<Failure> failure,
        Optional<Made> made) {

    /**
     * When a cell was run, and which model came of it.
     *
     * @param time in UTC, to the second
     * @param model SHA-256 of the model that is judged, as the subject writes it without its provenance; empty where it cannot be written
     * @param promised the same of the model that the method promises bit for bit, learned in its form without the data; empty
     *     where it promises less, or where no audit asked for that model, as in records of earlier versions
     */
    public record Made(String time, String model, String promised) {
        /** Whether the promise of an exact method was checked. */
        public boolean checked() {
            return !model.isEmpty() && !promised.isEmpty();
        }

        /** Whether the model has the bits that were promised. */
        public boolean kept() {
            return model.equals(promised);
        }
    }

    /** The coordinates of a cell, each as a study file would write it: {@code sisa {shards: 10}}. */
    public record Recipe(String subject, String data, String model, String request, String method, long seed) {}

    /** Why a method is in the study. */
    public enum Role {
        /** It is what the study is about. */
        TESTED,
        /** It does nothing; every audit must reject it. */
        DO_NOTHING,
        /** Another control of the subject; every audit must reject it. */
        REJECTED,
        /** It is what others are compared with; every audit must accept it. */
        REFERENCE
    }

    /**
     * The result of one audit.
     *
     * @param audit its name, with the settings that are not as usual
     * @param aspect what it measures a model by
     * @param findings in its order
     * @param limits what a pass does not prove
     * @param pictures what it looks like, where the audit drew that
     */
    public record Result(String audit, Aspect aspect, List<Finding> findings, String limits, List<Picture> pictures) {
        /** Without pictures. */
        public Result(String audit, Aspect aspect, List<Finding> findings, String limits) {
            this(audit, aspect, findings, limits, List.of());
        }
    }

    /** The run of a tool, outside any study. */
    public static Run ofTool(
            String tool,
            String digest,
            Recipe recipe,
            Role role,
            Exactness exactness,
            Cost cost,
            List<Result> results) {
        return new Run(
                tool,
                digest,
                recipe,
                role,
                exactness,
                "",
                "",
                Versions.here(),
                Cost.NONE,
                cost,
                Cost.NONE,
                results,
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    /** The same with other results. */
    Run with(List<Result> results) {
        return Components.with(this, "results", List.copyOf(results));
    }

    /** Why a cell has no findings, or lacks those of an audit. */
    public record Failure(LetheException.Code code, String message) {}
}
