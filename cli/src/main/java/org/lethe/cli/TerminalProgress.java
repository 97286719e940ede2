package org.lethe.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import org.lethe.Printable;
import org.lethe.Progress;

/**
 * One bar with the remaining time on a terminal, a line now and then elsewhere.
 *
 * <p>The bar shows the first step. Steps that begin while it is open are parts of it; the latest of them is named
 * beside the bar with its own remaining time, so that one long picture is no bar that stands still.
 */
final class TerminalProgress implements Progress {
    private final PrintStream out;
    private final boolean terminal;
    private final LongSupplier nanos;
    private final Duration gap; // between lines
    private final AtomicReference<@Nullable Shown> shown = new AtomicReference<>();

    TerminalProgress(PrintStream out, boolean terminal) {
        this(out, terminal, System::nanoTime, Duration.ofSeconds(5));
    }

    /** One with another clock and another time between lines, for tests. */
    TerminalProgress(PrintStream out, boolean terminal, LongSupplier nanos, Duration gap) {
        this.out = out;
        this.terminal = terminal;
        this.nanos = nanos;
        this.gap = gap;
    }

    @Override
    public Step begin(String what, long total) {
        Shown outer = shown.get();
        if (outer != null) {
            return new Part(outer, what, total, nanos);
        }
        Shown first = terminal ? new Bar(what, total) : new Lines(what, total);
        return shown.compareAndSet(null, first) ? first : begin(what, total);
    }

    /** Says something each time between two lines, until it is interrupted. */
    private Thread everyGap(Runnable say) {
        return Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    Thread.sleep(gap);
                    say.run();
                }
            } catch (InterruptedException e) {
                // what it spoke for is over
            }
        });
    }

    /** A line every five seconds in which no step is shown: reading a file, or a tool that has no parts to count. */
    @Override
    public Step meanwhile(String what) {
        return new Meanwhile(what);
    }

    private final class Meanwhile implements Step {
        private final String what;
        private final long start = nanos.getAsLong();
        private final Thread clock = everyGap(this::say);

        Meanwhile(String what) {
            this.what = Printable.text(what);
        }

        private void say() {
            if (shown.get() == null) {
                out.println(what + ": " + Progress.clock(Duration.ofNanos(nanos.getAsLong() - start)) + " so far");
            }
        }

        @Override
        public void advance(long amount) {}

        @Override
        public void note(String message) {}

        @Override
        public void close() {
            clock.interrupt();
        }
    }

    /** The outermost step. */
    private interface Shown extends Step {}

    /** A step inside the one that is shown. */
    private static final class Part implements Step {
        private final Shown outer;
        private final String what;
        private final long total;
        private final LongSupplier nanos;
        private final long start;
        private final AtomicLong done = new AtomicLong();

        Part(Shown outer, String what, long total, LongSupplier nanos) {
            this.outer = outer;
            this.what = what;
            this.total = total;
            this.nanos = nanos;
            start = nanos.getAsLong();
        }

        @Override
        public void advance(long amount) {
            long at = done.addAndGet(amount);
            String left = at > 0 && at < total
                    ? ", " + Progress.clock(Duration.ofNanos((nanos.getAsLong() - start) / at * (total - at))) + " left"
                    : "";
            outer.note(what + " " + at + "/" + total + left);
        }

        @Override
        public void note(String message) {
            outer.note(what + ", " + message);
        }

        @Override
        public void close() {
            outer.note("");
        }
    }

    private final class Bar implements Shown {
        private final ProgressBar bar;

        Bar(String what, long total) {
            bar = new ProgressBarBuilder()
                    .setTaskName(Printable.text(what))
                    .setInitialMax(total)
                    .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                    .setUpdateIntervalMillis(200)
                    .setConsumer(new ConsoleProgressBarConsumer(out))
                    .build();
        }

        @Override
        public void advance(long amount) {
            bar.stepBy(amount);
        }

        @Override
        public void note(String message) {
            bar.setExtraMessage(" " + Printable.text(message));
        }

        @Override
        public void close() {
            bar.setExtraMessage("");
            bar.close();
            shown.set(null);
        }
    }

    /** A line every five seconds, whether or not anything has moved, and one at the end. */
    private final class Lines implements Shown {
        private final String what;
        private final long total;
        private final long start = nanos.getAsLong();
        private final AtomicLong done = new AtomicLong();
        private final AtomicLong printed = new AtomicLong(start);
        private volatile String note = "";
        private volatile String before = "";
        private final Thread clock = everyGap(this::say);

        Lines(String what, long total) {
            this.what = Printable.text(what);
            this.total = total;
        }

        private void say() {
            long now = nanos.getAsLong();
            long last = printed.get();
            if (now - last >= gap.toNanos() && printed.compareAndSet(last, now)) {
                String moved = moved(now);
                String taken =
                        moved.equals(before) ? ", " + Progress.clock(Duration.ofNanos(now - start)) + " so far" : "";
                before = moved;
                out.println(moved + taken);
            }
        }

        private String moved(long now) {
            long at = done.get();
            String part = note;
            String left = part.isEmpty() && at > 0 && at < total
                    ? ", about " + Progress.clock(Duration.ofNanos((now - start) / at * (total - at))) + " left"
                    : "";
            return what + ": " + at + " of " + total + (part.isEmpty() ? left : ", " + part);
        }

        @Override
        public void advance(long amount) {
            if (amount > 0 && done.addAndGet(amount) >= total) {
                return; // the last line says so
            }
            if (amount > 0) {
                note = "";
            }
            say();
        }

        @Override
        public void note(String message) {
            note = Printable.text(message);
            say();
        }

        @Override
        public void close() {
            clock.interrupt();
            Duration taken = Duration.ofNanos(nanos.getAsLong() - start);
            out.println(what + ": " + done.get() + " of " + total + " in " + Progress.clock(taken));
            shown.set(null);
        }
    }
}
