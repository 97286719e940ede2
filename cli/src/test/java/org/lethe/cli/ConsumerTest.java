package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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

    /** {@code .ci/ship} builds two modules twice, under another folder, zone and umask, and compares all of their jars. */
    @Test
    void whatDiffersBetweenUsersOfOneCommitDoesNotReachTheJars() throws IOException {
        String root = Files.readString(Path.of("../pom.xml"));
        assertTrue(root.contains("<project.build.outputTimestamp>"), "times of files");
        assertTrue(root.contains("<notimestamp>true</notimestamp>"), "times in the documentation");
        assertTrue(root.contains("<Build-Commit>${commit}</Build-Commit>"), "the commit is given, not looked up");
        assertTrue(root.contains("/.mvn/Modes.java</argument>"), "modes of files");
    }

    @Test
    void modesOfFilesAndFoldersInJarsAreMadeEven() throws Exception {
        Path some = jar("own", "rw-------", "rwx------");
        Path others = jar("other", "rw-r--r--", "rwxr-xr-x");
        Path untouched = jar("untouched", "rw-------", "rwx------");
        assertTrue(Files.mismatch(some, others) >= 0, "modes stand in the jars");
        for (String name : List.of("own", "other")) {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "../.mvn/Modes.java",
                            folder.toString(),
                            name)
                    .inheritIO()
                    .start();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        }
        assertEquals(-1, Files.mismatch(some, others));
        assertTrue(Files.mismatch(some, untouched) >= 0, "jars of other names stay as they are");
        try (var files = FileSystems.newFileSystem(some, Map.of("enablePosixFileAttributes", true))) {
            assertEquals("some text", Files.readString(files.getPath("folder/file.txt")));
            assertEquals(
                    "rw-r--r--",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(files.getPath("folder/file.txt"))));
            assertEquals(
                    "rwxr-xr-x", PosixFilePermissions.toString(Files.getPosixFilePermissions(files.getPath("folder"))));
        }
    }

    private Path jar(String name, String ofFile, String ofFolder) throws IOException {
        Path jar = folder.resolve(name + ".jar");
        FileTime time = FileTime.fromMillis(1_700_000_000_000L);
        try (var files = FileSystems.newFileSystem(jar, Map.of("create", true, "enablePosixFileAttributes", true))) {
            Path inside = Files.createDirectory(files.getPath("folder"));
            Path file = Files.writeString(inside.resolve("file.txt"), "some text");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(ofFile));
            Files.setPosixFilePermissions(inside, PosixFilePermissions.fromString(ofFolder));
            Files.setLastModifiedTime(file, time);
            Files.setLastModifiedTime(inside, time);
        }
        return jar;
    }
}
