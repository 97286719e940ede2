package org.lethe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final List<String> seen = new ArrayList<>();
    private final AtomicLong now = new AtomicLong(-7_000_000_000L); // a clock of nanoseconds may be negative

    private final Progress watched = (what, total) -> {
        seen.add(what + " has " + total);
        return new Progress.Step() {
            @Override
            public void advance(long amount) {
                seen.add("+" + amount);
            }

            @Override
            public void note(String message) {
                seen.add(message);
            }

            @Override
            public void close() {
                seen.add("closed");
            }
        };
    };

    private void pass(double seconds) {
        now.addAndGet(Math.round(1e9 * seconds));
    }

    @Test
    void aTrainingNotesEpochLossSpeedAndRemainingTime() {
        try (var training = new Progress.Training(watched, "bpr", "epoch", 100, now::get)) {
            pass(0.25);
            training.done(0.69314);
            pass(0.75);
            training.done(0.5, "validation ndcg@20 0.3100");
        }
        assertEquals(
                List.of(
                        "bpr has 100",
                        "+1",
                        "epoch 1 of 100, loss 0.6931, 4.0 epochs a second, 24 s left",
                        "+1",
                        "epoch 2 of 100, loss 0.5000, validation ndcg@20 0.3100, 2.0 epochs a second, 49 s left",
                        "closed"),
                seen);
    }

    @Test
    void slowPartsAreCountedInSecondsAndTheLastHasNoTimeLeft() {
        var training = new Progress.Training(watched, "unet", "epoch", 2, now::get);
        pass(5400);
        training.done(1);
        pass(5400);
        training.done(0.9);
        assertEquals("epoch 1 of 2, loss 1.0000, 5400 s each, 1 h 30 min left", seen.get(2));
        assertEquals("epoch 2 of 2, loss 0.9000, 5400 s each", seen.get(4));
    }

    @Test
    void aStepWithoutALossIsNotedWithoutOneAndAClockThatStandsStillGivesNoSpeed() {
        var training = new Progress.Training(watched, "d2d-r", "step", 500, now::get);
        training.done();
        pass(0.01);
        training.done();
        assertEquals("step 1 of 500", seen.get(2));
        assertEquals("step 2 of 500, 200 steps a second, 2 s left", seen.get(4));
    }

    @Test
    void timesAreWordsOfTwoUnits() {
        assertEquals("59 s", Progress.clock(Duration.ofMillis(59_900)));
        assertEquals("3 min 5 s", Progress.clock(Duration.ofSeconds(185)));
        assertEquals("26 h 1 min", Progress.clock(Duration.ofSeconds(26 * 3600 + 61)));
    }
}
