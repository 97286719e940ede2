package org.lethe.recsys.data;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Formerly;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.tables.Entities;

/**
 * Synthetic interactions with known truth: tastes that depend on a user's group, items of skewed popularity, and users of
 * skewed activity. Nothing is downloaded.
 *
 * <p>User u has a group g(u), one of two, and a taste p(u) of {@code factors} standard normal numbers; the group moves the
 * first one by ±{@code groupEffect}. Item i has a character q(i) of standard normal numbers. The
 * affinity is 2 p·q / √factors. A user of activity n draws n different items, item i with weight
 * popularity(i) · σ(affinity). Popularity and activity are log-normal. All data of a user depends on (seed, user) alone, so
 * a larger set contains a smaller one with the same number of items.
 *
 * <p>Cost: about three draws and {@code factors} products per interaction, on one thread, with 8 bytes an interaction
 * beside the result.
 *
 * @param users number of users
 * @param items number of items
 * @param interactionsPerUser mean number of items of a user, before validation and test parts are taken
 * @param factors number of dimensions of a taste
 * @param groupEffect effect of the group on a user's taste; 0 makes groups equal, 2 makes them easy to separate
 * @param activitySpread standard deviation of the logarithm of users' activity; 0 makes all equally active
 * @param popularitySpread standard deviation of the logarithm of items' popularity; 0 makes all equally popular
 * @param validation share of a user's training interactions for early stopping
 * @param test share of a user's interactions for testing
 * @param seed seed of all random numbers
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

    private static final int FEWEST = 4; // so that training, validation and test each get one

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

    /** 1,000 users, 500 items and 40 interactions per user. */
    public Planted() {
        this(1_000, 500, 40, 8, 1, 0.7, 1, 0.1, 0.2, 1);
    }

    /** The default set in another size. */
    public Planted(int users, int items, int interactions, long seed) {
        this(users, items, interactions, 8, 1, 0.7, 1, 0.1, 0.2, seed);
    }

    public Planted withFactors(int factors) {
        return Components.with(this, "factors", factors);
    }

    public Planted withGroupEffect(double groupEffect) {
        return Components.with(this, "groupEffect", groupEffect);
    }

    public Planted withActivitySpread(double activitySpread) {
        return Components.with(this, "activitySpread", activitySpread);
    }

    public Planted withPopularitySpread(double popularitySpread) {
        return Components.with(this, "popularitySpread", popularitySpread);
    }

    public Planted withValidation(double validation) {
        return Components.with(this, "validation", validation);
    }

    public Planted withTest(double test) {
        return Components.with(this, "test", test);
    }

    @Override
    public Split load(DataFolders folders) {
        return Splits.random(all(), test, validation, seed);
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of();
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

    /** The liking of a user for an item, without popularity. */
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

    /** The weight of an item before taste; not a probability. */
    public double popularity(int item) {
        return StrictMath.exp(
                popularitySpread * Keyed.normal(random("popularity").at(item)));
    }

    /** The number of different items that a user draws; fewer result if the taste is exhausted. */
    public int activity(int user) {
        double spread = activitySpread * Keyed.normal(random("activity").at(user))
                - activitySpread * activitySpread / 2; // mean 1
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
