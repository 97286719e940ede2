package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Chain;
import org.lethe.Legs;
import org.lethe.LetheException;
import org.lethe.Printable;

class StudyTest {
    static final String WHOLE = """
            study: small
            subject: toy
            data: [points, {points: {count: 30, shape: evenly-spread}}]
            model:
              - mean: {rounds: 5, stop: {patience: 7, below: 0.5}, weights: [1, 2]}
            request: [{forget: {percent: 20}}]
            method: [retrain, sharded, {sharded: {shards: 2, inner: failing}}]
            audit: [distance, clock]
            seeds: [1, 2]
            """;

    static Study<?, ?> parse(String text) {
        return Study.parse("small.yaml", text, List.of(new Toy()));
    }

    private static String mistakes(String text) {
        LetheException e = assertThrows(LetheException.class, () -> parse(text));
        assertEquals(LetheException.Code.STUDY, e.code());
        return e.getMessage();
    }

    @Test
    void entriesArePrototypesWithSettingsReplaced() {
        Study<?, ?> study = parse(WHOLE);
        assertEquals(
                List.of(new Toy.Points(), new Toy.Points(30, 1, Toy.Shape.EVENLY_SPREAD)), List.copyOf(study.data()));
        assertEquals(
                new Toy.Mean(5, 0.1, new Toy.Stop(7, Optional.of(0.5)), List.of(1, 2)),
                study.models().getFirst());
        assertEquals(
                List.of(
                        Legs.of(new Toy.Retrain()),
                        Legs.of(new Toy.Sharded()),
                        Legs.of(new Toy.Sharded(2, new Toy.Failing()))),
                List.copyOf(study.methods()));
        assertEquals(List.of(1L, 2L), study.seeds());
    }

    @Test
    void allMistakesAreSaidAtOnceEachWithItsLine() {
        String message = mistakes("""
                study: ../up
                subject: toy
                data: [pionts]
                model:
                  - mean:
                      ruonds: 5
                      rate: fast
                  - mean: {rounds: 0}
                request: {forget: {percent: 100}}
                method:
                  - {sharded: {shards: 2.5}}
                  - {sharded: {inner: {retrain: {x: 1}}}}
                  - {sharded: {shards: 1, shards: 2}}
                  - retrain
                  - retrain
                audits: [distance]
                seeds: [1, one]
                """);
        assertEquals("""
                small.yaml:1: key "audit" is missing
                small.yaml:1: study is "../up", expected letters, digits, "-", "_" and "." only: it names a folder
                small.yaml:3: unknown data "pionts"; did you mean "points"?
                small.yaml:6: unknown key "ruonds" in model "mean"; did you mean "rounds"?
                small.yaml:7: model.mean.rate is "fast", expected a number
                small.yaml:8: model.mean.rounds is 0, expected at least 1
                small.yaml:9: request.forget.percent is 100, expected from 1 to 99
                small.yaml:11: method.sharded.shards is "2.5", expected a whole number
                small.yaml:12: unknown key "x" in method.sharded.inner "retrain", which has no settings
                small.yaml:13: key "shards" is given twice in method "sharded"
                small.yaml:15: method "retrain" is given twice with the same settings
                small.yaml:16: unknown key "audits"; did you mean "audit"?
                small.yaml:17: seeds has "one", expected whole numbers""".lines().sorted().toList(), message.lines().sorted().toList());
        assertTrue(message.indexOf(":3:") < message.indexOf(":17:"), message);
    }

    @Test
    void aKeyThatIsGoneIsReadOverAndTheStudySaysWhatTakesItsPlace() {
        Study<?, ?> study = parse(WHOLE.replace("{rounds: 5,", "{rounds: 5, place: [here],"));
        assertEquals(
                List.of(
                        "small.yaml:5: key \"place\" in model \"mean\" has no effect any more: --device says where a model"
                                + " is computed"),
                study.notes());
        assertEquals(parse(WHOLE).models(), study.models());
    }

    @Test
    void aNestedRefusalNamesItsPath() {
        assertEquals(
                "small.yaml:5: model.mean.stop.patience is -1, expected at least 0",
                mistakes(WHOLE.replace("patience: 7", "patience: -1")));
    }

    @Test
    void aConstantIsOneOfAFew() {
        assertEquals(
                "small.yaml:3: data.points.shape is \"evenly-spraed\", expected one of normal, evenly-spread;"
                        + " did you mean \"evenly-spread\"?",
                mistakes(WHOLE.replace("evenly-spread", "evenly-spraed")));
    }

    @Test
    void settingsBesideTheNameAreExplained() {
        assertTrue(mistakes(WHOLE.replace("{sharded: {shards: 2, inner: failing}}", "{sharded: , shards: 2}"))
                .startsWith("small.yaml:7: method has 2 names, expected one"));
    }

    @Test
    void aListInsideTheListOfRequestsIsAChain() {
        String chain = WHOLE.replaceFirst("request: .*", "request: [[forget, {forget: {percent: 3}}], forget]");
        Study<?, ?> study = parse(chain);
        assertEquals(
                List.of(new Chain(List.of(new Toy.Forget(), new Toy.Forget(3))), new Toy.Forget()), study.requests());
        assertTrue(mistakes(WHOLE.replaceFirst("request: .*", "request: [[forget]]"))
                .contains("request has a chain of 1, expected at least 2 requests"));
        assertTrue(mistakes(WHOLE.replaceFirst("request: .*", "request: [[forget, forgit]]"))
                .contains("unknown request \"forgit\"; did you mean \"forget\"?"));
        assertTrue(mistakes(WHOLE.replaceFirst("request: .*", "request: [[forget, [forget, forget]]]"))
                .contains("request is a list of 2, expected a name"));
        assertTrue(mistakes(WHOLE.replaceFirst("request: .*", "request: [[forget, forget], [forget, forget]]"))
                .contains("is given twice with the same settings"));
    }

    @Test
    void theNearestSubjectIsNamed() {
        assertEquals(
                "small.yaml:2: unknown subject \"toi\"; did you mean \"toy\"?",
                mistakes(WHOLE.replace("subject: toy", "subject: toi")));
    }

    @Test
    void brokenYamlIsOneMistakeWithItsLine() {
        assertTrue(
                mistakes(WHOLE.replace("[distance, clock]", "[distance, clock")).startsWith("small.yaml:"));
        assertEquals("small.yaml:1: the file is empty, expected a study", mistakes(""));
        assertEquals("small.yaml:3: is indented with a tab, expected blanks", mistakes("study: x\nmodel:\n\t- mean\n"));
        assertTrue(mistakes("study: x\nsubject: toy\n  data: [points]\n")
                .startsWith("small.yaml:3: not YAML: a key stands where none can"));
        assertTrue(mistakes("- a\n- b").contains("expected keys: study, subject"));
        assertTrue(mistakes("a: &x 1\nb: *x\n").contains("alias *x"));
        assertTrue(mistakes("a: ".repeat(1) + "[".repeat(200)).startsWith("small.yaml:1:"));
    }

    @Test
    void randomDamageNeverCrashesTheReader() {
        SplittableRandom random = new SplittableRandom(11);
        String odd = "{}[]:,-\n \"'&*#!|>%@`0aé\t";
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder(WHOLE);
            for (int k = 0; k <= random.nextInt(4); k++) {
                text.setCharAt(random.nextInt(text.length()), odd.charAt(random.nextInt(odd.length())));
            }
            try {
                parse(text.toString());
            } catch (LetheException e) {
                assertTrue(e.getMessage().startsWith("small.yaml:"), e.getMessage());
            }
        }
    }

    @Test
    void wordsAreWhatAStudyFileWouldSay() {
        assertEquals(
                "mean {rounds: 5, rate: 0.1, stop: {patience: 2, below: none}, weights: [1, 2]}",
                Words.full(new Toy.Mean(5, 0.1, new Toy.Stop(2, Optional.empty()), List.of(1, 2))));
        assertEquals(
                "mean {rounds: 5}",
                Words.brief(new Toy.Mean(5, 0.1, new Toy.Stop(2, Optional.empty()), List.of()), new Toy.Mean()));
        assertEquals("retrain", Words.brief(new Toy.Retrain(), new Toy.Retrain()));
        assertEquals("sharded {inner: sharded}", Words.brief(new Toy.Sharded(4, new Toy.Sharded()), new Toy.Sharded()));
        assertEquals(
                "{points: {shape: evenly-spread}}"
                        .replace("{points: ", "points ")
                        .replace("}}", "}"),
                Words.brief(new Toy.Points(40, 1, Toy.Shape.EVENLY_SPREAD), new Toy.Points()));
    }

    @Test
    void fullWordsReadBackAsTheSameRecord() {
        Toy.Mean mean = new Toy.Mean(9, 1e-7, new Toy.Stop(0, Optional.of(0.25)), List.of(3));
        String words = Words.full(mean);
        String entry = "{mean: " + words.substring(words.indexOf('{')) + "}";
        Study<?, ?> study = parse(WHOLE.replaceAll("(?s)model:.*request", "model: [" + entry + "]\nrequest"));
        assertEquals(mean, study.models().getFirst());
    }

    @Test
    void distanceCountsASwapOnce() {
        assertEquals(1, Mistakes.distance("shrads", "shards"));
        assertEquals(3, Mistakes.distance("", "abc"));
        assertEquals(Optional.of("learningRate"), Mistakes.nearest("learning-rate", List.of("rate", "learningRate")));
        assertEquals(Optional.empty(), Mistakes.nearest("banana", List.of("rounds", "rate")));
        assertNotEquals(Optional.of("of"), Mistakes.nearest("is", List.of("of")));
    }

    @Test
    void aStudyOfManyMistakesIsRefusedAtOnce() {
        String names = IntStream.range(0, 90_000).mapToObj(n -> "m" + n).collect(Collectors.joining(", "));
        String keys =
                IntStream.range(0, 90_000).mapToObj(n -> "k" + n + ": 1\n").collect(Collectors.joining());
        for (String text : List.of(
                WHOLE.replace("[retrain, sharded, ", "[" + names + ", "),
                WHOLE + keys,
                WHOLE.replace("[distance, clock]", "[" + "d".repeat(1_000_000) + "]"))) {
            String said = mistakes(text);
            assertTrue(said.lines().count() <= 101, "lines: " + said.lines().count());
        }
        assertTrue(mistakes(WHOLE + keys).endsWith("these are 100 mistakes"));
    }

    @Test
    void anyTextIsReadBackAsItWasWritten() {
        SplittableRandom random = new SplittableRandom(17);
        for (int n = 0; n < 2_000; n++) {
            String text = random.ints(random.nextInt(12), 0, n % 2 == 0 ? 0x100 : Character.MAX_CODE_POINT + 1)
                    .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            String line = Words.entry("points", Map.of("path", text));
            assertTrue(line.codePoints().allMatch(Printable::is), line);
            Mistakes mistakes = new Mistakes("study.yaml");
            Node.Mapping entry = (Node.Mapping)
                    Node.read("[" + line + "]", mistakes).map(StudyTest::first).orElseThrow();
            mistakes.orThrow();
            Node.Mapping settings = (Node.Mapping) entry.get("points").orElseThrow();
            assertEquals(text, ((Node.Scalar) settings.get("path").orElseThrow()).text());
        }
    }

    private static Node first(Node list) {
        return ((Node.Items) list).items().getFirst();
    }
}
