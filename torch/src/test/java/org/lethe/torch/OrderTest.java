package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class OrderTest {
    private static int[] epoch(Order order, long epoch) {
        return LongStream.range(epoch * order.stepsPerEpoch(), (epoch + 1) * order.stepsPerEpoch())
                .mapToObj(order::at)
                .flatMapToInt(Arrays::stream)
                .toArray();
    }

    @Test
    void everyEpochHasEverySampleOnceInAnotherOrder() {
        Order order = new Order(103, 10, Keyed.seed(1));
        assertEquals(11, order.stepsPerEpoch());
        assertEquals(3, order.at(10).length);
        assertEquals(1, order.epoch(11));
        int[] all = IntStream.range(0, 103).toArray();
        for (long e = 0; e < 3; e++) {
            assertArrayEquals(all, Arrays.stream(epoch(order, e)).sorted().toArray());
            assertFalse(Arrays.equals(epoch(order, e), epoch(order, e + 1)));
        }
    }

    @Test
    void aStepIsAFunctionOfTheKeyAlone() {
        Order order = new Order(1000, 7, Keyed.seed(1));
        int[] later = order.at(400);
        order.at(3);
        assertArrayEquals(later, order.at(400));
        assertArrayEquals(later, new Order(1000, 7, Keyed.seed(1)).at(400));
        assertFalse(Arrays.equals(later, new Order(1000, 7, Keyed.seed(2)).at(400)));
        assertThrows(IllegalArgumentException.class, () -> order.at(-1));
    }

    @Test
    void theOthersKeepTheirOrderWithoutASample() {
        long[] ids = LongStream.range(0, 500).map(n -> n * n + 7).toArray();
        long[] fewer = Arrays.stream(ids).filter(id -> id != 20 * 20 + 7).toArray();
        int[] with = epoch(new Order(ids, 500, Keyed.seed(3)), 2);
        int[] without = epoch(new Order(fewer, 499, Keyed.seed(3)), 2);
        assertArrayEquals(
                Arrays.stream(with)
                        .mapToLong(n -> ids[n])
                        .filter(id -> id != 407)
                        .toArray(),
                Arrays.stream(without).mapToLong(n -> fewer[n]).toArray());
    }
}
