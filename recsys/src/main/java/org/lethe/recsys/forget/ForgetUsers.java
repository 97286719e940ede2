package org.lethe.recsys.forget;

import java.util.List;
import org.lethe.Named;
import org.lethe.Personal;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.study.Words;

/**
 * A request to forget some users: all their interactions are removed, from training, validation and test.
 *
 * <p>Users are counted, and their activity measured, on the training part. {@code percent} of them is rounded down, and
 * ties go to the smaller number. The most active five per cent of users can hold a fifth of the data. {@code percent: 0} is
 * a request that changes nothing; a request that selects no user, or all users, is refused.
 *
 * @param choose choice of users: core (the most active), edge (the least active), random, or listed
 * @param percent percentage of the users, from 0 to 100; unused for listed
 * @param users ids of the users in the data, for listed
 * @param seed seed of the random choice
 */
@Named("forget-users")
public record ForgetUsers(
        Choice choose, double percent, @Personal List<String> users, long seed) implements ForgetRequest {
    public ForgetUsers {
        users = List.copyOf(users);
        Choice.check(choose == Choice.LISTED, percent, "users", users);
    }

    public ForgetUsers() {
        this(Choice.RANDOM, 5);
    }

    /** A percentage of the users, with the default seed. */
    public ForgetUsers(Choice choose, double percent) {
        this(choose, percent, List.of(), 42);
    }

    /** Listed users. */
    public static ForgetUsers listed(String... users) {
        return new ForgetUsers(Choice.LISTED, 0, List.of(users), 42);
    }

    /** Without ids of persons. */
    @Override
    public String toString() {
        return Words.full(this);
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
