package org.lethe.federated.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Env;
import org.lethe.federated.Federated;

/** One server and five clients in processes of their own, over mutual TLS. */
@Tag("slow")
@Timeout(300)
class FederationTest {
    private static final int SITES = 5;

    private final List<Process> started = new ArrayList<>();

    @TempDir
    Path folder;

    @AfterEach
    void end() throws InterruptedException {
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
    }

    private Process start(int port, String name) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-Xlog:disable",
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Player.class.getName(),
                        folder.toString(),
                        "" + port,
                        name)
                .redirectErrorStream(true)
                .redirectOutput(
                        name.equals("server")
                                ? ProcessBuilder.Redirect.PIPE
                                : ProcessBuilder.Redirect.appendTo(
                                        folder.resolve(name + ".log").toFile()))
                .start();
        started.add(process);
        return process;
    }

    /** Reads what a server says until it is at a round or beyond. */
    private static void until(int round, BufferedReader said) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line; (line = said.readLine()) != null; lines.add(line)) {
            if (line.startsWith("at ") && Integer.parseInt(line.substring(3)) >= round) {
                return;
            }
        }
        throw new AssertionError("the server ended before round " + round + ": " + lines);
    }

    private static void kill(Process process) throws InterruptedException {
        assertTrue(process.isAlive(), "the process ended before it was killed");
        process.destroyForcibly().waitFor(); // kill -9
    }

    @Test
    void processesThatAreKilledGiveTheBitsOfTheSimulation() throws Exception {
        List<Path> files = Real.files(folder, SITES, 80);
        Env env = Env.seeded(3);
        var _ = new Certificates(folder.resolve("certificates"), SITES, List.of("localhost"), 2).run(env);
        Serve options = Player.serve(folder, 0);
        float[] expected = Real.simulated(
                files, options.plan(env.seed()).layout(), options.model(), options.method(), options.smallest(), env);
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        List<Process> sites = new ArrayList<>();
        for (int k = 0; k < SITES; k++) {
            sites.add(start(port, Real.name(k)));
        }
        Process first = start(port, "server");
        try (BufferedReader said = first.inputReader()) {
            until(4, said);
            kill(first);
        }
        kill(sites.get(1));
        Process second = start(port, "server");
        sites.set(1, start(port, Real.name(1)));
        try (BufferedReader said = second.inputReader()) {
            until(12, said);
            kill(sites.get(3));
            sites.set(3, start(port, Real.name(3)));
            until(28, said); // among the fair rounds
            kill(second);
        }
        Process third = start(port, "server");
        String end = "";
        try (BufferedReader said = third.inputReader()) {
            for (String line; (line = said.readLine()) != null; ) {
                end = line;
            }
        }
        assertTrue(third.waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, third.exitValue(), end);
        for (int k = 0; k < SITES; k++) {
            assertTrue(sites.get(k).waitFor(30, TimeUnit.SECONDS));
            assertEquals(0, sites.get(k).exitValue(), Real.name(k));
        }
        Federated subject = new Federated();
        for (String name : List.of("server", "site-01", "site-02", "site-03", "site-04", "site-05")) {
            assertArrayEquals(
                    expected,
                    subject.load(folder.resolve(name + ".safetensors")).weights(),
                    name);
        }
        assertTrue(end.contains("demographic-parity-difference"), end);
    }
}
