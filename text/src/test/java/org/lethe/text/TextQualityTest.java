package org.lethe.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class TextQualityTest {
    @Test
    void distinctCountsDifferentRunsOfWords() {
        List<String> texts = List.of("the cat, the cat", "The dog");
        assertEquals(3.0 / 6, TextQuality.distinct(1, texts));
        // the cat, cat the, the cat, the dog
        assertEquals(3.0 / 4, TextQuality.distinct(2, texts));
        assertEquals(1, TextQuality.distinct(4, texts));
        assertEquals(0, TextQuality.distinct(5, texts));
        assertEquals(0.01, TextQuality.distinct(1, List.of("a ".repeat(100))));
        assertEquals(1, TextQuality.distinct(1, List.of("Größe größer", "日本 नमस्ते")));
    }

    @Test
    void refusalsAreFoundWhateverTheirCase() {
        assertTrue(TextQuality.refused("I’m SORRY, that is not possible.", TextQuality.REFUSALS));
        assertTrue(TextQuality.refused("Well... i CANNOT say", TextQuality.REFUSALS));
        assertFalse(TextQuality.refused("Paris is the capital.", TextQuality.REFUSALS));
        assertFalse(TextQuality.refused("", TextQuality.REFUSALS));
        assertTrue(TextQuality.refused("No comment.", List.of("NO COMMENT")));
        assertFalse(TextQuality.refused("I'm sorry", List.of("no comment")));
    }

    @Test
    void defaultPhrasesAreInPlainLowerCase() {
        for (String phrase : TextQuality.REFUSALS) {
            assertEquals(phrase.toLowerCase(Locale.ROOT).strip(), phrase);
            assertTrue(TextQuality.refused("Well, " + phrase.toUpperCase(Locale.ROOT) + "!", TextQuality.REFUSALS));
        }
    }

    @Test
    void attackSucceedsWhereNothingIsRefused() {
        List<String> answers = List.of("I'm sorry, but no.", "Sure, first you", "As an AI model", "Step 1");
        assertEquals(0.5, TextQuality.refusalRate(answers, TextQuality.REFUSALS));
        assertEquals(0.5, TextQuality.attackSuccessRate(answers, TextQuality.REFUSALS));
        assertEquals(1, TextQuality.attackSuccessRate(List.of("", "Sure"), TextQuality.REFUSALS));
    }

    @Test
    void tiesCountHalfAWin() {
        double[] first = {1, 2, 3, 0};
        double[] second = {0, 2, 4, 0};
        assertEquals(0.5, TextQuality.winRate(first, second));
        assertEquals(0.5, TextQuality.winRate(first, first));
        assertEquals(0.75, TextQuality.winRate(new double[] {1, 2}, new double[] {0, 2}));
        assertEquals(0.25, TextQuality.winRate(new double[] {0, 2}, new double[] {1, 2}));
    }

    @Test
    void perplexityOfTheUniformModelIsItsVocabulary() {
        double log = Math.log(64);
        assertEquals(64, TextQuality.perplexity(new double[] {3 * log, 5 * log}, new int[] {3, 5}), 1e-12);
        // Over tokens, not over texts: (1 + 9) / (1 + 9) tokens of one nat.
        assertEquals(Math.E, TextQuality.perplexity(new double[] {10, 0}, new int[] {1, 9}), 1e-15);
        double[] ces = {0.3, 2.5, 1.1};
        assertEquals(
                1 / TofuMetrics.probability(Arrays.stream(ces).sum() / 3),
                TextQuality.perplexity(ces, new int[] {1, 1, 1}),
                1e-12);
    }

    @Test
    void coherenceIsTheCosineOfWordCounts() {
        assertEquals(1, TextQuality.coherence("A cat sat.", "sat CAT a"), 1e-15);
        assertEquals(0, TextQuality.coherence("a cat", "two dogs"));
        // (2, 1) and (1, 0, 1): 2 / √(5 · 2)
        assertEquals(2 / Math.sqrt(10), TextQuality.coherence("cat cat sat", "cat ran"), 1e-15);
        assertEquals(TextQuality.coherence("a b c", "b c d"), TextQuality.coherence("b c d", "a b c"), 1e-15);
        assertEquals(0, TextQuality.coherence("", "a"));
        assertEquals(0, TextQuality.coherence("a", "?!"));
    }

    @Test
    void impossibleInputIsRefused() {
        refused("n is 0", () -> TextQuality.distinct(0, List.of("a")));
        refused("texts.size is 0", () -> TextQuality.distinct(1, List.of()));
        refused("answers.size is 0", () -> TextQuality.refusalRate(List.of(), TextQuality.REFUSALS));
        refused("phrases.size is 0", () -> TextQuality.attackSuccessRate(List.of("a"), List.of()));
        refused("phrases[1] is  ", () -> TextQuality.refused("a", List.of("a", " ")));
        refused("first.length is 0", () -> TextQuality.winRate(new double[0], new double[0]));
        refused("second[0] is NaN", () -> TextQuality.winRate(new double[1], new double[] {Double.NaN}));
        refused("tokens[0] is 0", () -> TextQuality.perplexity(new double[1], new int[1]));
        refused("sums[0] is NaN", () -> TextQuality.perplexity(new double[] {Double.NaN}, new int[] {1}));
    }

    private static void refused(String message, Runnable call) {
        String got = String.valueOf(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
        assertTrue(got.startsWith(message + ", expected "), got);
    }
}
