package org.lethe;

import java.nio.file.Path;
import org.lethe.numerics.Keyed;

/**
 * The surroundings of a step. Nothing is global: this record holds everything that a step may use.
 *
 * @param seed of all random draws
 * @param workers that run independent tasks
 * @param progress that a person watches
 * @param ledger in which the step notes its cost
 * @param scratch a folder for temporary files
 * @param device on which models with layers compute
 */
public record Env(long seed, Workers workers, Progress progress, Ledger ledger, Path scratch, Device device) {
    /** One thread, no progress: enough for a test or a small program. */
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

    /** The same with another progress. */
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
