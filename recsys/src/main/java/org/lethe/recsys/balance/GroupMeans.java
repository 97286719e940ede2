package org.lethe.recsys.balance;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Sampled;

/**
 * The mean of a per-user measure over all users and over each group: as measured, and in each resample.
 *
 * <p>Users are drawn with replacement within each group, those in neither group too. Measures made together share the
 * resamples, so that a difference of two is paired. Cost: {@code resamples · measures · users}.
 *
 * @param all mean over all users
 * @param advantaged mean over the advantaged users
 * @param disadvantaged mean over the disadvantaged users
 */
record GroupMeans(Sampled all, Sampled advantaged, Sampled disadvantaged) {
    static final int RESAMPLES = 1_000;

    /**
     * The evaluated users of each group, as positions in the arrays of per-user values.
     *
     * @param advantaged of the first group
     * @param disadvantaged of the second group
     * @param others in neither group
     */
    record Members(int[] advantaged, int[] disadvantaged, int[] others) {
        static Members of(int[] users, Groups groups, int allUsers) {
            boolean[] first = groups.isAdvantaged(allUsers);
            boolean[] second = groups.isDisadvantaged(allUsers);
            return new Members(
                    at(users, first),
                    at(users, second),
                    IntStream.range(0, users.length)
                            .filter(n -> !first[users[n]] && !second[users[n]])
                            .toArray());
        }

        private static int[] at(int[] users, boolean[] group) {
            return IntStream.range(0, users.length).filter(n -> group[users[n]]).toArray();
        }

        List<int[]> each() {
            return List.of(advantaged, disadvantaged, others);
        }

        /** Number of evaluated users. */
        int count() {
            return inGroups() + others.length;
        }

        /** Number of evaluated users of both groups. */
        int inGroups() {
            return advantaged.length + disadvantaged.length;
        }

        /** Whether one of the two groups has no evaluated user. */
        boolean oneEmpty() {
            return advantaged.length == 0 || disadvantaged.length == 0;
        }

        @Override
        public String toString() {
            return advantaged.length + " advantaged and " + disadvantaged.length + " disadvantaged users";
        }
    }

    /** The means of several measures under the same resamples; neither group may be empty. */
    static List<GroupMeans> of(List<double[]> measures, Members members, Keyed random, Workers workers) {
        List<int[]> groups = members.each();
        double[][][] drawn = new double[measures.size()][3][RESAMPLES];
        workers.each(RESAMPLES, b -> {
            List<int[]> times = IntStream.range(0, 3)
                    .mapToObj(g -> Resampling.draw(random.of(g).of(b), groups.get(g).length))
                    .toList();
            for (int m = 0; m < drawn.length; m++) {
                double[] means = means(measures.get(m), groups, times);
                for (int g = 0; g < means.length; g++) {
                    drawn[m][g][b] = means[g];
                }
            }
        });
        List<int[]> once = groups.stream().map(GroupMeans::ones).toList();
        return IntStream.range(0, drawn.length)
                .mapToObj(m -> {
                    double[] value = means(measures.get(m), groups, once);
                    return new GroupMeans(
                            new Sampled(value[0], drawn[m][0]),
                            new Sampled(value[1], drawn[m][1]),
                            new Sampled(value[2], drawn[m][2]));
                })
                .toList();
    }

    private static int[] ones(int[] group) {
        int[] ones = new int[group.length];
        Arrays.fill(ones, 1);
        return ones;
    }

    /** The means over all, the first and the second group, each user counted a number of times. */
    private static double[] means(double[] values, List<int[]> groups, List<int[]> times) {
        double[] sums = new double[3];
        int users = 0;
        for (int g = 0; g < sums.length; g++) {
            int[] group = groups.get(g);
            int[] count = times.get(g);
            for (int n = 0; n < group.length; n++) {
                sums[g] += count[n] * values[group[n]];
            }
            users += group.length;
        }
        return new double[] {
            (sums[0] + sums[1] + sums[2]) / users, sums[0] / groups.get(0).length, sums[1] / groups.get(1).length
        };
    }

    /** A function of each mean. */
    GroupMeans each(DoubleUnaryOperator function) {
        return new GroupMeans(each(all, function), each(advantaged, function), each(disadvantaged, function));
    }

    /** The advantaged mean minus the disadvantaged one. */
    Sampled gap() {
        return both(advantaged, disadvantaged, (a, i) -> a - i);
    }

    /** The absolute gap: UGF. */
    Sampled ugf() {
        return each(gap(), Math::abs);
    }

    /** A function of two numbers, resample by resample. */
    static Sampled both(Sampled left, Sampled right, DoubleBinaryOperator function) {
        return new Sampled(
                function.applyAsDouble(left.value(), right.value()),
                Resampling.each(RESAMPLES, b -> function.applyAsDouble(left.drawn()[b], right.drawn()[b])));
    }

    private static Sampled each(Sampled of, DoubleUnaryOperator function) {
        return new Sampled(
                function.applyAsDouble(of.value()),
                Arrays.stream(of.drawn()).map(function).toArray());
    }
}
