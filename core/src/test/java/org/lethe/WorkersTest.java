package org.lethe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class WorkersTest {
    /** A tree of sums: every inner node hands out three tasks. */
    private record Sum(int depth, long from) implements Workers.Task<Long> {
        @Override
        public Long run(Workers workers) {
            if (depth == 0) {
                return from;
            }
            List<Sum> parts = IntStream.range(0, 3)
                    .mapToObj(i -> new Sum(depth - 1, from * 3 + i))
                    .toList();
            return workers.all(parts).stream().mapToLong(Long::longValue).sum();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 9})
    void nestingToAnyDepthEndsWithTheSameResult(int count) {
        try (Workers workers = Workers.threads(count)) {
            for (int repeat = 0; repeat < 20; repeat++) {
                assertEquals(
                        new Sum(7, 0).run(Workers.here()),
                        workers.all(List.of(new Sum(7, 0), new Sum(7, 0))).get(1));
            }
        }
    }

    @Test
    void everyPartRunsOnce() {
        try (Workers workers = Workers.threads(3)) {
            for (int parts : new int[] {0, 1, 2, 3, 1000}) {
                AtomicInteger[] runs = IntStream.range(0, parts)
                        .mapToObj(i -> new AtomicInteger())
                        .toArray(AtomicInteger[]::new);
                workers.each(parts, i -> runs[i].incrementAndGet());
                for (AtomicInteger r : runs) {
                    assertEquals(1, r.get());
                }
            }
        }
    }

    @Test
    void neverMoreThreadsThanSaidWork() {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (Workers workers = Workers.threads(3)) {
            workers.each(
                    8,
                    i -> workers.each(50, j -> {
                        most.accumulateAndGet(now.incrementAndGet(), Math::max);
                        Thread.onSpinWait();
                        now.decrementAndGet();
                    }));
        }
        assertTrue(most.get() <= 3, "threads at work: " + most.get());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void theFirstFailureIsThrownAfterAllHaveEnded(int count) {
        try (Workers workers = Workers.threads(count)) {
            AtomicInteger ended = new AtomicInteger();
            RuntimeException e = assertThrows(
                    IllegalStateException.class,
                    () -> workers.each(20, i -> {
                        ended.incrementAndGet();
                        if (i == 3 || i == 17) {
                            throw new IllegalStateException("part " + i);
                        }
                    }));
            assertEquals("part 3", e.getMessage());
            assertEquals(20, ended.get());
        }
    }

    @Test
    void resultsKeepTheOrderOfTheTasks() {
        List<Sum> tasks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            tasks.add(new Sum(0, i));
        }
        try (Workers workers = Workers.threads(4)) {
            assertEquals(IntStream.range(0, 100).mapToObj(i -> (long) i).toList(), workers.all(tasks));
        }
    }

    @Test
    void everyResultArrivesOnceWithTheNumberOfItsTask() {
        int[] arrivals = new int[100];
        try (Workers workers = Workers.threads(4)) {
            workers.gather(IntStream.range(0, 100).mapToObj(i -> new Sum(0, i)).toList(), (number, result) -> {
                assertEquals(number, result);
                arrivals[number]++;
            });
        }
        assertTrue(IntStream.of(arrivals).allMatch(n -> n == 1));
    }
}
