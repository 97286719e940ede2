package org.lethe.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * ROUGE-L: how much of a reference text a generated text repeats, in the same order (Lin 2004, section 3).
 *
 * <p>With L the length of the longest common subsequence of words, recall is L / words of the reference, precision is
 * L / words of the generated text, and F1 is their harmonic mean. All are 0 where either text has no words. Words are
 * those of the {@code rouge_score} package. TOFU stems them, MUSE does not. Costs the product of the two lengths.
 *
 * @param recall share of the reference that is repeated, 0 to 1
 * @param precision share of the generated text that repeats the reference, 0 to 1
 * @param f1 harmonic mean of the two, 0 to 1
 */
public record Rouge(double recall, double precision, double f1) {

    /**
     * The score of a generated text.
     *
     * @param stemmed whether words count by their Porter stems
     */
    public static Rouge of(String reference, String generated, boolean stemmed) {
        List<String> wanted = words(reference, stemmed);
        List<String> given = words(generated, stemmed);
        int common = longestCommon(wanted, given);
        if (common == 0) {
            return new Rouge(0, 0, 0);
        }
        return new Rouge(
                (double) common / wanted.size(),
                (double) common / given.size(),
                2.0 * common / (wanted.size() + given.size()));
    }

    /**
     * The words of a text: runs of the letters a to z and digits, in lower case. Words of up to three letters have no
     * stem. Letters outside a to z separate words, as in the reference package, so texts in other scripts have no
     * words.
     */
    static List<String> words(String text, boolean stemmed) {
        List<String> words = new ArrayList<>();
        for (String word : text.toLowerCase(Locale.ROOT).split("[^a-z0-9]+")) {
            if (!word.isEmpty()) {
                words.add(stemmed && word.length() > 3 ? PorterStemmer.stem(word) : word);
            }
        }
        return words;
    }

    private static int longestCommon(List<String> first, List<String> second) {
        int[] row = new int[second.size() + 1];
        for (String word : first) {
            int diagonal = 0;
            for (int j = 1; j <= second.size(); j++) {
                int above = row[j];
                row[j] = word.equals(second.get(j - 1)) ? diagonal + 1 : Math.max(above, row[j - 1]);
                diagonal = above;
            }
        }
        return row[second.size()];
    }
}
