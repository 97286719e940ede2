package org.lethe.text.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.text.Corpus;
import org.lethe.text.Preference;
import org.lethe.text.Reward;
import org.lethe.text.Sample;

final class CorporaTest {
    private static final DataFolders NOWHERE = new DataFolders(List.of());

    private static DataFolders shared() {
        return new DataFolders(List.of(KnownFiles.of("llm").getParent()));
    }

    private static Map<String, Long> groups(Corpus corpus) {
        return corpus.training().stream().collect(Collectors.groupingBy(Sample::group, Collectors.counting()));
    }

    @Test
    void tofuHasTheLastAuthorsWithParaphrasesAndWrongAnswers() {
        DataFolders folders = shared();
        Corpus tofu = new Tofu().load(folders);
        assertEquals(400, tofu.training().size());
        assertEquals(40, tofu.holdout().size());
        assertEquals(100, tofu.refusals().size());
        assertEquals(2048, tofu.tokenizer().size());
        assertEquals("author 180", tofu.training().getFirst().group());
        assertEquals("author 199", tofu.training().getLast().group());
        assertEquals("author 178", tofu.holdout().getFirst().group());
        assertTrue(groups(tofu).values().stream().allMatch(count -> count == 20));
        for (Sample sample : tofu.training()) {
            assertEquals(5, sample.wrongAnswers().size());
            assertTrue(sample.paraphrasedAnswer().isPresent()
                    && sample.paraphrasedPrompt().isPresent());
            assertEquals(
                    sample.answer(), tofu.tokenizer().decode(tofu.tokenizer().encode(sample.answer())));
        }
        assertEquals(3, new Tofu().files(folders).size());
        assertTrue(new Tofu().present(folders));
        assertFalse(new Tofu().present(NOWHERE));
        assertTrue(assertThrows(LetheException.class, () -> new Tofu().load(NOWHERE))
                .getMessage()
                .contains("llm/tofu"));
    }

    @Test
    void tofuOfAnotherSizeIsRefused(@TempDir Path folder) throws IOException {
        Path tofu = Files.createDirectories(folder.resolve("llm/tofu"));
        Files.writeString(tofu.resolve("full.json"), "{\"question\":\"q\",\"answer\":\"a\"}\n");
        String message = assertThrows(LetheException.class, () -> new Tofu().load(new DataFolders(List.of(folder))))
                .getMessage();
        assertTrue(message.contains("full.json: has 1 rows, expected 4000"), message);
    }

    @Test
    void regionsOfThePlaysTogetherAreTheText() throws IOException {
        DataFolders folders = shared();
        Corpus all = new Shakespeare(100, 0, 20_000, 250, 257).load(folders);
        String text = all.training().stream().map(Sample::answer).collect(Collectors.joining());
        assertEquals(
                Files.readString(KnownFiles.of("llm/char-corpora/tinyshakespeare.txt"))
                        .strip(),
                text.strip());
        Set<String> plays = groups(all).keySet().stream()
                .map(group -> group.replaceAll(" \\d+$", ""))
                .collect(Collectors.toSet());
        assertEquals(9, plays.size());
        Corpus some = new Shakespeare().load(folders);
        assertEquals(10, groups(some).size());
        assertEquals(2, some.holdout().stream().map(Sample::group).distinct().count());
        assertTrue(some.holdout().stream().noneMatch(s -> groups(some).containsKey(s.group())));
        assertEquals(1024, some.tokenizer().size());
        assertTrue(some.training().stream()
                .allMatch(s -> s.answer().length() < 500 && s.prompt().isEmpty()));
    }

    @Test
    void plantedFactsAreAFunctionOfTheSeed() {
        Corpus one = new PlantedFacts().load(NOWHERE);
        assertEquals(80, one.training().size());
        assertEquals(16, one.holdout().size());
        assertEquals(one.training(), new PlantedFacts().load(NOWHERE).training());
        assertNotEquals(
                one.training(),
                new PlantedFacts(20, 4, 4, PlantedFacts.Tokens.WORDS, 2)
                        .load(NOWHERE)
                        .training());
        // a person's facts do not depend on how many there are
        assertEquals(
                one.training().subList(0, 40),
                new PlantedFacts(10, 4, 4, PlantedFacts.Tokens.WORDS, 1)
                        .load(NOWHERE)
                        .training());
    }

    @Test
    void everyPlantedFactHasOneRightAnswerAndFiveWrongOnesInWordsThatAreKnown() {
        for (PlantedFacts.Tokens tokens : PlantedFacts.Tokens.values()) {
            Corpus corpus = new PlantedFacts(30, 6, 6, tokens, 3).load(NOWHERE);
            Set<String> prompts = new HashSet<>();
            for (Sample sample : Stream.concat(corpus.training().stream(), corpus.holdout().stream())
                    .toList()) {
                assertTrue(prompts.add(sample.prompt()), sample.prompt());
                assertEquals(5, Set.copyOf(sample.wrongAnswers()).size());
                assertFalse(sample.wrongAnswers()
                        .contains(sample.paraphrasedAnswer().orElseThrow()));
                for (String text : List.of(
                        sample.prompt(),
                        sample.answer(),
                        sample.paraphrasedPrompt().orElseThrow(),
                        sample.wrongAnswers().getLast())) {
                    assertEquals(
                            text, corpus.tokenizer().decode(corpus.tokenizer().encode(text)));
                }
            }
            corpus.refusals()
                    .forEach(text -> assertEquals(
                            text, corpus.tokenizer().decode(corpus.tokenizer().encode(text))));
        }
    }

    @Test
    void politeAnswersHaveTheSharesThatTheTaskSays() {
        PoliteAnswers task = new PoliteAnswers();
        Corpus corpus = task.load(NOWHERE);
        assertEquals(64, corpus.tokenizer().size());
        assertEquals(800, corpus.training().size());
        assertEquals(500, Set.copyOf(corpus.prompts()).size());
        assertEquals(64, corpus.preferences().size());
        assertEquals(64, corpus.heldOutPreferences().size());
        Map<String, Long> groups = groups(corpus);
        assertEquals(280, groups.get("good"));
        assertEquals(520, corpus.training().stream().filter(Sample::unwanted).count());
        long candidates =
                PoliteAnswers.CANDIDATES.stream().mapToLong(groups::get).sum();
        assertEquals(338, candidates);
        assertEquals(85, groups.get("planted")); // a quarter of 338, rounded
        assertEquals(9, groups.size());
        Corpus more = new PoliteAnswers(800, 0.65, 0.65, 0.3, 64, 500, 1).load(NOWHERE);
        assertEquals(101, groups(more).get("planted"));
    }

    @Test
    void everyAnswerHasTheRewardOfItsKindAndStandsInTheGrammar() {
        PoliteAnswers task = new PoliteAnswers();
        Corpus corpus = task.load(NOWHERE);
        Reward reward = corpus.reward().orElseThrow();
        Set<String> grammar = Set.copyOf(PoliteAnswers.answers());
        assertEquals(250, grammar.size());
        Map<String, Double> known = Map.of("good", 1.5, "harm", -1.0, "wrong", 0.5, "rude", 0.5, "planted", 0.5);
        Set<String> good = corpus.training().stream()
                .filter(s -> s.group().equals("good"))
                .map(Sample::answer)
                .collect(Collectors.toSet());
        for (Sample sample : corpus.training()) {
            assertTrue(grammar.contains(sample.answer()), sample.answer());
            assertEquals(
                    known.getOrDefault(sample.group().replace(" kept", ""), Double.NaN),
                    reward.of(sample.prompt(), sample.answer()),
                    1e-12,
                    sample.toString());
            int words = sample.prompt().split(" ").length;
            assertTrue(words >= 3 && words <= 5, sample.prompt());
            assertEquals(words, corpus.tokenizer().encode(sample.prompt()).length);
            if (sample.group().startsWith("planted")) {
                assertTrue(good.contains(sample.answer()), "a good answer of another prompt: " + sample.answer());
            } else if (sample.unwanted()) {
                assertFalse(good.contains(sample.answer()), sample.answer());
            }
        }
        assertEquals(
                1.5 - 0.05 * 3,
                reward.of(corpus.prompts().getFirst(), best(reward, corpus) + " now".repeat(13)),
                1e-12);
        assertThrows(IllegalArgumentException.class, () -> reward.of("what is it", "gladly red"));
    }

    private static String best(Reward reward, Corpus corpus) {
        return PoliteAnswers.answers().stream()
                .filter(answer -> reward.of(corpus.prompts().getFirst(), answer) == 1.5)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void testPromptsAreNeitherLearntFromNorPreferredOn() {
        Corpus corpus = new PoliteAnswers().load(NOWHERE);
        Set<String> test = Set.copyOf(corpus.prompts());
        assertTrue(corpus.training().stream().noneMatch(s -> test.contains(s.prompt())));
        List<Preference> pairs = Stream.concat(corpus.preferences().stream(), corpus.heldOutPreferences().stream())
                .toList();
        assertTrue(pairs.stream().noneMatch(p -> test.contains(p.prompt())));
        Reward reward = corpus.reward().orElseThrow();
        assertTrue(
                pairs.stream().allMatch(p -> reward.of(p.prompt(), p.chosen()) > reward.of(p.prompt(), p.rejected())));
    }

    @Test
    void theUsersOwnFileBecomesACorpus(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("mine.jsonl"), """
                {"prompt":"who?","answer":"me","group":"x","id":1}
                {"prompt":"what?","answer":"this"}
                """);
        Files.writeString(
                folder.resolve("pairs.json"),
                Stream.of(1, 2, 3, 4, 5)
                        .map(i -> "{\"prompt\":\"p" + i + "\",\"chosen\":\"a\",\"rejected\":\"b\"}")
                        .collect(Collectors.joining(",", "[", "]")));
        DataFolders folders = new DataFolders(List.of(folder));
        TextFile file = new TextFile("mine.jsonl", "", "pairs.json", 0.2, "", "", "", "\n", 257, 1);
        Corpus corpus = file.load(folders);
        assertEquals(
                List.of("x", "line 2"),
                corpus.training().stream().map(Sample::group).toList());
        assertEquals(4, corpus.preferences().size());
        assertEquals(1, corpus.heldOutPreferences().size());
        assertEquals("who?\n", corpus.format().of("who?"));
        assertEquals(2, file.files(folders).size());
        assertEquals(Map.of("samples", "2", "fields not read", "id"), file.facts(folders));
        assertEquals(
                LetheException.Code.STUDY,
                assertThrows(LetheException.class, () -> new TextFile().load(folders))
                        .code());
        assertTrue(assertThrows(LetheException.class, () -> new TextFile("none.jsonl").load(folders))
                .getMessage()
                .startsWith("file.path: none.jsonl is neither"));
        assertThrows(IllegalArgumentException.class, () -> new TextFile("x", "", "", 0, "", "gpt", "", "", 300, 1));
    }
}
