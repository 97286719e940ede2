package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.LetheException;
import org.lethe.recsys.Interactions;
import org.lethe.tables.Entities;

class HideTest {
    private static Interactions users(String gender, double... ages) {
        int n = gender.length();
        Entities users = Entities.numbered(n)
                .with(
                        "gender",
                        Entities.Categorical.of(gender.replace("-", " ")
                                .chars()
                                .mapToObj(c -> Character.toString(c).trim())
                                .toArray(String[]::new)))
                .with("age", new Entities.Numeric(ages));
        int[] all = IntStream.range(0, n).toArray();
        return Interactions.of(n, n, all, all).with(users, Entities.numbered(n));
    }

    private static Hide hide(int least, String... attribute) {
        return new Hide(List.of(attribute), List.of(35.0, 50.0), least, 1, 7);
    }

    @Test
    void labelsAreSortedAndUnknownUsersStayOut() {
        Classes gender =
                hide(2, "gender").each(users("mf-fmm", 1, 2, 3, 4, 5, 6)).getFirst();
        assertEquals(List.of("f", "m"), gender.labels());
        assertArrayEquals(new int[] {1, 0, -1, 0, 1, 1}, gender.of());
        assertArrayEquals(new int[] {2, 3}, gender.counts());
        assertArrayEquals(new int[] {1, 3}, gender.members(0));
    }

    @Test
    void numbersFallIntoBands() {
        Classes age = hide(2, "age")
                .each(users("mmmmmmm", 34, 35, 49, 50, 99, Double.NaN, 3))
                .getFirst();
        assertEquals(List.of("below 35", "35–below 50", "50 and more"), age.labels());
        assertArrayEquals(new int[] {0, 1, 1, 2, 2, -1, 0}, age.of());
    }

    @Test
    void rareLabelsAreOneClassOrNone() {
        Classes pooled =
                hide(2, "gender").each(users("aaabbbcde", new double[9])).getFirst();
        assertEquals(List.of("a", "b", "other"), pooled.labels());
        Classes dropped =
                hide(2, "gender").each(users("aaabbbc", new double[7])).getFirst();
        assertEquals(List.of("a", "b"), dropped.labels());
        assertEquals(-1, dropped.of()[6]);
    }

    @Test
    void severalAttributesAreHiddenByTheirCombinationsWhereNoneIsRare() {
        Interactions all = users("mmffmmff", 1, 1, 1, 1, 99, 99, 99, 99);
        List<Classes> joint = hide(2, "gender", "age").targets(all);
        assertEquals(1, joint.size());
        assertEquals("gender × age", joint.getFirst().attribute());
        assertArrayEquals(new int[] {2, 2, 2, 2}, joint.getFirst().counts());
        assertEquals(2, hide(3, "gender", "age").targets(all).size());
    }

    @Test
    void aShareOfTheLabelsIsKnownAndDoesNotDependOnOthers() {
        Interactions all = users("mf".repeat(500), new double[1000]);
        Hide half = hide(2, "gender").knowing(0.5);
        Classes gender = half.each(all).getFirst();
        int known = Arrays.stream(half.known(gender, all).counts()).sum();
        assertTrue(known > 400 && known < 600, "known " + known); // 500 ± 6.3 sd
        Interactions fewer = all.withoutUsers(u -> u % 3 == 0);
        for (int u = 0; u < 1000; u++) {
            assertEquals(half.knows(all, u), half.knows(fewer, u));
        }
    }

    @Test
    void mistakesNameWhatThereIs() {
        Interactions all = users("mmmm", 1, 2, 3, 4);
        LetheException unknown =
                assertThrows(LetheException.class, () -> hide(2, "sex").each(all));
        assertTrue(
                unknown.getMessage().contains("\"sex\"") && unknown.getMessage().contains("gender, age"));
        LetheException alone =
                assertThrows(LetheException.class, () -> hide(2, "gender").each(all));
        assertTrue(alone.getMessage().contains("m (4)"), alone.getMessage());
        assertThrows(IllegalArgumentException.class, () -> hide(2, "gender").knowing(0));
        assertThrows(IllegalArgumentException.class, () -> hide(1, "gender"));
    }
}
