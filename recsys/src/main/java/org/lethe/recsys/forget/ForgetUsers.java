package org.lethe.recsys.forget;

import java.util.List;
import org.lethe.Named;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

/**
 * Forget some users: every interaction of theirs goes, from training, validation and test alike.
 *
 * <p>Users are counted, and their activity measured, on the training part; {@code percent} of them is rounded down, and
 * ties go to the smaller number. Five per cent of the most active users can be a fifth of the data. {@code percent: 0}
 * is a request that changes nothing; one that selects nobody, or everybody, is refused.
 *
 * @param choose core (the most active), edge (the least active), random, or listed
 * @param percent how many of the users, from 0 to 100; not used where they are listed
 * @param users the users, by their ids in the data, where they are listed
 * @param seed of the random choice
 */
@Named("forget-users")
public record ForgetUsers(Choice choose, double percent, List<String> users, long seed) implements ForgetRequest {
    public ForgetUsers {
        users = List.copyOf(users);
        Choice.check(choose == Choice.LISTED, percent, "users", users);
    }

    public ForgetUsers() {
        this(Choice.RANDOM, 5);
    }

    /** A share of the users, with the usual seed. */
    public ForgetUsers(Choice choose, double percent) {
        this(choose, percent, List.of(), 42);
    }

    /** The users of a list. */
    public static ForgetUsers listed(String... users) {
        return new ForgetUsers(Choice.LISTED, 0, List.of(users), 42);
    }

    @Override
    public Forgotten resolve(Split data) {
        Interactions train = data.train();
        if (choose == Choice.LISTED) {
            return Forgotten.ofUsers(
                    data,
                    Choice.listed(
                            "forget-users",
                            "users",
                            users,
                            train.userEntities(),
                            u -> train.degree(u)
                                            + data.validation().degree(u)
                                            + data.test().degree(u)
                                    > 0));
        }
        int[] degrees = new int[data.users()];
        for (int u = 0; u < degrees.length; u++) {
            degrees[u] = train.degree(u);
        }
        return Forgotten.ofUsers(data, choose.select("forget-users", percent, seed, degrees, train::userKey));
    }
}
