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
 * @param scale where values of this measure can lie; neither the value nor the interval may leave it
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
        Scale scale,
        Direction direction,
        Optional<Verdict> verdict,
        OptionalDouble pValue) {
    public Finding {
        Check.require(scale.holds(value), name, value, "on its scale, " + scale);
        for (Interval i : interval.stream().toList()) {
            Check.require(
                    scale.holds(i.low()) && scale.holds(i.high()), name + ".interval", i, "on its scale, " + scale);
        }
    }

    /** A bare number with its sample size and direction. It may lie anywhere, unless one half is best: then it is a share. */
    public Finding(String name, double value, long n, Direction direction) {
        this(
                name,
                value,
                Optional.empty(),
                n,
                "",
                direction == Direction.HALF ? Scale.SHARE : Scale.UNBOUNDED,
                direction,
                Optional.empty(),
                OptionalDouble.empty());
    }

    /** The same on a scale. */
    public Finding on(Scale scale) {
        return new Finding(name, value, interval, n, unit, scale, direction, verdict, pValue);
    }

    /** The same with an interval. */
    public Finding within(Interval interval) {
        return new Finding(name, value, Optional.of(interval), n, unit, scale, direction, verdict, pValue);
    }

    /** The same in a unit. What depends on the machine is never below 0. */
    public Finding in(String unit) {
        return new Finding(
                name,
                value,
                interval,
                n,
                unit,
                ofTheMachine(unit) ? Scale.POSITIVE : scale,
                direction,
                verdict,
                pValue);
    }

    /** The same with a verdict. */
    public Finding judged(Verdict verdict) {
        return new Finding(name, value, interval, n, unit, scale, direction, Optional.of(verdict), pValue);
    }

    /** The same with the p-value of a test against the reference. */
    public Finding tested(double pValue) {
        return new Finding(name, value, interval, n, unit, scale, direction, verdict, OptionalDouble.of(pValue));
    }

    /** True where the value depends on the machine and the moment, as time and memory do; a second run may differ. */
    public boolean ofTheMachine() {
        return ofTheMachine(unit);
    }

    private static boolean ofTheMachine(String unit) {
        return unit.equals("s") || unit.equals("bytes") || unit.equals("×");
    }
}
