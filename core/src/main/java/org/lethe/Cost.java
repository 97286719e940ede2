package org.lethe;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The cost of a step.
 *
 * @param seconds wall-clock seconds in all
 * @param steps wall-clock seconds of each named part, one entry per time it ran: {@code shard → [0.8, 0.7]}
 * @param counts machine-free amounts of work: {@code shards-touched → 2}, {@code interactions-trained → 15,809}
 */
public record Cost(double seconds, Map<String, List<Double>> steps, Map<String, Long> counts) {
    /** No cost at all. */
    public static final Cost NONE = new Cost(0, Map.of(), Map.of());

    /** The cost of two steps in turn: seconds and counts are added, parts are listed one after another. */
    public Cost then(Cost next) {
        Map<String, List<Double>> parts = new TreeMap<>(steps);
        next.steps.forEach((name, times) -> parts.merge(
                name, times, (a, b) -> Stream.concat(a.stream(), b.stream()).toList()));
        Map<String, Long> amounts = new TreeMap<>(counts);
        next.counts.forEach((name, amount) -> amounts.merge(name, amount, Long::sum));
        return new Cost(seconds + next.seconds, parts, amounts);
    }

    /** Total seconds of a named part; 0 where it never ran. */
    public double seconds(String step) {
        return steps.getOrDefault(step, List.of()).stream()
                .mapToDouble(Double::doubleValue)
                .sum();
    }

    /** A count; 0 where nothing was counted. */
    public long count(String name) {
        return counts.getOrDefault(name, 0L);
    }
}
