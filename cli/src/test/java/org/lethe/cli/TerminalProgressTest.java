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

    @Test
    void aPartThatGoesOnIsSeenBeforeTheFirstStepIsDone() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        AtomicLong clock = new AtomicLong();
        Progress progress = new TerminalProgress(new PrintStream(out, true, StandardCharsets.UTF_8), false, clock::get);
        try (Progress.Step _ = progress.begin("cells", 8);
                Progress.Step part = progress.begin("diffusion", 100)) {
            clock.set(4_000_000_000L);
            part.advance(10);
            clock.set(6_000_000_000L);
            part.advance(10);
            part.advance(10);
            clock.set(12_000_000_000L);
            part.note("loss 0.5");
        }
        assertEquals(
                "cells: 0 of 8, at diffusion 20/100%ncells: 0 of 8, at diffusion, loss 0.5%ncells: 0 of 8 in 12 s%n"
                        .formatted(),
                out.toString(StandardCharsets.UTF_8));
    }
}
