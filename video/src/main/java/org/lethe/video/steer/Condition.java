package org.lethe.video.steer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lethe.LetheException;

/**
 * What a clip must have, as {@code object > 6 and (camera < 3 or seconds >= 10)}: comparisons of its numbers, joined by {@code and}, {@code or}
 * and {@code not}; {@code and} binds more tightly than {@code or}.
 */
sealed interface Condition {
    /** Whether a clip has it. */
    boolean of(ScoreMotion.Scored clip);

    /** Both. */
    record And(Condition one, Condition other) implements Condition {
        @Override
        public boolean of(ScoreMotion.Scored clip) {
            return one.of(clip) && other.of(clip);
        }
    }

    /** Either. */
    record Or(Condition one, Condition other) implements Condition {
        @Override
        public boolean of(ScoreMotion.Scored clip) {
            return one.of(clip) || other.of(clip);
        }
    }

    /** The opposite. */
    record Not(Condition one) implements Condition {
        @Override
        public boolean of(ScoreMotion.Scored clip) {
            return !one.of(clip);
        }
    }

    /** A number of the clip against one that is given. A clip without the number, as a short one has no freeze, does not have it. */
    record Compared(Quantity quantity, String sign, double value) implements Condition {
        @Override
        public boolean of(ScoreMotion.Scored clip) {
            double found = quantity.of(clip);
            return switch (sign) {
                case "<" -> found < value;
                case "<=" -> found <= value;
                case ">" -> found > value;
                case ">=" -> found >= value;
                case "=" -> found == value;
                default -> throw new IllegalStateException(sign);
            };
        }
    }

    /** A number of a scored clip. */
    enum Quantity {
        /** Score of the objects. */
        OBJECT,
        /** Score of the camera. */
        CAMERA,
        /** Length. */
        SECONDS,
        /** How many frames. */
        FRAMES,
        /** Motion of the second half over that of the first. */
        FREEZE;

        double of(ScoreMotion.Scored clip) {
            return switch (this) {
                case OBJECT -> clip.object();
                case CAMERA -> clip.camera();
                case SECONDS -> clip.seconds();
                case FRAMES -> clip.frames();
                case FREEZE -> clip.freeze().orElse(Double.NaN);
            };
        }

        String words() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Optional<Quantity> named(String word) {
            return Arrays.stream(values()).filter(q -> q.words().equals(word)).findFirst();
        }

        static String all() {
            return Arrays.stream(values()).map(Quantity::words).collect(Collectors.joining(", "));
        }
    }

    /** Reads a condition. */
    static Condition parse(String text) {
        return new Reader(text).whole();
    }

    /** Reads from the left to the right, a word at a time. */
    final class Reader {
        private static final Pattern WORD = Pattern.compile("[A-Za-z][A-Za-z-]*|-?\\d+(?:\\.\\d+)?|<=|>=|[<>=()]|\\S");
        private static final int DEEPEST = 100;

        private record Word(String text, int at) {}

        private final String text;
        private final List<Word> words = new ArrayList<>();
        private int next;
        private int depth;

        Reader(String text) {
            this.text = text;
            Matcher found = WORD.matcher(text);
            while (found.find()) {
                words.add(new Word(found.group(), found.start() + 1));
            }
            words.add(new Word("", text.length() + 1));
        }

        Condition whole() {
            Condition read = either();
            if (!word().isEmpty()) {
                throw wrong("\"and\", \"or\" or the end");
            }
            return read;
        }

        private Condition either() {
            Condition read = both();
            while (word().equals("or")) {
                next++;
                read = new Or(read, both());
            }
            return read;
        }

        private Condition both() {
            Condition read = one();
            while (word().equals("and")) {
                next++;
                read = new And(read, one());
            }
            return read;
        }

        private Condition one() {
            if (++depth > DEEPEST) {
                throw wrong("at most " + DEEPEST + " conditions inside one another");
            }
            try {
                if (word().equals("not")) {
                    next++;
                    return new Not(one());
                }
                if (word().equals("(")) {
                    next++;
                    Condition inside = either();
                    if (!word().equals(")")) {
                        throw wrong("\")\"");
                    }
                    next++;
                    return inside;
                }
                return compared();
            } finally {
                depth--;
            }
        }

        private Condition compared() {
            Quantity quantity =
                    Quantity.named(word()).orElseThrow(() -> wrong("one of " + Quantity.all() + ", \"not\" or \"(\""));
            next++;
            String sign = word();
            if (!List.of("<", "<=", ">", ">=", "=").contains(sign)) {
                throw wrong("one of <, <=, >, >=, =");
            }
            next++;
            if (!word().matches("-?\\d+(\\.\\d+)?")) {
                throw wrong("a number");
            }
            double value = Double.parseDouble(word());
            next++;
            return new Compared(quantity, sign, value);
        }

        private String word() {
            return words.get(next).text;
        }

        private LetheException wrong(String expected) {
            Word found = words.get(next);
            return new LetheException(
                    LetheException.Code.STUDY,
                    "--where \"" + text + "\", character " + found.at + ": found "
                            + (found.text.isEmpty() ? "the end" : "\"" + found.text + "\"") + ", expected " + expected);
        }
    }
}
