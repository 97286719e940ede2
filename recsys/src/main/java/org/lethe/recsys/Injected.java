package org.lethe.recsys;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.tables.Entities;
import org.lethe.tables.Entities.Categorical;

/**
 * A bandwagon attack on data of any form: how many users are injected, which items they mix, and the marks by which they are
 * known afterwards.
 *
 * @param users how many are injected
 * @param fillers the fifth of the items that is used most
 * @param targets items that the attacker wants to sell, drawn from the fifth that is used least
 */
public record Injected(int users, int[] fillers, int[] targets) {
    private static final String INJECTED = "injected";
    private static final String TARGET = "target";
    private static final int FIFTH = 5;

    /**
     * The attack on data with so many users.
     *
     * @param users how many there are without it
     * @param counts how often each item is used in training
     * @param share of the injected users among all
     * @param targets how many items the attacker wants to sell
     */
    public static Injected on(int users, int[] counts, double share, int targets, Keyed attack) {
        int[] ranked = IntStream.range(0, counts.length)
                .filter(i -> counts[i] > 0)
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(i -> -counts[i]).thenComparing(i -> i))
                .mapToInt(Integer::intValue)
                .toArray();
        int fifth = Math.max(1, ranked.length / FIFTH);
        int[] rare = Arrays.copyOfRange(ranked, ranked.length - fifth, ranked.length);
        if (targets > rare.length) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "bandwagon.targets is " + targets + ", expected at most " + rare.length
                            + ", a fifth of the items of the data");
        }
        int[] chosen = Arrays.stream(rare)
                .boxed()
                .sorted(Comparator.comparingLong(i -> attack.of("targets").at(i)))
                .limit(targets)
                .mapToInt(Integer::intValue)
                .toArray();
        return new Injected((int) Math.ceil(share * users / (1 - share)), Arrays.copyOf(ranked, fifth), chosen);
    }

    /** How many items an injected session, basket or list has: at least four, 0.8 times the usual number on average. */
    public static int length(double usual, long bits) {
        int mean = Math.max(4, (int) Math.round(0.8 * usual));
        return 4 + Keyed.below(bits, 2 * (mean - 4) + 1);
    }

    /** All users, with the mark of those behind the first {@code real} ones. */
    public static Entities markedUsers(Entities all, int real) {
        int[] injected = new int[all.size()];
        Arrays.fill(injected, real, injected.length, 1);
        return all.with(INJECTED, new Categorical(injected, List.of("no", "yes")));
    }

    /** All items, with the mark of the targets. */
    public Entities markedItems(Entities items) {
        int[] wanted = new int[items.size()];
        Arrays.stream(targets).forEach(i -> wanted[i] = 1);
        return items.with(TARGET, new Categorical(wanted, List.of("no", "yes")));
    }

    /** The known ids, and new ones behind them. */
    public static Entities longer(Entities known, int size, String name) {
        String[] ids = new String[size];
        Arrays.setAll(ids, n -> n < known.size() ? known.id(n) : name + (n - known.size()));
        return Entities.ofNames(ids);
    }

    /** Which users were injected. */
    public static IntPredicate users(Entities users) {
        if (!users.attributes().containsKey(INJECTED)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "stream.kind is spam, expected data with injected users, as bandwagon {of: …}");
        }
        int[] codes = users.categorical(INJECTED).codes();
        return u -> codes[u] == 1;
    }

    /** Which items the attacker wants to sell. */
    public static boolean[] targets(Entities items) {
        int[] codes = items.categorical(TARGET).codes();
        boolean[] targets = new boolean[codes.length];
        for (int i = 0; i < targets.length; i++) {
            targets[i] = codes[i] == 1;
        }
        return targets;
    }
}
