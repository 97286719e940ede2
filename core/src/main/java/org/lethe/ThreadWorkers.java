package org.lethe;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Threads of this process: the caller and {@code count − 1} others.
 *
 * <p>A thread that submits a batch also runs its tasks. While it waits for the last ones, it runs only tasks nested
 * inside them. It therefore never starts unrelated work on top of a suspended task, so nesting cannot deadlock at any
 * depth: every task that has begun has a thread that runs it.
 */
final class ThreadWorkers implements Workers {
    private final int count;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Batch> open = new ArrayDeque<>(); // with unclaimed parts, newest first

    @SuppressWarnings("ThreadLocalUsage") // of this pool: a thread may serve in several
    private final ThreadLocal<@Nullable Batch> current = new ThreadLocal<>();

    private final List<Thread> threads = new ArrayList<>();
    private boolean closed;

    ThreadWorkers(int count) {
        Check.require(count >= 1, "count", count, "at least 1");
        this.count = count;
        for (int i = 1; i < count; i++) {
            threads.add(Thread.ofPlatform().daemon().name("lethe-worker-" + i).start(this::serve));
        }
    }

    /** Parts 0 … parts−1 of one loop, claimed one by one. */
    private static final class Batch {
        final @Nullable Batch parent;
        final int parts;
        final IntConsumer body;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger running;
        final AtomicReferenceArray<@Nullable Throwable> failures;

        Batch(@Nullable Batch parent, int parts, IntConsumer body) {
            this.parent = parent;
            this.parts = parts;
            this.body = body;
            this.running = new AtomicInteger(parts);
            this.failures = new AtomicReferenceArray<>(parts);
        }

        boolean exhausted() {
            return next.get() >= parts;
        }

        boolean comesFrom(Batch ancestor) {
            for (Batch b = parent; b != null; b = b.parent) {
                if (b == ancestor) {
                    return true;
                }
            }
            return false;
        }
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public <T> List<T> all(List<? extends Task<T>> tasks) {
        Object[] results = new Object[tasks.size()];
        each(tasks.size(), i -> results[i] = tasks.get(i).run(this));
        @SuppressWarnings("unchecked") // each slot was filled by a Task<T>
        List<T> list = (List<T>) Arrays.asList(results);
        return list;
    }

    @Override
    public void each(int parts, IntConsumer body) {
        if (parts <= 0) {
            return;
        }
        Batch batch = new Batch(current.get(), parts, body);
        if (parts == 1 || count == 1) {
            work(batch);
        } else {
            lock.lock();
            try {
                if (closed) {
                    throw new IllegalStateException("these workers are closed");
                }
                open.addFirst(batch);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            work(batch);
            await(batch);
        }
        for (int i = 0; i < parts; i++) {
            Throwable failure = batch.failures.get(i);
            if (failure != null) { // the first in the order of the parts, so that it does not depend on timing
                throw ThreadWorkers.<RuntimeException>asIs(failure);
            }
        }
    }

    /** Throws the exception of a part unchanged; a part is an {@code IntConsumer}, so it is unchecked in fact. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <X extends Throwable> X asIs(Throwable failure) throws X {
        throw (X) failure;
    }

    /** Runs unclaimed parts of a batch until there are none. */
    private void work(Batch batch) {
        Batch outer = current.get();
        current.set(batch);
        try {
            for (int i = batch.next.getAndIncrement(); i < batch.parts; i = batch.next.getAndIncrement()) {
                try {
                    batch.body.accept(i);
                } catch (Throwable e) {
                    batch.failures.set(i, e); // handed to the caller of each, which throws it
                }
                if (batch.running.decrementAndGet() == 0) {
                    wake();
                }
            }
        } finally {
            current.set(outer);
        }
    }

    private void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the parts of a batch that run elsewhere; meanwhile it runs the batches that they submit. */
    private void await(Batch batch) {
        lock.lock();
        try {
            open.remove(batch); // its parts are claimed; what its body holds must not be kept from the collector
        } finally {
            lock.unlock();
        }
        while (batch.running.get() > 0) {
            Batch help = null;
            lock.lock();
            try {
                while (batch.running.get() > 0 && (help = newest(batch)) == null) {
                    changed.awaitUninterruptibly();
                }
            } finally {
                lock.unlock();
            }
            if (help != null) {
                work(help);
            }
        }
    }

    private void serve() {
        while (true) {
            Batch batch = null;
            lock.lock();
            try {
                while (!closed && (batch = newest(null)) == null) {
                    changed.awaitUninterruptibly();
                }
            } finally {
                lock.unlock();
            }
            if (batch == null) {
                return;
            }
            work(batch);
        }
    }

    /** The newest batch with unclaimed parts, among those that come from {@code ancestor} if there is one. */
    private @Nullable Batch newest(@Nullable Batch ancestor) {
        for (Iterator<Batch> i = open.iterator(); i.hasNext(); ) {
            Batch batch = i.next();
            if (batch.exhausted()) {
                i.remove();
            } else if (ancestor == null || batch.comesFrom(ancestor)) {
                return batch;
            }
        }
        return null;
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
