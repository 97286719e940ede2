package org.lethe;

/**
 * A confidence interval.
 *
 * @param low lower end
 * @param high upper end
 * @param level coverage, as 0.95
 */
public record Interval(double low, double high, double level) {
    public Interval {
        Check.require(low <= high, "low", low, "at most high, which is " + high);
        Check.require(level > 0 && level < 1, "level", level, "between 0 and 1");
    }

    /** Whether a value lies inside or on an end. */
    public boolean contains(double value) {
        return low <= value && value <= high;
    }
}
