package org.lethe.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.lethe.LetheException;
import org.lethe.report.Report;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes the report of a run folder anew. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = "Write the report of a run folder anew, from its records.")
final class ReportCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "FOLDER", description = "A run folder, as runs/quickstart.")
    private Path folder = Path.of(".");

    @Override
    public Integer call() throws IOException {
        RunFolder from = RunFolder.at(folder);
        List<Run> runs = from.runs();
        if (runs.isEmpty()) {
            throw new LetheException(LetheException.Code.STORAGE, folder + ": holds no records of a run");
        }
        Report.write(runs, from.leftOut(), folder);
        spec.commandLine().getOut().println(folder.resolve("report.html"));
        return Lethe.DONE;
    }
}
