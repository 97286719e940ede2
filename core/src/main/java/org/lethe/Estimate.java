package org.lethe;

/**
 * The expected cost of a step on one core of a present-day machine, right within a factor of three.
 *
 * @param seconds wall-clock seconds on one thread
 * @param bytes peak memory without the data
 */
public record Estimate(double seconds, long bytes) {
    /** Two steps in turn: times are added, and the larger memory counts. */
    public Estimate then(Estimate next) {
        return new Estimate(seconds + next.seconds, Math.max(bytes, next.bytes));
    }

    /** The same work a number of times. */
    public Estimate times(double factor) {
        return new Estimate(seconds * factor, bytes);
    }
}
