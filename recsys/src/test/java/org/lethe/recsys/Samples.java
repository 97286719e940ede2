package org.lethe.recsys;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;

/** Random interactions and tables from a seed, and workers that run backwards: what several tests begin with. */
public final class Samples {
    private Samples() {}

    /** Pairs of users and items, each there with the same probability. */
    public static Interactions interactions(int users, int items, double density, long seed) {
        Keyed key = Keyed.seed(seed);
        int[] pairs = IntStream.range(0, users * items)
                .filter(n -> Keyed.unit(key.at(n)) < density)
                .toArray();
        return Interactions.of(
                users,
                items,
                Arrays.stream(pairs).map(n -> n / items).toArray(),
                Arrays.stream(pairs).map(n -> n % items).toArray());
    }

    /** Tables of normal numbers. */
    public static Embeddings embeddings(int users, int items, int dims, long seed) {
        Keyed key = Keyed.seed(seed);
        float[] p = new float[users * dims];
        float[] q = new float[items * dims];
        for (int n = 0; n < p.length; n++) {
            p[n] = (float) Keyed.normal(key.of(1).at(n));
        }
        for (int n = 0; n < q.length; n++) {
            q[n] = (float) Keyed.normal(key.of(2).at(n));
        }
        return new Embeddings(dims, p, q);
    }

    /** One thread that runs parts in the opposite order. */
    public static Workers backwards() {
        return new Workers() {
            @Override
            public int count() {
                return 1;
            }

            @Override
            public <T> List<T> all(List<? extends Task<T>> tasks) {
                return Workers.here().all(tasks);
            }

            @Override
            public void each(int parts, IntConsumer body) {
                for (int i = parts - 1; i >= 0; i--) {
                    body.accept(i);
                }
            }

            @Override
            public void close() {}
        };
    }
}
