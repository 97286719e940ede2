package org.lethe.study;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.lethe.LetheException;

/** The mistakes of one file or command line, collected so that one error names them all. */
public final class Mistakes {
    private record Mistake(int line, String what) {}

    private static final int MOST = 100; // more help nobody, and each takes time

    private static final int LONGEST = 100; // characters of a name that somebody could have mistyped

    private final String file;
    private final List<Mistake> found = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    /** {@code file} is empty where mistakes name their place themselves, as options do. */
    Mistakes(String file) {
        this.file = file;
    }

    /** Notes one mistake; throws all where they are too many. */
    void add(int line, String what) {
        found.add(new Mistake(line, what));
        if (found.size() == MOST) {
            throw all("\nthe rest is not read: these are " + MOST + " mistakes");
        }
    }

    /** Adds a note on an entry that still works but should be written differently from now on. */
    void note(int line, String what) {
        notes.add((file.isEmpty() ? "" : file + ":" + line + ": ") + what);
    }

    /** The notes on entries that still work but should be written differently. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    /** Hands over each without its line. */
    void each(Consumer<String> taker) {
        found.forEach(m -> taker.accept(m.what()));
    }

    /** How many there are so far. */
    int count() {
        return found.size();
    }

    /** Throws all of them, by line, if there are any. */
    void orThrow() {
        if (!found.isEmpty()) {
            throw all("");
        }
    }

    private LetheException all(String end) {
        return new LetheException(
                LetheException.Code.STUDY,
                found.stream()
                        .sorted(Comparator.comparingInt(Mistake::line))
                        .map(m -> (file.isEmpty() ? "" : file + ":" + m.line() + ": ") + m.what())
                        .distinct()
                        .collect(Collectors.joining("\n", "", end)));
    }

    /** The hint after an unknown name: the nearest known one, or all where none is near. */
    public static String hint(String name, Collection<String> known) {
        if (known.isEmpty()) {
            return "; there are none to choose from";
        }
        return nearest(name, known)
                .map(n -> "; did you mean \"" + n + "\"?")
                .orElseGet(() -> "; known are " + String.join(", ", known));
    }

    /** The known name with the fewest edits from {@code name}, if a typing mistake can explain them. */
    public static Optional<String> nearest(String name, Collection<String> known) {
        if (name.length() > LONGEST) {
            return Optional.empty();
        }
        String plain = plain(name);
        return known.stream()
                .min(Comparator.<String>comparingInt(k -> distance(plain, plain(k))))
                .filter(k -> distance(plain, plain(k)) <= Math.max(2, name.length() / 3)
                        && distance(plain, plain(k)) < Math.max(plain.length(), plain(k).length()));
    }

    private static String plain(String name) {
        return name.toLowerCase(java.util.Locale.ROOT).replaceAll("[-_ ]", "");
    }

    /** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
