package org.lethe.laws;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process of its own that works out the results of a battery of methods. */
final class Elsewhere {
    private Elsewhere() {}

    /** What {@link MethodLaws#digests} gives there, run with the options of this process. */
    static List<String> digests(Class<?> battery, Path folder) throws IOException, InterruptedException {
        Path digests = folder.resolve("digests");
        Path said = folder.resolve("said");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-javaagent"))
                .forEach(command::add);
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                Elsewhere.class.getName(),
                battery.getName(),
                digests.toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        assertEquals(0, process.waitFor(), () -> read(said));
        return Files.readAllLines(digests);
    }

    private static String read(Path said) {
        try {
            return Files.readString(said);
        } catch (IOException e) {
            return "the process failed, and what it said cannot be read: " + e.getMessage();
        }
    }

    public static void main(String[] args) throws IOException, ReflectiveOperationException {
        Constructor<?> constructor = Class.forName(args[0]).getDeclaredConstructor();
        constructor.setAccessible(true);
        Files.write(Path.of(args[1]), ((MethodLaws<?, ?>) constructor.newInstance()).digests());
    }
}
