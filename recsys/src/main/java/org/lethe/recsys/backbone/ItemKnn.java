package org.lethe.recsys.backbone;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Storable;

/**
 * Item-based neighbourhoods by cosine (Deshpande and Karypis 2004, section 4).
 *
 * <p>Keeps how many users took each item, {@code c_i}, and each pair of items, {@code C_ij}, as whole numbers. The similarity
 * of two items is {@code C_ij / √(c_i c_j)}, and the score of item i for a user is the sum over the user's items j that have i
 * among their k most similar items, ties to the smaller number.
 *
 * <p>There is no training. The lists of neighbours are made when they are asked for, from whole counts: a stored list that was
 * cut at k could not be filled again when a user leaves. A user leaves the model again by the method {@code decrement}. Cost:
 * {@code O(Σ_u degree²)} to build, the pairs of items that ever met in memory.
 *
 * @param neighbours number k of similar items
 */
@Named("item-knn")
public record ItemKnn(int neighbours) implements Learner<Split, Recommender> {
    public ItemKnn {
        Check.require(neighbours >= 1, "neighbours", neighbours, "at least 1");
    }

    /** 100 neighbours. */
    public ItemKnn() {
        this(100);
    }

    public ItemKnn withNeighbours(int neighbours) {
        return Components.with(this, "neighbours", neighbours);
    }

    @Override
    public Model train(Split data, Env env) {
        env.ledger().count("interactions-trained", data.train().size());
        return built(neighbours, data.train(), env.workers());
    }

    private static Model built(int neighbours, Interactions lists, Workers workers) {
        int items = lists.items();
        int[] none = new int[items];
        int[][] partners = new int[items][0];
        int[][] together = new int[items][0];
        Interactions empty = lists.where((_, _) -> false);
        int[] everybody = IntStream.range(0, lists.users()).toArray();
        return new Model(neighbours, empty, none, partners, together).with(lists, everybody, workers);
    }

    @Override
    public Estimate estimate(Split data) {
        double pairs = 0;
        for (int u = 0; u < data.users(); u++) {
            pairs += (double) data.train().degree(u) * data.train().degree(u);
        }
        double kept = Math.min(pairs, (double) data.items() * data.items());
        return new Estimate(0.05 + 2e-9 * pairs, (long) (2 * Integer.BYTES * kept));
    }

    /** Whole counts of items and pairs, and the users' lists. Immutable but for lists of neighbours made on first use. */
    public static final class Model implements Storable {
        private final int neighbours;
        private final Interactions lists;
        private final int[] counts; // c_i
        private final int[][] partners; // of item i, ascending: the items j with C_ij above 0
        private final int[][] together; // C_ij, parallel to partners
        private final AtomicReferenceArray<@Nullable Near> near;

        /** The most similar items of one, ascending by number, and their similarities. */
        private record Near(int[] items, double[] cosines) {}

        Model(int neighbours, Interactions lists, int[] counts, int[][] partners, int[][] together) {
            this.neighbours = neighbours;
            this.lists = StoredLists.bare(lists);
            this.counts = counts;
            this.partners = partners;
            this.together = together;
            near = new AtomicReferenceArray<>(counts.length);
        }

        /** The interactions that are counted. */
        public Interactions lists() {
            return lists;
        }

        /**
         * The counts of other lists of some users. Rows of items that these users had or have are made again, all others
         * are shared.
         *
         * @param now the lists of all users; those of users other than {@code changed} are as they are here
         */
        public Model with(Interactions now, int[] changed, Workers workers) {
            Interactions had = lists.onlyUsers(changed);
            Interactions have = now.onlyUsers(changed);
            Interactions lost = had.where((u, i) -> !have.contains(u, i));
            Interactions gained = have.where((u, i) -> !had.contains(u, i));
            int[] touched = IntStream.concat(Arrays.stream(had.columns()), Arrays.stream(have.columns()))
                    .distinct()
                    .sorted()
                    .toArray();
            int[] nextCounts = counts.clone();
            int[][] nextPartners = partners.clone();
            int[][] nextTogether = together.clone();
            workers.each(touched.length, t -> {
                int item = touched[t];
                int[] change = new int[counts.length];
                for (int user : usersOf(had, item)) {
                    if (lost.contains(user, item)) {
                        add(had, user, -1, change);
                    } else {
                        add(lost, user, -1, change);
                        add(gained, user, 1, change);
                    }
                }
                for (int user : usersOf(gained, item)) {
                    add(have, user, 1, change);
                }
                nextCounts[item] = counts[item] + usersOf(gained, item).length - usersOf(lost, item).length;
                change[item] = 0; // not its own partner
                merge(item, change, nextPartners, nextTogether);
            });
            return new Model(neighbours, now, nextCounts, nextPartners, nextTogether);
        }

        private static int[] usersOf(Interactions some, int item) {
            Interactions.ByItem byItem = some.byItem();
            return Arrays.copyOfRange(byItem.users(), byItem.starts()[item], byItem.starts()[item + 1]);
        }

        private static void add(Interactions some, int user, int sign, int[] change) {
            for (int k = some.from(user); k < some.to(user); k++) {
                change[some.item(k)] += sign;
            }
        }

        private void merge(int item, int[] change, int[][] nextPartners, int[][] nextTogether) {
            int[] old = partners[item];
            for (int n = 0; n < old.length; n++) {
                change[old[n]] += together[item][n];
            }
            int size = 0;
            for (int count : change) {
                size += count > 0 ? 1 : 0;
            }
            int[] who = new int[size];
            int[] often = new int[size];
            int at = 0;
            for (int j = 0; j < change.length; j++) {
                if (change[j] > 0) {
                    who[at] = j;
                    often[at++] = change[j];
                }
            }
            nextPartners[item] = who;
            nextTogether[item] = often;
        }

        /** Whether another model has the same lists and the same counts. */
        public boolean sameState(Model other) {
            return neighbours == other.neighbours
                    && lists.equals(other.lists)
                    && Arrays.equals(counts, other.counts)
                    && Arrays.deepEquals(partners, other.partners)
                    && Arrays.deepEquals(together, other.together);
        }

        /** The items whose counts, or whose pairs' counts, are other objects than in another model. */
        @SuppressWarnings("ReferenceEquality") // shared rows are the same objects
        int[] unshared(Model other) {
            return IntStream.range(0, counts.length)
                    .filter(i -> partners[i] != other.partners[i])
                    .toArray();
        }

        private Near near(int item) {
            Near known = near.get(item);
            if (known == null) {
                known = nearest(item);
                near.set(item, known);
            }
            return known;
        }

        private Near nearest(int item) {
            int[] all = partners[item];
            double[] cosines = new double[all.length];
            for (int n = 0; n < all.length; n++) {
                cosines[n] = together[item][n] / Math.sqrt((double) counts[item] * counts[all[n]]);
            }
            if (all.length <= neighbours) {
                return new Near(all, cosines);
            }
            double[] sorted = cosines.clone();
            Arrays.sort(sorted);
            double last = sorted[sorted.length - neighbours];
            int room = neighbours; // for those that equal the last one, the smaller numbers first
            for (double cosine : cosines) {
                room -= cosine > last ? 1 : 0;
            }
            int[] items = new int[neighbours];
            double[] of = new double[neighbours];
            int size = 0;
            for (int n = 0; n < all.length; n++) {
                if (cosines[n] > last || cosines[n] == last && room-- > 0) {
                    items[size] = all[n];
                    of[size++] = cosines[n];
                }
            }
            return new Near(items, of);
        }

        @Override
        public int users() {
            return lists.users();
        }

        @Override
        public int items() {
            return lists.items();
        }

        @Override
        public float score(int user, int item) {
            double sum = 0;
            for (int k = lists.from(user); k < lists.to(user); k++) {
                Near of = near(lists.item(k));
                int at = Arrays.binarySearch(of.items, item);
                sum += at < 0 ? 0 : of.cosines[at];
            }
            return (float) sum;
        }

        @Override
        public void scores(int user, float[] into) {
            double[] sums = new double[items()];
            for (int k = lists.from(user); k < lists.to(user); k++) {
                Near of = near(lists.item(k));
                for (int n = 0; n < of.items.length; n++) {
                    sums[of.items[n]] += of.cosines[n];
                }
            }
            for (int i = 0; i < sums.length; i++) {
                into[i] = (float) sums[i];
            }
        }

        @Override
        public String kind() {
            return "item-knn";
        }

        /** The lists alone, since the counts follow from them. */
        @Override
        public Map<String, Safetensors.Tensor> tensors() {
            Map<String, Safetensors.Tensor> tensors = new TreeMap<>();
            StoredLists.put(tensors, lists);
            StoredLists.put(tensors, "neighbours", neighbours);
            return tensors;
        }

        static Model read(Safetensors read, Path file, String prefix) {
            int neighbours = StoredLists.number(read, file, prefix + "neighbours", 1, Integer.MAX_VALUE);
            return built(neighbours, StoredLists.read(read, file, prefix), Workers.here());
        }
    }
}
