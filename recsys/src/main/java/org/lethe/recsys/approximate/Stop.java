package org.lethe.recsys.approximate;

import java.util.Arrays;

/** When ascent on the forgotten pairs ends. */
public enum Stop {
    /** For each pair once it loses what a never-seen pair loses, and for all once most do. */
    NEVER_SEEN,
    /** After all steps, as published. */
    NONE;

    /** Which samples of the forgotten pairs still ascend. */
    boolean[] rising(Problem problem, double[] tables) {
        if (this == NEVER_SEEN) {
            return problem.below(tables);
        }
        boolean[] all = new boolean[problem.measured().size()];
        Arrays.fill(all, true);
        return all;
    }

    /** Whether ascent is at its end. */
    boolean reached(Problem problem, double[] tables) {
        return this == NEVER_SEEN && problem.forgotten(tables);
    }
}
