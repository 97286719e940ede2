package org.lethe.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.lethe.DataFolders;
import org.lethe.numerics.Lanes;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows what Lethe finds on this machine. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = "Show what Lethe finds on this machine: JDK, vector lanes, threads, memory, data.")
final class DoctorCommand implements Runnable {
    /** What to say where {@link Lanes#slowFma} is true. */
    static final String NO_FMA = "no instruction for fused multiply-add, so that training takes up to 60 times as long;"
            + " a virtual machine may hide the one of its processor";

    private static final int MEBIBYTE = 1 << 20;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Option(names = "--data", description = "A folder with data files, before $$LETHE_DATA and the cache.")
    private Optional<Path> data = Optional.empty();

    @Override
    public void run() {
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("java", Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
        found.put("home", System.getProperty("java.home"));
        found.put(
                "kernels",
                (Lanes.VECTOR
                                ? "vector, " + Lanes.FLOATS + " float lanes"
                                : "scalar reference, same results but slower: " + Lanes.OBSTACLE)
                        + (Lanes.slowFma() ? "; " + NO_FMA : ""));
        found.put("threads", Runtime.getRuntime().availableProcessors());
        found.put("heap", Runtime.getRuntime().maxMemory() / MEBIBYTE + " MiB at most");
        DataFolders folders = DataFolders.usual(data);
        found.put("folders", folders.folders().stream().map(Path::toString).toList());
        found.put("data", Catalogue.installed().dataFound(folders));
        json.print(
                spec,
                found,
                () -> found.forEach((name, value) -> {
                    if (value instanceof Map<?, ?> entries) {
                        spec.commandLine().getOut().println(name + ":");
                        entries.forEach((k, v) -> spec.commandLine().getOut().printf("  %-18s %s%n", k, v));
                    } else {
                        spec.commandLine().getOut().printf("%-9s %s%n", name + ":", value);
                    }
                }));
    }
}
