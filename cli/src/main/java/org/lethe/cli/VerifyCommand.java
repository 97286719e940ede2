package org.lethe.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lethe.report.Report;
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
        description =
                "Check that a run folder is complete, that every file has its digest and checksum, and that the report"
                        + " says what the records say.")
final class VerifyCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Parameters(paramLabel = "FOLDER", description = "A run folder, as runs/quickstart.")
    private Path folder = Path.of(".");

    @Override
    public Integer call() throws IOException {
        RunFolder runs = RunFolder.at(folder);
        List<String> complaints = new ArrayList<>(runs.verify());
        if (complaints.isEmpty()) {
            complaints.addAll(changed(runs));
        }
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

    /** The files of the report that are not what the records give: people read these, and not the records. */
    private List<String> changed(RunFolder runs) throws IOException {
        Report report = Report.of(runs.runs(), runs.leftOut());
        Map<String, String> expected = new LinkedHashMap<>();
        expected.put("findings.csv", report.csv());
        expected.put("report.json", report.json());
        expected.put("report.md", report.markdown());
        expected.put("report.html", report.html());
        List<String> changed = new ArrayList<>();
        for (Map.Entry<String, String> written : expected.entrySet()) {
            Path file = folder.resolve(written.getKey());
            byte[] bytes = written.getValue().getBytes(StandardCharsets.UTF_8);
            if (Files.exists(file)
                    && (Files.size(file) != bytes.length || !Arrays.equals(Files.readAllBytes(file), bytes))) {
                changed.add(
                        file + " is not what the records say: it was changed, or written by another version of Lethe;"
                                + " lethe report writes it anew");
            }
        }
        return changed;
    }
}
