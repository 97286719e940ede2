package org.lethe;

import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Shows the progress of a step to a person; implementations are safe for use by many threads. */
public interface Progress {
    /** Shows nothing. */
    Progress NONE = (what, total) -> new Step() {
        @Override
        public void advance(long amount) {}

        @Override
        public void note(String message) {}

        @Override
        public void close() {}
    };

    /** Begins something that has {@code total} parts. */
    Step begin(String what, long total);

    /** Says now and then that work goes on, as long as nothing that has parts is under way; until it is closed. */
    default Step meanwhile(String what) {
        return NONE.begin(what, 0);
    }

    /** Begins a training of at most so many epochs. */
    default Training epochs(String what, long total) {
        return new Training(this, what, "epoch", total, System::nanoTime);
    }

    /** Begins a training of at most so many steps. */
    default Training steps(String what, long total) {
        return new Training(this, what, "step", total, System::nanoTime);
    }

    /** A time for people: {@code 28 s}, {@code 3 min 5 s}, {@code 2 h 10 min}. */
    static String clock(Duration time) {
        long seconds = time.toSeconds();
        return seconds < 60
                ? seconds + " s"
                : seconds < 3600
                        ? seconds / 60 + " min " + seconds % 60 + " s"
                        : seconds / 3600 + " h " + seconds / 60 % 60 + " min";
    }

    /** A step that is under way. */
    interface Step extends AutoCloseable {
        /** So many parts more are done. */
        void advance(long amount);

        /** A few words beside the bar: the current loss, the current score. */
        void note(String message);

        @Override
        void close();
    }

    /**
     * A training under way. It notes epoch or step, loss, speed and remaining time, in one form for every subject:
     * {@code epoch 12 of 100, loss 0.4310, 3.2 epochs a second, 28 s left}.
     *
     * <p>The speed is the mean since the beginning. Below one part a second, the note gives the seconds of a part
     * instead. A training that stops early takes less than the remaining time. One thread reports.
     */
    final class Training implements AutoCloseable {
        private final Step step;
        private final String unit;
        private final long total;
        private final LongSupplier nanos;
        private final long start;
        private long done;

        /** {@code unit} is the word for one part, {@code nanos} a clock such as {@link System#nanoTime}. */
        Training(Progress progress, String what, String unit, long total, LongSupplier nanos) {
            this.step = progress.begin(what, total);
            this.unit = unit;
            this.total = total;
            this.nanos = nanos;
            this.start = nanos.getAsLong();
        }

        /** One part more is done; its loss is not known. */
        public void done() {
            report("");
        }

        /** One part more is done, with this mean loss. */
        public void done(double loss) {
            report(String.format(Locale.ROOT, ", loss %.4f", loss));
        }

        /** The same with a few words on what else was measured, as a validation score. */
        public void done(double loss, String measured) {
            report(String.format(Locale.ROOT, ", loss %.4f, %s", loss, measured));
        }

        private void report(String measured) {
            done++;
            step.advance(1);
            double each = (nanos.getAsLong() - start) / 1e9 / done;
            String note = unit + " " + done + " of " + total + measured;
            if (each > 0) { // the clock has moved
                note += each > 1
                        ? ", " + digits(each) + " s each"
                        : ", " + digits(1 / each) + " " + unit + "s a second";
                if (done < total) {
                    note += ", " + clock(Duration.ofMillis(Math.round(1e3 * each * (total - done)))) + " left";
                }
            }
            step.note(note);
        }

        private static String digits(double number) {
            return String.format(Locale.ROOT, number < 9.95 ? "%.1f" : "%.0f", number);
        }

        @Override
        public void close() {
            step.close();
        }
    }
}
