package org.lethe.numerics;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import jdk.incubator.vector.FloatVector;

/**
 * Decides whether vector kernels run here, or their scalar references.
 *
 * <p>Kernels are written for 16 floats (8 doubles) at a time: one 512-bit register. A scalar reference walks the same
 * 16 virtual lanes in plain Java and adds them in the same order, so both give the same bits. A fixed species on a
 * narrower CPU would box every vector, so there, and without the vector module, the scalar references run.
 */
public final class Lanes {
    /** Floats per step of every kernel and scalar reference. */
    public static final int FLOATS = 16;

    /** Doubles per step of every kernel and scalar reference. */
    public static final int DOUBLES = 8;

    /** The reason why the scalar references run, or an empty string where the kernels run. */
    public static final String OBSTACLE = obstacle();

    /** True where kernels run: constant for the life of the process, so that a branch on it costs nothing. */
    public static final boolean VECTOR = OBSTACLE.isEmpty();

    private Lanes() {}

    /**
     * True where {@link Math#fma} has no instruction here: the JVM then computes it with {@code BigDecimal}, for the same bits
     * in up to 60 times as long. A processor without the instruction is like that, or one whose JVM was told not to use it.
     */
    public static boolean slowFma() {
        try {
            return !Boolean.parseBoolean(ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .getVMOption("UseFMA")
                    .getValue());
        } catch (IllegalArgumentException | NullPointerException e) {
            return false; // another JVM, which does not say
        }
    }

    /** The next multiple of {@link #FLOATS}: the length of a row of n floats that kernels walk without a rest. */
    public static int padded(int n) {
        return (n + FLOATS - 1) / FLOATS * FLOATS;
    }

    private static String obstacle() {
        if (Boolean.getBoolean("lethe.plain")) {
            return "switched off by -Dlethe.plain=true";
        }
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            return "the JVM was started without --add-modules=jdk.incubator.vector";
        }
        int lanes = Preferred.floats();
        return lanes >= FLOATS ? "" : "this CPU has " + lanes + " float lanes, kernels need " + FLOATS;
    }

    /** Loaded only where the module is present. */
    private static final class Preferred {
        static int floats() {
            return FloatVector.SPECIES_PREFERRED.length();
        }
    }
}
