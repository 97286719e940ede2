package org.lethe.text;

import static org.lethe.Check.require;

import java.util.Arrays;

/**
 * How much of its training text a model gives back word for word (open-unlearning's memorisation measures, and those of
 * MUSE, Shi et al. 2024).
 *
 * <p>A token is right where the most likely token under the true text before it (teacher forcing) is the true one.
 * Callers leave the end token out.
 */
public final class Memorisation {
    /** Tokens of a continuation that MUSE compares: its VerbMem. */
    public static final int CONTINUATION = 128;

    /** Tokens of an answer that MUSE generates: its KnowMem. */
    public static final int ANSWER = 32;

    private Memorisation() {}

    /** Which of the most likely tokens are the true ones. */
    public static boolean[] right(int[] predicted, int[] labels) {
        require(predicted.length == labels.length, "predicted.length", predicted.length, "as labels, " + labels.length);
        boolean[] right = new boolean[labels.length];
        for (int i = 0; i < right.length; i++) {
            right[i] = predicted[i] == labels[i];
        }
        return right;
    }

    /** Exact memorisation: the share of tokens that are right. */
    public static double exact(boolean[] right) {
        tokens(right);
        int count = 0;
        for (boolean token : right) {
            count += token ? 1 : 0;
        }
        return (double) count / right.length;
    }

    /**
     * Extraction strength: 1 − k/n, with k the length of the shortest prefix after which every token is right (Carlini
     * et al. 2021). It is 1 where the whole answer follows by itself, and 0 where its last token is wrong.
     */
    public static double extractionStrength(boolean[] right) {
        return extractionStrength(right, false);
    }

    /**
     * Extraction strength, as defined or as published.
     *
     * @param compat as in open-unlearning, whose loop stops at k = n − 1: an answer whose last token is wrong then
     * scores 1/n, not 0
     */
    public static double extractionStrength(boolean[] right, boolean compat) {
        int n = tokens(right);
        int k = n;
        while (k > 0 && right[k - 1]) {
            k--;
        }
        return 1 - (double) (compat ? Math.min(k, n - 1) : k) / n;
    }

    /** The first tokens, as many as a continuation has that is compared. */
    public static int[] continuation(int[] ids) {
        return Arrays.copyOf(ids, Math.min(ids.length, CONTINUATION));
    }

    /**
     * Verbatim memorisation of one sample (VerbMem): ROUGE-L F1, without stems, of the generated continuation and the
     * true one.
     */
    public static double verbatim(String generated, String continuation) {
        return Rouge.of(continuation, generated, false).f1();
    }

    /**
     * The answer in a text generated after few examples of question and answer: what stands before a blank line or the
     * next question, which a model without an end to its answer goes on to invent.
     */
    public static String answer(String generated) {
        String answer = generated;
        for (String end : new String[] {"\n\n", "\nQuestion", "Question:"}) {
            int at = answer.indexOf(end);
            answer = at < 0 ? answer : answer.substring(0, at);
        }
        return answer;
    }

    /**
     * Memorised knowledge of one sample (KnowMem): ROUGE-L F1, without stems, of the answer in a generated text and the
     * true one.
     */
    public static double knowledge(String generated, String truth) {
        return Rouge.of(truth, answer(generated), false).f1();
    }

    private static int tokens(boolean[] right) {
        require(right.length >= 1, "right.length", right.length, "at least 1 token");
        return right.length;
    }
}
