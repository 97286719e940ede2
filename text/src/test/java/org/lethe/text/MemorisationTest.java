package org.lethe.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class MemorisationTest {
    @Test
    void answerThatFollowsFromItsThirdTokenHasStrengthSevenTenths() {
        assertEquals(0.7, Memorisation.extractionStrength(tokens("---+++++++")), 1e-15);
        assertEquals(0.7, Memorisation.extractionStrength(tokens("++-+++++++"), true), 1e-15);
    }

    @Test
    void wrongLastTokenGivesNothingOrThePublishedOneOverN() {
        assertEquals(0, Memorisation.extractionStrength(tokens("+++++++++-")));
        assertEquals(0.1, Memorisation.extractionStrength(tokens("+++++++++-"), true), 1e-15);
        assertEquals(0.1, Memorisation.extractionStrength(tokens("---------+")), 1e-15);
        assertEquals(0, Memorisation.extractionStrength(tokens("-")));
        assertEquals(1, Memorisation.extractionStrength(tokens("-"), true));
    }

    @Test
    void memorisedAnswerScoresOne() {
        boolean[] all = tokens("+++++");
        assertEquals(1, Memorisation.extractionStrength(all));
        assertEquals(1, Memorisation.extractionStrength(all, true));
        assertEquals(1, Memorisation.exact(all));
    }

    @Test
    void exactMemorisationCountsTokens() {
        boolean[] right = Memorisation.right(new int[] {4, 5, 6, 7}, new int[] {4, 5, 0, 7});
        assertArrayEquals(tokens("++-+"), right);
        assertEquals(0.75, Memorisation.exact(right));
    }

    @Test
    void strengthNeverExceedsTheShareOfRightTokens() {
        for (int n = 0; n < 1000; n++) {
            Keyed key = Keyed.seed(4).of(n);
            boolean[] right = new boolean[1 + Keyed.below(key.at(-1), 12)];
            for (int i = 0; i < right.length; i++) {
                right[i] = Keyed.below(key.at(i), 3) > 0;
            }
            double strength = Memorisation.extractionStrength(right);
            assertTrue(strength >= 0 && strength <= Memorisation.exact(right) + 1e-12);
            double published = Memorisation.extractionStrength(right, true);
            assertEquals(Math.max(strength, 1.0 / right.length), published, 1e-12);
        }
    }

    @Test
    void continuationIsCutToItsFirstTokens() {
        int[] ids = new int[200];
        Arrays.setAll(ids, i -> i);
        assertArrayEquals(Arrays.copyOf(ids, 128), Memorisation.continuation(ids));
        assertArrayEquals(new int[] {1, 2}, Memorisation.continuation(new int[] {1, 2}));
    }

    @Test
    void inventedQuestionsAreNoPartOfAnAnswer() {
        assertEquals(" Paris", Memorisation.answer(" Paris\n\nQuestion: Who?"));
        assertEquals(" Paris", Memorisation.answer(" Paris\nQuestion 2"));
        assertEquals(" Paris ", Memorisation.answer(" Paris Question: Who?\n\nmore"));
        assertEquals("The Question\nof Paris", Memorisation.answer("The Question\nof Paris"));
        assertEquals("", Memorisation.answer("\n\nParis"));
        assertEquals(1, Memorisation.knowledge(" Paris.\nQuestion: Who wrote it?", "Paris"));
        assertEquals(0, Memorisation.knowledge("\n\nParis", "Paris"));
    }

    @Test
    void verbatimTextIsComparedWithoutStems() {
        assertEquals(2.0 / 3, Memorisation.verbatim("the cat on the mat sat", "the cat sat"), 1e-15);
        assertEquals(0, Memorisation.verbatim("authors", "author"));
    }

    @Test
    void answersWithoutTokensAreRefused() {
        assertEquals(
                "right.length is 0, expected at least 1 token",
                assertThrows(IllegalArgumentException.class, () -> Memorisation.exact(new boolean[0]))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> Memorisation.extractionStrength(new boolean[0]));
        assertThrows(IllegalArgumentException.class, () -> Memorisation.right(new int[2], new int[3]));
    }

    private static boolean[] tokens(String signs) {
        boolean[] right = new boolean[signs.length()];
        for (int i = 0; i < right.length; i++) {
            right[i] = signs.charAt(i) == '+';
        }
        return right;
    }
}
