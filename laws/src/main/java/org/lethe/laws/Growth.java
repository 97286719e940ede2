package org.lethe.laws;

import java.util.function.LongSupplier;

/** How much memory outside of Java's heap a piece of work leaves behind. */
public final class Growth {
    private static final int ROUNDS = 3;

    private Growth() {}

    /**
     * The least growth of a few rounds of the same work, in bytes. A leak shows in every round, unlike what the compiler, the
     * heap or an allocator take once.
     *
     * @param memory what the process holds now
     */
    public static long least(LongSupplier memory, Runnable round) {
        long least = Long.MAX_VALUE;
        for (int n = 0; n < ROUNDS; n++) {
            long before = memory.getAsLong();
            round.run();
            least = Math.min(least, memory.getAsLong() - before);
        }
        return least;
    }
}
