package org.lethe.torch;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.numerics.Keyed;

/**
 * The order of samples in training, shuffled anew every epoch, as a function of key and step: a training that goes on from any
 * step sees what it would have seen. A sample that is left out does not change the order of the others. For one thread; an epoch
 * costs a sort.
 */
public final class Order {
    private final int samples;
    private final int batch;
    private final Keyed key;
    private long shuffled = -1;
    private int[] order = new int[0];

    /**
     * An order of the samples 0 to {@code samples} − 1.
     *
     * @param batch samples of a step; the last step of an epoch may have fewer
     */
    public Order(int samples, int batch, Keyed key) {
        Check.require(samples >= 1, "samples", samples, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        this.samples = samples;
        this.batch = batch;
        this.key = key;
    }

    /** Steps of an epoch. */
    public long stepsPerEpoch() {
        return (samples + batch - 1L) / batch;
    }

    /** The epoch that a step belongs to, from 0. */
    public long epoch(long step) {
        return step / stepsPerEpoch();
    }

    /** The samples of a step. */
    public int[] at(long step) {
        Check.require(step >= 0, "step", step, "at least 0");
        if (epoch(step) != shuffled) {
            shuffle(epoch(step));
        }
        int from = Math.toIntExact(step % stepsPerEpoch() * batch);
        return Arrays.copyOfRange(order, from, Math.min(samples, from + batch));
    }

    private void shuffle(long epoch) {
        Keyed own = key.of(epoch);
        long[] drawn = new long[samples];
        for (int n = 0; n < samples; n++) {
            drawn[n] = own.at(n) & ~0xFFFFFFFFL | n; // the sample's number decides between equal draws
        }
        Arrays.sort(drawn);
        order = Arrays.stream(drawn).mapToInt(d -> (int) d).toArray();
        shuffled = epoch;
    }
}
