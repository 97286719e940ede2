package org.lethe.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lethe.DataFolders;
import org.lethe.Estimate;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Workers;
import org.lethe.numerics.Lanes;
import org.lethe.report.Answer;
import org.lethe.report.Report;
import org.lethe.study.Engine;
import org.lethe.study.Keep;
import org.lethe.study.LeftOut;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Studies;
import org.lethe.study.Study;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a study and writes its report. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description =
                "Run a study: train, fulfil the requests by each method, audit, report. Continues an interrupted run.")
final class RunCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Parameters(
            paramLabel = "STUDY",
            description = "A study file, a file that lists study files, or a study shipped with Lethe: quickstart.")
    private String study = "";

    @Option(names = "--runs", description = "Folder for run folders; ${DEFAULT-VALUE} by default.")
    private Path runs = Path.of("runs");

    @Option(names = "--data", description = "A folder with data files, before $$LETHE_DATA and the cache.")
    private Optional<Path> data = Optional.empty();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Option(
            names = "--dry-run",
            description =
                    "Read the data, resolve the requests on them, print the cells with an estimate of time and memory, and run nothing.")
    private boolean dryRun;

    @Option(names = "--fresh", description = "Start over: delete the records and models of earlier runs of this study.")
    private boolean fresh;

    @Option(
            names = "--fail-on-missed",
            description = "End with exit code 1 where a tested method misses a bar, as where a cell fails.")
    private boolean failOnMissed;

    @Option(
            names = "--keep",
            description =
                    "Models to keep as safetensors, so that an audit or a method added later trains nothing again: all,"
                            + " learned or none. Without it the study's keep applies, else learned where a training takes long.")
    private Optional<Keep> keep = Optional.empty();

    @Option(names = "--keep-models", hidden = true, description = "The former name of --keep all.")
    private boolean keepModels;

    @Override
    public Integer call() throws IOException {
        int exit = Lethe.DONE;
        for (Study<?, ?> resolved : Studies.all(study)) {
            resolved.notes().forEach(spec.commandLine().getErr()::println);
            exit = Math.max(exit, run(resolved));
        }
        return exit;
    }

    private <D, M> int run(Study<D, M> resolved) throws IOException {
        RunFolder folder = RunFolder.of(runs, resolved.name());
        if (keepModels) {
            spec.commandLine().getErr().println("--keep-models is now called --keep all");
        }
        if (Lanes.slowFma()) {
            spec.commandLine().getErr().println("here is " + DoctorCommand.NO_FMA);
        }
        try (Workers workers = compute.workers()) {
            Engine engine = new Engine(
                    workers,
                    compute.progress(),
                    DataFolders.usual(data),
                    keepModels ? Optional.of(Keep.ALL) : keep,
                    compute.device());
            if (dryRun) {
                print(engine.plan(resolved, folder), workers.count());
                return Lethe.DONE;
            }
            List<Run> done = engine.run(resolved, folder, fresh);
            Report.write(done, folder.leftOut(), folder.path());
            return print(done, folder.path());
        }
    }

    private void print(Engine.Plan plan, int workers) {
        json.print(spec, plan, () -> {
            PrintWriter out = spec.commandLine().getOut();
            List<Engine.Planned> planned = plan.cells();
            double seconds = 0;
            long bytes = 0;
            for (Engine.Planned cell : planned) {
                Run.Recipe r = cell.recipe();
                if (!cell.done() && cell.estimate().isPresent()) {
                    seconds += cell.estimate().get().seconds();
                    bytes = Math.max(bytes, cell.estimate().get().bytes());
                }
                out.printf(
                        "%s  %s · %s · %s · %s · seed %d  (%s)%n",
                        cell.digest().substring(0, 8),
                        r.data(),
                        r.model(),
                        r.request(),
                        r.method(),
                        r.seed(),
                        left(cell));
            }
            out.printf(
                    "%d cells, %d audits to run; %s on %d threads (steps that cells share are counted for each cell)%n",
                    planned.size(),
                    planned.stream().mapToInt(Engine.Planned::audits).sum(),
                    shown(new Estimate(seconds / workers, bytes * workers)),
                    workers);
            for (LeftOut pair : plan.leftOut()) {
                out.printf(
                        "left out: %s%s, %s%s: %s%n",
                        pair.audit().isEmpty() ? "" : pair.audit() + " after ",
                        pair.method(),
                        pair.request(),
                        pair.model().isEmpty() ? "" : " on " + pair.model(),
                        pair.why());
            }
        });
    }

    /** What a cell still needs: nothing, audits only, or models as well. */
    private static String left(Engine.Planned cell) {
        return cell.done()
                ? "done"
                : cell.kept()
                        ? "model kept, " + cell.audits() + (cell.audits() == 1 ? " audit" : " audits") + " to run"
                        : cell.estimate().map(RunCommand::shown).orElse("unknown: the data are not here");
    }

    private static String shown(Estimate estimate) {
        String time = estimate.seconds() < 1
                ? "under 1 s"
                : "about " + Progress.clock(Duration.ofMillis((long) (1000 * estimate.seconds())));
        return time + ", " + Math.max(1, estimate.bytes() >> 20) + " MiB";
    }

    private int print(List<Run> done, Path folder) {
        List<Run> failed = done.stream().filter(r -> r.failure().isPresent()).toList();
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("cells", done.size());
        summary.put("failed", failed.size());
        summary.put("report", folder.resolve("report.html").toString());
        List<String> causes = new ArrayList<>();
        for (Run run : failed) {
            causes.add(run.recipe().method() + " on " + run.recipe().model() + ", "
                    + run.recipe().request() + ": "
                    + run.failure().map(Run.Failure::message).orElse(""));
        }
        summary.put("causes", causes);
        List<Answer> answers = Report.of(done).answers();
        summary.put("answers", answers);
        json.print(spec, summary, () -> {
            PrintWriter out = spec.commandLine().getOut();
            causes.forEach(cause -> spec.commandLine().getErr().println("failed: " + cause));
            answers.forEach(answer -> out.println(answer.line()));
            out.printf("%d cells, %d failed%n%s%n", done.size(), failed.size(), folder.resolve("report.html"));
        });
        boolean defect = failed.stream()
                .flatMap(run -> run.failure().stream())
                .anyMatch(failure -> failure.code() == LetheException.Code.DEFECT);
        boolean missed = failOnMissed && answers.stream().anyMatch(a -> a.kind() == Answer.Kind.NOT_DONE);
        return defect ? Lethe.DEFECT : failed.isEmpty() && !missed ? Lethe.DONE : Lethe.FAILED;
    }
}
