package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.tables.Entities;

/** The choice of users or items by a request (CURE4Rec, section on data selection): by activity, at random, or by id. */
public enum Choice {
    /** Those with the most training interactions. */
    CORE,
    /** Those with the fewest training interactions. */
    EDGE,
    /** A random choice, from the request's own seed. */
    RANDOM,
    /** The listed ones. */
    LISTED;

    /** Checks the settings that all such requests share. */
    static void check(boolean listed, double percent, String key, List<String> names) {
        Check.require(percent >= 0 && percent <= 100, "percent", percent, "0 to 100");
        Check.require(!listed || !names.isEmpty(), key, names, "at least one where choose is listed");
        Check.require(listed || names.isEmpty(), key, names.size() + " ids", "an empty list unless choose is listed");
    }

    /**
     * Chooses {@code floor(candidates · percent / 100)} of those that have a training interaction; ties go to the smaller
     * number. With {@code percent} 0 it chooses none; the request then changes nothing.
     */
    int[] select(String request, double percent, long seed, int[] degrees, IntToLongFunction keyOf) {
        int[] candidates =
                IntStream.range(0, degrees.length).filter(x -> degrees[x] > 0).toArray();
        int count = count(request, percent, candidates.length);
        Keyed random = Keyed.seed(seed).of(request);
        Comparator<Integer> first = switch (this) {
            case CORE -> Comparator.comparingInt((Integer x) -> -degrees[x]);
            case EDGE -> Comparator.comparingInt((Integer x) -> degrees[x]);
            case RANDOM -> Comparator.comparingLong((Integer x) -> random.at(keyOf.applyAsLong(x)));
            case LISTED -> throw new IllegalStateException("those listed are named, not counted");
        };
        return Arrays.stream(candidates)
                .boxed()
                .sorted(first.thenComparing(Comparator.naturalOrder()))
                .limit(count)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }

    /** The number that a percentage selects: rounded down, 0 only for 0 %, and never all. */
    static int count(String request, double percent, int candidates) {
        int count = (int) Math.floor(candidates * percent / 100 + 1e-9);
        if (percent > 0 && count == 0) {
            throw refused(
                    request,
                    "percent",
                    percent,
                    "at least " + Math.ceil(1e4 / Math.max(1, candidates)) / 100 + ", which is one of " + candidates
                            + "; 0 is a request that changes nothing");
        }
        if (count > 0 && count == candidates) {
            throw refused(request, "percent", percent, "less than 100, or nothing remains to learn from");
        }
        return count;
    }

    /** The numbers of the listed ids, ascending and distinct. */
    static int[] listed(String request, String key, List<String> names, Entities known, IntPredicate hasSome) {
        TreeSet<Integer> numbers = new TreeSet<>();
        for (int n = 0; n < names.size(); n++) {
            String place = key + "[" + n + "]"; // the id itself may be that of a person
            int number = find(names.get(n), known)
                    .orElseThrow(() -> refused(
                            request,
                            place,
                            "unknown",
                            "one of the " + known.size() + " ids of this data, letter by letter"));
            if (!hasSome.test(number)) {
                throw refused(
                        request, place, "without interactions", "an id that still has some: nothing is left to forget");
            }
            numbers.add(number);
        }
        return numbers.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The number of an id, as it is written or without the blanks around it. */
    static OptionalInt find(String id, Entities known) {
        OptionalInt asWritten = known.find(id);
        return asWritten.isPresent() ? asWritten : known.find(id.strip());
    }

    static LetheException refused(String request, String key, Object value, String expected) {
        return new LetheException(
                LetheException.Code.STUDY, request + "." + key + " is " + value + ", expected " + expected);
    }
}
