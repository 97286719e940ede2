package org.lethe.recsys.hide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.tables.Entities;

/**
 * Users in classes by an attribute: what a method hides and what an attacker guesses.
 *
 * @param attribute name of the attribute, or of several: {@code gender} or {@code gender × age}
 * @param labels names of the classes, at least two
 * @param of class of each user, −1 if it is unknown
 */
public record Classes(String attribute, List<String> labels, int[] of) {
    private static final String OTHER = "other";

    public Classes {
        labels = List.copyOf(labels);
    }

    /** Number of classes. */
    public int size() {
        return labels.size();
    }

    /** The users of a class, ascending. */
    public int[] members(int k) {
        return IntStream.range(0, of.length).filter(u -> of[u] == k).toArray();
    }

    /** The number of users in each class. */
    public int[] counts() {
        int[] counts = new int[size()];
        for (int k : of) {
            if (k >= 0) {
                counts[k]++;
            }
        }
        return counts;
    }

    /**
     * A random sample for each class, of its size and with repeats, that ignores the labels. Each user comes from a class drawn at
     * random among those that have users.
     */
    int[][] asIfAlike(Keyed random) {
        int[][] members = new int[size()][];
        Arrays.setAll(members, this::members);
        int[][] lenders = Arrays.stream(members).filter(m -> m.length > 0).toArray(int[][]::new);
        int[][] drawn = new int[size()][];
        for (int k = 0; k < size(); k++) {
            Keyed of = random.of(k);
            drawn[k] = new int[members[k].length];
            for (int n = 0; n < drawn[k].length; n++) {
                int[] from = lenders[Keyed.below(of.at(n), lenders.length)];
                drawn[k][n] = from[Keyed.below(Keyed.mix(of.at(n)), from.length)];
            }
        }
        return drawn;
    }

    /** At most {@code most} users in random order, without repeats; all users if {@code most} is 0. */
    static int[] drawn(int[] users, int most, Keyed random) {
        if (most == 0 || users.length <= most) {
            return users;
        }
        int[] left = users.clone();
        int[] drawn = new int[most];
        for (int n = 0; n < most; n++) {
            int at = n + Keyed.below(random.at(n), left.length - n);
            drawn[n] = left[at];
            left[at] = left[n];
        }
        return drawn;
    }

    /** The same classes; the class of a user that fails the test is unknown. */
    public Classes where(IntPredicate known) {
        int[] some = of.clone();
        for (int u = 0; u < some.length; u++) {
            if (!known.test(u)) {
                some[u] = -1;
            }
        }
        return new Classes(attribute, labels, some);
    }

    /**
     * Classes by an attribute of users: its labels, or bands of its numbers. Labels of fewer than {@code minSize} users become
     * one class "other"; if that is still too small, its users have no class.
     *
     * @param bands numbers at which a new band begins, ascending
     */
    static Classes by(String attribute, Entities users, List<Double> bands, int minSize) {
        Entities.Attribute values = users.attributes().get(attribute);
        return switch (values) {
            case Entities.Categorical labels -> pooled(attribute, labels.labels(), labels.codes(), minSize);
            case Entities.Numeric numbers -> banded(attribute, numbers.values(), bands, minSize);
            case null ->
                throw new LetheException(
                        LetheException.Code.DATA,
                        "hide.attribute is \"" + attribute + "\", expected "
                                + (users.attributes().isEmpty()
                                        ? "nothing, as the users of this data have no attributes"
                                        : "one of "
                                                + String.join(
                                                        ", ", users.attributes().keySet())));
        };
    }

    private static Classes banded(String attribute, double[] values, List<Double> bands, int minSize) {
        List<String> labels = new ArrayList<>();
        for (int b = 0; b <= bands.size(); b++) {
            String from = b == 0 ? "" : number(bands.get(b - 1));
            labels.add(b == bands.size() ? from + " and more" : from + "–" + "below " + number(bands.get(b)));
        }
        labels.set(0, "below " + number(bands.getFirst()));
        int[] of = new int[values.length];
        for (int u = 0; u < of.length; u++) {
            double value = values[u];
            of[u] = Double.isNaN(value)
                    ? -1
                    : (int) bands.stream().filter(b -> value >= b).count();
        }
        return pooled(attribute, labels, of, minSize);
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    private static Classes pooled(String attribute, List<String> labels, int[] codes, int minSize) {
        int[] counts = new int[labels.size()];
        Arrays.stream(codes).filter(c -> c >= 0).forEach(c -> counts[c]++);
        List<String> kept = new ArrayList<>();
        int[] to = new int[labels.size()];
        int rare = 0;
        for (int c = 0; c < counts.length; c++) {
            to[c] = -1;
            if (counts[c] >= minSize) {
                to[c] = kept.size();
                kept.add(labels.get(c));
            } else {
                rare += counts[c];
            }
        }
        if (rare >= minSize) {
            for (int c = 0; c < counts.length; c++) {
                to[c] = to[c] < 0 ? kept.size() : to[c];
            }
            kept.add(OTHER);
        }
        if (kept.size() < 2) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "attribute \"" + attribute + "\" has " + kept.size() + " classes of at least " + minSize
                            + " users, expected 2 or more; its labels are " + counted(labels, counts));
        }
        int[] of = new int[codes.length];
        Arrays.setAll(of, u -> codes[u] < 0 ? -1 : to[codes[u]]);
        return new Classes(attribute, kept, of);
    }

    private static String counted(List<String> labels, int[] counts) {
        return labels.isEmpty()
                ? "all unknown"
                : String.join(
                        ", ",
                        IntStream.range(0, Math.min(10, counts.length))
                                .mapToObj(c -> labels.get(c) + " (" + counts[c] + ")")
                                .toList());
    }

    /** One class for each combination of two attributes that occurs in the data. */
    Classes times(Classes other) {
        TreeMap<Integer, Integer> numbers = new TreeMap<>();
        int[] pairs = new int[of.length];
        for (int u = 0; u < of.length; u++) {
            pairs[u] = of[u] < 0 || other.of[u] < 0 ? -1 : of[u] * other.size() + other.of[u];
            if (pairs[u] >= 0) {
                numbers.put(pairs[u], 0);
            }
        }
        List<String> names = new ArrayList<>();
        numbers.replaceAll((pair, none) -> {
            names.add(labels.get(pair / other.size()) + " × " + other.labels.get(pair % other.size()));
            return names.size() - 1;
        });
        Arrays.setAll(pairs, u -> pairs[u] < 0 ? -1 : numbers.getOrDefault(pairs[u], -1));
        return new Classes(attribute + " × " + other.attribute, names, pairs);
    }
}
