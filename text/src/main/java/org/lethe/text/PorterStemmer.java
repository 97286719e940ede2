package org.lethe.text;

import java.util.Map;

/**
 * Strips the suffixes of English words, so that "hopping" and "hops" count as one word (Porter 1980).
 *
 * <p>The published steps, with the extensions that the NLTK library has on by default: the usual {@code rouge_score}
 * package runs that form, and scores are only comparable under the same stems. The extensions are the irregular words,
 * "ied", words of two letters, "y" after a consonant only, "alli" before "bli", "fulli" and "logi". Costs a few passes
 * over the word.
 */
final class PorterStemmer {
    /** Words that the rules would take for others. */
    private static final Map<String, String> IRREGULAR = Map.ofEntries(
            Map.entry("sky", "sky"),
            Map.entry("skies", "sky"),
            Map.entry("dying", "die"),
            Map.entry("lying", "lie"),
            Map.entry("tying", "tie"),
            Map.entry("news", "news"),
            Map.entry("innings", "inning"),
            Map.entry("inning", "inning"),
            Map.entry("outings", "outing"),
            Map.entry("outing", "outing"),
            Map.entry("cannings", "canning"),
            Map.entry("canning", "canning"),
            Map.entry("howe", "howe"),
            Map.entry("proceed", "proceed"),
            Map.entry("exceed", "exceed"),
            Map.entry("succeed", "succeed"));

    private static final String[][] PLURALS = {{"sses", "ss"}, {"ies", "i"}, {"ss", "ss"}, {"s", ""}};

    private static final String[][] STEP_2 = {
        {"ational", "ate"},
        {"tional", "tion"},
        {"enci", "ence"},
        {"anci", "ance"},
        {"izer", "ize"},
        {"bli", "ble"},
        {"alli", "al"},
        {"entli", "ent"},
        {"eli", "e"},
        {"ousli", "ous"},
        {"ization", "ize"},
        {"ation", "ate"},
        {"ator", "ate"},
        {"alism", "al"},
        {"iveness", "ive"},
        {"fulness", "ful"},
        {"ousness", "ous"},
        {"aliti", "al"},
        {"iviti", "ive"},
        {"biliti", "ble"},
        {"fulli", "ful"},
    };

    private static final String[][] STEP_3 = {
        {"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""},
    };

    /** The longer of two suffixes stands first: the first that fits decides, whether or not its condition holds. */
    private static final String[][] STEP_4 = {
        {"al", ""},
        {"ance", ""},
        {"ence", ""},
        {"er", ""},
        {"ic", ""},
        {"able", ""},
        {"ible", ""},
        {"ant", ""},
        {"ement", ""},
        {"ment", ""},
        {"ent", ""},
        {"ou", ""},
        {"ism", ""},
        {"ate", ""},
        {"iti", ""},
        {"ous", ""},
        {"ive", ""},
        {"ize", ""},
    };

    private PorterStemmer() {}

    /** The stem of a lower-case word; anything that is not a vowel counts as a consonant, digits too. */
    static String stem(String word) {
        String irregular = IRREGULAR.get(word);
        if (irregular != null) {
            return irregular;
        }
        if (word.length() <= 2) {
            return word;
        }
        return shortened(step4(replaced(step2(finalY(past(singular(word)))), STEP_3, 1)));
    }

    /** Step 1a. */
    private static String singular(String word) {
        return word.length() == 4 && word.endsWith("ies") ? without(word, 1) : replaced(word, PLURALS, 0);
    }

    /** Step 1b. */
    private static String past(String word) {
        if (word.endsWith("ied")) {
            return without(word, word.length() == 4 ? 1 : 2);
        }
        if (word.endsWith("eed")) {
            return measure(without(word, 3)) > 0 ? without(word, 1) : word;
        }
        int suffix = word.endsWith("ed") ? 2 : word.endsWith("ing") ? 3 : 0;
        String stem = without(word, suffix);
        if (suffix == 0 || !hasVowel(stem)) {
            return word;
        }
        if (stem.endsWith("at") || stem.endsWith("bl") || stem.endsWith("iz")) {
            return stem + "e";
        }
        if (endsDouble(stem)) {
            return "lsz".indexOf(last(stem)) >= 0 ? stem : without(stem, 1);
        }
        return measure(stem) == 1 && endsShort(stem) ? stem + "e" : stem;
    }

    /** Step 1c. */
    private static String finalY(String word) {
        return word.length() > 2 && word.endsWith("y") && consonant(word, word.length() - 2)
                ? without(word, 1) + "i"
                : word;
    }

    private static String step2(String word) {
        if (word.endsWith("alli") && measure(without(word, 4)) > 0) {
            return step2(without(word, 2));
        }
        if (word.endsWith("logi")) {
            return measure(without(word, 3)) > 0 ? without(word, 1) : word;
        }
        return replaced(word, STEP_2, 1);
    }

    /** "ion" goes after an s or a t only, the other suffixes wherever what is left is long enough. */
    private static String step4(String word) {
        if (word.endsWith("ion")) {
            String stem = without(word, 3);
            return measure(stem) > 1 && "st".indexOf(last(stem)) >= 0 ? stem : word;
        }
        return replaced(word, STEP_4, 2);
    }

    /** Steps 5a and 5b: a final e, and one of two final l. */
    private static String shortened(String word) {
        String stem = word;
        if (word.endsWith("e")) {
            String without = without(word, 1);
            int measure = measure(without);
            if (measure > 1 || measure == 1 && !endsShort(without)) {
                stem = without;
            }
        }
        return stem.endsWith("ll") && measure(without(stem, 1)) > 1 ? without(stem, 1) : stem;
    }

    /** The first rule whose suffix fits, where what is left measures enough. */
    private static String replaced(String word, String[][] rules, int least) {
        for (String[] rule : rules) {
            if (word.endsWith(rule[0])) {
                String stem = without(word, rule[0].length());
                return measure(stem) >= least ? stem + rule[1] : word;
            }
        }
        return word;
    }

    /** How often a vowel is followed by a consonant: m in the paper. */
    private static int measure(String stem) {
        int count = 0;
        boolean before = true;
        for (int i = 0; i < stem.length(); i++) {
            boolean now = consonant(stem.charAt(i), i == 0 || !before);
            count += now && !before ? 1 : 0;
            before = now;
        }
        return count;
    }

    private static boolean hasVowel(String stem) {
        boolean before = false;
        for (int i = 0; i < stem.length(); i++) {
            before = consonant(stem.charAt(i), i == 0 || !before);
            if (!before) {
                return true;
            }
        }
        return false;
    }

    /** Whether a letter is a consonant; y is one at the start and after a vowel. */
    private static boolean consonant(String word, int at) {
        boolean now = false;
        int from = at;
        while (from > 0 && word.charAt(from) == 'y') {
            from--;
        }
        for (int i = from; i <= at; i++) {
            now = consonant(word.charAt(i), i == 0 || i > from && !now);
        }
        return now;
    }

    private static boolean consonant(char letter, boolean consonantIfY) {
        return letter == 'y' ? consonantIfY : "aeiou".indexOf(letter) < 0;
    }

    private static boolean endsDouble(String word) {
        int n = word.length();
        return n >= 2 && word.charAt(n - 1) == word.charAt(n - 2) && consonant(word, n - 1);
    }

    /** Consonant, vowel, consonant other than w, x, y: *o in the paper; or a vowel and a consonant alone. */
    private static boolean endsShort(String word) {
        int n = word.length();
        if (n == 2) {
            return !consonant(word, 0) && consonant(word, 1);
        }
        return n >= 3
                && consonant(word, n - 3)
                && !consonant(word, n - 2)
                && consonant(word, n - 1)
                && "wxy".indexOf(last(word)) < 0;
    }

    private static char last(String word) {
        return word.charAt(word.length() - 1);
    }

    private static String without(String word, int letters) {
        return word.substring(0, word.length() - letters);
    }
}
