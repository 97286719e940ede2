package org.lethe.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lethe.LetheException;
import org.lethe.report.PaperTable;
import org.lethe.report.Report;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes the report of a run folder anew. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = "Write the report of a run folder anew, from its records, or print one table of it.")
final class ReportCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Parameters(paramLabel = "FOLDER", description = "A run folder, as runs/quickstart.")
    private Path folder = Path.of(".");

    @Option(
            names = "--table",
            paramLabel = "FORM",
            description =
                    "Print one table instead: latex (with booktabs), csv or md; a line for each method, a column for each metric.")
    private Optional<PaperTable.Form> table = Optional.empty();

    @Option(
            names = "--metrics",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Findings for the columns of --table, as in findings.csv, or AUDIT/FINDING; the main one of each audit by default.")
    private List<String> metrics = List.of();

    @Override
    public Integer call() throws IOException {
        RunFolder from = RunFolder.at(folder);
        List<Run> runs = from.runs();
        if (runs.isEmpty()) {
            throw new LetheException(LetheException.Code.STORAGE, folder + ": holds no records of a run");
        }
        if (table.isPresent()) {
            spec.commandLine()
                    .getOut()
                    .print(new PaperTable(Report.of(runs, from.leftOut()), metrics).text(table.get()));
            return Lethe.DONE;
        }
        if (!metrics.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY, "--metrics chooses columns of --table, which is not given");
        }
        Report.write(runs, from.leftOut(), folder);
        Path page = folder.resolve("report.html");
        json.print(
                spec,
                Map.of("report", page.toString()),
                () -> spec.commandLine().getOut().println(page));
        return Lethe.DONE;
    }
}
