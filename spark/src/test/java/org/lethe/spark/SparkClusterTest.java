package org.lethe.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Progress;
import org.lethe.Workers;

/** A standalone master, two workers of one processor each, and the process that hands out work, all on this machine. */
@Tag("slow")
@Timeout(300)
class SparkClusterTest {
    private static final Path JARS = Path.of("target/lib").toAbsolutePath(); // copied there by the build

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private final List<Process> processes = new ArrayList<>(); // the master, then the workers
    private String address = "";

    @BeforeEach
    void start() throws IOException, InterruptedException {
        assumeTrue(Files.isDirectory(JARS), JARS + " is made by the build");
        Files.createSymbolicLink(folder.resolve("jars"), JARS);
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        address = "spark://127.0.0.1:" + port;
        processes.add(
                daemon("master", "master.Master", "--host", "127.0.0.1", "--port", "" + port, "--webui-port", "0"));
        answers(port);
        for (int n = 1; n <= 2; n++) {
            processes.add(daemon(
                    "worker-" + n,
                    "worker.Worker",
                    "--host",
                    "127.0.0.1",
                    "--webui-port",
                    "0",
                    "--cores",
                    "1",
                    "--memory",
                    "600m",
                    "--work-dir",
                    folder.resolve("work-" + n).toString(),
                    address));
        }
    }

    @AfterEach
    void stop() throws IOException {
        processes.reversed().forEach(SparkClusterTest::kill);
        Files.deleteIfExists(folder.resolve("jars")); // a link, which JUnit would warn of
    }

    /** At once, and with it the executors that it started. */
    private static void kill(Process process) {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process.toHandle());
        all.forEach(ProcessHandle::destroyForcibly);
        all.forEach(one -> one.onExit().join());
    }

    private ProcessBuilder java(List<String> arguments) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("SPARK_HOME", folder.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.13");
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return builder;
    }

    private Process daemon(String name, String type, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "-Xmx192m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
                "-cp",
                folder.resolve("jars") + "/*",
                "org.apache.spark.deploy." + type));
        command.addAll(List.of(arguments));
        return java(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile())
                .start();
    }

    private static void answers(int port) throws InterruptedException {
        for (int attempt = 0; attempt < 300; attempt++) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
                return;
            } catch (IOException _) {
                Thread.sleep(100); // not there yet
            }
        }
        throw new IllegalStateException("the master did not start");
    }

    /** The options of the process that hands out work, whose heap is 1 GB. */
    private static List<String> options() {
        return List.of(
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "--add-modules=jdk.incubator.vector",
                "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-Dspark.executor.memory=512m",
                "-Dspark.driver.host=127.0.0.1");
    }

    /** The class path of this process without Spark's jars. */
    private static List<String> own() throws IOException {
        List<String> spark;
        try (Stream<Path> jars = Files.list(JARS)) {
            spark = jars.map(jar -> jar.getFileName().toString()).toList();
        }
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !spark.contains(Path.of(entry).getFileName().toString()))
                .toList();
    }

    /** Hands out work from a process of its own, as the command does: Spark's jars stand in a folder of their own. */
    private List<String> driver(String seeds, Path results, Consumer<String> said, String... more)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(options());
        arguments.add("-cp");
        arguments.add(folder.resolve("jars") + "/*" + File.pathSeparator + String.join(File.pathSeparator, own()));
        arguments.addAll(List.of(Clustered.class.getName(), address, seeds, results.toString()));
        arguments.addAll(List.of(more));
        return run(arguments, said);
    }

    /** What a process says on standard output; it must end well. */
    private List<String> run(List<String> arguments, Consumer<String> said) throws IOException, InterruptedException {
        Process process = java(arguments)
                .redirectError(folder.resolve("driver.log").toFile())
                .start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                lines.add(line);
                said.accept(line);
            }
            assertEquals(0, process.waitFor(), Files.readString(folder.resolve("driver.log")));
        } finally {
            kill(process);
        }
        return lines;
    }

    private static double figure(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aClusterFindsWhatThreadsFindAndFederatesTenThousandClients() throws IOException, InterruptedException {
        Path results = folder.resolve("results");
        List<String> said = driver("[1, 2]", results, _ -> {}, "rounds");
        List<String> here;
        try (Workers threads = Workers.threads(2)) {
            here = new ArrayList<>(Clustered.study(threads, "[1, 2]", folder.resolve("here"), Progress.NONE));
            here.addAll(Clustered.rounds(
                    threads, new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8)));
        }
        assertEquals(here, Files.readAllLines(results));
        assertEquals(2, said.stream().filter(line -> line.startsWith("arrived")).count(), said.toString());
        System.out.println("federated round of 1,000 out of 10,000 clients: " + figure(said, "seconds")
                + " s; heap of the driver: " + figure(said, "heap") + " MB");
        assertTrue(figure(said, "seconds") <= 20, said.toString());
        assertTrue(figure(said, "heap") <= 1024, said.toString());
    }

    @Test
    void aLostWorkerChangesNothing() throws IOException, InterruptedException {
        Path results = folder.resolve("results");
        List<String> said = driver("[1, 2, 3, 4, 5, 6]", results, line -> {
            if (line.startsWith("arrived")) {
                Process victim = processes.get(1);
                if (victim.isAlive()) {
                    kill(victim);
                }
            }
        });
        String log = Files.readString(folder.resolve("driver.log"));
        assertTrue(log.contains("Lost executor"), "the worker was not lost while it was needed: " + log);
        assertEquals(6, said.stream().filter(line -> line.startsWith("arrived")).count(), said.toString());
        assertEquals(
                Clustered.study(Workers.here(), "[1, 2, 3, 4, 5, 6]", folder.resolve("here"), Progress.NONE),
                Files.readAllLines(results));
    }

    @Test
    void aSubmittedProgramUsesTheMasterOfItsSubmission() throws IOException, InterruptedException {
        Path results = folder.resolve("results");
        List<String> jars = Jars.of(
                        String.join(File.pathSeparator, own()), JARS.resolve("x"), Jars.home(Workers.class), folder)
                .stream()
                .map(Path::toString)
                .toList();
        List<String> arguments = new ArrayList<>(options());
        arguments.addAll(List.of(
                "-cp",
                folder.resolve("jars") + "/*",
                "org.apache.spark.deploy.SparkSubmit",
                "--master",
                address,
                "--jars",
                String.join(",", jars),
                "--class",
                Clustered.class.getName(),
                jars.getFirst(),
                "spark://submitted",
                "[1, 2]",
                results.toString()));
        run(arguments, _ -> {});
        assertEquals(
                Clustered.study(Workers.here(), "[1, 2]", folder.resolve("here"), Progress.NONE),
                Files.readAllLines(results));
    }
}
