package org.lethe.bench;

import java.util.concurrent.TimeUnit;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.AdamForm;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Wmf;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Seconds per epoch of BPR and WMF on generated data of MovieLens-1M's shape: 6,040 users, 3,416 items, 64 dimensions,
 * under JMH. The time includes copying the tables before and after a training.
 *
 * <p>Bounds, one thread of a 2.6 GHz core with AVX-512: BPR at batch 4096 at most 0.15 s, WMF 0.16 s, BPR at batch 1024 0.26 s in
 * the two-node form.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 2)
@Measurement(iterations = 5)
public class FactorisationSpeed {
    private static final int USERS = 6040;
    private static final int ITEMS = 3416;
    private static final int DRAWS = 850_000; // about 800,000 distinct pairs
    private static final int EPOCHS = 4;

    /** How rows that a batch does not touch keep up. */
    @Param
    public AdamForm form = AdamForm.LAZY;

    /** Mean number of interactions in a batch. */
    @Param({"4096", "1024"})
    public int batch = 4096;

    private final Split data = shapedLikeMovieLens();

    /** An epoch of BPR. */
    @Benchmark
    @OperationsPerInvocation(EPOCHS)
    public Checkpoint bpr() {
        return train(new Bpr().withDims(64).withEpochs(EPOCHS).withBatch(batch).withAdam(form));
    }

    /** An epoch of WMF. */
    @Benchmark
    @OperationsPerInvocation(EPOCHS)
    public Checkpoint wmf() {
        return train(new Wmf().withDims(64).withEpochs(EPOCHS).withBatch(batch).withAdam(form));
    }

    private Checkpoint train(EmbeddingLearner learner) {
        Env env = Env.seeded(1);
        return learner.resume(learner.start(data, env), data, env);
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
