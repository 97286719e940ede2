package org.lethe;

import java.nio.file.Path;
import org.lethe.numerics.Keyed;

/**
 * The surroundings of a step. Nothing is global: what a step may use is handed to it here.
 *
 * @param seed of every draw of chance
 * @param workers who does independent work
 * @param progress where a person watches
 * @param ledger where the step writes down what it takes
 * @param scratch a folder for files that nobody needs afterwards
 * @param device where models with layers compute
 */
public record Env(long seed, Workers workers, Progress progress, Ledger ledger, Path scratch, Device device) {
    /** One thread, no progress: what a test or a small program needs. */
    public static Env seeded(long seed) {
        return new Env(
                seed,
                Workers.here(),
                Progress.NONE,
                new Ledger(),
                Path.of(System.getProperty("java.io.tmpdir")),
                Device.CPU);
    }

    /** The key of one purpose under this seed. */
    public Keyed random(String purpose) {
        return Keyed.seed(seed).of(purpose);
    }

    /** The same with other workers. */
    public Env with(Workers workers) {
        return new Env(seed, workers, progress, ledger, scratch, device);
    }

    /** The same with another ledger. */
    public Env with(Ledger ledger) {
        return new Env(seed, workers, progress, ledger, scratch, device);
    }

    /** The same with another place to watch. */
    public Env with(Progress progress) {
        return new Env(seed, workers, progress, ledger, scratch, device);
    }

    /** The same on another device. */
    public Env with(Device device) {
        return new Env(seed, workers, progress, ledger, scratch, device);
    }

    /** The same with another seed. */
    public Env with(long seed) {
        return new Env(seed, workers, progress, ledger, scratch, device);
    }
}
