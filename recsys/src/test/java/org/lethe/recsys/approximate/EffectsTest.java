package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.DoNothing;
import org.lethe.recsys.forget.ForgetRequest;

class EffectsTest {
    @Test
    void doingNothingIsNotTakenForForgetting() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            assertThrows(
                    AssertionError.class, () -> Effects.assertForgets(new DoNothing<>(), Effects.BPR, request, 0.2, 1));
        }
    }
}
