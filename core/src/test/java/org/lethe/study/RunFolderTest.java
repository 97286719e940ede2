package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Aspect;
import org.lethe.Cost;
import org.lethe.Direction;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.LetheException;
import org.lethe.Picture;
import org.lethe.Verdict;

class RunFolderTest {
    @TempDir
    Path folder;

    private static final List<Picture> PICTURES = List.of(new Picture.Scatter(
            "users by gender",
            "right",
            "up",
            "half",
            List.of(new Picture.Panel(
                    "before",
                    "apart",
                    List.of(
                            new Picture.Points(
                                    "f", List.of(0.12345f, -1e-6f), List.of(1f, 12.3456f), List.of(0.1f, 0.2f)),
                            new Picture.Points("m", List.of(), List.of(), List.of()))))));

    private static Run run(double value) {
        return run(value, PICTURES);
    }

    private static Run run(double value, List<Picture> pictures) {
        return new Run(
                "toy",
                RunFolder.sha256("cell"),
                new Run.Recipe("toy", "points", "mean", "forget", "retrain", 1),
                Run.Role.TESTED,
                Exactness.EXACT,
                "",
                "",
                Map.of("b", "2", "a", "1"),
                new Cost(1.5, Map.of("shard", List.of(0.5, 1.0)), Map.of("touched", 2L)),
                Cost.NONE,
                Cost.NONE,
                List.of(new Run.Result(
                        "utility",
                        Aspect.UTILITY,
                        List.of(
                                new Finding("ndcg@20", value, 10, Direction.HIGHER)
                                        .within(new Interval(0.1, 0.9, 0.95))
                                        .judged(new Verdict.Undecided("at least 0.5", "n is small"))
                                        .tested(0.03),
                                new Finding("seconds", 1.25, 1, Direction.LOWER).in("s")),
                        "nothing",
                        pictures)),
                List.of(),
                Optional.of(new Run.Failure(LetheException.Code.NUMERIC, "loss is NaN")),
                Optional.empty());
    }

    private RunFolder written() {
        RunFolder runs = RunFolder.at(folder);
        runs.hold().close();
        runs.describe(
                "study: toy\n",
                List.of(new RunFolder.Listed(RunFolder.sha256("cell"), List.of(RunFolder.sha256("audit")))),
                List.of(new LeftOut("mean", "shift", "retrain", "", "it forgets")));
        runs.write(run(0.1 + 0.2), "cell");
        runs.write(run(0.1 + 0.2).results().getFirst(), "audit");
        return runs;
    }

    @Test
    void whatIsWrittenIsReadBack() {
        assertEquals(List.of(run(0.1 + 0.2)), written().runs());
    }

    @Test
    void coordinatesAreRoundedAndShort() {
        String json = RunFolder.json(run(0.5));
        assertTrue(json.contains("\"x\" : [ 0.123, 0.0 ]"), json);
        assertTrue(json.contains("\"y\" : [ 1.0, 12.346 ]"), json);
    }

    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 1, 2, 3};

    private static final List<Picture> KINDS = List.of(
            new Picture.Curve(
                    "loss",
                    "step",
                    "loss",
                    "",
                    List.of(new Picture.Line("npo", List.of(1f, 2f), List.of(1e-7f, 1234567f), List.of(), List.of()))),
            new Picture.HeatMap(
                    "all pairs", "attack", "protection", "", List.of("a", "b"), List.of("c"), List.of(List.of(0f, 1f))),
            new Picture.Strip("works", "", List.of(new Picture.Frame("before", PNG), new Picture.Frame("after", PNG))));

    @Test
    void everyKindOfPictureIsReadBackAndImagesAreFilesOfTheirOwn() throws IOException {
        RunFolder runs = written();
        Run.Result shown = run(0.1 + 0.2, KINDS).results().getFirst();
        runs.write(shown, "audit");
        assertEquals(List.of(shown), runs.runs().getFirst().results());
        Path image = folder.resolve("pictures/" + RunFolder.sha256(PNG) + ".png");
        assertArrayEquals(PNG, Files.readAllBytes(image));
        Files.write(image, new byte[] {1});
        assertTrue(
                runs.verify().getLast().startsWith(image + " is missing or is not the image"),
                runs.verify().toString());
    }

    @Test
    void whatWasLeftOutIsReadBack() {
        assertEquals(
                List.of(new LeftOut("mean", "shift", "retrain", "", "it forgets")),
                written().leftOut());
    }

    @Test
    void theSameRunHasTheSameBytes() {
        assertEquals(RunFolder.json(run(0.5)), RunFolder.json(run(0.5)));
        assertTrue(RunFolder.json(run(0.5)).indexOf("\"a\"")
                < RunFolder.json(run(0.5)).indexOf("\"b\""));
    }

    @Test
    void comparableLeavesOutTheMachine() {
        assertFalse(RunFolder.comparable(run(0.5)).contains("seconds\" : 1.25"));
        assertFalse(RunFolder.comparable(run(0.5)).contains("\"seconds\" : 1.5"));
        assertTrue(RunFolder.comparable(run(0.5)).contains("ndcg@20"));
    }

    @Test
    void aChangedFindingIsNoticed() throws IOException {
        RunFolder runs = written();
        Path file = folder.resolve("audits").resolve(RunFolder.sha256("audit") + ".json");
        Files.writeString(file, Files.readString(file).replace("0.30000000000000004", "0.9"));
        assertTrue(runs.verify().getLast().contains("checksum"), runs.verify().toString());
    }

    @Test
    void aMissingCellIsNoticed() {
        RunFolder runs = written();
        runs.clear();
        assertTrue(runs.verify().getFirst().contains("has not been run"));
    }

    @Test
    void truncatedAndRandomRecordsAreNamedNotTrusted() throws IOException {
        RunFolder runs = written();
        for (Path file : List.of(
                folder.resolve("cells").resolve(RunFolder.sha256("cell") + ".json"),
                folder.resolve("audits").resolve(RunFolder.sha256("audit") + ".json"))) {
            byte[] intact = Files.readAllBytes(file);
            hit(runs, file);
            Files.write(file, intact);
        }
    }

    private static void hit(RunFolder runs, Path file) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 200; i++) {
            byte[] broken =
                    i % 2 == 0 ? java.util.Arrays.copyOf(whole, random.nextInt(whole.length - 3)) : whole.clone();
            if (i % 2 == 1) {
                broken[random.nextInt(broken.length - 2)] ^= (byte) (1 << random.nextInt(7));
            }
            Files.write(file, broken);
            try {
                assertEquals(List.of(run(0.1 + 0.2)), runs.runs()); // only white space was hit
            } catch (LetheException e) {
                assertEquals(LetheException.Code.STORAGE, e.code());
                assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
            }
        }
    }

    @Test
    void aFolderHasOneWriter() {
        RunFolder runs = RunFolder.at(folder);
        RunFolder.Hold hold = runs.hold();
        try {
            LetheException e = assertThrows(LetheException.class, runs::hold);
            assertTrue(e.getMessage().contains("another run"), e.getMessage());
        } finally {
            hold.close();
        }
        runs.hold().close();
    }

    @Test
    void aFileInTheWayIsASentence() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x");
        LetheException e = assertThrows(
                LetheException.class, () -> RunFolder.at(file.resolve("toy")).hold());
        assertEquals(LetheException.Code.STORAGE, e.code());
        assertTrue(e.getMessage().contains("cannot be written"), e.getMessage());
    }
}
