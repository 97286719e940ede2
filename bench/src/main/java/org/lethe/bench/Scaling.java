package org.lethe.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Wmf;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.forget.Sisa;

/**
 * How cost grows with the data: planted users of 25 interactions each, 5,000 items, 32 dimensions, batch 4,096, one thread.
 *
 * <p>Arguments are numbers of users; without any, 4,000 up to 1,000,000 users, that is 10⁵ to 2.5 · 10⁷ interactions.
 * Each line has the seconds of the thread for an epoch, for ranking 1,000 users and for a one-user request to SISA of
 * ten shards, and the largest heap in use. Run it with {@code -Xmx4g}.
 */
public final class Scaling {
    private Scaling() {}

    public static void main(String[] args) {
        int[] sizes = args.length > 0
                ? Arrays.stream(args).mapToInt(Integer::parseInt).toArray()
                : new int[] {4_000, 40_000, 400_000, 1_000_000};
        for (int users : sizes) {
            measure(users);
        }
    }

    private static void measure(int users) {
        Planted source = new Planted(users, 5_000, 25, 1);
        double[] generating = new double[1];
        Interactions all = timed(generating, source::all);
        Interactions none = all.where((u, i) -> false);
        Split data = new Split(all, none, none);
        Env env = Env.seeded(1);
        Bpr bpr = new Bpr().withEpochs(1).withBatch(4096);
        Wmf wmf = new Wmf().withEpochs(1).withBatch(4096);
        int rounds = users <= 40_000 ? 7 : 1; // the first rounds of a process wait for the compiler
        double[] epoch = new double[rounds];
        Recommender model = timed(epoch, () -> bpr.train(data, env));
        double[] whole = new double[rounds];
        timed(whole, () -> wmf.train(data, env));
        int[] sample = IntStream.range(0, 1_000)
                .map(n -> (int) ((long) n * users / 1_000))
                .toArray();
        double[] ranking = new double[7];
        timed(ranking, () -> Ranking.top(model, data.train(), sample, 20, Workers.here()));
        Sisa sisa = new Sisa();
        Recommender sharded = sisa.learn(bpr, data, env);
        ForgetUsers request = ForgetUsers.listed(data.train().userEntities().id(users / 2));
        double[] forgetting = new double[Math.max(3, rounds)];
        timed(forgetting, () -> sisa.fulfil(sharded, request, bpr, data, env));
        System.out.printf(
                "%,d interactions: generated %.1f s, bpr epoch %.3f s, wmf epoch %.3f s, ranking of 1,000 users %.4f s,"
                        + " one-user request %.3f s, most heap %,d MB%n",
                all.size(),
                generating[0],
                median(epoch),
                median(whole),
                median(ranking),
                median(forgetting),
                mostHeap() >> 20);
    }

    private static <T> T timed(double[] seconds, Supplier<T> work) {
        for (int r = 0; ; r++) {
            long from = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            T result = work.get();
            seconds[r] = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - from) / 1e9;
            if (r == seconds.length - 1) {
                return result;
            }
        }
    }

    private static double median(double[] seconds) {
        Arrays.sort(seconds);
        return seconds[seconds.length / 2];
    }

    /** Peaks of the pools added up, which may have been reached at different times: an upper bound. */
    private static long mostHeap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(usage -> usage.getUsed())
                .sum();
    }
}
