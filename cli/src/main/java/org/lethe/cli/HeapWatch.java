package org.lethe.cli;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;

/**
 * Ends a command whose heap is slightly too small: it would collect garbage for hours, and neither end nor fail.
 *
 * <p>Files on disk are whole at any moment, so the process may end at any moment.
 */
final class HeapWatch {
    private static final double ALL = 0.9; // the share of time spent on garbage that leaves nothing for the work

    private HeapWatch() {}

    /** The message for a heap that is too small. */
    static String words() {
        return "out of memory: the heap is at most " + (Runtime.getRuntime().maxMemory() >> 20)
                + " MiB; LETHE_JVM=-Xmx8g gives 8 GiB";
    }

    /** Watches the process, and ends it after so many steps in a row that were spent on garbage alone. */
    static void begin(Duration step, int steps) {
        Thread.ofPlatform().daemon().name("heap-watch").start(() -> {
            try {
                watch(step, steps);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static void watch(Duration step, int steps) throws InterruptedException {
        Thread.sleep(step);
        String words = words() + " (nearly all time went into garbage collection)";
        List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
        long at = System.nanoTime();
        long collected = 0;
        for (int spent = 0; spent < steps; ) {
            Thread.sleep(step);
            try {
                long now = System.nanoTime();
                long all = 0;
                for (GarbageCollectorMXBean collector : collectors) {
                    all += collector.getCollectionTime();
                }
                spent = (all - collected) * 1e6 > ALL * (now - at) ? spent + 1 : 0;
                at = now;
                collected = all;
            } catch (OutOfMemoryError full) {
                spent++; // not even these few bytes
            }
        }
        try {
            System.err.println(words);
        } finally {
            Runtime.getRuntime().halt(Lethe.SURROUNDINGS);
        }
    }
}
