package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Safetensors;

class ScheduleTest {
    @Test
    void tablesAreThoseOfTheReference() throws IOException {
        try (Safetensors golden = Safetensors.open(Goldens.of("primitives/optimisers.safetensors"))) {
            float[] linear = golden.floats("lr.linear.warmup4.total20");
            float[] cosine = golden.floats("lr.cosine.warmup4.total20");
            for (int step = 0; step < 20; step++) {
                assertEquals(linear[step], (float) new Schedule.Linear(4, 0).at(step, 20), 1e-7f);
                assertEquals(cosine[step], (float) new Schedule.Cosine(4, 0).at(step, 20), 1e-7f);
                assertEquals(linear[step], (float) new Schedule.Polynomial(4, 0, 1).at(step, 20), 1e-7f);
            }
        }
    }

    @Test
    void everyScheduleWarmsUpFromNothingAndEndsAtItsFloor() {
        for (Schedule schedule : List.of(
                new Schedule.Linear(10, 0.1), new Schedule.Cosine(10, 0.1), new Schedule.Polynomial(10, 0.1, 3))) {
            assertEquals(0, schedule.at(0, 100));
            assertEquals(0.5, schedule.at(5, 100));
            assertEquals(1, schedule.at(10, 100), 1e-15);
            assertEquals(0.1, schedule.at(100, 100), 1e-15);
            assertEquals(0.1, schedule.at(5000, 100), 1e-15);
            for (int step = 10; step < 100; step++) {
                double now = schedule.at(step, 100);
                double next = schedule.at(step + 1, 100);
                assertEquals(true, next < now && next >= 0.1 - 1e-15, schedule + " at " + step);
            }
        }
        assertEquals(1, new Schedule.Constant(0).at(0, 10));
        assertEquals(0.25, new Schedule.Constant(4).at(1, 10));
        assertEquals(1, new Schedule.Constant(4).at(9, 10));
    }

    @Test
    void aScheduleShorterThanItsWarmUpIsDefined() {
        assertEquals(0.5, new Schedule.Cosine(10, 0).at(5, 5));
        assertEquals(1, new Schedule.Cosine(10, 0).at(10, 5));
        assertThrows(IllegalArgumentException.class, () -> new Schedule.Linear(-1, 0));
        assertThrows(IllegalArgumentException.class, () -> new Schedule.Linear(0, 1.5));
    }
}
