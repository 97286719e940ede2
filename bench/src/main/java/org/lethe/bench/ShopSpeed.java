package org.lethe.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.lethe.Case;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.data.Splits;
import org.lethe.recsys.forget.Completeness;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.forget.Retrain;
import org.lethe.recsys.forget.Sisa;

/**
 * A shop's whole path on planted data of a shop's shape, two threads, a cold JVM: 22,878 customers, 115,082 articles of a long tail
 * and some 240,000 purchases, each once.
 *
 * <p>Prints for each piece of work the seconds that passed and those that processors ran. The audit is given its retrained models.
 */
public final class ShopSpeed {
    private ShopSpeed() {}

    public static void main(String[] args) {
        Planted source = new Planted(22_878, 115_082, 11, 1).withPopularitySpread(2);
        Interactions all = timed("generated", Double.NaN, source::all);
        int[] buyers = new int[all.items()];
        for (int k = 0; k < all.size(); k++) {
            buyers[all.item(k)]++;
        }
        System.out.printf(
                "%s; %,d articles have one buyer, %,d none%n",
                all,
                Arrays.stream(buyers).filter(n -> n == 1).count(),
                Arrays.stream(buyers).filter(n -> n == 0).count());
        Split data = Splits.random(all, source.test(), source.validation(), 1);
        Bpr bpr = new Bpr();
        try (Workers two = Workers.threads(2)) {
            Env env = Env.seeded(1).with(two);
            Recommender before = timed("bpr with early stopping", 30, () -> bpr.train(data, env));
            Sisa sisa = new Sisa();
            Recommender sharded = timed("sisa, ten shards", 60, () -> sisa.learn(bpr, data, env));
            ForgetUsers one = ForgetUsers.listed(data.train().userEntities().id(17));
            timed("one-user request to sisa", 5, () -> sisa.fulfil(sharded, one, bpr, data, env));
            ForgetUsers fifty = ForgetUsers.listed(IntStream.range(0, 50)
                    .mapToObj(n -> data.train().userEntities().id(n * 400))
                    .toArray(String[]::new));
            Recommender reference = new Retrain().fulfil(before, fifty, bpr, data, env);
            Case<Split, Recommender> asked = new Case<>(data, fifty, before, reference, reference);
            timed("completeness audit, 50 users", 30, () -> new Completeness().examine(asked, env));
        }
    }

    private static <T> T timed(String what, double bar, Supplier<T> work) {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long wall = System.nanoTime();
        long from = system.getProcessCpuTime();
        T result = Objects.requireNonNull(work.get());
        System.out.printf(
                "%-32s %6.2f s, of processors %6.2f s, bar %.0f s%n",
                what, (System.nanoTime() - wall) / 1e9, (system.getProcessCpuTime() - from) / 1e9, bar);
        return result;
    }
}
