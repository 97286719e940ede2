package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.lethe.Progress;

class TerminalProgressTest {
    @Test
    void aStepThatTookLongBeforeAnythingWasDoneHasNoRemainingTimeYet() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        AtomicLong clock = new AtomicLong();
        Progress progress = new TerminalProgress(
                new PrintStream(out, true, StandardCharsets.UTF_8), false, clock::get, Duration.ofSeconds(5));
        try (Progress.Step step = progress.begin("rounds", 50)) {
            clock.set(42_000_000_000L);
            step.advance(0);
            clock.set(47_000_000_000L);
            step.advance(1);
            clock.set(48_000_000_000L);
            step.advance(49);
        }
        assertEquals(
                "rounds: 0 of 50%nrounds: 1 of 50, about 38 min 23 s left%nrounds: 50 of 50 in 48 s%n".formatted(),
                out.toString(StandardCharsets.UTF_8));
    }

    /** One picture of 512 pixels may take half an hour. */
    @Test
    void aPartThatTakesLongSaysHowLong() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        AtomicLong clock = new AtomicLong();
        Progress progress = new TerminalProgress(
                new PrintStream(out, true, StandardCharsets.UTF_8), false, clock::get, Duration.ofSeconds(5));
        try (Progress.Step step = progress.begin("protect", 1);
                Progress.Step part = progress.begin("mist", 100)) {
            clock.set(20_000_000_000L);
            part.advance(10);
            clock.set(40_000_000_000L);
            part.advance(10);
            step.advance(1);
        }
        assertEquals(
                "protect: 0 of 1, mist 10/100, 3 min 0 s left%nprotect: 0 of 1, mist 20/100, 2 min 40 s left%nprotect: 1 of 1 in 40 s%n"
                        .formatted(),
                out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void aPartThatIsOverIsNotSaidAnyMore() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        AtomicLong clock = new AtomicLong();
        Progress progress = new TerminalProgress(
                new PrintStream(out, true, StandardCharsets.UTF_8), false, clock::get, Duration.ofSeconds(5));
        try (Progress.Step step = progress.begin("cells", 3)) {
            try (Progress.Step part = progress.begin("bpr", 50)) {
                clock.set(6_000_000_000L);
                part.advance(50);
            }
            clock.set(12_000_000_000L);
            step.advance(0);
        }
        assertEquals(
                "cells: 0 of 3, bpr 50/50%ncells: 0 of 3%ncells: 0 of 3 in 12 s%n".formatted(),
                out.toString(StandardCharsets.UTF_8));
    }

    /** A tool without parts is heard too, but not while a step speaks for it. */
    @Test
    void aToolWithoutAStepSaysThatItGoesOn() throws InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Progress progress = new TerminalProgress(
                new PrintStream(out, true, StandardCharsets.UTF_8), false, System::nanoTime, Duration.ofMillis(20));
        try (Progress.Step _ = progress.meanwhile("audit embeddings")) {
            for (int n = 0; n < 1000 && out.size() == 0; n++) {
                Thread.sleep(10); // a busy machine may take its time
            }
            assertTrue(out.toString(StandardCharsets.UTF_8).startsWith("audit embeddings: "), out::toString);
            try (Progress.Step _ = progress.begin("attackers", 3)) {
                out.reset();
                Thread.sleep(300);
                String said = out.toString(StandardCharsets.UTF_8);
                assertTrue(said.lines().skip(1).noneMatch(line -> line.startsWith("audit")), said);
            }
        }
        Thread.sleep(100);
        out.reset();
        Thread.sleep(200);
        assertEquals("", out.toString(StandardCharsets.UTF_8));
    }

    /** Somebody who pipes the output sees that it lives, whatever it does. */
    @Test
    void aStepThatSaysNothingIsShownNowAndThen() throws InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Progress progress = new TerminalProgress(
                new PrintStream(out, true, StandardCharsets.UTF_8), false, System::nanoTime, Duration.ofMillis(20));
        try (Progress.Step _ = progress.begin("mark", 3)) {
            Thread.sleep(1_000);
        }
        assertTrue(
                out.toString(StandardCharsets.UTF_8)
                        .matches("mark: 0 of 3\\R(mark: 0 of 3, \\d s so far\\R)+mark: 0 of 3 in \\d s\\R"),
                () -> out.toString(StandardCharsets.UTF_8));
    }
}
