package org.lethe;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Who does independent work: cells, shards, clients, attacks, blocks of rows.
 *
 * <p>Results never depend on which worker ran what, or on how many there are. A task that itself hands out tasks helps
 * to run them while it waits, so nesting cannot deadlock.
 */
public interface Workers extends AutoCloseable {
    /** A piece of work that can travel: a record of values, free of references to the place it was made. */
    @FunctionalInterface
    interface Task<T> extends Serializable {
        /** Does the work. {@code workers} are those of the place where it runs. */
        T run(Workers workers);
    }

    /** How many tasks run at a time. */
    int count();

    /** Runs every task and returns the results in the order of the tasks; a failure is thrown once all have ended. */
    <T> List<T> all(List<? extends Task<T>> tasks);

    /** Runs {@code body} for 0 … parts−1 in this process; for loops over rows, which never travel. */
    void each(int parts, IntConsumer body);

    @Override
    void close();

    /** This many threads, the calling one included. */
    static Workers threads(int count) {
        return new ThreadWorkers(count);
    }

    /** The calling thread alone. */
    static Workers here() {
        return new Workers() {
            @Override
            public int count() {
                return 1;
            }

            @Override
            public <T> List<T> all(List<? extends Task<T>> tasks) {
                List<T> results = new ArrayList<>(tasks.size());
                for (Task<T> task : tasks) {
                    results.add(task.run(this));
                }
                return results;
            }

            @Override
            public void each(int parts, IntConsumer body) {
                for (int i = 0; i < parts; i++) {
                    body.accept(i);
                }
            }

            @Override
            public void close() {}
        };
    }
}
