package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.numerics.Keyed;

/**
 * Every {@code ./lethe} command of the manual works as printed. The commands of a page run in a folder that holds
 * {@code studies/}, tables of interactions and of people, and the studies that the page itself shows. A block after {@code <!-- not
 * run here: why -->} is skipped, and says so.
 */
class CommandsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BLOCK = Pattern.compile(
            "(?:<!-- not run here: (?<why>[^>]*) -->\\s*)?^ *```(?<language>\\w*)\\n(?<text>.*?)^ *```|`(?<inline>\\./lethe (?!run )[^`\\n]+)`",
            Pattern.DOTALL | Pattern.MULTILINE);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    /** A line to type, and why it is not typed here, or nothing. */
    private record Command(String line, String skipped) {}

    @TestFactory
    Stream<DynamicContainer> commandsOfTheManualWork() throws IOException {
        return pages().filter(p -> !trains(p) && !printed(p)).map(this::page);
    }

    /** The landing check runs the quick start too, so by day these pages need not. */
    @Tag("slow")
    @TestFactory
    Stream<DynamicContainer> commandsOfPagesWithTheQuickStartWork() throws IOException {
        return pages().filter(CommandsTest::trains).map(this::page);
    }

    @Test
    void aMistypedCommandWouldBeNoticed() throws Exception {
        assertFalse(commands("```\n./lethe lsit methods\n```\n").isEmpty());
        assertEquals(Lethe.MISTAKE, run("./lethe lsit methods"));
    }

    /** Pages that show what a command prints, or whose commands need files, have a test of their own. */
    private static boolean printed(Path page) {
        return text(page).contains("<!-- printed by: lethe ") || text(page).contains("<!-- run -->");
    }

    private static boolean trains(Path page) {
        return commands(text(page)).stream().anyMatch(c -> c.line().startsWith("./lethe run quickstart"));
    }

    private DynamicContainer page(Path page) {
        String text = text(page);
        prepare(text);
        return DynamicContainer.dynamicContainer(
                ROOT.relativize(page).toString(),
                commands(text).stream()
                        .map(command -> DynamicTest.dynamicTest(command.line(), () -> {
                            assumeTrue(command.skipped().isEmpty(), command.skipped());
                            assertEquals(Lethe.DONE, run(command.line()), command.line());
                        })));
    }

    private static List<Command> commands(String page) {
        List<Command> commands = new ArrayList<>();
        Matcher block = BLOCK.matcher(page);
        while (block.find()) {
            String inline = block.group("inline");
            String why = block.group("why") == null ? "" : block.group("why");
            Stream<String> lines =
                    inline != null ? Stream.of(inline) : block.group("text").lines();
            lines.map(l -> l.strip().split(" +#", 2)[0])
                    .filter(l -> l.startsWith("./lethe "))
                    .forEach(l -> commands.add(new Command(l, why)));
        }
        return commands;
    }

    private void prepare(String page) {
        try {
            if (!Files.exists(folder.resolve("studies"))) {
                Files.createSymbolicLink(folder.resolve("studies"), ROOT.resolve("studies"));
                Files.writeString(folder.resolve("interactions.csv"), interactions());
                Files.writeString(folder.resolve("people.csv"), people());
            }
            Matcher block = BLOCK.matcher(page);
            while (block.find()) {
                if ("yaml".equals(block.group("language"))) {
                    String study = block.group("text").stripTrailing().stripIndent();
                    if (study.startsWith("study: ")) {
                        String name = study.lines().findFirst().orElseThrow().substring("study: ".length());
                        Files.writeString(folder.resolve(name.strip() + ".yaml"), study);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Eighty people, one of them the one who asks in the manual, with a dozen items each. */
    static String interactions() {
        Keyed drawn = Keyed.seed(5).of("interactions");
        StringBuilder csv = new StringBuilder("user,item,rating\n");
        for (int user = 0; user < 80; user++) {
            for (int item = 0; item < 40; item++) {
                if (Keyed.unit(drawn.of(user).at(item)) < 0.4) {
                    csv.append(4700 + user)
                            .append(',')
                            .append(item)
                            .append(',')
                            .append(4 + item % 2)
                            .append('\n');
                }
            }
        }
        return csv.toString();
    }

    /** The same people; every tenth says nothing of the gender. */
    static String people() {
        StringBuilder csv = new StringBuilder("user,gender,age\n");
        for (int user = 0; user < 80; user++) {
            csv.append(4700 + user)
                    .append(',')
                    .append(user % 10 == 0 ? "" : user % 2 == 0 ? "f" : "m")
                    .append(',')
                    .append(18 + user % 50)
                    .append('\n');
        }
        return csv.toString();
    }

    private int run(String line) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Lethe.class.getName()));
        command.addAll(List.of(line.substring("./lethe ".length()).split(" +")));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
        Path said = Files.createTempFile(folder, "said", ".txt");
        Process process =
                builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
        try {
            assertTrue(process.waitFor(300, TimeUnit.SECONDS), line + " did not end");
        } finally {
            process.destroyForcibly();
        }
        if (process.exitValue() != Lethe.DONE) {
            System.out.println(line + "\n" + Files.readString(said));
        }
        return process.exitValue();
    }

    private static Stream<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            return Stream.concat(
                    Stream.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")),
                    docs.filter(p -> p.toString().endsWith(".md")).sorted())
                    .toList()
                    .stream();
        }
    }

    private static String text(Path page) {
        try {
            return Files.readString(page);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
