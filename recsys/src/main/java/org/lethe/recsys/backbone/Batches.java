package org.lethe.recsys.backbone;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;

/**
 * The batches of an epoch: every interaction once, with one item or more that its user never interacted with.
 *
 * <p>Membership is by hash, not by shuffle: the batch of an interaction and its negative are functions of (seed, user key,
 * item, epoch), so taking a user away leaves everyone else's as they were while the number of batches stays. Sizes vary
 * by the root of their mean. Inside a batch samples stand by user and then by item. A user who interacted with every item
 * has no negatives and trains nothing. Negatives may also avoid the pairs of other parts of the data.
 *
 * <p>An epoch costs one hash per interaction, the expected m/(m − |N_u|) draws of a negative, and a counting sort; the
 * arrays are reused. Rejection looks into a bit row per user, or searches the row where the bits would exceed 64 MB.
 */
public final class Batches {
    private static final long BITS = 64L << 23;
    private static final long STEP = 0xD1342543DE82EF95L;

    /** Number of batches. */
    public final int count;

    /** Batch b is the samples {@code starts[b] … starts[b+1]−1}. */
    public final int[] starts;

    /** The user of each sample. */
    public final int[] users;

    /** The item that the user took. */
    public final int[] positives;

    /** The items that it did not, [samples, draws]. */
    public final int[] negatives;

    /** Negatives of an interaction. */
    final int draws;

    private final Interactions train;
    private final List<Interactions> avoided;
    private final int[] batchOf;
    private final int[] negativeOf;
    private final long[] bits; // users × words, or empty
    private final int words;

    /** As many batches as make {@code batch} interactions their mean size. */
    public Batches(Interactions train, int batch) {
        this(train, batch, 1);
    }

    /** The same with several negatives for every interaction. */
    Batches(Interactions train, int batch, int draws) {
        this(train, batch, draws, List.of());
    }

    /** The same, with negatives that avoid the pairs of other parts too. */
    Batches(Interactions train, int batch, int draws, List<Interactions> avoided) {
        this(Math.max(1, (int) Math.round(train.size() / (double) batch)), train, draws, avoided);
    }

    /** This many batches. */
    public Batches(int count, Interactions train) {
        this(count, train, 1, List.of());
    }

    private Batches(int count, Interactions train, int draws, List<Interactions> avoided) {
        this.count = count;
        this.draws = draws;
        this.train = train;
        this.avoided = List.copyOf(avoided);
        int size = train.size();
        starts = new int[count + 1];
        users = new int[size];
        positives = new int[size];
        negatives = new int[Math.multiplyExact(size, draws)];
        batchOf = new int[size];
        negativeOf = new int[negatives.length];
        words = (train.items() + 63) / 64;
        bits = (long) train.users() * words * 64 <= BITS ? bits() : new long[0];
    }

    private long[] bits() {
        long[] rows = new long[train.users() * words];
        for (int u = 0; u < train.users(); u++) {
            for (Interactions part : parts()) {
                for (int k = part.from(u); k < part.to(u); k++) {
                    rows[u * words + (part.item(k) >>> 6)] |= 1L << part.item(k);
                }
            }
        }
        return rows;
    }

    private List<Interactions> parts() {
        List<Interactions> parts = new ArrayList<>(avoided);
        parts.addFirst(train);
        return parts;
    }

    private boolean seen(int user, int item) {
        return bits.length > 0
                ? (bits[user * words + (item >>> 6)] >>> item & 1) != 0
                : train.contains(user, item) || avoided.stream().anyMatch(part -> part.contains(user, item));
    }

    /** Whether a user has no negatives. */
    private boolean full(int user) {
        if (avoided.isEmpty() || train.degree(user) == train.items()) {
            return train.degree(user) == train.items();
        }
        return IntStream.range(0, train.items()).allMatch(item -> seen(user, item));
    }

    /** Lays out the epoch of a key. */
    public void plan(Keyed epoch) {
        Arrays.fill(starts, 0);
        for (int u = 0; u < train.users(); u++) {
            boolean all = full(u);
            int key = train.userKey(u);
            for (int k = train.from(u); k < train.to(u); k++) {
                if (all) {
                    batchOf[k] = -1;
                    continue;
                }
                long hash = epoch.at(key, train.item(k));
                int batch = Keyed.below(hash << 32, count);
                for (int draw = 0; draw < draws; draw++) {
                    hash = draw == 0 ? hash : Keyed.mix(hash + STEP);
                    int negative = Keyed.below(hash, train.items());
                    while (seen(u, negative)) {
                        hash = Keyed.mix(hash + STEP);
                        negative = Keyed.below(hash, train.items());
                    }
                    negativeOf[k * draws + draw] = negative;
                }
                batchOf[k] = batch;
                starts[batch + 1]++;
            }
        }
        for (int b = 0; b < count; b++) {
            starts[b + 1] += starts[b];
        }
        int[] next = starts.clone();
        for (int u = 0; u < train.users(); u++) {
            for (int k = train.from(u); k < train.to(u); k++) {
                if (batchOf[k] >= 0) {
                    int s = next[batchOf[k]]++;
                    users[s] = u;
                    positives[s] = train.item(k);
                    System.arraycopy(negativeOf, k * draws, negatives, s * draws, draws);
                }
            }
        }
    }

    /** Samples of the epoch: the interactions of users who have negatives. */
    public int size() {
        return starts[count];
    }

    /** Number of users of the data, those without samples included. */
    int userCount() {
        return train.users();
    }

    /** The largest batch. */
    int largest() {
        int largest = 0;
        for (int b = 0; b < count; b++) {
            largest = Math.max(largest, starts[b + 1] - starts[b]);
        }
        return largest;
    }
}
