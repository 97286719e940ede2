package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

/** The assignment of users, items or single interactions to shards. */
public sealed interface Partition {
    /** Number of shards. */
    int shards();

    /** The users of a shard, ascending: the position of a user here is its row in the shard's tables. */
    int[] members(int shard, Split data);

    /** A shard's data, its users renumbered in the order of {@link #members}. */
    Split part(int shard, Split data);

    /** The shards whose data a request changes, ascending. */
    int[] touched(ForgetRequest.Forgotten forgotten, Split data);

    /** A shard's remaining data after a request. */
    default Split remaining(int shard, ForgetRequest.Forgotten forgotten) {
        return part(shard, forgotten.remaining());
    }

    /**
     * The own shard of each user: the one with most of its training interactions, or the first of several.
     */
    int[] own(Split data);

    /**
     * Every user is in one shard with all its interactions.
     *
     * @param shardOf the shard of each user
     * @param members the users of each shard, ascending
     */
    record ByUser(int[] shardOf, int[][] members) implements Partition {
        /** From the shard of each user. */
        static ByUser of(int[] shardOf, int shards) {
            int[][] members = new int[shards][];
            for (int s = 0; s < shards; s++) {
                int shard = s;
                members[s] = IntStream.range(0, shardOf.length)
                        .filter(u -> shardOf[u] == shard)
                        .toArray();
            }
            return new ByUser(shardOf, members);
        }

        /**
         * Users in the order of their keyed numbers, dealt out in turn. Sizes differ by at most one. The assignment
         * depends on the seed and on the set of users, never on their interactions.
         */
        static ByUser dealt(Interactions users, int shards, Keyed random) {
            return of(deal(users, IntStream.range(0, users.users()).toArray(), shards, random), shards);
        }

        /** The place, in 0 … parts−1, of each of some users, dealt out in the order of their keyed numbers. */
        static int[] deal(Interactions users, int[] chosen, int parts, Keyed random) {
            record Draw(long number, int index) {}
            Draw[] order = new Draw[chosen.length];
            for (int n = 0; n < order.length; n++) {
                order[n] = new Draw(random.at(users.userKey(chosen[n])), n);
            }
            Arrays.sort(
                    order,
                    (a, b) -> a.number != b.number
                            ? Long.compare(a.number, b.number)
                            : Integer.compare(a.index, b.index));
            int[] place = new int[chosen.length];
            for (int rank = 0; rank < order.length; rank++) {
                place[order[rank].index] = rank % parts;
            }
            return place;
        }

        @Override
        public int shards() {
            return members.length;
        }

        @Override
        public int[] members(int shard, Split data) {
            return members[shard];
        }

        @Override
        public Split part(int shard, Split data) {
            return data.each(p -> p.ofUsers(members[shard]));
        }

        @Override
        public Split remaining(int shard, ForgetRequest.Forgotten forgotten) {
            return forgotten.remainingOf(members[shard]);
        }

        @Override
        public int[] touched(ForgetRequest.Forgotten forgotten, Split data) {
            return Arrays.stream(forgotten.touchedUsers())
                    .map(u -> shardOf[u])
                    .sorted()
                    .distinct()
                    .toArray();
        }

        @Override
        public int[] own(Split data) {
            return shardOf;
        }
    }

    /**
     * Every item is in one shard with all its interactions; a user is in each shard that has one of its items. The user's
     * validation part stays in its own shard.
     *
     * @param shardOf the shard of each item
     * @param shards number of shards
     */
    record ByItem(int[] shardOf, int shards) implements Partition {
        @Override
        public int[] members(int shard, Split data) {
            return Partition.present(data.train(), (u, i) -> shardOf[i] == shard);
        }

        @Override
        public Split part(int shard, Split data) {
            return Partition.part(this, shard, data, (u, i) -> shardOf[i] == shard);
        }

        @Override
        public int[] touched(ForgetRequest.Forgotten forgotten, Split data) {
            return Partition.changed(this, forgotten, data);
        }

        @Override
        public int[] own(Split data) {
            return Partition.most(data.train(), shards, (u, i) -> shardOf[i]);
        }
    }

    /**
     * Every training interaction is in one shard; a user is in each shard that has one of its interactions. The user's
     * validation part stays in its own shard.
     *
     * @param of the training interactions that were partitioned
     * @param shardOf the shard of each, in their order
     * @param shards number of shards
     */
    record ByPair(Interactions of, int[] shardOf, int shards) implements Partition {
        private int shard(int user, int item) {
            int at = Arrays.binarySearch(of.columns(), of.from(user), of.to(user), item);
            return at < 0 ? -1 : shardOf[at];
        }

        @Override
        public int[] members(int shard, Split data) {
            return Partition.present(data.train(), (u, i) -> shard(u, i) == shard);
        }

        @Override
        public Split part(int shard, Split data) {
            return Partition.part(this, shard, data, (u, i) -> shard(u, i) == shard);
        }

        @Override
        public int[] touched(ForgetRequest.Forgotten forgotten, Split data) {
            return Partition.changed(this, forgotten, data);
        }

        @Override
        public int[] own(Split data) {
            return Partition.most(data.train(), shards, this::shard);
        }
    }

    /** The shard of a pair. */
    @FunctionalInterface
    interface PairShard {
        /** The shard of one pair. */
        int of(int user, int item);
    }

    private static int[] present(Interactions train, Interactions.PairPredicate in) {
        return IntStream.range(0, train.users())
                .filter(u -> {
                    for (int k = train.from(u); k < train.to(u); k++) {
                        if (in.test(u, train.item(k))) {
                            return true;
                        }
                    }
                    return false;
                })
                .toArray();
    }

    private static Split part(Partition partition, int shard, Split data, Interactions.PairPredicate in) {
        int[] members = partition.members(shard, data);
        int[] own = partition.own(data);
        return new Split(
                data.train().where(in).ofUsers(members),
                data.validation().where((u, i) -> own[u] == shard).ofUsers(members),
                data.test().ofUsers(members));
    }

    /** Compares each shard's data before and after; test parts do not count, as no model sees them. */
    private static int[] changed(Partition partition, ForgetRequest.Forgotten forgotten, Split data) {
        return IntStream.range(0, partition.shards())
                .filter(s -> {
                    Split before = partition.part(s, data);
                    Split after = partition.remaining(s, forgotten);
                    return !before.train().equals(after.train())
                            || !before.validation().equals(after.validation());
                })
                .toArray();
    }

    private static int[] most(Interactions train, int shards, PairShard shard) {
        int[] own = new int[train.users()];
        int[] counts = new int[shards];
        for (int u = 0; u < own.length; u++) {
            Arrays.fill(counts, 0);
            for (int k = train.from(u); k < train.to(u); k++) {
                counts[shard.of(u, train.item(k))]++;
            }
            for (int s = 1; s < shards; s++) {
                if (counts[s] > counts[own[u]]) {
                    own[u] = s;
                }
            }
        }
        return own;
    }
}
