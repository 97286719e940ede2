package org.lethe.recsys.balance;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lethe.Chain;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Personal;
import org.lethe.Printable;
import org.lethe.Request;
import org.lethe.recsys.Interactions;
import org.lethe.tables.Entities;

/**
 * A request to serve two groups of users equally well (In-UCDS, "user-oriented fairness").
 *
 * <p>Groups are made from the training part; users without training interactions, such as forgotten users, are in neither.
 * By {@code activity}, the advantaged users are the {@code activeShare} with the most interactions, at least one and not
 * all, ties by ascending number. By an attribute, they are the users with one of the labels of {@code advantaged}; users whose label is
 * unknown are in neither group. By {@code listed}, they are the users of these ids.
 *
 * @param groups activity, listed, or the name of an attribute of users with labels, as gender
 * @param advantaged labels, or for {@code listed} the ids, of the advantaged users; if there are none, the label whose users
 *     have the most interactions on average
 * @param activeShare share of the users that are advantaged by activity
 */
@Named("balance")
public record Balance(
        String groups, @Personal(with = "groups: listed") List<String> advantaged, double activeShare)
        implements Request {
    private static final String ACTIVITY = "activity";
    private static final String LISTED = "listed";

    public Balance {
        advantaged = List.copyOf(advantaged);
        Check.require(!groups.isBlank(), "groups", "\"" + groups + "\"", "activity, listed or an attribute");
        Check.require(activeShare > 0 && activeShare < 1, "activeShare", activeShare, "between 0 and 1");
        Check.require(
                !groups.equals(ACTIVITY) || advantaged.isEmpty(),
                "advantaged",
                advantaged,
                "nothing, as activity decides");
        Check.require(
                !groups.equals(LISTED) || !advantaged.isEmpty(), "advantaged", advantaged, "ids of at least one user");
        Check.require(
                advantaged.stream().distinct().count() == advantaged.size(),
                "advantaged",
                advantaged,
                "different names");
    }

    /** The most active 5 % of the users and the others. */
    public Balance() {
        this(ACTIVITY, List.of(), 0.05);
    }

    /** Groups by an attribute. */
    public static Balance by(String attribute, String... advantaged) {
        return new Balance(attribute, List.of(advantaged), 0.05);
    }

    /** The last step of a request that balances groups. */
    public static Optional<Balance> in(Request request) {
        return Chain.steps(request).reversed().stream()
                .filter(Balance.class::isInstance)
                .map(Balance.class::cast)
                .findFirst();
    }

    /**
     * The groups of this data.
     *
     * @throws LetheException where a group is empty, or the data lacks the attribute, a label or an id
     */
    public Groups of(Interactions train) {
        return switch (groups) {
            case ACTIVITY -> byActivity(train);
            case LISTED -> listed(train);
            default -> byAttribute(train);
        };
    }

    private Groups byActivity(Interactions train) {
        int[] order = train.mostActive();
        int count = (int) Math.clamp(Math.rint(activeShare * order.length), 1, Math.max(1, order.length - 1));
        boolean[] active = new boolean[train.users()];
        Arrays.stream(order, 0, Math.min(count, order.length)).forEach(u -> active[u] = true);
        return parted(train, u -> true, u -> active[u]);
    }

    private Groups listed(Interactions train) {
        boolean[] named = new boolean[train.users()];
        for (int n = 0; n < advantaged.size(); n++) {
            String place = "balance.advantaged[" + n + "]";
            int user = train.userEntities()
                    .find(advantaged.get(n))
                    .orElseThrow(() -> new LetheException(
                            LetheException.Code.DATA,
                            place + " is no user of the data, expected ids as these have them, letter by letter"));
            named[user] = true;
        }
        return parted(train, u -> true, u -> named[u]);
    }

    private Groups byAttribute(Interactions train) {
        Entities users = train.userEntities();
        if (!(users.attributes().get(groups) instanceof Entities.Categorical values)) {
            String known = String.join(
                    ", ",
                    users.attributes().entrySet().stream()
                            .filter(a -> a.getValue() instanceof Entities.Categorical)
                            .map(Map.Entry::getKey)
                            .toList());
            throw new LetheException(
                    LetheException.Code.DATA,
                    "balance.groups is \"" + Printable.text(groups) + "\", expected activity, listed"
                            + (known.isEmpty() ? "; the users of this data have no labels" : " or one of " + known));
        }
        List<String> first = advantaged.isEmpty() ? List.of(busiest(train, values)) : advantaged;
        for (String label : first) {
            if (!values.labels().contains(label)) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        "balance.advantaged holds \"" + Printable.text(label) + "\", expected labels of " + groups
                                + ": " + Printable.text(String.join(", ", values.labels())));
            }
        }
        return parted(
                train,
                u -> values.codes()[u] >= 0,
                u -> first.contains(values.labels().get(values.codes()[u])));
    }

    /** The label whose users have the most interactions on average; ties go to the first. */
    private static String busiest(Interactions train, Entities.Categorical values) {
        double best = -1;
        String label = "";
        for (int k = 0; k < values.labels().size(); k++) {
            int code = k;
            double mean = IntStream.range(0, train.users())
                    .filter(u -> values.codes()[u] == code && train.degree(u) > 0)
                    .map(train::degree)
                    .average()
                    .orElse(-1);
            if (mean > best) {
                best = mean;
                label = values.labels().get(k);
            }
        }
        return label;
    }

    private Groups parted(Interactions train, IntPredicate known, IntPredicate first) {
        int[] users = IntStream.range(0, train.users())
                .filter(u -> train.degree(u) > 0 && known.test(u))
                .toArray();
        return new Groups(
                groups,
                Arrays.stream(users).filter(first).toArray(),
                Arrays.stream(users).filter(first.negate()).toArray());
    }
}
