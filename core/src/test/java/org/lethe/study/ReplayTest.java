package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Direction;
import org.lethe.Finding;
import org.lethe.Progress;
import org.lethe.Workers;

class ReplayTest {
    private static final String STUDY = """
            study: small
            subject: toy
            data: [points]
            model: [mean]
            request: [{forget: {percent: 20}}]
            method: [{sharded: {shards: 2}}, failing]
            audit: [distance, clock]
            seeds: [1]
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private final Engine engine = new Engine(Workers.here(), Progress.NONE, new DataFolders(List.of()));

    @SuppressWarnings("NullAway.Init") // set before each test
    private RunFolder recorded;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Run tested;

    @BeforeEach
    void run() {
        recorded = RunFolder.at(folder.resolve("small"));
        tested = engine.run(StudyTest.parse(STUDY), recorded, false).stream()
                .filter(run -> run.recipe().method().startsWith("sharded"))
                .findFirst()
                .orElseThrow();
    }

    private Replay.Result replayed() {
        return new Replay(engine, List.of(new Toy())).of(recorded);
    }

    private String text(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile()).path("text").asText();
    }

    @Test
    void aRecordSaysWhenItWasMadeAndWhichModelCameOfIt() {
        Run.Made made = tested.made().orElseThrow();
        assertTrue(made.model().matches("[0-9a-f]{64}"), made.model());
        assertTrue(Instant.parse(made.time()).isAfter(Instant.parse("2026-01-01T00:00:00Z")));
    }

    @Test
    void aRunThatIsRepeatedHasTheSameBits() throws IOException {
        long files;
        try (var all = Files.walk(folder)) {
            files = all.count();
        }
        Replay.Result result = replayed();
        assertEquals(List.of(), result.differences());
        assertEquals(4, result.cells());
        assertEquals(3, result.models(), "the cell that failed has none");
        try (var all = Files.walk(folder)) {
            assertEquals(files, all.count(), "the folder stays as it is");
        }
    }

    @Test
    void aForgedFindingIsNamedThoughItsChecksumFits() throws IOException {
        String audit = recorded.cells().stream()
                .filter(cell -> cell.digest().equals(tested.digest()))
                .findFirst()
                .orElseThrow()
                .audits()
                .getFirst();
        Run.Result was = recorded.result(audit).orElseThrow();
        Finding found = was.findings().getFirst();
        Finding forged = new Finding(found.name(), found.value() / 2, found.n(), Direction.LOWER);
        recorded.write(
                new Run.Result(was.audit(), was.aspect(), List.of(forged), was.limits(), was.pictures()),
                text(recorded.path().resolve("audits").resolve(audit + ".json")));
        assertEquals(1, recorded.verify().size(), "the failed cell alone");
        List<String> differences = replayed().differences();
        assertEquals(1, differences.size(), differences.toString());
        assertTrue(
                differences
                        .getFirst()
                        .endsWith("distance/distance is " + found.value() + ", expected " + found.value() / 2),
                differences.toString());
        assertTrue(differences.getFirst().startsWith("sharded {shards: 2} on mean"), differences.toString());
    }

    @Test
    void anotherModelIsNamedWithWhatMadeIt() throws IOException {
        Path file = recorded.path().resolve("cells").resolve(tested.digest() + ".json");
        String digest = "0".repeat(64);
        recorded.write(
                new Run(
                        tested.study(),
                        tested.digest(),
                        tested.recipe(),
                        tested.role(),
                        tested.exactness(),
                        tested.origin(),
                        tested.dataDigest(),
                        Map.of("lethe", "0.0.1", "commit", "abc"),
                        tested.learned(),
                        tested.fulfilled(),
                        tested.referenced(),
                        List.of(),
                        List.of(),
                        Optional.empty(),
                        Optional.of(new Run.Made("2026-01-01T00:00:00Z", digest, ""))),
                text(file));
        List<String> differences = replayed().differences();
        assertEquals(2, differences.size(), differences.toString());
        assertTrue(differences.getFirst().contains("the model has the SHA-256 "), differences.toString());
        assertTrue(differences.getFirst().endsWith("expected " + digest), differences.toString());
        assertTrue(
                differences.getLast().startsWith("the records were made by {commit=abc, lethe=0.0.1}, here runs {"),
                differences.toString());
    }

    @Test
    void aRecordOfAnEarlierVersionHasNoModelToCompare() throws IOException {
        Path file = recorded.path().resolve("cells").resolve(tested.digest() + ".json");
        var tree = (ObjectNode) new ObjectMapper().readTree(file.toFile());
        var content = (ObjectNode) tree.path("content");
        content.remove("made");
        tree.put("checksum", RunFolder.sha256(RecordFile.json(content)));
        Files.writeString(file, RecordFile.json(tree));
        assertTrue(recorded.find(tested.digest()).orElseThrow().made().isEmpty());
        Replay.Result result = replayed();
        assertEquals(2, result.models());
        assertEquals(List.of(), result.differences());
    }
}
