package org.lethe.recsys.data;

import java.util.Arrays;
import java.util.List;
import org.lethe.Formerly;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.tables.Entities;

/**
 * Made-up interactions whose truth is known: users with tastes that depend on a group they belong to, items of skewed
 * popularity, users of skewed activity. Nothing is downloaded.
 *
 * <p>User u has a group g(u), one of two, and a taste p(u) of {@code factors} standard normal numbers, the first of which
 * is moved by ±{@code taste} according to the group; item i has a character q(i) of standard normal numbers. The
 * {@linkplain #affinity affinity} is 2 p·q / √factors. A user of activity n draws n different items one after the other,
 * item i with weight popularity(i) · σ(affinity), where popularity and activity are log-normal. Everything about a user
 * depends on (seed, user) alone, so a larger set holds a smaller one of as many items.
 *
 * <p>Cost: some three draws and {@code factors} products per interaction. One thread does it all, and
 * besides the result it takes 8 bytes an interaction.
 *
 * @param users how many users
 * @param items how many items
 * @param interactions how many items a user has on average, before the parts for stopping and judging are taken
 * @param factors how many numbers describe a taste
 * @param taste how far the group moves a user's taste; 0 makes the groups alike, 2 tells them apart at a glance
 * @param activity spread of the users' activity: the standard deviation of its logarithm; 0 makes all alike
 * @param popularity spread of the items' popularity, likewise
 * @param validation share of a user's training interactions that training stops on
 * @param test share of a user's interactions that models are judged by
 * @param seed of everything
 */
@Named("planted")
public record Planted(
        int users,
        int items,
        @Formerly("interactions") int interactionsPerUser,
        int factors,
        @Formerly("taste") double groupEffect,
        @Formerly("activity") double activitySpread,
        @Formerly("popularity") double popularitySpread,
        double validation,
        double test,
        long seed)
        implements DataSource<Split> {
    /** The name of the attribute that the users' tastes depend on. */
    public static final String GROUP = "group";

    private static final int FEWEST = 4; // so that learning, stopping and judging each get something

    public Planted {
        Check.require(users >= 1, "users", users, "at least 1");
        Check.require(items >= 10, "items", items, "at least 10");
        Check.require(
                interactionsPerUser >= FEWEST && interactionsPerUser <= items / 2,
                "interactionsPerUser",
                interactionsPerUser,
                FEWEST + " to half the items, which is " + items / 2);
        Check.require(
                (long) users * interactionsPerUser <= 1_500_000_000L,
                "users x interactionsPerUser",
                (long) users * interactionsPerUser,
                "at most 1,500,000,000");
        Check.require(factors >= 1 && factors <= 1024, "factors", factors, "1 to 1,024");
        Check.require(groupEffect >= 0 && groupEffect <= 10, "groupEffect", groupEffect, "0 to 10");
        Check.require(activitySpread >= 0 && activitySpread <= 3, "activitySpread", activitySpread, "0 to 3");
        Check.require(popularitySpread >= 0 && popularitySpread <= 3, "popularitySpread", popularitySpread, "0 to 3");
        Check.require(validation >= 0 && validation < 1, "validation", validation, "at least 0 and below 1");
        Check.require(test >= 0 && test < 1, "test", test, "at least 0 and below 1");
    }

    /** 1,000 users, 500 items, 40 interactions a user. */
    public Planted() {
        this(1_000, 500, 40, 8, 1, 0.7, 1, 0.1, 0.2, 1);
    }

    /** The default set in another size. */
    public Planted(int users, int items, int interactions, long seed) {
        this(users, items, interactions, 8, 1, 0.7, 1, 0.1, 0.2, seed);
    }

    @Override
    public Split load(DataFolders folders) {
        return Splits.random(all(), test, validation, seed);
    }

    @Override
    public String digest(DataFolders folders) {
        return "";
    }

    /** The group of a user, 0 or 1, each for about half of them. */
    public int group(int user) {
        return (int) (random("group").at(user) >>> 63);
    }

    /** The taste p(u) of a user. */
    public float[] taste(int user) {
        Keyed key = random("taste").of(user);
        float[] p = new float[factors];
        for (int f = 0; f < factors; f++) {
            p[f] = (float) Keyed.normal(key.at(f));
        }
        p[0] += (float) (group(user) == 1 ? groupEffect : -groupEffect);
        return p;
    }

    /** The character q(i) of an item. */
    public float[] character(int item) {
        Keyed key = random("character").of(item);
        float[] q = new float[factors];
        for (int f = 0; f < factors; f++) {
            q[f] = (float) Keyed.normal(key.at(f));
        }
        return q;
    }

    /** How much a user likes an item, popularity apart. */
    public double affinity(int user, int item) {
        return affinity(taste(user), character(item), 0);
    }

    private double affinity(float[] p, float[] q, int from) {
        float sum = 0;
        for (int f = 0; f < p.length; f++) {
            sum += p[f] * q[from + f];
        }
        return 2 * sum / Math.sqrt(factors);
    }

    /** How often an item is looked at, before anybody's taste decides: a weight, not a probability. */
    public double popularity(int item) {
        return StrictMath.exp(popularitySpread * Keyed.normal(random("popularity").at(item)));
    }

    /** How many different items a user draws; fewer come out where a taste is exhausted. */
    public int activity(int user) {
        double spread = activitySpread * Keyed.normal(random("activity").at(user)) - activitySpread * activitySpread / 2; // mean 1
        return Math.clamp(Math.round(interactionsPerUser * StrictMath.exp(spread)), FEWEST, items / 2);
    }

    /** All interactions, not yet divided. */
    public Interactions all() {
        double[] upTo = new double[items];
        float[] characters = new float[items * factors];
        double sum = 0;
        for (int i = 0; i < items; i++) {
            sum += popularity(i);
            upTo[i] = sum;
            System.arraycopy(character(i), 0, characters, i * factors, factors);
        }
        int[] starts = new int[users + 1];
        long most = 0;
        for (int u = 0; u < users; u++) {
            most += activity(u);
        }
        Check.require(most < Integer.MAX_VALUE - 8, "interactions in all", most, "below 2,147,483,639");
        int[] columns = new int[(int) most];
        int[] drawnBy = new int[items]; // 1 + the last user who drew the item
        for (int u = 0; u < users; u++) {
            starts[u + 1] = draw(u, upTo, characters, drawnBy, columns, starts[u]);
        }
        int[] group = new int[users];
        Arrays.setAll(group, this::group);
        return Interactions.sorted(
                starts,
                Arrays.copyOf(columns, starts[users]),
                Entities.numbered(users).with(GROUP, new Entities.Categorical(group, List.of("a", "b"))),
                Entities.numbered(items));
    }

    private int draw(int user, double[] upTo, float[] characters, int[] drawnBy, int[] columns, int from) {
        float[] p = taste(user);
        Keyed look = random("look").of(user);
        Keyed like = random("like").of(user);
        int wanted = activity(user);
        int size = 0;
        for (int attempt = 0; size < wanted && attempt < 60 * wanted; attempt++) {
            double at = Keyed.unit(look.at(attempt)) * upTo[items - 1];
            int found = Arrays.binarySearch(upTo, at);
            int item = Math.min(found < 0 ? ~found : found, items - 1);
            if (drawnBy[item] == user + 1) {
                continue;
            }
            double chance = 1 / (1 + StrictMath.exp(-affinity(p, characters, item * factors)));
            if (Keyed.unit(like.at(attempt)) < chance) {
                drawnBy[item] = user + 1;
                columns[from + size++] = item;
            }
        }
        Arrays.sort(columns, from, from + size);
        return from + size;
    }

    private Keyed random(String purpose) {
        return Keyed.seed(seed).of("planted").of(purpose);
    }
}
