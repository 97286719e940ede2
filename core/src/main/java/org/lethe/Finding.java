package org.lethe;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One measured quantity.
 *
 * @param name what was measured, with its parameters: {@code ndcgFull@20}
 * @param value the measurement
 * @param interval where the true value lies, where that can be said
 * @param n sample size
 * @param unit {@code s}, {@code bytes}, {@code ×} for a ratio of times, or an empty string for a bare number
 * @param direction which way is better
 * @param verdict what it says about its bar, where there is one
 * @param pValue of a test against the reference, before correction for many tests
 */
public record Finding(
        String name,
        double value,
        Optional<Interval> interval,
        long n,
        String unit,
        Direction direction,
        Optional<Verdict> verdict,
        OptionalDouble pValue) {
    /** A bare number with its sample size and direction. */
    public Finding(String name, double value, long n, Direction direction) {
        this(name, value, Optional.empty(), n, "", direction, Optional.empty(), OptionalDouble.empty());
    }

    /** The same with an interval. */
    public Finding within(Interval interval) {
        return new Finding(name, value, Optional.of(interval), n, unit, direction, verdict, pValue);
    }

    /** The same in a unit. */
    public Finding in(String unit) {
        return new Finding(name, value, interval, n, unit, direction, verdict, pValue);
    }

    /** The same with a verdict. */
    public Finding judged(Verdict verdict) {
        return new Finding(name, value, interval, n, unit, direction, Optional.of(verdict), pValue);
    }

    /** The same with the p-value of a test against the reference. */
    public Finding tested(double pValue) {
        return new Finding(name, value, interval, n, unit, direction, verdict, OptionalDouble.of(pValue));
    }

    /** True where the value depends on the machine and the moment, as time and memory do; a second run may differ. */
    public boolean ofTheMachine() {
        return unit.equals("s") || unit.equals("bytes") || unit.equals("×");
    }
}
