package org.lethe.bench;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.AdamForm;
import org.lethe.recsys.Bpr;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.Wmf;

/**
 * Seconds per epoch of BPR and WMF on generated data of MovieLens-1M's shape: 6,040 users, 3,416 items, 64 dimensions.
 *
 * <p>Bounds, one thread of a 2.6 GHz core with AVX-512: BPR at batch 4096 at most 0.15 s, WMF 0.16 s, BPR at batch 1024 0.26 s in
 * the two-node form. Wall-clock time and processor time of the thread are both printed: on a busy machine only the second
 * says something.
 */
public final class FactorisationSpeed {
    private static final int USERS = 6040;
    private static final int ITEMS = 3416;
    private static final int DRAWS = 850_000; // about 800,000 distinct pairs
    private static final int ROUNDS = 5;
    private static final int EPOCHS = 4;

    private FactorisationSpeed() {}

    public static void main(String[] args) {
        Split data = shapedLikeMovieLens();
        System.out.println(data.train());
        for (AdamForm form : AdamForm.values()) {
            measure("bpr, batch 4096", new Bpr(64, EPOCHS, 4096, 1e-3, 0.01, 5, form), data);
            measure("bpr, batch 1024", new Bpr(64, EPOCHS, 1024, 1e-3, 0.01, 5, form), data);
            measure("wmf, batch 4096", new Wmf(64, EPOCHS, 4096, 1e-3, 0.01, 5, form), data);
        }
    }

    private static void measure(String what, EmbeddingLearner learner, Split data) {
        double[] wall = new double[ROUNDS];
        double[] processor = new double[ROUNDS];
        Checkpoint at = learner.start(data, Env.seeded(1));
        for (int round = 0; round < ROUNDS; round++) {
            long wallFrom = System.nanoTime();
            long processorFrom = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            at = learner.resume(at, data, Env.seeded(1));
            wall[round] = (System.nanoTime() - wallFrom) / 1e9 / EPOCHS;
            processor[round] =
                    (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - processorFrom) / 1e9 / EPOCHS;
        }
        Arrays.sort(wall);
        Arrays.sort(processor);
        System.out.printf(
                "%s: median %.3f s, least %.3f s; processor %.3f s and %.3f s (%s)%n",
                what, wall[ROUNDS / 2], wall[0], processor[ROUNDS / 2], processor[0], learner);
    }

    /** Activity of users and popularity of items fall off as in MovieLens: most have few, some have very many. */
    private static Split shapedLikeMovieLens() {
        Keyed key = Keyed.seed(1).of("bench");
        int[] users = new int[DRAWS];
        int[] items = new int[DRAWS];
        for (int n = 0; n < DRAWS; n++) {
            users[n] = (int) (USERS * Math.pow(Keyed.unit(key.of(0).at(n)), 2));
            items[n] = (int) (ITEMS * Math.pow(Keyed.unit(key.of(1).at(n)), 2.2));
        }
        Interactions train = Interactions.of(USERS, ITEMS, users, items);
        Interactions none = train.where((u, i) -> false);
        return new Split(train, none, none);
    }
}
