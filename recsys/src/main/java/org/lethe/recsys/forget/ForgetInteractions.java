package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

/**
 * Forget single training interactions: a share of them by chance, or those listed.
 *
 * <p>A pair is drawn by its own key, so that the choice among the others does not depend on which pairs exist.
 * {@code percent: 0} is a request that changes nothing; one that selects none, or all, is refused.
 *
 * @param percent how many of the training interactions, from 0 to 100; not used where pairs are listed
 * @param pairs the interactions as {@code user:item}, by their ids in the data; empty for a choice by chance
 * @param seed of the random choice
 */
@Named("forget-interactions")
public record ForgetInteractions(double percent, List<String> pairs, long seed) implements ForgetRequest {
    public ForgetInteractions {
        pairs = List.copyOf(pairs);
        Choice.check(!pairs.isEmpty(), percent, "pairs", pairs);
    }

    public ForgetInteractions() {
        this(5);
    }

    /** A share of the interactions, with the usual seed. */
    public ForgetInteractions(double percent) {
        this(percent, List.of(), 42);
    }

    /** The interactions of a list of {@code user:item}. */
    public static ForgetInteractions listed(String... pairs) {
        return new ForgetInteractions(0, List.of(pairs), 42);
    }

    @Override
    public Forgotten resolve(Split data) {
        return pairs.isEmpty() ? byChance(data) : listed(data);
    }

    private Forgotten byChance(Split data) {
        Interactions train = data.train();
        int count = Choice.count("forget-interactions", percent, train.size());
        if (count == 0) {
            return Forgotten.ofUsers(data, new int[0]);
        }
        Keyed random = Keyed.seed(seed).of("forget-interactions");
        long[] drawn = new long[train.size()];
        for (int u = 0; u < train.users(); u++) {
            for (int k = train.from(u); k < train.to(u); k++) {
                drawn[k] = random.at(train.userKey(u), train.item(k));
            }
        }
        Arrays.sort(drawn);
        long last = drawn[count - 1];
        return Forgotten.ofPairs(data, (u, i) -> random.at(train.userKey(u), i) <= last && train.contains(u, i));
    }

    private Forgotten listed(Split data) {
        Set<Long> gone = new HashSet<>();
        for (String pair : pairs) {
            gone.add(pair(pair, data.train()));
        }
        return Forgotten.ofPairs(data, (u, i) -> gone.contains((long) u << 32 | i));
    }

    /** The user and the item that a pair names; ids may hold colons, as long as one division only fits the data. */
    private static long pair(String pair, Interactions train) {
        Set<Long> fitting = new HashSet<>();
        for (int colon = pair.indexOf(':'); colon >= 0; colon = pair.indexOf(':', colon + 1)) {
            OptionalInt user =
                    train.userEntities().find(pair.substring(0, colon).strip());
            OptionalInt item =
                    train.itemEntities().find(pair.substring(colon + 1).strip());
            if (user.isPresent() && item.isPresent() && train.contains(user.getAsInt(), item.getAsInt())) {
                fitting.add((long) user.getAsInt() << 32 | item.getAsInt());
            }
        }
        if (fitting.size() == 1) {
            return fitting.iterator().next();
        }
        if (fitting.size() > 1) {
            throw Choice.refused(
                    "forget-interactions", "pairs", pair, "user:item that names one training interaction only");
        }
        if (pair.chars().filter(c -> c == ':').count() == 1) {
            String[] ends = pair.split(":", -1);
            Choice.number("forget-interactions", "pairs", pair, ends[0], train.userEntities());
            Choice.number("forget-interactions", "pairs", pair, ends[1], train.itemEntities());
        }
        throw Choice.refused(
                "forget-interactions", "pairs", pair, pair.contains(":") ? "a training interaction" : "user:item");
    }
}
