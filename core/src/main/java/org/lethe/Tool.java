package org.lethe;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A job outside studies, as {@code audit embeddings}: a record whose components are its options.
 *
 * <p>The command, the service and programs run it alike. Its name ({@link Named}) is the words of its command, its doc
 * comment is the help, and its constructor without parameters gives the defaults. A component may be what a setting of
 * a study may be, and a {@link Path}. Seed, workers and progress come with {@link Env}, so they are no options of a tool.
 *
 * @param <R> its result
 */
public interface Tool<R extends Record & Tool.Result> {
    /** Does the job. */
    R run(Env env) throws IOException;

    /** The entries that an option may name, besides those of a sealed family: {@code --method d2d-r}. */
    default List<?> entries() {
        return List.of();
    }

    /** What of {@link Env} changes what the job does or how fast: only these are options of its command. */
    default Set<Need> needs() {
        return EnumSet.allOf(Need.class);
    }

    /** What a job may use of its surroundings. */
    enum Need {
        /** Random draws, by the seed that is given. */
        SEED,
        /** Threads. */
        WORKERS,
        /** A device for models with layers. */
        DEVICE;

        /** A job that computes with the seed of a folder. */
        public static final Set<Need> WITHOUT_SEED = Set.of(WORKERS, DEVICE);
    }

    /** The result of a tool: a record whose components a program can read. */
    interface Result {
        /** Prints it for people. */
        void print(PrintWriter out);

        /** Its components in their order, as texts, numbers, lists and maps. Absent values are left out. */
        default Map<String, Object> facts() {
            return Facts.of((Record) this);
        }
    }

    /** A tool that can leave a report as well. */
    interface Reporting<R extends Record & Result> extends Tool<R> {
        /** Does the job, and writes a report with its data into a folder. */
        R report(Env env, Path folder) throws IOException;
    }

    /**
     * A finding as results show it.
     *
     * @param value the measurement
     * @param interval its lower and upper end, where there is one
     * @param n sample size
     * @param verdict what it says about its bar, in words, where there is one
     */
    record Measured(double value, Optional<List<Double>> interval, long n, Optional<String> verdict) {
        /** The same of a finding. */
        public static Measured of(Finding finding) {
            return new Measured(
                    finding.value(),
                    finding.interval().map(i -> List.of(i.low(), i.high())),
                    finding.n(),
                    finding.verdict().map(Measured::words));
        }

        private static String words(Verdict verdict) {
            return switch (verdict) {
                case Verdict.Pass(var bar) -> "passes: " + bar;
                case Verdict.Fail(var bar) -> "misses: " + bar;
                case Verdict.Undecided(var bar, var why) -> "undecided: " + bar + "; " + why;
            };
        }
    }

    /** Marks a component that is given by its place on the command line, not by its name; it is required. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.RECORD_COMPONENT)
    @interface Argument {}

    /** Marks a component without a default. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.RECORD_COMPONENT)
    @interface Required {}

    /** Marks a component whose own components take its place, among options and in what a program reads. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.RECORD_COMPONENT)
    @interface Inline {}
}
