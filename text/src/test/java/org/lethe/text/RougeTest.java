package org.lethe.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class RougeTest {
    @Test
    void catOnTheMatHasItsKnownScores() {
        Rouge score = Rouge.of("the cat sat", "the cat on the mat sat", false);
        assertEquals(1, score.recall());
        assertEquals(0.5, score.precision());
        assertEquals(2.0 / 3, score.f1(), 1e-15);
    }

    @Test
    void orderMatters() {
        // Lin 2004, section 3.1: "police killed the gunman" against "the gunman kill police" shares "the gunman" only.
        assertEquals(
                0.5,
                Rouge.of("police killed the gunman", "the gunman kill police", false)
                        .f1());
        assertEquals(
                0.75,
                Rouge.of("police killed the gunman", "police kill the gunman", false)
                        .f1());
    }

    @Test
    void stemsMakeFormsOfOneWordEqual() {
        assertEquals(
                1,
                Rouge.of("police killed the gunman", "police kill the gunman", true)
                        .f1());
        assertEquals(0, Rouge.of("authors writing", "author writes", false).f1());
        assertEquals(0.5, Rouge.of("authors writing", "author wrote", true).f1());
    }

    @Test
    void wordsOfThreeLettersKeepTheirEnding() {
        assertEquals(List.of("was", "gas", "cat"), Rouge.words("was gas cats", true));
    }

    @Test
    void wordsAreLowerCaseLettersAndDigits() {
        assertEquals(
                List.of("it", "s", "1958", "gr", "e", "u", "s"), Rouge.words(" It's 1958: Größe,\n\"U.S.\" ", false));
    }

    @Test
    void textWithoutWordsScoresNothing() {
        for (String empty : List.of("", "  ", "…!?", "日本語")) {
            assertEquals(new Rouge(0, 0, 0), Rouge.of(empty, "a cat", false));
            assertEquals(new Rouge(0, 0, 0), Rouge.of("a cat", empty, true));
            assertEquals(new Rouge(0, 0, 0), Rouge.of(empty, empty, true));
        }
    }

    @Test
    void swappingTheTextsSwapsRecallAndPrecision() {
        Keyed key = Keyed.seed(11);
        for (int n = 0; n < 300; n++) {
            String first = text(key.of(n).of("first"));
            String second = text(key.of(n).of("second"));
            Rouge one = Rouge.of(first, second, false);
            Rouge other = Rouge.of(second, first, false);
            assertEquals(one.recall(), other.precision());
            assertEquals(one.f1(), other.f1());
            assertTrue(one.recall() >= 0 && one.recall() <= 1 && one.f1() <= 1);
            assertEquals(
                    longestCommon(first.split(" "), second.split(" "), 0, 0),
                    one.recall() * first.split(" ").length,
                    1e-9);
            assertEquals(1, Rouge.of(first, first, true).f1());
        }
    }

    private static String text(Keyed key) {
        StringBuilder text = new StringBuilder("a");
        for (int i = 0; i < Keyed.below(key.at(-1), 7); i++) {
            text.append(' ').append((char) ('a' + Keyed.below(key.at(i), 3)));
        }
        return text.toString();
    }

    private static int longestCommon(String[] first, String[] second, int i, int j) {
        if (i == first.length || j == second.length) {
            return 0;
        }
        int skipped = Math.max(longestCommon(first, second, i + 1, j), longestCommon(first, second, i, j + 1));
        return first[i].equals(second[j]) ? Math.max(skipped, 1 + longestCommon(first, second, i + 1, j + 1)) : skipped;
    }
}
