package org.lethe.study;

import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 * @param role whether the method is under test or one of the two controls
 * @param exactness what the method promises about its result
 * @param dataDigest SHA-256 of the data files, empty for generated data
 * @param versions of Lethe, the format, the JDK, and the kernels that ran
 * @param learned cost of the model before
 * @param fulfilled cost of carrying out the request
 * @param referenced cost of the reference
 * @param results per audit, in the study's order; empty where the cell failed
 * @param failure why the cell failed, if it did
 */
public record Run(
        String study,
        String digest,
        Recipe recipe,
        Role role,
        Exactness exactness,
        String dataDigest,
        Map<String, String> versions,
        Cost learned,
        Cost fulfilled,
        Cost referenced,
        List<Result> results,
        Optional<Failure> failure) {

    /** The coordinates of a cell, each as a study file would write it: {@code sisa {shards: 10}}. */
    public record Recipe(String subject, String data, String model, String request, String method, long seed) {}

    /** Why a method is in the study. */
    public enum Role {
        /** It is what the study is about. */
        TESTED,
        /** It does nothing; every audit must reject it. */
        DO_NOTHING,
        /** It is what others are compared with; every audit must accept it. */
        REFERENCE
    }

    /** What one audit found, with the sentence on what it does not prove, and what it looks like where it drew that. */
    public record Result(String audit, List<Finding> findings, String limits, List<Picture> pictures) {
        /** Without pictures. */
        public Result(String audit, List<Finding> findings, String limits) {
            this(audit, findings, limits, List.of());
        }
    }

    /** Why a cell has no findings. */
    public record Failure(LetheException.Code code, String message) {}
}
