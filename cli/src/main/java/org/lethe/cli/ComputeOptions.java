package org.lethe.cli;

import org.lethe.Device;
import org.lethe.Progress;
import org.lethe.Workers;
import picocli.CommandLine.Option;

/** The choice of what computes, for every command that does, and whether it shows progress. */
final class ComputeOptions {
    @Option(
            names = "--workers",
            description =
                    "Threads, one per processor by default, or the address of a cluster. Results do not depend on it.")
    private String workers = String.valueOf(Runtime.getRuntime().availableProcessors());

    @Option(names = "--device", description = "Device for models with layers: cpu (the default), cuda or cuda:n.")
    private String device = "cpu";

    @Option(
            names = {"-q", "--quiet"},
            description = "Show no progress.")
    private boolean quiet;

    /** The workers, which the caller closes. */
    Workers workers() {
        return Workers.of(workers);
    }

    Device device() {
        return Device.parse(device);
    }

    Progress progress() {
        return quiet ? Progress.NONE : shown();
    }

    /** Progress on standard error. */
    static Progress shown() {
        return new TerminalProgress(System.err, Boolean.getBoolean("lethe.terminal"));
    }
}
