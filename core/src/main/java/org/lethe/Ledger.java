package org.lethe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The ledger in which a running step notes its cost; safe for use by many threads. */
public final class Ledger {
    private final long start = System.nanoTime();
    private final Map<String, List<Double>> steps = new TreeMap<>();
    private final Map<String, Long> counts = new TreeMap<>();

    /** Runs a named part and notes its seconds. */
    public <T> T timed(String step, Supplier<T> part) {
        long from = System.nanoTime();
        T result = part.get();
        spent(step, (System.nanoTime() - from) / 1e9);
        return result;
    }

    /** Notes the seconds of one run of a named part. */
    public synchronized void spent(String step, double seconds) {
        steps.computeIfAbsent(step, s -> new ArrayList<>()).add(seconds);
    }

    /** Adds to a machine-free amount of work. */
    public synchronized void count(String name, long amount) {
        counts.merge(name, amount, Long::sum);
    }

    /** Adds the named parts and the counts of another ledger. */
    public synchronized void add(Cost cost) {
        cost.steps()
                .forEach((name, seconds) ->
                        steps.computeIfAbsent(name, s -> new ArrayList<>()).addAll(seconds));
        cost.counts().forEach(this::count);
    }

    /** The cost noted so far, with the wall-clock time since this ledger was opened. */
    public synchronized Cost cost() {
        Map<String, List<Double>> copy = new LinkedHashMap<>();
        steps.forEach((name, seconds) -> copy.put(name, List.copyOf(seconds)));
        return new Cost((System.nanoTime() - start) / 1e9, copy, new LinkedHashMap<>(counts));
    }
}
