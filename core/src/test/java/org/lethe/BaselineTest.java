package org.lethe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BaselineTest {
    private final Baseline baseline = new Baseline();
    private final AtomicInteger steps = new AtomicInteger();

    private int ask(Object key, Env env) {
        return baseline.of(key, env, e -> {
            e.ledger().count("attacks", 7);
            e.ledger().spent("attack", 0.25);
            return steps.incrementAndGet();
        });
    }

    @Test
    void aStepIsDoneOnceAndItsCostToldToEachWhoAsks() {
        for (int n = 0; n < 3; n++) {
            Env env = Env.seeded(1);
            assertEquals(1, ask(List.of("knn", 5), env));
            assertEquals(7, env.ledger().cost().count("attacks"));
            assertEquals(0.25, env.ledger().cost().seconds("attack"));
        }
        assertEquals(2, ask(List.of("knn", 6), Env.seeded(1)));
    }

    @Test
    void threadsThatAskTogetherGetOneResult() {
        try (Workers workers = Workers.threads(4)) {
            int[] results = new int[40];
            workers.each(results.length, n -> results[n] = ask(n % 2, Env.seeded(1)));
            assertEquals(2, steps.get());
            for (int n = 0; n < results.length; n++) {
                assertEquals(results[n % 2], results[n]);
            }
        }
    }

    @Test
    void aStepThatFailsFailsForEachWhoAsks() {
        for (int n = 0; n < 2; n++) {
            assertThrows(
                    IllegalStateException.class,
                    () -> baseline.of("key", Env.seeded(1), e -> {
                        throw new IllegalStateException();
                    }));
        }
    }
}
