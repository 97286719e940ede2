package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Aspect;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.LetheException;
import org.lethe.Picture;
import org.lethe.Progress;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.report.Answer;
import org.lethe.report.Report;

class EngineTest {
    @TempDir
    Path folder;

    /** Counts how often models are trained. */
    private final AtomicInteger trainings = new AtomicInteger();

    /** Counts how often an audit works on the model before. */
    private final AtomicInteger attacks = new AtomicInteger();

    private final Progress counting = (what, total) -> {
        switch (what) {
            case "train" -> trainings.incrementAndGet();
            case "attack" -> attacks.incrementAndGet();
            default -> {}
        }
        return Progress.NONE.begin(what, total);
    };

    private static final String STUDY = """
            study: small
            subject: toy
            data: [points]
            model: [mean, {mean: {rounds: 5}}]
            request: [forget, {forget: {percent: 50}}]
            method: [retrain, sharded, {sharded: {shards: 2}}]
            audit: [distance, clock]
            seeds: [1, 2]
            """;

    private Engine engine(Workers workers) {
        return new Engine(workers, counting, new DataFolders(List.of()));
    }

    private List<Run> run(String text, String name) {
        return engine(Workers.here()).run(StudyTest.parse(text), RunFolder.at(folder.resolve(name)), false);
    }

    private static List<String> comparable(List<Run> runs) {
        return runs.stream().map(RunFolder::comparable).toList();
    }

    @Test
    void cellsAreTheProductWithTwoControls() {
        List<Run> runs = run(STUDY, "a");
        // 2 models, 2 requests, 2 seeds; do-nothing, retrain (listed, and the reference) and two methods
        assertEquals(2 * 2 * 2 * 4, runs.size());
        assertEquals(
                8, runs.stream().filter(r -> r.role() == Run.Role.DO_NOTHING).count());
        assertEquals(
                8, runs.stream().filter(r -> r.role() == Run.Role.REFERENCE).count());
        assertEquals(32, runs.stream().map(Run::digest).distinct().count());
        assertTrue(runs.stream().allMatch(r -> r.failure().isEmpty()));
        assertEquals(
                new Run.Recipe("toy", "points", "mean {rounds: 5}", "forget {percent: 50}", "sharded {shards: 2}", 2),
                runs.getLast().recipe());
    }

    @Test
    void theReferenceIsItselfAndDoNothingDoesNothing() {
        for (Run run : run(STUDY, "a")) {
            double distance = run.results().getFirst().findings().getFirst().value();
            double moved = run.results().getFirst().findings().get(1).value();
            switch (run.role()) {
                case REFERENCE -> assertEquals(0, distance);
                case DO_NOTHING -> {
                    assertEquals(0, moved);
                    assertTrue(distance > 0);
                }
                case TESTED -> assertTrue(distance > 0);
                case REJECTED -> throw new AssertionError("forgetting has no further controls");
            }
        }
    }

    @Test
    void sharedStepsAreDoneOnce() {
        run(STUDY, "a");
        // per model and seed: 1 plain and 2 own learnings, and per request 1 reference and 2 fulfilments
        assertEquals(2 * 2 * (3 + 2 * 3), trainings.get());
    }

    /** A number that an audit found, by method. */
    private static Map<String, Double> found(List<Run> runs, int audit, int finding) {
        return runs.stream()
                .collect(Collectors.toMap(
                        r -> r.recipe().method(),
                        r -> r.results().get(audit).findings().get(finding).value()));
    }

    private static Map<String, Boolean> checked(List<Run> runs) {
        return runs.stream()
                .filter(r -> r.made().filter(Run.Made::checked).isPresent())
                .collect(Collectors.toMap(
                        r -> r.recipe().method(),
                        r -> r.made().filter(Run.Made::kept).isPresent()));
    }

    @Test
    void aPromiseThatWasCheckedStaysCheckedWhenAnAuditIsAdded() {
        String study = """
                study: small
                subject: toy
                data: [points]
                model: [mean]
                request: [forget]
                method: [halved]
                audit: [nearness]
                seeds: [1]
                """;
        assertEquals(Map.of("halved", true), checked(run(study, "a")));
        assertEquals(Map.of("halved", true), checked(run(study.replace("[nearness]", "[nearness, distance]"), "a")));
        assertEquals(Map.of(), checked(run(study.replace("[nearness]", "[distance]"), "b")), "nobody asked for it");
    }

    private static double of(Map<String, Double> found, String method) {
        return found.getOrDefault(method, Double.NaN);
    }

    @Test
    void aMethodOfItsOwnFormIsComparedWithThatFormWithoutTheData() {
        List<Run> runs = run("""
                study: small
                subject: toy
                data: [points]
                model: [mean]
                request: [{forget: {percent: 50}}]
                method: [halved, {halved: {lie: 0.5}}, sharded]
                audit: [nearness, distance]
                seeds: [1]
                """, "a");
        Map<String, Double> nearness = found(runs, 0, 0);
        assertEquals(
                List.of(0.0, 0.5, 0.0),
                List.of(of(nearness, "halved"), of(nearness, "halved {lie: 0.5}"), of(nearness, "sharded")));
        assertTrue(of(nearness, "do-nothing") > 0);
        // one reference where all bits are promised, and two of other seeds where they are not
        assertEquals(
                Map.of("do-nothing", 3.0, "retrain", 2.0, "halved", 1.0, "halved {lie: 0.5}", 1.0, "sharded", 3.0),
                found(runs, 0, 1));
        assertTrue(
                of(found(runs, 1, 0), "halved") > 0, "an audit that does not ask for it keeps the subject's reference");
        int plain = 1 + 3; // the references
        int halved = 2 + 1; // learning, fulfilment, its form
        int sharded = 2 + 3;
        assertEquals(plain + 2 * halved + sharded, trainings.get());
        assertEquals(Map.of("halved", true, "halved {lie: 0.5}", false), checked(runs));
        List<Answer> answers = Report.of(runs).answers();
        assertTrue(
                answers.stream()
                        .anyMatch(a -> a.kind() == Answer.Kind.NOT_DONE
                                && a.text().contains("but the bits differ in 1 of 1 comparison")),
                answers.toString());
    }

    @Test
    void anAuditAsksTheModelBeforeOnceForAllWhoShareIt() {
        String study = STUDY.replace("[distance, clock]", "[drift]");
        List<Run> together = run(study, "a");
        // per model and seed: the plain model, and that of either sharded method
        assertEquals(2 * 2 * 3, attacks.get());
        for (String part :
                List.of("{sharded: {shards: 2}}", "sharded", "retrain")) { // no two of them share but the controls
            run(study.replace("[retrain, sharded, {sharded: {shards: 2}}]", "[" + part + "]"), "b");
        }
        assertEquals(2 * 2 * (3 + 3), attacks.get()); // the controls need no second look, they are resumed
        assertEquals(
                comparable(together).stream().sorted().toList(),
                comparable(run(study, "b")).stream().sorted().toList());
    }

    @Test
    void aSecondRunDoesNothing() {
        List<Run> first = run(STUDY, "a");
        trainings.set(0);
        assertEquals(first, run(STUDY, "a"));
        assertEquals(0, trainings.get());
        assertTrue(first.stream()
                .allMatch(r ->
                        ((Picture.Scatter) r.results().getFirst().pictures().getFirst())
                                        .panels()
                                        .size()
                                == 2));
    }

    @Test
    void aChangedSettingRunsItsOwnCellsOnly() {
        run(STUDY, "a");
        trainings.set(0);
        List<Run> changed = run(STUDY.replace("{shards: 2}", "{shards: 3}"), "a");
        assertEquals(32, changed.size());
        // 2 models, 2 seeds: plain learning and references for comparison, the method's learning and its 2 fulfilments
        assertEquals(2 * 2 * (1 + 2 + 1 + 2), trainings.get());
        trainings.set(0);
        run(STUDY, "a"); // changed back
        assertEquals(0, trainings.get());
    }

    @Test
    void freshStartsOver() {
        run(STUDY, "a");
        trainings.set(0);
        engine(Workers.here()).run(StudyTest.parse(STUDY), RunFolder.at(folder.resolve("a")), true);
        assertEquals(2 * 2 * (3 + 2 * 3), trainings.get());
    }

    @Test
    void findingsDoNotDependOnTheNumberOfThreads() {
        List<String> alone = comparable(run(STUDY, "1"));
        for (int threads : new int[] {2, 4}) {
            try (Workers workers = Workers.threads(threads)) {
                assertEquals(
                        alone,
                        comparable(engine(workers)
                                .run(StudyTest.parse(STUDY), RunFolder.at(folder.resolve("t" + threads)), false)));
            }
        }
    }

    @Test
    void aFailedCellIsARecordAndTheOthersGoOn() throws IOException {
        List<Run> runs = run(
                STUDY.replace("[retrain,", "[failing, retrain,").replace("model: [mean,", "model: [diverging,"), "a");
        assertEquals(40, runs.size());
        for (Run run : runs) {
            boolean diverges = run.recipe().model().equals("diverging");
            boolean fails = run.recipe().method().equals("failing");
            assertEquals(
                    diverges || fails, run.failure().isPresent(), run.recipe().toString());
            if (diverges) {
                assertEquals(
                        new Run.Failure(LetheException.Code.NUMERIC, "loss is NaN in epoch 3"),
                        run.failure().orElseThrow());
            } else if (fails) {
                assertEquals(
                        new Run.Failure(LetheException.Code.DEFECT, "IllegalStateException: cannot"),
                        run.failure().orElseThrow());
                assertTrue(Files.readString(folder.resolve("a/cells/" + run.digest() + ".log"))
                        .contains("Failing"));
            }
        }
        assertEquals(24, RunFolder.at(folder.resolve("a")).verify().size());
    }

    @Test
    void lostDataFailsInItsCells() {
        List<Run> runs = run(STUDY.replace("[points]", "[points, lost]"), "a");
        assertEquals(64, runs.size());
        List<Run> failed = runs.stream().filter(r -> r.failure().isPresent()).toList();
        assertEquals(32, failed.size());
        assertEquals(
                "lost.csv is in none of the data folders",
                failed.getFirst().failure().orElseThrow().message());
    }

    @Test
    void failedCellsAreTriedAgain() {
        run(STUDY.replace("[retrain,", "[failing, retrain,"), "a");
        trainings.set(0);
        run(STUDY.replace("[retrain,", "[failing, retrain,"), "a");
        assertTrue(trainings.get() > 0);
    }

    @Test
    void digestsAreStableAndSeeEverySetting() {
        HashSet<String> digests = new HashSet<>();
        List<String> variants = List.of(
                STUDY,
                STUDY.replace("[points]", "[{points: {spread: 2}}]"),
                STUDY.replace("model: [mean,", "model: [{mean: {rate: 0.2}},"),
                STUDY.replace("[forget,", "[{forget: {percent: 11}},"),
                STUDY.replace("sharded, {", "{sharded: {inner: failing}}, {"),
                STUDY.replace("seeds: [1,", "seeds: [3,"));
        for (String variant : variants) {
            Study<?, ?> study = StudyTest.parse(variant);
            // model mean, first request, first seed, method sharded
            assertTrue(digests.add(engine(Workers.here()).cells(study).get(2).digest()), variant);
        }
        assertEquals(
                engine(Workers.here()).cells(StudyTest.parse(STUDY)).get(2).digest(),
                engine(Workers.here())
                        .cells(StudyTest.parse(STUDY.replace("sharded, {", "{sharded: {shards: 4}}, {")
                                .replace("study: small", "study: other")))
                        .get(2)
                        .digest());
        // A golden digest: it changes only together with RunFolder.FORMAT.
        assertEquals(
                """
                lethe cell, format 2
                subject: toy
                data: points {count: 40, spread: 1.0, shape: normal}
                data digest: \

                model: mean {rounds: 3, rate: 0.1, stop: {patience: 2, below: none}, weights: []}
                request: forget {percent: 10}
                method: sharded {shards: 4, inner: retrain}
                reference: retrain
                seed: 1
                """, engine(Workers.here()).cells(StudyTest.parse(STUDY)).get(2).text());
    }

    @Test
    void planningRunsNothing() {
        RunFolder runs = RunFolder.at(folder.resolve("a"));
        List<Engine.Planned> plan =
                engine(Workers.here()).plan(StudyTest.parse(STUDY), runs).cells();
        assertEquals(32, plan.size());
        assertTrue(plan.stream().noneMatch(Engine.Planned::done));
        assertEquals(2 * 3e-9 * 40, plan.get(1).estimate().orElseThrow().seconds(), 1e-20);
        assertEquals(0, trainings.get());
        assertFalse(Files.exists(runs.path()));
        run(STUDY, "a");
        assertTrue(engine(Workers.here()).plan(StudyTest.parse(STUDY), runs).cells().stream()
                .allMatch(Engine.Planned::done));
    }

    private Engine keeping(Keep keep) {
        return new Engine(Workers.here(), counting, new DataFolders(List.of()), Optional.of(keep), Device.CPU);
    }

    @Test
    void modelsAreKeptWhenAsked() throws IOException {
        RunFolder runs = RunFolder.at(folder.resolve("a"));
        run(STUDY, "a"); // without models: they have to be made again
        assertTrue(list(runs, "models").isEmpty());
        List<Run> all = keeping(Keep.ALL).run(StudyTest.parse(STUDY), runs, false);
        for (Run run : all) {
            try (Safetensors kept = Safetensors.open(runs.model(run.origin()))) {
                assertEquals(run.origin(), kept.metadata().get("digest"));
                assertEquals(run.origin(), RunFolder.sha256(kept.metadata().getOrDefault("origin", "")));
            }
        }
        // per model and seed 3 learned ones, and per request the reference and 2 fulfilled ones
        assertEquals(2 * (2 * 2 * (3 + 2 * 3)), list(runs, "models").size());
        assertEquals(List.of(), runs.verify());
        RunFolder shared = RunFolder.at(folder.resolve("b"));
        keeping(Keep.LEARNED).run(StudyTest.parse(STUDY), shared, false);
        assertEquals(2 * (2 * 2 * (3 + 2)), list(shared, "models").size());
    }

    private static List<String> list(RunFolder runs, String part) throws IOException {
        try (Stream<Path> files = Files.list(runs.path().resolve(part))) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void anAuditAddedToAFinishedStudyTrainsNothing() {
        RunFolder runs = RunFolder.at(folder.resolve("a"));
        Study<?, ?> before = StudyTest.parse(STUDY.replace("[distance, clock]", "[clock]"));
        List<Run> first = keeping(Keep.ALL).run(before, runs, false);
        trainings.set(0);
        for (Engine.Planned cell :
                keeping(Keep.ALL).plan(StudyTest.parse(STUDY), runs).cells()) {
            assertTrue(!cell.done() && cell.kept(), cell.toString());
            assertEquals(1, cell.audits());
            assertEquals(0, cell.estimate().orElseThrow().seconds());
        }
        List<Run> second = keeping(Keep.ALL).run(StudyTest.parse(STUDY), runs, false);
        assertEquals(0, trainings.get());
        assertEquals(comparable(run(STUDY, "b")), comparable(second));
        for (int n = 0;
                n < first.size();
                n++) { // what the models took, and what was found before, stays to the last bit
            assertEquals(first.get(n).learned(), second.get(n).learned());
            assertEquals(first.get(n).fulfilled(), second.get(n).fulfilled());
            assertEquals(
                    first.get(n).results().getFirst(), second.get(n).results().getLast());
        }
    }

    @Test
    void aMethodAddedToAFinishedStudyTrainsItselfAlone() {
        RunFolder runs = RunFolder.at(folder.resolve("a"));
        keeping(Keep.LEARNED).run(StudyTest.parse(STUDY), runs, false);
        trainings.set(0);
        Study<?, ?> after = StudyTest.parse(STUDY.replace("sharded, {", "sharded, {sharded: {shards: 8}}, {"));
        List<Engine.Planned> open = keeping(Keep.LEARNED).plan(after, runs).cells().stream()
                .filter(cell -> !cell.done())
                .toList();
        assertEquals(8, open.size());
        assertTrue(open.stream().allMatch(cell -> !cell.kept() && cell.audits() == 2));
        keeping(Keep.LEARNED).run(after, runs, false);
        assertEquals(2 * 2 * (1 + 2), trainings.get()); // per model and seed its learning and a fulfilment per request
    }

    @Test
    void aKeptModelThatWasTamperedWithIsNamed() throws IOException {
        RunFolder runs = RunFolder.at(folder.resolve("a"));
        Study<?, ?> before = StudyTest.parse(STUDY.replace("[distance, clock]", "[clock]"));
        Path model =
                runs.model(keeping(Keep.ALL).run(before, runs, false).getFirst().origin());
        byte[] bytes = Files.readAllBytes(model);
        bytes[bytes.length - 1] ^= 1;
        Files.write(model, bytes);
        assertEquals(1, runs.verify().size());
        Run failed = keeping(Keep.ALL).run(StudyTest.parse(STUDY), runs, false).getFirst();
        assertTrue(
                failed.failure().orElseThrow().message().startsWith(model + " is not the model that was kept"),
                failed.failure().toString());
    }

    @Test
    void aModelThatCannotBeKeptIsAWarningInItsRecord() {
        RunFolder runs = RunFolder.at(folder.resolve("a"));
        String study = STUDY.replace("[retrain,", "[refuse, retrain,");
        List<Run> all = keeping(Keep.ALL).run(StudyTest.parse(study), runs, false);
        for (Run run : all) {
            boolean refused = run.recipe().method().equals("refuse");
            assertEquals(
                    refused ? List.of("the model could not be kept: model has 2 numbers, expected one") : List.of(),
                    run.warnings());
            assertEquals(!refused, Files.exists(runs.model(run.origin())));
            assertEquals(2, run.results().size());
        }
        trainings.set(0);
        assertEquals(all, keeping(Keep.ALL).run(StudyTest.parse(study), runs, false));
        assertEquals(0, trainings.get());
    }

    @Test
    void aModelTooLargeToTravelIsAWarningInItsRecord() throws IOException {
        RunFolder here = RunFolder.at(folder.resolve("a"));
        RunFolder far = here.reading(here.path(), 10);
        for (Run run : keeping(Keep.ALL).run(StudyTest.parse(STUDY), far, false)) {
            assertEquals(
                    List.of(
                            "the model could not be kept: it is larger than the 10 bytes that a worker in another process"
                                    + " sends back"),
                    run.warnings());
        }
        assertEquals(List.of(), list(here, "models"));
        assertEquals(List.of(), here.verify());
    }

    @Test
    void aPlanReadsNoResults() throws IOException {
        RunFolder runs = RunFolder.at(folder.resolve("a"));
        Study<?, ?> study = StudyTest.parse(STUDY);
        engine(Workers.here()).run(study, runs, false);
        Path result = runs.path()
                .resolve("audits")
                .resolve(runs.cells().getFirst().audits().getFirst() + ".json");
        Files.writeString(result, "half");
        assertTrue(engine(Workers.here()).plan(study, runs).cells().stream().allMatch(Engine.Planned::done));
        assertTrue(runs.verify().getFirst().startsWith(result.toString()), "verify reads them");
        LetheException e =
                assertThrows(LetheException.class, () -> engine(Workers.here()).run(study, runs, false));
        assertTrue(e.getMessage().startsWith(result.toString()), e.getMessage());
    }

    @Test
    void aDiskThatRefusesARecordLeavesNothingHalfAndTheRunGoesOnLater() throws IOException {
        RunFolder runs = RunFolder.at(folder.resolve("a"));
        String victim =
                engine(Workers.here()).cells(StudyTest.parse(STUDY)).get(5).digest();
        Path record = folder.resolve("a/cells/" + victim + ".json");
        Path inTheWay = record.resolveSibling(record.getFileName() + Storage.TEMPORARY);
        Files.createDirectories(inTheWay.resolve("in the way"));
        LetheException e = assertThrows(LetheException.class, () -> run(STUDY, "a"));
        assertEquals(LetheException.Code.STORAGE, e.code());
        assertTrue(e.getMessage().contains(record + " cannot be written"), e.getMessage());
        assertFalse(Files.exists(record));
        Files.delete(inTheWay.resolve("in the way"));
        Files.delete(inTheWay);
        runs.runs(); // every record that is there is whole
        assertEquals(comparable(run(STUDY, "b")), comparable(run(STUDY, "a")));
        assertEquals(List.of(), runs.verify());

        Path model = runs.model(engine(Workers.here())
                .cells(StudyTest.parse(STUDY))
                .get(5)
                .origin()
                .digest());
        Files.createDirectories(
                model.resolveSibling(model.getFileName() + Storage.TEMPORARY).resolve("in the way"));
        List<Run> kept = keeping(Keep.ALL).run(StudyTest.parse(STUDY), runs, false);
        assertTrue(kept.stream().allMatch(r -> r.failure().isEmpty()));
        List<String> warnings =
                kept.stream().flatMap(r -> r.warnings().stream()).distinct().toList();
        assertEquals(1, warnings.size(), warnings.toString());
        assertTrue(warnings.getFirst().startsWith("the model could not be kept: " + model), warnings.toString());
        assertFalse(Files.exists(model));
    }

    @Test
    void aChainIsCarriedOutStepByStepOnWhatIsLeft() {
        String chained = STUDY.replace("[forget, {forget: {percent: 50}}]", "[[forget, {forget: {percent: 50}}]]");
        List<Run> runs = run(chained, "a");
        assertEquals(16, runs.size());
        assertTrue(runs.stream().allMatch(r -> r.failure().isEmpty()));
        assertEquals(
                "forget, then forget {percent: 50}", runs.getFirst().recipe().request());
        // 40 points, 36 after the first step, 18 after the second: per model, seed and method the retrainings of both
        assertEquals(2 * 2 * (3 + 2 * 3), trainings.get());
        @SuppressWarnings("unchecked") // the toy's
        Cell<double[], double[]> cell = (Cell<double[], double[]>)
                engine(Workers.here()).cells(StudyTest.parse(chained)).get(1);
        assertTrue(cell.text().contains("request: forget {percent: 10}, then forget {percent: 50}\n"), cell.text());
        double[] data = new Toy.Points().load(new DataFolders(List.of()));
        double[] left = new Toy().remaining(new Toy.Forget(50), new Toy().remaining(new Toy.Forget(), data));
        assertEquals(18, left.length);
    }

    private static final String CHAINED = """
            study: chained
            subject: toy
            data: [points]
            model: [mean]
            request: [[forget, shift]]
            method: [[retrain, move], [sharded, move], [retrain, {move: {factor: 2}}]]
            audit: [distance, shifted]
            seeds: [1]
            """;

    @Test
    void aChainOfVerbsHasALegForEachStep() {
        List<Run> runs = run(CHAINED, "a");
        assertEquals(
                List.of(
                        "do-nothing",
                        "retrain, then do-nothing",
                        "retrain, then move",
                        "sharded, then move",
                        "retrain, then move {factor: 2.0}"),
                runs.stream().map(r -> r.recipe().method()).toList());
        assertEquals(Run.Role.REFERENCE, runs.get(1).role());
        assertEquals(
                List.of("distance"),
                runs.get(1).results().stream().map(Run.Result::audit).toList(),
                "the model that was not shifted is no reference for shifting");
        assertEquals(2, runs.get(2).results().size());
        assertEquals(1, runs.get(2).results().getLast().findings().getFirst().value(), 1e-12);
        assertEquals(2, runs.get(4).results().getLast().findings().getFirst().value(), 1e-12);
        // the plain and the sharded learning, the retraining (shared by three) and the sharded one
        assertEquals(4, trainings.get());
        assertEquals(Exactness.APPROXIMATE, runs.get(3).exactness());
        double[] data = new Toy.Points().load(new DataFolders(List.of()));
        Toy.Mean mean = new Toy.Mean();
        double retrained = mean.train(new Toy.Forget().rest(data), Env.seeded(1))[0];
        double before = mean.train(data, Env.seeded(1))[0];
        assertEquals(
                Math.abs(retrained + 1 - before),
                runs.get(2).results().getFirst().findings().get(1).value(),
                1e-12);
    }

    @Test
    void aChainThatNoSingleMethodCarriesOutSaysHowOneForEachStepIsWritten() {
        String single = CHAINED.replaceFirst("method: .*", "method: [{move: {factor: 2}}, retrain]");
        LetheException e = assertThrows(LetheException.class, () -> StudyTest.parse(single));
        assertEquals(
                "small.yaml:5: the request is a chain of 2; a method for each step is written"
                        + " [[retrain, {move: {factor: 2.0}}]]\n"
                        + "small.yaml:6: move fulfils requests to shift alone\n"
                        + "small.yaml:6: retrain fulfils requests to forget alone",
                e.getMessage());
        StudyTest.parse(CHAINED.replaceFirst("method: .*", "method: [[retrain, {move: {factor: 2.0}}]]"));
        LetheException none =
                assertThrows(LetheException.class, () -> StudyTest.parse(single.replace(", retrain]", "]")));
        assertTrue(none.getMessage().contains("[[…, {move: {factor: 2.0}}]]"), none.getMessage());
    }

    @Test
    void aWrongNumberOfLegsIsRefusedByItsLine() {
        LetheException e = assertThrows(
                LetheException.class,
                () -> StudyTest.parse(CHAINED.replace("[sharded, move]", "[sharded, move, move]")));
        assertEquals(
                "small.yaml:6: sharded, then move, then move has 3 legs, the request forget, then shift has 2 steps",
                e.getMessage());
    }

    @Test
    void pairsThatDoNotFitAreLeftOutAndToldOf() {
        String mixed = STUDY.replace("[forget, {forget: {percent: 50}}]", "[forget, shift]")
                .replace("[retrain, sharded, {sharded: {shards: 2}}]", "[retrain, move]")
                .replace("[distance, clock]", "[distance, shifted]");
        List<Run> runs = run(mixed, "a");
        // per model and seed: forgetting has two controls (one of them retrain), shifting has two and its method
        assertEquals(2 * 2 * (2 + 3), runs.size());
        assertEquals(4, runs.stream().filter(r -> r.role() == Run.Role.REJECTED).count());
        List<LeftOut> leftOut = RunFolder.at(folder.resolve("a")).leftOut();
        assertEquals(5, leftOut.size(), leftOut.toString());
        assertTrue(leftOut.contains(
                new LeftOut("", "forget", "retrain", "shifted", "shifted looks at requests to shift alone")));
        assertTrue(leftOut.contains(new LeftOut("mean", "forget", "move", "", "move fulfils requests to shift alone")));
        assertTrue(leftOut.contains(
                new LeftOut("mean {rounds: 5}", "shift", "retrain", "", "retrain fulfils requests to forget alone")));
        assertEquals(
                leftOut,
                engine(Workers.here())
                        .plan(StudyTest.parse(mixed), RunFolder.at(folder.resolve("a")))
                        .leftOut());
        for (Run run : runs) {
            assertEquals(
                    run.recipe().request().equals("shift") ? 2 : 1,
                    run.results().size(),
                    run.toString());
        }
    }

    @Test
    void anEntryThatFitsNothingIsRefused() {
        LetheException e = assertThrows(
                LetheException.class,
                () -> StudyTest.parse(
                        STUDY.replace("[retrain,", "[move, retrain,").replace("[distance,", "[shifted,")));
        assertEquals(
                "small.yaml:6: move fulfils requests to shift alone\n"
                        + "small.yaml:7: shifted looks at requests to shift alone",
                e.getMessage());
    }

    @Test
    void aFolderOfFormatOneIsRead() throws IOException {
        Path former = folder.resolve("former");
        Path from = Path.of("src/test/resources/format-1");
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, former.resolve(from.relativize(file).toString()));
            }
        }
        RunFolder runs = RunFolder.at(former);
        List<Run> read = runs.runs();
        assertEquals(4, read.size());
        assertEquals("retrain", read.get(1).recipe().method());
        assertEquals(Aspect.EFFECT, read.get(1).results().getFirst().aspect());
        assertEquals(
                0.02271621991891687,
                read.get(1).results().getFirst().findings().get(1).value());
        assertEquals(
                "means", read.get(1).results().getFirst().pictures().getFirst().title());
        assertEquals(1, runs.verify().size(), runs.verify().toString()); // the cell that failed
        assertEquals(List.of(), runs.leftOut());
        Report.write(read, folder.resolve("report"));
        Path record = former.resolve("cells/" + read.get(1).digest() + ".json");
        Files.writeString(record, Files.readString(record).replace("0.02271621991891687", "0.9"));
        assertTrue(runs.verify().getFirst().contains("checksum"), runs.verify().toString());
        assertEquals(
                4, run(Files.readString(former.resolve("study.yaml")), "former").size());
    }

    @Test
    void aDiskThatRefusesStopsTheRunWithASentence() throws IOException {
        Files.createDirectories(folder.resolve("a"));
        Files.writeString(folder.resolve("a/cells"), "a file where a folder should be");
        LetheException e = assertThrows(LetheException.class, () -> run(STUDY, "a"));
        assertEquals(LetheException.Code.STORAGE, e.code());
        assertTrue(e.getMessage().contains("cells"), e.getMessage());
    }

    @Test
    void aRecordThatCannotBeWrittenStopsTheRun() throws IOException {
        List<Cell<double[], double[]>> cells = new ArrayList<>();
        @SuppressWarnings("unchecked") // the toy's
        Study<double[], double[]> study = (Study<double[], double[]>) StudyTest.parse(STUDY);
        cells.addAll(engine(Workers.here()).cells(study));
        Path record = folder.resolve("a/cells/" + cells.get(5).digest() + ".json.tmp");
        Files.createDirectories(record.resolve("in the way"));
        LetheException e = assertThrows(LetheException.class, () -> run(STUDY, "a"));
        assertEquals(LetheException.Code.STORAGE, e.code());
        assertTrue(e.getMessage().contains(cells.get(5).digest()), e.getMessage());
        try (Stream<Path> files = Files.list(folder.resolve("a/cells"))) {
            assertTrue(files.count() < 32);
        }
        assertNotEquals(0, RunFolder.at(folder.resolve("a")).verify().size());
    }

    @Test
    void aStudyIsFoundByPath() throws IOException {
        Path file = Files.writeString(folder.resolve("s.yaml"), STUDY);
        assertEquals(
                "small", Studies.resolve(file.toString(), List.of(new Toy())).name());
        LetheException e = assertThrows(LetheException.class, () -> Studies.resolve("nosuch", List.of(new Toy())));
        assertTrue(e.getMessage().startsWith("\"nosuch\" is neither a study file"));
    }

    /** A study has one subject; a file of studies holds several of them. */
    @Test
    void aFileMayListStudies() throws IOException {
        Files.writeString(folder.resolve("s.yaml"), STUDY);
        Files.writeString(folder.resolve("t.yaml"), STUDY.replace("study: small", "study: other"));
        Path both = Files.writeString(folder.resolve("both.yaml"), "studies:\n  - s.yaml\n  - t.yaml\n");
        assertEquals(
                List.of("small", "other"),
                Studies.all(both.toString(), List.of(new Toy())).stream()
                        .map(Study::name)
                        .toList());
        assertEquals(
                1,
                Studies.all(folder.resolve("s.yaml").toString(), List.of(new Toy()))
                        .size());
        assertRefused("studies: [s.yaml, s.yaml]", "two of the name \"small\"");
        assertRefused("studies: [none.yaml]", "there is no study file");
        assertRefused("studies: s.yaml", "expected a list of paths");
        assertRefused("studies: [[s.yaml]]", "expected paths of study files");
        assertRefused("studies: [s.yaml]\nseeds: [1]", "unknown key \"seeds\" beside studies");
    }

    private void assertRefused(String text, String why) throws IOException {
        Path file = Files.writeString(folder.resolve("list.yaml"), text);
        LetheException e = assertThrows(LetheException.class, () -> Studies.all(file.toString(), List.of(new Toy())));
        assertEquals(LetheException.Code.STUDY, e.code());
        assertTrue(e.getMessage().contains(why), e.getMessage());
    }
}
