package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;

/** A request to forget: resolved on data, it gives the interactions to remove and the remaining data. */
public interface ForgetRequest extends Request {
    /**
     * Resolves the request on this data. A {@code LetheException} names the key and the value if this is impossible: an unknown
     * user, a user with nothing left to forget, a percentage that selects no user.
     */
    Forgotten resolve(Split data);

    /** Whether the request is one; a stream, whose requests come one after another, is not. */
    default boolean atOnce() {
        return true;
    }

    /** How many trainings retraining makes of it. */
    default int trainings(Learner<Split, Recommender> learner) {
        return 1;
    }

    /**
     * The model after the request, as a method forgets. A request that consists of several is carried out one by one, any other
     * at once.
     */
    default Recommender fulfilled(
            Forgetting method, Recommender model, Learner<Split, Recommender> learner, Split data, Env env) {
        Forgotten forgotten = resolve(data);
        return forgotten.nothing() ? model : method.erase(model, forgotten, learner, data, env);
    }

    /**
     * A resolved request. The remaining data is computed on first use. A method that touches few users asks only for those, and
     * the cost of a request then does not grow with the data. Immutable and safe for use by many threads.
     */
    final class Forgotten {
        private final Split data;
        private final int[] users;
        private final Interactions interactions;
        private final BiFunction<Split, int[], Split> reduce;
        private final boolean wholeUsers; // nothing goes but all that some users did
        private volatile @Nullable Split remaining;

        private Forgotten(
                Split data,
                int[] users,
                Interactions interactions,
                BiFunction<Split, int[], Split> reduce,
                boolean wholeUsers) {
            this.data = data;
            this.users = users;
            this.interactions = interactions;
            this.reduce = reduce;
            this.wholeUsers = wholeUsers;
        }

        /** Removes all interactions of some distinct users from all three parts. */
        public static Forgotten ofUsers(Split data, int[] users) {
            int[] ascending = users.clone();
            Arrays.sort(ascending);
            BitSet gone = new BitSet();
            for (int u : ascending) {
                gone.set(u);
            }
            return new Forgotten(
                    data,
                    ascending,
                    data.train().onlyUsers(ascending),
                    (part, numbers) -> part.withoutUsers(u -> gone.get(numbers[u])),
                    true);
        }

        /** Removes the interactions that pass a test from all three parts. */
        public static Forgotten ofPairs(Split data, Interactions.PairPredicate gone) {
            return new Forgotten(
                    data,
                    new int[0],
                    data.train().where(gone),
                    (part, numbers) -> part.each(p -> p.where((u, i) -> !gone.test(numbers[u], i))),
                    false);
        }

        /** Several resolved requests as one, each resolved on the remaining data of the one before; at least one. */
        static Forgotten together(Split data, List<Forgotten> steps) {
            Interactions left = steps.getLast().remaining().train();
            return new Forgotten(
                    data,
                    steps.stream()
                            .flatMapToInt(step -> Arrays.stream(step.users))
                            .sorted()
                            .distinct()
                            .toArray(),
                    data.train().where((u, i) -> !left.contains(u, i)),
                    (part, numbers) -> {
                        Split reduced = part;
                        for (Forgotten step : steps) {
                            reduced = step.reduce.apply(reduced, numbers);
                        }
                        return reduced;
                    },
                    steps.stream().allMatch(step -> step.wholeUsers));
        }

        /** The users that lose all interactions, ascending; empty if a request is not about users. */
        public int[] users() {
            return users.clone();
        }

        /** The training interactions to remove; users and items keep their numbers. */
        public Interactions interactions() {
            return interactions;
        }

        /** Whether nothing is removed, so that the model stays as it is. */
        public boolean nothing() {
            return users.length == 0 && interactions.size() == 0 && touchedUsers().length == 0;
        }

        /** The remaining data; users and items keep their numbers. */
        public Split remaining() {
            Split known = remaining;
            if (known == null) {
                int[] all = new int[data.users()];
                Arrays.setAll(all, u -> u);
                known = reduce.apply(data, all);
                remaining = known;
            }
            return known;
        }

        /** The remaining data of some users, renumbered in the given order. Cost: the interactions of those users. */
        public Split remainingOf(int[] chosen) {
            return reduce.apply(data.each(part -> part.ofUsers(chosen)), chosen);
        }

        /** The users that lose a training or validation interaction, ascending. */
        public int[] touchedUsers() {
            if (wholeUsers) {
                return users();
            }
            Split after = remaining();
            int[] touched = new int[data.users()];
            int count = 0;
            for (int u = 0; u < touched.length; u++) {
                if (after.train().degree(u) != data.train().degree(u)
                        || after.validation().degree(u) != data.validation().degree(u)) {
                    touched[count++] = u;
                }
            }
            return Arrays.copyOf(touched, count);
        }
    }
}
