package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lethe.Subject;
import org.lethe.Tool;
import org.lethe.study.Studies;
import org.lethe.study.Tools;

/** The command beside a second subject, which is installed for these tests. */
class ToolCommandTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @SuppressWarnings("NullAway.Init") // set before each test
    private ClassLoader usual;

    @BeforeEach
    void install() throws IOException {
        usual = Thread.currentThread().getContextClassLoader();
        Files.createDirectories(folder.resolve("META-INF/services"));
        Files.createDirectories(folder.resolve("META-INF/lethe"));
        Files.writeString(folder.resolve("META-INF/services/" + Subject.class.getName()), Toy.class.getName() + "\n");
        Files.writeString(folder.resolve("META-INF/lethe/tools"), Tools.resource(new Toy().tools()));
        URL[] urls = {folder.toUri().toURL()};
        Thread.currentThread().setContextClassLoader(new URLClassLoader(urls, usual));
    }

    @AfterEach
    void uninstall() {
        Thread.currentThread().setContextClassLoader(usual);
    }

    @Test
    void theResourcesListTheToolsOfTheSubjects() {
        List<Tools.Listed> offered = new ArrayList<>();
        for (Subject<?, ?> subject : Studies.subjects()) {
            for (Tool<?> tool : subject.tools()) {
                offered.add(Tools.Listed.of(tool));
            }
        }
        assertTrue(offered.size() >= 3, offered.toString());
        assertEquals(
                offered.stream().map(Tools.Listed::line).sorted().toList(),
                Tools.listed().stream().map(Tools.Listed::line).sorted().toList());
    }

    @Test
    void optionsHelpAndDefaultsComeFromTheRecord() {
        Typed help = Typed.lethe("toy", "shout", "--help");
        assertEquals(Lethe.DONE, help.code(), help.err());
        String text = help.out().replaceAll("\\s+", " ");
        assertTrue(text.startsWith("Usage: lethe toy shout"), text);
        assertTrue(text.contains("Shouts words, 100 % of them."), text);
        assertTrue(text.contains("--volume=<volume> How loudly: low | very-high."), text);
        assertTrue(text.contains("--min-gap=<min-gap> Between words; 0.5 by default."), text);
        assertTrue(text.contains("--echoes=<echoes> Of a shout; 1,2 by default."), text);
        assertTrue(text.contains("--seed") && text.contains("--workers") && text.contains("--json"), text);
        assertFalse(text.contains("--out"), text);
        assertTrue(Typed.lethe("--help").out().contains("Shouts words, 100 % of them."));
        Typed group = Typed.lethe("toy");
        assertEquals(Lethe.MISTAKE, group.code());
        assertTrue(group.err().contains("Missing required subcommand"), group.err());
    }

    @Test
    void helpTakesTheWordsOfACommand() {
        Typed words = Typed.lethe("help", "toy", "shout");
        assertEquals(Lethe.DONE, words.code(), words.err());
        assertEquals(Typed.lethe("toy", "shout", "--help").out(), words.out());
        assertTrue(Typed.lethe("help", "run").out().contains("--dry-run"));
        assertTrue(Typed.lethe("help").out().startsWith("Usage: lethe"));
    }

    @Test
    void helpOnAnUnknownCommandIsAMistakeThatNamesIt() {
        for (String typed : List.of("help toy shuot", "toy shuot --help", "toy --help shuot")) {
            Typed near = Typed.lethe(typed.split(" "));
            assertEquals(Lethe.MISTAKE, near.code(), typed + near);
            assertEquals("lethe toy has no command \"shuot\"; did you mean \"shout\"?\n", near.err());
            assertEquals("", near.out());
        }
        Typed far = Typed.lethe("help", "recsys", "whisper");
        assertEquals(Lethe.MISTAKE, far.code());
        assertTrue(far.err().startsWith("lethe recsys has no command \"whisper\"; known are "), far.err());
        Typed first = Typed.lethe("help", "recsis", "train");
        assertEquals(Lethe.MISTAKE, first.code());
        assertEquals("lethe has no command \"recsis\"; did you mean \"recsys\"?\n", first.err());
        assertEquals(Lethe.DONE, Typed.lethe("help", "run", "quickstart").code(), "a study is no command");
    }

    @Test
    void optionsThatAToolWouldIgnoreAreNotThere() {
        for (String reads : List.of("recommend", "history", "export", "certificate")) {
            String help = Typed.lethe("recsys", reads, "--help").out();
            assertFalse(help.contains("--seed") || help.contains("--workers") || help.contains("--device"), help);
        }
        assertFalse(Typed.lethe("audit", "embeddings", "--help").out().contains("--device"));
        assertFalse(Typed.lethe("text", "generate", "--help").out().contains("--workers"));
        assertFalse(Typed.lethe("video", "motion", "--help").out().contains("--seed"));
        assertTrue(Typed.lethe("image", "detect", "--help").out().contains("--device"));
        String forget = Typed.lethe("recsys", "forget", "--help").out();
        assertTrue(forget.contains("--workers") && forget.contains("--users-file"), forget);
        assertFalse(forget.contains("--seed"), forget);
        assertTrue(Typed.lethe("recsys", "train", "--help").out().contains("--seed"));
        Typed refused = Typed.lethe("recsys", "recommend", "shop", "--user", "u", "--seed", "3");
        assertEquals(Lethe.MISTAKE, refused.code());
        assertTrue(refused.err().contains("--seed"), refused.err());
    }

    @Test
    void anArgumentThatBeginsWithAnAtSignIsNoFileOfArguments() throws IOException {
        Path words = Files.writeString(folder.resolve("words.txt"), "a b");
        Typed said = Typed.lethe("toy", "shout", "@" + words, "--volume", "low");
        assertEquals("[@" + words + "] LOW\n", said.out(), said.err());
    }

    @Test
    void whatIsTypedIsWhatTheToolGets() throws IOException {
        Typed usualOnes = Typed.lethe("toy", "shout", "a,b", "--volume", "very-high", "--workers", "2", "--json");
        assertEquals(Lethe.DONE, usualOnes.code(), usualOnes.err());
        assertEquals(new ObjectMapper().readTree("""
                        {"words": ["a,b"], "times": 1, "volume": "very-high", "learner": {"parrot": {"times": 1}}, "minGap": 0.5,
                        "echoes": [1, 2], "backwards": false, "pair": {"first": 1, "second": 2}, "seed": 1, "workers": 2}
                        """), new ObjectMapper().readTree(usualOnes.out()));
        Typed all = Typed.lethe(List.of(
                "toy",
                "shout",
                "--backwards",
                "a",
                "b: c",
                "--volume=low",
                "--times=3",
                "--learner={parrot: {times: 5}}",
                "--min-gap=0",
                "--echoes=7,8,9",
                "--pair={second: 4}",
                "--file=x/y",
                "--seed=9",
                "--workers=1",
                "--json"));
        assertEquals(Lethe.DONE, all.code(), all.err());
        JsonNode said = new ObjectMapper().readTree(all.out());
        assertEquals(new ObjectMapper().readTree("""
                        {"words": ["a", "b: c"], "times": 3, "volume": "low", "learner": {"parrot": {"times": 5}}, "minGap": 0.0,
                        "echoes": [7, 8, 9], "backwards": true, "pair": {"first": 1, "second": 4}, "file": "x/y", "seed": 9,
                        "workers": 1}
                        """), said);
        Typed people = Typed.lethe("toy", "shout", "a", "--volume", "low");
        assertEquals("[a] LOW\n", people.out());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a | Missing required option: '--volume=<volume>'",
                "--volume=low | Missing required parameter: 'WORDS'",
                "a --volume=loud | --volume is \"loud\", expected one of low, very-high",
                "a --volume=verry-high | did you mean \"very-high\"?",
                "a --volume=low --min-gap=x | --min-gap is \"x\", expected a number",
                "a --volume=low --min-gap=-1 | --min-gap is -1.0, expected at least 0",
                "a --volume=low --times=0 | --times is 0, expected at least 1",
                "a --volume=low --times=0 --echoes=1,x | --echoes[1] is \"x\", expected a whole number",
                "a --volume=low --learner=parot | unknown --learner \"parot\"; did you mean \"parrot\"?",
                "a --volume=low --pair={frist} | did you mean \"first\"",
                "a --volume=low --pair={ | --pair is not YAML",
                "a --volum=low | --volume",
            })
    void mistakesNameOptionValueAndWhatWasExpected(String typed, String expected) {
        Typed output = Typed.lethe(("toy shout " + typed).split(" "));
        assertEquals(Lethe.MISTAKE, output.code(), output.err());
        assertTrue(output.err().contains(expected), output.err());
        assertFalse(output.err().contains("\tat "), output.err());
    }

    @Test
    void aDefectIsNoMistakeOfTheUser() {
        Typed output = Typed.lethe("toy", "shout", "a", "--volume=low", "--pair={first: 13}");
        assertEquals(Lethe.DEFECT, output.code(), output.err());
    }

    @Test
    void aNameOfTwoSubjectsIsSaidWithBoth() {
        Typed both = Typed.lethe("explain", "retrain");
        assertEquals(Lethe.MISTAKE, both.code());
        for (String name : new String[] {"recsys/retrain", "federated/retrain", "text/retrain", "toy/retrain"}) {
            assertTrue(both.err().contains(name), both.err());
        }
        assertTrue(Typed.lethe("explain", "toy/retrain").out().contains("Says nothing any more."));
        assertTrue(Typed.lethe("explain", "recsys/retrain").out().contains("training again"));
        assertTrue(Typed.lethe("explain", "parrot").out().contains("Repeats the data."));
        assertTrue(Typed.lethe("explain", "toy/retrian").err().contains("did you mean \"toy/retrain\""));
        assertTrue(Typed.lethe("data", "show", "toy/planted").out().contains("toy"));
        Typed data = Typed.lethe("data", "show", "planted");
        assertTrue(data.err().contains("recsys/planted, toy/planted"), data.err());
        assertTrue(Typed.lethe("data", "list").out().contains("toy/planted"));
    }

    @Test
    void listsAreOfAllSubjectsOrOfOne() {
        String methods = Typed.lethe("list", "methods").out();
        assertTrue(methods.contains("  toy/retrain") && methods.contains("  recsys/retrain"), methods);
        assertTrue(methods.contains("  receraser"), methods);
        assertEquals(
                "methods\n  toy/retrain          Says nothing any more.\n",
                Typed.lethe("list", "toy/methods").out());
        assertEquals(
                Typed.lethe("list", "toy/methods").out(),
                Typed.lethe("list", "toy/retrain").out());
        assertTrue(Typed.lethe("list", "toy").out().contains("parrot"));
        Typed several = Typed.lethe("list", "retrain");
        assertTrue(several.err().contains("text/retrain, toy/retrain"), several.err());
        Typed none = Typed.lethe("list", "toys");
        assertEquals(Lethe.MISTAKE, none.code());
        assertTrue(none.err().contains("expected data, models, requests, methods or audits"), none.err());
    }
}
