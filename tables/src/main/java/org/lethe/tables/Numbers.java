package org.lethe.tables;

/** Decimal numbers as people write them: no hexadecimal, no suffix, no words. Anything else is not-a-number. */
final class Numbers {
    private Numbers() {}

    static double decimal(String text) {
        String bare = text.strip();
        if (!plain(bare)) {
            return Double.NaN;
        }
        try {
            return Double.parseDouble(bare);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    static float single(String text) {
        String bare = text.strip();
        if (!plain(bare)) {
            return Float.NaN;
        }
        try {
            return Float.parseFloat(bare);
        } catch (NumberFormatException e) {
            return Float.NaN;
        }
    }

    private static boolean plain(String text) {
        for (int k = 0; k < text.length(); k++) {
            char c = text.charAt(k);
            if ((c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Whether a text is a whole number as a program writes it, of at most 18 digits. */
    static boolean whole(String text) {
        int start = text.startsWith("-") ? 1 : 0;
        int digits = text.length() - start;
        if (digits < 1 || digits > 18 || text.charAt(start) == '0' && (digits > 1 || start > 0)) {
            return false;
        }
        for (int k = start; k < text.length(); k++) {
            if (text.charAt(k) < '0' || text.charAt(k) > '9') {
                return false;
            }
        }
        return true;
    }
}
