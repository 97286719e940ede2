package org.lethe.torch;

import org.lethe.Check;

/**
 * The factor of the learning rate as a function of the step. Steps count from 0. During warm-up the factor grows from 0 in
 * equal parts; the first step of a warm-up therefore moves nothing, as in the common libraries.
 */
public sealed interface Schedule {
    /** Steps during which the factor grows to 1. */
    long warmUp();

    /** The factor after warm-up, where {@code done} goes from 0 to 1. */
    double after(double done);

    /** The factor at a step of so many. */
    default double at(long step, long steps) {
        Check.require(step >= 0, "step", step, "at least 0");
        if (step < warmUp()) {
            return (double) step / warmUp();
        }
        double rest = Math.max(1, steps - warmUp());
        return after(Math.min(1, (step - warmUp()) / rest));
    }

    /**
     * Stays at 1.
     *
     * @param warmUp steps of warm-up
     */
    record Constant(long warmUp) implements Schedule {
        public Constant {
            requireWarmUp(warmUp);
        }

        @Override
        public double after(double done) {
            return 1;
        }
    }

    /**
     * Falls in a straight line.
     *
     * @param warmUp steps of warm-up
     * @param floor factor after the last step
     */
    record Linear(long warmUp, double floor) implements Schedule {
        public Linear {
            requireWarmUp(warmUp);
            requireFloor(floor);
        }

        @Override
        public double after(double done) {
            return floor + (1 - floor) * (1 - done);
        }
    }

    /**
     * Falls along half a cosine.
     *
     * @param warmUp steps of warm-up
     * @param floor factor after the last step
     */
    record Cosine(long warmUp, double floor) implements Schedule {
        public Cosine {
            requireWarmUp(warmUp);
            requireFloor(floor);
        }

        @Override
        public double after(double done) {
            return floor + (1 - floor) * 0.5 * (1 + StrictMath.cos(Math.PI * done));
        }
    }

    /**
     * Falls as a power of what is left.
     *
     * @param warmUp steps of warm-up
     * @param floor factor after the last step
     * @param power 1 is a straight line, more falls faster at first
     */
    record Polynomial(long warmUp, double floor, double power) implements Schedule {
        public Polynomial {
            requireWarmUp(warmUp);
            requireFloor(floor);
            Check.require(power > 0 && power <= 100, "power", power, "above 0, at most 100");
        }

        @Override
        public double after(double done) {
            return floor + (1 - floor) * StrictMath.pow(1 - done, power);
        }
    }

    private static void requireWarmUp(long warmUp) {
        Check.require(warmUp >= 0, "warmUp", warmUp, "at least 0");
    }

    private static void requireFloor(double floor) {
        Check.require(floor >= 0 && floor <= 1, "floor", floor, "0 to 1");
    }
}
