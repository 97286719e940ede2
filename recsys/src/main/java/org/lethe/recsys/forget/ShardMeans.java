package org.lethe.recsys.forget;

import java.util.stream.IntStream;

/** What shards come to on average. */
final class ShardMeans {
    private ShardMeans() {}

    /** The mean of the values of each shard's users, for the shards that have any; {@code values} are parallel to users. */
    static double[] of(Sharded sharded, int[] users, double[] values) {
        int shards = sharded.shards().size();
        double[] sum = new double[shards];
        int[] count = new int[shards];
        for (int n = 0; n < users.length; n++) {
            int s = sharded.shardOf(users[n]);
            sum[s] += values[n];
            count[s]++;
        }
        return IntStream.range(0, shards)
                .filter(s -> count[s] > 0)
                .mapToDouble(s -> sum[s] / count[s])
                .toArray();
    }
}
