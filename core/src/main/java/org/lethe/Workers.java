package org.lethe;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.IntConsumer;

/**
 * Runs independent tasks: cells, shards, clients, attacks, blocks of rows.
 *
 * <p>Results never depend on the number of workers, or on which worker runs which task. A task that submits tasks helps
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

    /**
     * Runs every task and hands over each result. Workers of other processes hand it over as soon as it is there, in any order and
     * one at a time, so that it can be written down; the others do so at the end. A failure is thrown once all have ended; the
     * results of the other tasks may have been handed over.
     */
    default <T> void gather(List<? extends Task<T>> tasks, Arrival<T> arrival) {
        List<T> results = all(tasks);
        for (int n = 0; n < results.size(); n++) {
            arrival.of(n, results.get(n));
        }
    }

    /** Takes a result where its task came from. */
    @FunctionalInterface
    interface Arrival<T> {
        /** {@code number} is that of the task in its list. */
        void of(int number, T result);
    }

    /**
     * Runs every task and folds the results in a fixed tree: blocks of consecutive tasks from left to right, then
     * neighbouring blocks, then neighbouring pairs of blocks. The tree depends only on the number of tasks and on
     * {@code block}. A sum over 10,000 clients therefore has the same bits on any number of workers, even where tasks
     * are repeated.
     *
     * @param block how many consecutive tasks are folded where they run; no more than their results and one sum are held
     * @param fold puts two results together; need not be commutative nor associative
     * @throws IllegalArgumentException where there is no task
     */
    default <T> T fold(List<? extends Task<T>> tasks, int block, Fold<T> fold) {
        Check.require(!tasks.isEmpty(), "tasks", "empty", "at least one");
        Check.require(block >= 1, "block", block, "at least 1");
        List<Task<T>> blocks = new ArrayList<>();
        for (int from = 0; from < tasks.size(); from += block) {
            List<Task<T>> part = List.copyOf(tasks.subList(from, Math.min(tasks.size(), from + block)));
            blocks.add(workers -> {
                T sum = part.getFirst().run(workers);
                for (Task<T> task : part.subList(1, part.size())) {
                    sum = fold.together(sum, task.run(workers));
                }
                return sum;
            });
        }
        List<T> sums = all(blocks);
        while (sums.size() > 1) {
            List<T> pairs = new ArrayList<>();
            for (int i = 0; i < sums.size(); i += 2) {
                pairs.add(i + 1 < sums.size() ? fold.together(sums.get(i), sums.get(i + 1)) : sums.get(i));
            }
            sums = pairs;
        }
        return sums.getFirst();
    }

    /**
     * Hands a value to every place where tasks run, once, however many tasks use it. Tasks hold the handle, not the value; the
     * value must be serialisable where tasks leave this process.
     */
    default <T> Shared<T> share(T value) {
        return new Here<>(value);
    }

    /** A value that many tasks read, see {@link #share}. */
    interface Shared<T> extends Serializable, AutoCloseable {
        /** The value, at the place where this is called. */
        T value();

        /** Releases it everywhere. */
        @Override
        default void close() {}
    }

    /** A value shared within this process. */
    record Here<T>(T value) implements Shared<T> {}

    /** Puts two results together. */
    @FunctionalInterface
    interface Fold<T> extends Serializable {
        /** The left one and the right one. */
        T together(T left, T right);
    }

    /** Opens workers of an address such as {@code spark://…}; found through {@code ServiceLoader}. */
    interface Scheme {
        /** The scheme of its addresses, as {@code spark}. */
        String name();

        /** Workers at an address. */
        Workers open(String address);
    }

    /** The workers of an option: a number of threads, or an address whose scheme a module knows. */
    static Workers of(String option) {
        if (option.matches("\\d{1,4}") && Integer.parseInt(option) > 0) {
            return threads(Integer.parseInt(option));
        }
        List<String> known = new ArrayList<>();
        for (Scheme scheme : ServiceLoader.load(Scheme.class)) {
            if (option.startsWith(scheme.name() + "://")) {
                return scheme.open(option);
            }
            known.add(scheme.name() + "://…");
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                "workers is \"" + option + "\", expected a number of threads, from 1 to 9999"
                        + (known.isEmpty() ? "" : ", or " + String.join(" or ", known)));
    }

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
