package org.lethe.recsys.sequence;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.Events.Example;

/**
 * Recommends what similar users bought in their last baskets, weighted by how alike their ranges of items are: UP-CF@r
 * (Faggioli, Polato and Aiolli, UMAP 2020).
 *
 * <p>The similarity of two users is |A ∩ B| / (|A|^a · |B|^(1 − a) + shrink), where A and B are the items that they ever bought;
 * a user is his own nearest neighbour with similarity 1. All that is kept are whole numbers, so forgetting is exact.
 *
 * @param recent how many last baskets tell what a user buys
 * @param asymmetry the exponent a
 * @param locality exponent of the similarity in the score
 * @param neighbours how many users count, himself included
 * @param shrink added below the line, against similarities by chance; the port in "A next basket recommendation reality
 *     check" has 1,000, and what the authors used is not known
 */
@Named("up-cf")
public record UpCf(int recent, double asymmetry, double locality, int neighbours, double shrink)
        implements CountingLearner {
    public UpCf {
        Check.require(recent >= 1, "recent", recent, "at least 1");
        Check.require(asymmetry >= 0 && asymmetry <= 1, "asymmetry", asymmetry, "0 to 1");
        Check.require(locality > 0, "locality", locality, "above 0");
        Check.require(neighbours >= 1, "neighbours", neighbours, "at least 1");
        Check.require(shrink >= 0, "shrink", shrink, "at least 0");
    }

    /** The last 10 baskets, 100 neighbours. */
    public UpCf() {
        this(10, 0.75, 10, 100, 1_000);
    }

    @Override
    public Index train(Events data, Env env) {
        return new Index(this, data);
    }

    @Override
    public Estimate estimate(Events data) {
        return new Estimate(1e-6 * data.size(), 40L * data.size());
    }

    /** The similarity of a user with {@code mine} items to one with {@code theirs}, of which {@code both} are common. */
    double similarity(int both, int mine, int theirs) {
        return both == 0 ? 0 : both / (Math.pow(mine, asymmetry) * Math.pow(theirs, 1 - asymmetry) + shrink);
    }

    /** The items that a user ever bought, ascending, and in how many of the last baskets each is. */
    private record Bought(int[] items, int[] lately, int baskets) {
        static Bought of(int[][] baskets, int recent) {
            int[] items = Arrays.stream(baskets)
                    .flatMapToInt(Arrays::stream)
                    .sorted()
                    .distinct()
                    .toArray();
            int[] lately = new int[items.length];
            int last = Math.min(recent, baskets.length);
            for (int b = baskets.length - last; b < baskets.length; b++) {
                for (int i : baskets[b]) {
                    lately[Arrays.binarySearch(items, i)]++;
                }
            }
            return new Bought(items, lately, last);
        }
    }

    /** The ranges of all users. */
    static final class Index extends BasketIndex {
        private final UpCf settings;
        private final Bought[] bought;

        Index(UpCf settings, Events data) {
            super(data);
            this.settings = settings;
            bought = new Bought[userCount()];
            refresh(everybody());
        }

        private Index(Index other) {
            super(other);
            settings = other.settings;
            bought = other.bought.clone();
        }

        Index(Safetensors file, String prefix) {
            super(file, prefix);
            long[] read = file.longs(prefix + "settings");
            settings = new UpCf(
                    (int) read[0],
                    Double.longBitsToDouble(read[1]),
                    Double.longBitsToDouble(read[2]),
                    (int) read[3],
                    Double.longBitsToDouble(read[4]));
            bought = new Bought[userCount()];
            refresh(everybody());
        }

        @Override
        long[] settings() {
            return new long[] {
                settings.recent,
                Double.doubleToRawLongBits(settings.asymmetry),
                Double.doubleToRawLongBits(settings.locality),
                settings.neighbours,
                Double.doubleToRawLongBits(settings.shrink)
            };
        }

        @Override
        void refresh(int... users) {
            for (int u : users) {
                bought[u] = Bought.of(baskets(u), settings.recent);
            }
        }

        @Override
        Map<String, Safetensors.Tensor> derived() {
            List<Integer> all = new ArrayList<>();
            for (Bought b : bought) {
                all.add(b.baskets);
                Arrays.stream(b.items).forEach(all::add);
                Arrays.stream(b.lately).forEach(all::add);
            }
            Map<String, Safetensors.Tensor> derived = new LinkedHashMap<>();
            derived.put(
                    "bought",
                    Decremental.tensor(all.stream().mapToInt(Integer::intValue).toArray()));
            return derived;
        }

        @Override
        public void scores(Example after, double[] into) {
            Arrays.fill(into, 0);
            Bought mine = Bought.of(after.history(), settings.recent);
            boolean[] has = new boolean[into.length];
            Arrays.stream(mine.items).forEach(i -> has[i] = true);
            double[] alike = new double[bought.length];
            for (int u = 0; u < alike.length; u++) {
                int both = 0;
                for (int i : bought[u].items) {
                    both += has[i] ? 1 : 0;
                }
                alike[u] = u == after.user() || both == 0 || !neighbour(u)
                        ? Double.NEGATIVE_INFINITY
                        : settings.similarity(both, mine.items.length, bought[u].items.length);
            }
            if (settings.neighbours > 1) {
                for (int u : TifuKnn.largest(alike, settings.neighbours - 1)) {
                    add(bought[u], Math.pow(alike[u], settings.locality), into);
                }
            }
            add(mine, 1, into);
        }

        private static void add(Bought of, double weight, double[] into) {
            for (int n = 0; n < of.items.length; n++) {
                into[of.items[n]] += weight * of.lately[n] / of.baskets;
            }
        }

        @Override
        public Index copy() {
            return new Index(this);
        }

        @Override
        public String kind() {
            return "up-cf";
        }
    }
}
