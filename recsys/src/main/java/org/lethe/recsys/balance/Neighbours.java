package org.lethe.recsys.balance;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Ledger;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Suited;

/**
 * The advantaged neighbours of every disadvantaged user, with weights.
 *
 * @param users the disadvantaged users, ascending
 * @param starts the neighbours of {@code users[t]} stand at {@code starts[t] … starts[t+1]−1} of the next two arrays
 * @param neighbours advantaged users, best first
 * @param weights their weights, with sum 1 for every user
 * @param supports number of advantaged users among whom the neighbours of each user were chosen; 0 where none qualified
 * @param unconverged number of users whose dynamics ended before they converged
 */
public record Neighbours(
        int[] users, int[] starts, int[] neighbours, double[] weights, int[] supports, int unconverged) {
    private static final int BLOCK = 32; // users a worker takes at a time
    private static final int MOST = 20_000; // advantaged users, whose affinities take 8 bytes a pair

    /** The rule by which neighbours are chosen. */
    public enum Rule {
        /** The constrained dominant set of the user and all advantaged users, by largest weight. */
        DOMINANT_SET,
        /** The largest weights after the five iterations of the published code, which find no dominant set. */
        COMPANION,
        /** The most similar users. */
        NEAREST,
        /** Users at random. */
        RANDOM
    }

    /**
     * The settings of a search.
     *
     * @param rule rule by which neighbours are chosen
     * @param similarity similarity of two users
     * @param most largest number of neighbours of a user; 0 for all that qualify
     * @param sets settings of dominant sets
     */
    record Search(Rule rule, Similarity similarity, int most, DominantSets sets) {
        Search {
            Check.require(most >= 0, "neighbours", most, "at least 0");
        }

        /**
         * The neighbours under these settings. A user qualifies as a neighbour if its weight is above 0, in a dominant set above
         * {@link DominantSets#SUPPORT}. Ties go to the smaller number. Where no user qualifies, the most active advantaged users
         * stand in, with equal weights.
         */
        Neighbours of(Method<?, ?> method, Groups groups, Interactions train, Env env) {
            int[] group = groups.advantaged();
            if (most > group.length) {
                throw Suited.refused(
                        method,
                        "has neighbours: " + most + ", expected at most the " + group.length
                                + " advantaged users of the data");
            }
            Neighbours found = env.ledger().timed("neighbours", () -> found(method, groups, train, env));
            found.note(env.ledger());
            return found;
        }

        private Neighbours found(Method<?, ?> method, Groups groups, Interactions train, Env env) {
            Weights weights = weights(method, groups.advantaged(), train, env);
            int[] users = groups.disadvantaged();
            int[] active = active(groups.advantaged(), train, most);
            Found[] each = new Found[users.length];
            env.workers().each((users.length + BLOCK - 1) / BLOCK, block -> {
                Weights own = weights.forOneThread();
                for (int t = block * BLOCK; t < Math.min(users.length, (block + 1) * BLOCK); t++) {
                    each[t] = best(own.of(users[t]), active);
                }
            });
            return joined(users, each, groups.advantaged());
        }

        private Weights weights(Method<?, ?> method, int[] group, Interactions train, Env env) {
            if (rule == Rule.RANDOM) {
                Keyed key = env.random("random-neighbours");
                return user -> new Weighed(drawn(key.of(train.userKey(user)), group, train), true, true);
            }
            Affinities affinities = new Affinities(similarity, train, group);
            if (rule == Rule.NEAREST) {
                return user -> new Weighed(affinities.of(user), false, true);
            }
            if (group.length > MOST) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        Named.Of.name(method) + " needs the affinities of all " + group.length
                                + " advantaged users, expected at most " + MOST
                                + "; the rule nearest needs none");
            }
            double[] block = affinities.block(env.workers());
            double eigenvalue = DominantSets.largestEigenvalue(block, group.length);
            return new Clusters(this, affinities, block, eigenvalue, fullSupport(block, group.length, eigenvalue));
        }

        /** A start near the solution, for dynamics that may start on the boundary. */
        private Optional<FullSupport> fullSupport(double[] block, int n, double eigenvalue) {
            boolean useful = rule == Rule.DOMINANT_SET
                    && sets.dynamics() == DominantSets.Dynamics.INFECTION_IMMUNISATION
                    && n <= FullSupport.MOST
                    && eigenvalue > 0;
            return useful
                    ? Optional.of(new FullSupport(block, n, sets.alpha(eigenvalue, eigenvalue), eigenvalue))
                    : Optional.empty();
        }

        private static double[] drawn(Keyed key, int[] group, Interactions train) {
            return Arrays.stream(group)
                    .mapToDouble(a -> Keyed.unit(key.at(train.userKey(a))))
                    .toArray();
        }

        private static int[] active(int[] group, Interactions train, int most) {
            return IntStream.range(0, group.length)
                    .boxed()
                    .sorted(Comparator.comparingInt((Integer a) -> -train.degree(group[a]))
                            .thenComparingInt(a -> a))
                    .mapToInt(Integer::intValue)
                    .limit(most == 0 ? group.length : most)
                    .toArray();
        }

        private Found best(Weighed weighed, int[] active) {
            double[] left = weighed.weights;
            double least = rule == Rule.DOMINANT_SET ? DominantSets.SUPPORT : 0;
            int support = (int) Arrays.stream(left).filter(w -> w > least).count();
            if (support == 0) {
                double[] equal = new double[active.length];
                Arrays.fill(equal, 1.0 / equal.length);
                return new Found(active, equal, 0, weighed.converged);
            }
            int[] chosen = new int[most == 0 ? support : Math.min(most, support)];
            double[] weights = new double[chosen.length];
            double sum = 0;
            for (int k = 0; k < chosen.length; k++) {
                int best = 0;
                for (int a = 1; a < left.length; a++) {
                    best = left[a] > left[best] ? a : best;
                }
                chosen[k] = best;
                weights[k] = weighed.alike ? 1 : left[best];
                sum += weights[k];
                left[best] = Double.NEGATIVE_INFINITY;
            }
            for (int k = 0; k < weights.length; k++) {
                weights[k] /= sum;
            }
            return new Found(chosen, weights, support, weighed.converged);
        }

        private static Neighbours joined(int[] users, Found[] each, int[] group) {
            int[] starts = new int[users.length + 1];
            for (int t = 0; t < users.length; t++) {
                starts[t + 1] = starts[t] + each[t].chosen.length;
            }
            int[] neighbours = new int[starts[users.length]];
            double[] weights = new double[neighbours.length];
            for (int t = 0; t < users.length; t++) {
                for (int k = 0; k < each[t].chosen.length; k++) {
                    neighbours[starts[t] + k] = group[each[t].chosen[k]];
                    weights[starts[t] + k] = each[t].weights[k];
                }
            }
            return new Neighbours(
                    users,
                    starts,
                    neighbours,
                    weights,
                    Arrays.stream(each).mapToInt(Found::support).toArray(),
                    (int) Arrays.stream(each).filter(f -> !f.converged).count());
        }
    }

    /** The neighbours of one user, as positions in the group. */
    private record Found(int[] chosen, double[] weights, int support, boolean converged) {}

    /** The weights of all members for one user; {@code alike} if they only decide the order. */
    private record Weighed(double[] weights, boolean alike, boolean converged) {}

    /** Weighs the members of the group for a user. */
    @FunctionalInterface
    private interface Weights {
        Weighed of(int user);

        /** The same for one thread, with a memory of its own. */
        default Weights forOneThread() {
            return this;
        }
    }

    /** The weights of dominant sets, and those of the published code. The user is the last vertex. */
    private record Clusters(
            Search search, Affinities affinities, double[] block, double eigenvalue, Optional<FullSupport> full)
            implements Weights {
        @Override
        public Weighed of(int user) {
            return forOneThread().of(user);
        }

        @Override
        public Weights forOneThread() {
            int members = (int) Math.round(Math.sqrt(block.length));
            int n = members + 1;
            double[] w = new double[n * n];
            for (int a = 0; a < members; a++) {
                System.arraycopy(block, a * members, w, a * n, members);
            }
            double[] penalties = new double[n];
            double[] start = new double[n];
            return user -> {
                double[] own = affinities.of(user);
                double largest = Arrays.stream(own).max().orElse(0);
                if (largest == 0) {
                    return new Weighed(own, false, true); // no common item: no cluster
                }
                for (int a = 0; a < members; a++) {
                    w[a * n + members] = own[a];
                    w[members * n + a] = own[a];
                }
                if (search.rule == Rule.COMPANION) {
                    DominantSets.Solution last = DominantSets.companion(w, n, members);
                    return new Weighed(Arrays.copyOf(last.x(), members), false, true);
                }
                Arrays.fill(penalties, 0, members, search.sets.alpha(eigenvalue, largest));
                Arrays.fill(start, 1.0 / n);
                full.filter(f -> f.unique(own)).ifPresent(f -> f.weights(own, start));
                DominantSets.Solution set = search.sets.run(w, n, penalties, start);
                return new Weighed(Arrays.copyOf(set.x(), members), false, set.converged());
            };
        }
    }

    /** Number of different users who are neighbours. */
    public int distinct() {
        return (int) Arrays.stream(neighbours).distinct().count();
    }

    /** Number of users who have the most frequent neighbour. */
    public int largestHub() {
        int[] counts = new int[Arrays.stream(neighbours).max().orElse(-1) + 1];
        Arrays.stream(neighbours).forEach(a -> counts[a]++);
        return Arrays.stream(counts).max().orElse(0);
    }

    /** Number of users for whom the most active advantaged users stand in. */
    public int fallbacks() {
        return (int) Arrays.stream(supports).filter(s -> s == 0).count();
    }

    private void note(Ledger ledger) {
        ledger.count("neighbours-users", users.length);
        ledger.count(
                "neighbours-support-total",
                Arrays.stream(supports).asLongStream().sum());
        ledger.count("neighbours-distinct", distinct());
        ledger.count("neighbours-largest-hub", largestHub());
        ledger.count("neighbours-fallbacks", fallbacks());
        ledger.count("neighbours-unconverged", unconverged);
    }
}
