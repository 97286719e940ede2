package org.lethe.federated;

import static org.lethe.Check.require;

import java.io.Serializable;
import java.util.Arrays;
import org.lethe.numerics.DenseAdam;
import org.lethe.numerics.Keyed;

/**
 * The steps of one client: batches of its own records, and Adam.
 *
 * @param batch records a step; a client with fewer takes all of them
 * @param learningRate of Adam
 * @param weightDecay added to the gradient, times the weight
 * @param memory whether a client keeps the moments of Adam between rounds
 */
public record Local(int batch, double learningRate, double weightDecay, Memory memory) implements Serializable {
    /** What becomes of the moments of Adam when a client has sent its update. */
    public enum Memory {
        /** Kept for up to 1,000 clients. */
        AUTO,
        /** Kept by each client, two more copies of the weights. */
        KEPT,
        /** Forgotten, so that a client needs no memory of earlier rounds. */
        RESET
    }

    public Local {
        require(batch >= 1, "batch", batch, "at least 1");
        require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0, at most 10");
        require(weightDecay >= 0 && weightDecay <= 10, "weightDecay", weightDecay, "0 to 10");
    }

    /** Whether clients keep the moments of Adam between rounds, where there are so many clients. */
    public boolean keeps(int clients) {
        return memory == Memory.KEPT || memory == Memory.AUTO && clients <= 1_000;
    }

    /**
     * The moments of Adam of one client.
     *
     * @param client its number
     * @param first moments, one for each weight
     * @param second moments
     * @param steps taken
     */
    public record Moments(int client, float[] first, float[] second, long steps) implements Serializable {
        /** Those of a client that has taken no step. */
        public static Moments none(int client, int length) {
            return new Moments(client, new float[length], new float[length], 0);
        }
    }

    /** Takes steps from {@code w}, which it changes; the moments given stay as they are. */
    public Moments train(Network network, float[] w, Moments from, Loss.Place place, Loss loss, int steps, Keyed key) {
        int n = place.rows().length;
        int size = Math.min(batch, n);
        float[] m = from.first.clone();
        float[] v = from.second.clone();
        float[] g = new float[w.length];
        float[] decay = new float[network.rows()];
        Arrays.fill(decay, (float) weightDecay);
        int[] order = new int[n];
        int[] places = new int[size];
        int at = n;
        int pass = 0;
        long t = from.steps;
        for (int step = 0; step < steps; step++) {
            for (int b = 0; b < size; b++) {
                if (at == n) {
                    for (int i = 0; i < n; i++) {
                        order[i] = i;
                    }
                    at = 0;
                    pass++;
                }
                // one step of a shuffle, so that a pass over many records costs no more than what is used of it
                int other = at + Keyed.below(key.of(pass).at(at), n - at);
                places[b] = order[other];
                order[other] = order[at];
                order[at++] = places[b];
            }
            Arrays.fill(g, 0);
            network.gradient(
                    w,
                    place.records(),
                    place.rows(),
                    places,
                    size,
                    1f / size,
                    loss::slope,
                    true,
                    key.of("drop").of(step),
                    g);
            t++;
            DenseAdam.step(
                    w,
                    m,
                    v,
                    g,
                    decay,
                    network.stride(),
                    0,
                    network.rows(),
                    DenseAdam.rate(learningRate, t),
                    DenseAdam.root(t));
        }
        return new Moments(from.client, m, v, t);
    }
}
