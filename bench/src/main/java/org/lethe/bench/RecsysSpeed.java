package org.lethe.bench;

import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.ImplicitAls;
import org.lethe.recsys.backbone.LightGcn;
import org.lethe.recsys.backbone.Wmf;
import org.lethe.recsys.data.Ml1m;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.forget.Retrain;
import org.lethe.recsys.forget.Sisa;

/**
 * Ranking, LightGCN, ALS, training to early stop and a one-user request on MovieLens-1M, each beside its bar.
 *
 * <p>Needs the data set ({@code lethe data fetch ml-1m}, or {@code $LETHE_DATA}).
 */
public final class RecsysSpeed {
    private RecsysSpeed() {}

    public static void main(String[] args) {
        Split stopping = new Ml1m().load(DataFolders.usual(Optional.empty()));
        Split plain = new Split(stopping.train(), stopping.validation().where((u, i) -> false), stopping.test());
        Workers two = Workers.threads(2);
        Env one = Env.seeded(1);
        Env both = one.with(two);

        Embeddings model = new Bpr().withDims(64).withEpochs(2).withBatch(4096).train(plain, one);
        report("ranking, top 20, 1 thread", 0.050, 20, () -> Ranking.test(model, plain, 20, Workers.here()));
        report("ranking, top 20, 2 threads", 0.032, 20, () -> Ranking.test(model, plain, 20, two));

        int iterations = 4;
        report(
                "als, one iteration, 1 thread",
                0.25 * iterations,
                3,
                () -> new ImplicitAls().withEpochs(iterations).train(plain, one),
                iterations);
        report(
                "lightgcn epoch, batch 4096, 2 threads",
                4.0,
                3,
                () -> new LightGcn().withEpochs(1).withBatch(4096).train(plain, both));
        report(
                "bpr to early stop, batch 1024",
                10,
                1,
                () -> new Bpr().withDims(64).withEpochs(100).train(stopping, one));
        report(
                "wmf to early stop, batch 1024",
                10,
                1,
                () -> new Wmf().withDims(64).withEpochs(100).train(stopping, one));

        Bpr bpr = new Bpr().withDims(64).withEpochs(10).withBatch(4096);
        ForgetUsers request = ForgetUsers.listed(plain.train().userEntities().id(17));
        Recommender trained = bpr.train(plain, one);
        double retrain = report(
                "retrain for one user", Double.NaN, 3, () -> new Retrain().fulfil(trained, request, bpr, plain, one));
        for (Sisa sisa :
                new Sisa[] {new Sisa(10, 1, new Sisa().aggregate()), new Sisa(10, 5, new Sisa().aggregate())}) {
            Recommender sharded = sisa.learn(bpr, plain, one);
            report("one user, " + sisa, retrain / 8, 5, () -> sisa.fulfil(sharded, request, bpr, plain, one));
        }
        two.close();
    }

    private static double report(String what, double bar, int rounds, Supplier<?> work) {
        return report(what, bar, rounds, work, 1);
    }

    private static double report(String what, double bar, int rounds, Supplier<?> work, int parts) {
        double[] seconds = new double[rounds];
        for (int warm = 0; warm < Math.min(rounds, 3); warm++) {
            Object result = work.get();
            Objects.requireNonNull(result);
        }
        for (int r = 0; r < rounds; r++) {
            long from = System.nanoTime();
            Object result = work.get();
            Objects.requireNonNull(result);
            seconds[r] = (System.nanoTime() - from) / 1e9;
        }
        Arrays.sort(seconds);
        System.out.printf(
                "%-45s median %.4f s, least %.4f s, bar %.4f s%n",
                what, seconds[rounds / 2] / parts, seconds[0] / parts, bar / parts);
        return seconds[rounds / 2];
    }
}
