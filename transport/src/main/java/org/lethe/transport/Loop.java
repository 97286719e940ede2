package org.lethe.transport;

import java.util.function.IntConsumer;

/** Runs the independent parts of a loop. Results do not depend on the threads that run them. */
@FunctionalInterface
public interface Loop {
    /** Runs {@code body} for 0 … parts − 1, in any order and at the same time if it likes. */
    void each(int parts, IntConsumer body);

    /** The calling thread alone. */
    Loop HERE = (parts, body) -> {
        for (int part = 0; part < parts; part++) {
            body.accept(part);
        }
    };
}
