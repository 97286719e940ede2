package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program outside this project, which has the library and not the command on its class path. */
class ConsumerTest {
    private static final Path PAGE = Path.of("../docs/tasks/use-from-java.md");
    private static final Path PROJECT = Path.of("src/test/consumer");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    /** What the project of the page would get: everything here but the command, its tests and what these need. */
    private static String libraries() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry ->
                        !Path.of(entry).getFileName().toString().matches("(picocli|progressbar|archunit|junit).*"))
                .filter(entry -> !Files.exists(Path.of(entry, "org/lethe/cli")))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** The options of the JVM that the page names. */
    private static List<String> options() throws IOException {
        Matcher line = Pattern.compile("(?m)^java (.*?) -cp ").matcher(Files.readString(PAGE));
        assertTrue(line.find());
        return List.of(line.group(1).split(" "));
    }

    @Test
    void theProgramOfThePageCompilesAndRunsWithTheOptionsOfThePageWithoutAWarning() throws Exception {
        JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "the tests run on a JDK");
        Path classes = Files.createDirectory(folder.resolve("classes"));
        StringWriter said = new StringWriter();
        List<String> arguments = List.of("-proc:none", "-cp", libraries(), "-d", classes.toString());
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            var sources = files.getJavaFileObjects(PROJECT.resolve("src/main/java/shop/Erase.java"));
            assertTrue(
                    compiler.getTask(said, files, null, arguments, null, sources)
                            .call(),
                    said.toString());
        }
        StringBuilder csv = new StringBuilder("user,item\n");
        for (int u = 0; u < 30; u++) {
            for (int i = 0; i < 8; i++) {
                csv.append("C-" + u + ",article-" + (u + 3 * i) % 25 + "\n");
            }
        }
        Path purchases = Files.writeString(folder.resolve("purchases.csv"), csv);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options());
        command.addAll(List.of("-cp", classes + File.pathSeparator + libraries(), "shop.Erase"));
        command.addAll(List.of(purchases.toString(), folder.resolve("shop").toString(), "C-17"));
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), Files.readString(err));
        assertTrue(
                Files.readString(out).endsWith("8 interactions are gone; same bits as without them: true\n"),
                Files.readString(out));
        assertEquals(
                "WARNING: Using incubator modules: jdk.incubator.vector",
                Files.readString(err).strip());
    }

    @Test
    void thePageShowsTheProjectAndTheProjectNamesThisVersion() throws IOException {
        String project = Files.readString(PROJECT.resolve("pom.xml"));
        Matcher shown = Pattern.compile("```xml\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(PAGE));
        assertTrue(shown.find());
        assertTrue(project.contains(shown.group(1)), shown.group(1));
        String root = Files.readString(Path.of("../pom.xml"));
        Matcher own = Pattern.compile("<artifactId>lethe</artifactId>\\s*<version>(.*?)</version>")
                .matcher(root);
        assertTrue(own.find());
        assertTrue(project.contains("<version>" + own.group(1) + "</version>"), own.group(1));
        Matcher options = Pattern.compile("<jvm.modules>(.*?)</jvm.modules>").matcher(root);
        assertTrue(options.find());
        assertEquals(List.of(options.group(1).split(" ")), options(), "the tests run with what the page names");
    }

    /** Of two builds from one commit, under another folder, zone and umask, the jars had the same bytes: tried with {@code numerics}. */
    @Test
    void whatDiffersBetweenUsersOfOneCommitDoesNotReachTheJars() throws IOException {
        String root = Files.readString(Path.of("../pom.xml"));
        assertTrue(root.contains("<project.build.outputTimestamp>"), "times of files");
        assertTrue(root.contains("<notimestamp>true</notimestamp>"), "times in the documentation");
        assertTrue(root.contains("<Build-Commit>${commit}</Build-Commit>"), "the commit is given, not looked up");
        assertTrue(Files.readString(Path.of("../mvnw")).contains("\numask 022\n"), "modes of folders");
    }
}
