package org.lethe;

/**
 * Makes texts from outside safe to show: characters that a terminal could obey become a backslash, a u and their code.
 *
 * <p>These are control characters, invisible characters that change how others are shown, such as the direction of writing
 * (Unicode category Cf), line separators, halves of characters, and codes without a character.
 */
public final class Printable {
    private Printable() {}

    /** Whether a character may be shown as it is. */
    public static boolean is(int codePoint) {
        return !Character.isISOControl(codePoint)
                && switch (Character.getType(codePoint)) {
                    case Character.FORMAT,
                            Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR,
                            Character.SURROGATE,
                            Character.UNASSIGNED -> false;
                    default -> true;
                };
    }

    /** A text on one line. */
    public static String text(String text) {
        return with(text, "");
    }

    /** A text whose lines and tabs stay as they are. */
    public static String lines(String text) {
        return with(text, "\n\t");
    }

    private static String with(String text, String allowed) {
        if (text.codePoints().allMatch(c -> is(c) || allowed.indexOf(c) >= 0)) {
            return text;
        }
        StringBuilder shown = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (is(c) || allowed.indexOf(c) >= 0) {
                shown.appendCodePoint(c);
            } else {
                for (char unit : Character.toChars(c)) {
                    shown.append("\\u%04x".formatted((int) unit));
                }
            }
        });
        return shown.toString();
    }
}
