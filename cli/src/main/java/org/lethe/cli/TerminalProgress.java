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
    private final AtomicReference<@Nullable Shown> shown = new AtomicReference<>();

    TerminalProgress(PrintStream out, boolean terminal) {
        this(out, terminal, System::nanoTime);
    }

    /** One with another clock, for tests. */
    TerminalProgress(PrintStream out, boolean terminal, LongSupplier nanos) {
        this.out = out;
        this.terminal = terminal;
        this.nanos = nanos;
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
        public void close() {}
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

    /** At most one line in five seconds, one in thirty while a part goes on, and one at the end. */
    private final class Lines implements Shown {
        private static final long GAP_NANOS = 5_000_000_000L;
        private static final long NOTE_GAP_NANOS = 6 * GAP_NANOS; // of a part that takes long
        private final String what;
        private final long total;
        private final long start = nanos.getAsLong();
        private final AtomicLong done = new AtomicLong();
        private final AtomicLong printed = new AtomicLong(start);

        Lines(String what, long total) {
            this.what = Printable.text(what);
            this.total = total;
        }

        @Override
        public void advance(long amount) {
            long now = nanos.getAsLong();
            long at = done.addAndGet(amount);
            long last = printed.get();
            if (at > 0 && at < total && now - last >= GAP_NANOS && printed.compareAndSet(last, now)) {
                Duration remaining = Duration.ofNanos((now - start) / at * (total - at));
                out.println(what + ": " + at + " of " + total + ", about " + Progress.clock(remaining) + " left");
            }
        }

        @Override
        public void note(String message) {
            long now = nanos.getAsLong();
            long last = printed.get();
            if (now - last >= NOTE_GAP_NANOS && printed.compareAndSet(last, now)) {
                out.println(what + ": " + done.get() + " of " + total + ", " + Printable.text(message));
            }
        }

        @Override
        public void close() {
            Duration taken = Duration.ofNanos(nanos.getAsLong() - start);
            out.println(what + ": " + done.get() + " of " + total + " in " + Progress.clock(taken));
            shown.set(null);
        }
    }
}
