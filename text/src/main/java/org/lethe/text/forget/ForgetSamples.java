package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Personal;
import org.lethe.Request;
import org.lethe.numerics.Keyed;
import org.lethe.text.Corpus;
import org.lethe.text.Sample;

/**
 * A request to forget some training samples, mostly all about somebody or something.
 *
 * <p>{@code percent: 0} and {@code count: 0} ask for nothing and change nothing. A request that selects no sample otherwise, or all of
 * them, is refused.
 *
 * @param choose choice of samples: last (all of the last groups), groups (all of named groups), random (a percentage), or listed
 * @param count number of groups from the end, for last
 * @param percent percentage of the samples, rounded down, for random
 * @param groups names of groups, for groups
 * @param samples numbers of samples from 0, for listed
 * @param seed seed of the random choice
 */
@Named("forget-samples")
public record ForgetSamples(
        Choose choose,
        int count,
        double percent,
        @Personal("groups") List<String> groups,
        List<Integer> samples,
        long seed)
        implements Request {
    /** The ways to choose. */
    public enum Choose {
        /** All samples of the groups that come last. */
        LAST,
        /** All samples of named groups. */
        GROUPS,
        /** A random percentage of the samples. */
        RANDOM,
        /** Samples by number. */
        LISTED
    }

    public ForgetSamples {
        groups = List.copyOf(groups);
        samples = List.copyOf(samples);
        Check.require(count >= 0, "count", count, "at least 0");
        Check.require(percent >= 0 && percent <= 100, "percent", percent, "0 to 100");
        Check.require(
                (choose == Choose.GROUPS) != groups.isEmpty(),
                "groups",
                groups,
                choose == Choose.GROUPS ? "at least one name" : "an empty list unless choose is groups");
        Check.require(
                (choose == Choose.LISTED) != samples.isEmpty(),
                "samples",
                samples,
                choose == Choose.LISTED ? "at least one number" : "an empty list unless choose is listed");
        samples.forEach(s -> Check.require(s >= 0, "samples", s, "at least 0"));
    }

    /** The last two groups, as the last authors of TOFU. */
    public ForgetSamples() {
        this(Choose.LAST, 2, 0, List.of(), List.of(), 42);
    }

    /** All samples of the last groups. */
    public static ForgetSamples last(int count) {
        return new ForgetSamples(Choose.LAST, count, 0, List.of(), List.of(), 42);
    }

    /** All samples of named groups. */
    public static ForgetSamples ofGroups(String... names) {
        return new ForgetSamples(Choose.GROUPS, 0, 0, List.of(names), List.of(), 42);
    }

    /** A random percentage of the samples. */
    public static ForgetSamples random(double percent, long seed) {
        return new ForgetSamples(Choose.RANDOM, 0, percent, List.of(), List.of(), seed);
    }

    /** Samples by number. */
    public static ForgetSamples listed(List<Integer> numbers) {
        return new ForgetSamples(Choose.LISTED, 0, 0, List.of(), numbers, 42);
    }

    /**
     * A request resolved on a corpus.
     *
     * @param indices numbers of the samples to forget, ascending
     * @param samples the samples to forget, in that order
     * @param remaining the corpus without them
     */
    public record Forgotten(int[] indices, List<Sample> samples, Corpus remaining) {
        /** Whether nothing is to be forgotten. */
        public boolean nothing() {
            return samples.isEmpty();
        }
    }

    /** The samples to forget and the rest of a corpus. */
    public Forgotten resolve(Corpus corpus) {
        List<Sample> all = corpus.training();
        BitSet gone = new BitSet();
        switch (choose) {
            case LAST -> {
                List<String> names = names(all);
                if (count > names.size()) {
                    throw refused("count is " + count + ", expected at most " + names.size() + ", the groups of "
                            + corpus.name());
                }
                mark(all, new LinkedHashSet<>(names.subList(names.size() - count, names.size())), gone);
            }
            case GROUPS -> {
                List<String> names = names(all);
                for (int n = 0; n < groups.size(); n++) { // a group may be a person
                    if (!names.contains(groups.get(n))) {
                        throw refused("groups[" + n + "] is no group of " + corpus.name() + ", expected one of "
                                + names.size() + " names, letter by letter");
                    }
                }
                mark(all, Set.copyOf(groups), gone);
            }
            case RANDOM -> {
                Keyed key = Keyed.seed(seed).of("forget-samples");
                int size = (int) Math.floor(all.size() * percent / 100);
                if (size == 0 && percent > 0) {
                    throw refused("percent is " + percent + ", which selects none of the " + all.size() + " samples of "
                            + corpus.name());
                }
                IntStream.range(0, all.size())
                        .boxed()
                        .sorted(Comparator.comparingLong(key::at))
                        .limit(size)
                        .forEach(gone::set);
            }
            case LISTED -> {
                for (int s : samples) {
                    if (s >= all.size()) {
                        throw refused(
                                "samples has " + s + ", expected 0 to " + (all.size() - 1) + " in " + corpus.name());
                    }
                    gone.set(s);
                }
            }
        }
        if (gone.cardinality() == all.size()) {
            throw refused("selects all " + all.size() + " samples of " + corpus.name() + ", expected some to remain");
        }
        List<Sample> forgotten = new ArrayList<>();
        List<Sample> remaining = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            (gone.get(i) ? forgotten : remaining).add(all.get(i));
        }
        return new Forgotten(gone.stream().toArray(), List.copyOf(forgotten), corpus.training(remaining));
    }

    /** The names of groups in the order in which they first appear. */
    private static List<String> names(List<Sample> all) {
        return all.stream().map(Sample::group).distinct().toList();
    }

    private static void mark(List<Sample> all, Set<String> groups, BitSet gone) {
        for (int i = 0; i < all.size(); i++) {
            if (groups.contains(all.get(i).group())) {
                gone.set(i);
            }
        }
    }

    private static LetheException refused(String why) {
        return new LetheException(LetheException.Code.STUDY, "forget-samples: " + why);
    }
}
