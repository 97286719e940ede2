package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HeapWatchTest {
    /** Fills the heap but for a little, and works in what is left. */
    static final class Crowded {
        private Crowded() {}

        public static void main(String[] args) {
            HeapWatch.begin(Duration.ofMillis(200), 5);
            byte[][] kept = new byte[1 << 16][];
            int filled = 0;
            try {
                while (true) {
                    kept[filled] = new byte[1024];
                    filled++;
                }
            } catch (OutOfMemoryError full) {
                for (int n = 0; n < 400; n++) {
                    kept[--filled] = null;
                }
            }
            for (int n = 0; ; n++) {
                try {
                    kept[n % filled] = new byte[1024];
                } catch (OutOfMemoryError full) {
                    kept[n % filled] = null; // a little more room, and the work goes on
                }
            }
        }
    }

    @Test
    void aCommandThatOnlyCollectsGarbageEnds() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Crowded.class.getName())
                .redirectErrorStream(true)
                .start();
        try {
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), "it did not end");
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(Lethe.SURROUNDINGS, process.exitValue(), said);
            assertTrue(said.contains("out of memory: the heap is at most 64 MiB"), said);
        } finally {
            process.destroyForcibly();
        }
    }
}
