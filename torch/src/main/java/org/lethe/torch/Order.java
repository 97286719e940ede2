package org.lethe.torch;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.lethe.Check;
import org.lethe.numerics.Keyed;

/**
 * The order of samples in training, shuffled anew every epoch. It is a function of key and step, so a training that
 * continues from any step sees the same samples. Leaving out a sample does not change the order of the others. An
 * instance serves one thread; an epoch costs a sort.
 */
public final class Order {
    private final long[] ids;
    private final int batch;
    private final Keyed key;
    private long shuffled = -1;
    private int[] order = new int[0];

    /**
     * An order of samples that have numbers of their own, by which they are shuffled.
     *
     * @param ids a number for each sample, such as a hash of its name
     * @param batch samples of a step; the last step of an epoch may have fewer
     */
    public Order(long[] ids, int batch, Keyed key) {
        Check.require(ids.length >= 1, "samples", ids.length, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        this.ids = ids.clone();
        this.batch = batch;
        this.key = key;
    }

    /** An order of the samples 0 to {@code samples} − 1. */
    public Order(int samples, int batch, Keyed key) {
        this(LongStream.range(0, samples).toArray(), batch, key);
    }

    /** Steps of an epoch. */
    public long stepsPerEpoch() {
        return (ids.length + batch - 1L) / batch;
    }

    /** The epoch that a step belongs to, from 0. */
    public long epoch(long step) {
        return step / stepsPerEpoch();
    }

    /** The samples of a step, by their places in the list. */
    public int[] at(long step) {
        Check.require(step >= 0, "step", step, "at least 0");
        if (epoch(step) != shuffled) {
            shuffle(epoch(step));
        }
        int from = Math.toIntExact(step % stepsPerEpoch() * batch);
        return Arrays.copyOfRange(order, from, Math.min(ids.length, from + batch));
    }

    private void shuffle(long epoch) {
        Keyed own = key.of(epoch);
        long[] drawn = new long[ids.length];
        for (int n = 0; n < drawn.length; n++) {
            drawn[n] = own.at(ids[n]) & ~0xFFFFFFFFL | n; // the place decides between equal draws
        }
        Arrays.sort(drawn);
        order = Arrays.stream(drawn).mapToInt(d -> (int) d).toArray();
        shuffled = epoch;
    }
}
