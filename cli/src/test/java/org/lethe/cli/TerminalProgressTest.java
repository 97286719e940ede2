package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.lethe.Progress;

class TerminalProgressTest {
    @Test
    void aStepThatTookLongBeforeAnythingWasDoneHasNoRemainingTimeYet() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        AtomicLong clock = new AtomicLong();
        Progress progress = new TerminalProgress(new PrintStream(out, true, StandardCharsets.UTF_8), false, clock::get);
        try (Progress.Step step = progress.begin("rounds", 50)) {
            clock.set(47_000_000_000L);
            step.advance(0);
            step.advance(1);
            clock.set(48_000_000_000L);
            step.advance(49);
        }
        assertEquals(
                "rounds: 1 of 50, about 38 min 23 s left%nrounds: 50 of 50 in 48 s%n".formatted(),
                out.toString(StandardCharsets.UTF_8));
    }
}
