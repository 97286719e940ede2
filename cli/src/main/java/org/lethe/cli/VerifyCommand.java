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
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lethe.DataFolders;
import org.lethe.Workers;
import org.lethe.report.Report;
import org.lethe.study.Engine;
import org.lethe.study.Replay;
import org.lethe.study.RunFolder;
import org.lethe.study.Studies;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Checks a run folder. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description =
                "Check that a run folder is complete, that every file has its digest and checksum, and that the report"
                        + " says what the records say; with --replay, that running it again gives the same bits.")
final class VerifyCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Parameters(paramLabel = "FOLDER", description = "A run folder, as runs/quickstart.")
    private Path folder = Path.of(".");

    @Option(
            names = "--replay",
            description =
                    "Also run the study again from what the folder holds, compare the digests of all models and every finding"
                            + " to the last bit, and say what differs. Takes as long as the run did.")
    private boolean replay;

    @Option(names = "--data", description = "A folder with data files for --replay, before $$LETHE_DATA and the cache.")
    private Optional<Path> data = Optional.empty();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Override
    public Integer call() throws IOException {
        RunFolder runs = RunFolder.at(folder);
        List<String> complaints = new ArrayList<>(runs.verify());
        if (complaints.isEmpty()) {
            complaints.addAll(changed(runs));
        }
        Optional<Replay.Result> again = replay && complaints.isEmpty() ? Optional.of(replayed(runs)) : Optional.empty();
        again.ifPresent(result -> complaints.addAll(result.differences()));
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("folder", folder.toString());
        said.put("complaints", complaints);
        again.ifPresent(result -> said.put("replayed", Map.of("cells", result.cells(), "models", result.models())));
        json.print(spec, said, () -> {
            complaints.forEach(spec.commandLine().getErr()::println);
            if (complaints.isEmpty()) {
                spec.commandLine()
                        .getOut()
                        .println(folder + ": whole, " + runs.cells().size() + " cells"
                                + again.map(result -> "; run again, the digests of " + result.models()
                                                + " models and all findings are the same")
                                        .orElse(""));
            }
        });
        return complaints.isEmpty() ? Lethe.DONE : Lethe.FAILED;
    }

    private Replay.Result replayed(RunFolder runs) {
        try (Workers workers = compute.workers()) {
            Engine engine = new Engine(
                    workers, compute.progress(), DataFolders.usual(data), Optional.empty(), compute.device());
            return new Replay(engine, Studies.subjects()).of(runs);
        }
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
