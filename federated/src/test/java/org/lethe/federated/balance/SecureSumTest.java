package org.lethe.federated.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.LetheException;

class SecureSumTest {
    private static final int LENGTH = 300;

    private static int[] numbers(int client) {
        int[] numbers = new int[LENGTH];
        Arrays.setAll(numbers, k -> client * 1_000_003 + k * k);
        return numbers;
    }

    @Test
    void theSumIsExactModulo2To32() {
        assertSum(5, 3, new boolean[5]);
    }

    @Test
    void clientsThatDropOutAreLeftOutExactly() {
        assertSum(6, 4, new boolean[] {false, true, false, false, true, false});
        assertSum(6, 3, new boolean[] {true, false, false, false, true, true});
    }

    @Test
    void tooFewAnswersEndTheRound() {
        LetheException refused = assertThrows(
                LetheException.class, () -> assertSum(5, 4, new boolean[] {true, true, false, false, false}));
        assertTrue(refused.getMessage().contains("3 of 5 clients answered, expected at least 4"), refused.getMessage());
        assertThrows(LetheException.class, () -> new SecureSum(2, 2));
    }

    @Test
    void whatIsSentLooksLikeNoise() {
        SecureSum sum = new SecureSum(3, 2);
        int[] zeros = sum.masked(0, new int[4_000]);
        long ones = Arrays.stream(zeros).map(Integer::bitCount).sum();
        assertTrue(Math.abs(ones / (32.0 * 4_000) - 0.5) < 0.01, "bits " + ones);
    }

    @Test
    void sharesGiveTheSecretAtTheThresholdAndNotBelow() {
        byte[] secret = new byte[32];
        Arrays.fill(secret, (byte) 7);
        BigInteger[] shares = SecureSum.shares(secret, 5, 3, new SecureRandom());
        assertArrayEquals(secret, SecureSum.recovered(shares, new int[] {0, 2, 4}, 32));
        assertArrayEquals(secret, SecureSum.recovered(shares, new int[] {1, 3, 2}, 32));
        assertTrue(!Arrays.equals(secret, SecureSum.recovered(shares, new int[] {1, 3}, 32)));
    }

    private static void assertSum(int clients, int threshold, boolean[] dropped) {
        SecureSum secure = new SecureSum(clients, threshold);
        List<int[]> sent = new ArrayList<>();
        int[] expected = new int[LENGTH];
        for (int u = 0; u < clients; u++) {
            sent.add(dropped[u] ? new int[0] : secure.masked(u, numbers(u)));
            for (int k = 0; !dropped[u] && k < LENGTH; k++) {
                expected[k] += numbers(u)[k];
            }
        }
        assertArrayEquals(expected, secure.unmasked(sent, dropped));
    }
}
