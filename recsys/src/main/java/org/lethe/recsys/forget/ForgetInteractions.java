package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Personal;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.study.Words;

/**
 * A request to forget single training interactions: a random share of them, or listed ones.
 *
 * <p>Each pair is drawn by its own key, so that the choice of one pair does not depend on the others. {@code percent: 0} is
 * a request that changes nothing; a request that selects no interaction, or all, is refused.
 *
 * @param percent percentage of the training interactions, from 0 to 100; unused if pairs are listed
 * @param pairs listed interactions as {@code user:item}, by their ids in the data; empty for a random choice
 * @param seed seed of the random choice
 */
@Named("forget-interactions")
public record ForgetInteractions(
        double percent, @Personal("interactions") List<String> pairs, long seed) implements ForgetRequest {
    public ForgetInteractions {
        pairs = List.copyOf(pairs);
        Choice.check(!pairs.isEmpty(), percent, "pairs", pairs);
    }

    public ForgetInteractions() {
        this(5);
    }

    /** A percentage of the interactions, with the default seed. */
    public ForgetInteractions(double percent) {
        this(percent, List.of(), 42);
    }

    /** Listed interactions, each as {@code user:item}. */
    public static ForgetInteractions listed(String... pairs) {
        return new ForgetInteractions(0, List.of(pairs), 42);
    }

    /** Without ids of persons. */
    @Override
    public String toString() {
        return Words.full(this);
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
        for (int n = 0; n < pairs.size(); n++) {
            gone.add(pair(n, pairs.get(n), data));
        }
        return Forgotten.ofPairs(data, (u, i) -> gone.contains((long) u << 32 | i));
    }

    /** The user and the item of a pair; ids may contain colons if only one division fits the data. */
    private static long pair(int place, String pair, Split data) {
        Interactions train = data.train();
        Set<Long> fitting = new HashSet<>();
        for (int colon = pair.indexOf(':'); colon >= 0; colon = pair.indexOf(':', colon + 1)) {
            OptionalInt user =
                    train.userEntities().find(pair.substring(0, colon).strip());
            OptionalInt item =
                    train.itemEntities().find(pair.substring(colon + 1).strip());
            if (user.isPresent() && item.isPresent() && known(data, user.getAsInt(), item.getAsInt())) {
                fitting.add((long) user.getAsInt() << 32 | item.getAsInt());
            }
        }
        if (fitting.size() == 1) {
            return fitting.iterator().next();
        }
        if (fitting.size() > 1) {
            throw refused(place, "user:item that names one interaction only");
        }
        if (pair.chars().filter(c -> c == ':').count() == 1) {
            String[] ends = pair.split(":", -1);
            if (Choice.find(ends[0], train.userEntities()).isEmpty()) {
                throw refused(place, "a user of this data before the colon");
            }
            if (Choice.find(ends[1], train.itemEntities()).isEmpty()) {
                throw refused(place, "an item of this data after the colon");
            }
        }
        throw refused(place, pair.contains(":") ? "an interaction of this data" : "user:item");
    }

    /** Names the pair by its place in the list: its ids are those of a person. */
    private static LetheException refused(int place, String expected) {
        return Choice.refused("forget-interactions", "pairs[" + place + "]", "another text", expected);
    }

    /** Whether a user and an item interact in any of the three parts; what is asked for goes from all of them. */
    private static boolean known(Split data, int user, int item) {
        return data.train().contains(user, item)
                || data.validation().contains(user, item)
                || data.test().contains(user, item);
    }
}
