package org.lethe.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lethe.study.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Checks a run folder. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = "Check that a run folder is whole: digests, checksums, every cell there.")
final class VerifyCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Parameters(paramLabel = "FOLDER", description = "A run folder, as runs/quickstart.")
    private Path folder = Path.of(".");

    @Override
    public Integer call() {
        RunFolder runs = RunFolder.at(folder);
        List<String> complaints = runs.verify();
        json.print(spec, Map.of("folder", folder.toString(), "complaints", complaints), () -> {
            complaints.forEach(spec.commandLine().getErr()::println);
            if (complaints.isEmpty()) {
                spec.commandLine()
                        .getOut()
                        .println(folder + ": whole, " + runs.cells().size() + " cells");
            }
        });
        return complaints.isEmpty() ? Lethe.DONE : Lethe.FAILED;
    }
}
