package org.lethe.study;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lethe.Workers;

/**
 * A step of a run. It starts when the steps it needs are done, and releases its result when the steps that need it are
 * done.
 */
final class Step<T> {
    private final Workers workers;
    private final List<Step<?>> needs;
    private final List<Step<?>> neededBy = new ArrayList<>();
    private final boolean always;
    private final Supplier<T> work;
    private int waitsFor; // guarded by this
    private int uses; // guarded by this
    private @Nullable T result; // guarded by this
    private @Nullable Throwable failure; // guarded by this

    /** A step that fails where one of its needs has failed. */
    Step(Workers workers, List<Step<?>> needs, Supplier<T> work) {
        this(workers, needs, false, work);
    }

    /** A step that runs even where one of its needs has failed, to say so. */
    static <T> Step<T> always(Workers workers, List<Step<?>> needs, Supplier<T> work) {
        return new Step<>(workers, needs, true, work);
    }

    private Step(Workers workers, List<Step<?>> needs, boolean always, Supplier<T> work) {
        this.workers = workers;
        this.needs = needs.stream().distinct().toList();
        this.always = always;
        this.work = work;
        this.waitsFor = this.needs.size();
        this.needs.forEach(need -> {
            need.neededBy.add(this);
            need.uses++;
        });
    }

    /** The result, or the failure of this step or of one it needed. */
    synchronized T value() {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
        if (result == null) {
            throw new IllegalStateException("a step was asked for before it was done");
        }
        return result;
    }

    /** Does the work, then starts the steps that waited for it. */
    void perform() {
        work();
        needs.forEach(Step::release);
        List<Step<?>> ready = neededBy.stream().filter(Step::oneLess).toList();
        workers.each(ready.size(), i -> ready.get(i).perform());
    }

    private void work() {
        T made = null;
        Throwable thrown = null;
        try {
            if (!always) {
                needs.forEach(Step::value); // passes on a failure
            }
            made = work.get();
        } catch (RuntimeException | OutOfMemoryError e) {
            if (always) {
                throw e;
            }
            thrown = e;
        }
        synchronized (this) {
            result = made;
            failure = thrown;
        }
    }

    private synchronized boolean oneLess() {
        return --waitsFor == 0;
    }

    private synchronized void release() {
        if (--uses == 0) {
            result = null;
        }
    }
}
