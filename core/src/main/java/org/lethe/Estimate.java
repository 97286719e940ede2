package org.lethe;

/**
 * What a step is expected to take on one core of a present-day machine; right within a factor of three.
 *
 * @param seconds wall-clock seconds on one thread
 * @param bytes peak memory beside the data
 */
public record Estimate(double seconds, long bytes) {
    /** One after the other: times add, memory is the larger one. */
    public Estimate then(Estimate next) {
        return new Estimate(seconds + next.seconds, Math.max(bytes, next.bytes));
    }

    /** The same work a number of times. */
    public Estimate times(double factor) {
        return new Estimate(seconds * factor, bytes);
    }
}
