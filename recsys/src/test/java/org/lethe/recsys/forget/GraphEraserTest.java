package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Ledger;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.LightGcn;

class GraphEraserTest {
    private static int[] all(Interactions train) {
        return IntStream.range(0, train.users()).toArray();
    }

    @Test
    void separateBlocksBecomeShards() {
        for (long seed = 1; seed <= 5; seed++) {
            Interactions train = Blocks.split(90, 60, 3, seed).train();
            int[] shardOf =
                    new GraphEraser(3, GraphEraser.By.BLPA, false).propagated(train, all(train), 33, Env.seeded(seed));
            int alike = 0;
            for (int s = 0; s < 3; s++) {
                int shard = s;
                int[] counts = new int[3];
                IntStream.range(0, 90).filter(u -> shardOf[u] == shard).forEach(u -> counts[u % 3]++);
                assertTrue(Arrays.stream(counts).sum() <= 33, "capacity");
                alike += Arrays.stream(counts).max().orElseThrow();
            }
            assertTrue(alike >= 75, "seed " + seed + ": " + alike + " of 90 stand with their own");
        }
    }

    @Test
    void capacityIsNeverExceededAndThreadsDoNotMatter() {
        for (long seed = 1; seed <= 20; seed++) {
            Interactions train = Samples.interactions(50, 30, 0.2, seed);
            GraphEraser eraser = new GraphEraser(4, GraphEraser.By.BLPA, false);
            int[] shardOf = eraser.propagated(train, all(train), 13, Env.seeded(seed));
            int[] sizes = new int[4];
            Arrays.stream(shardOf).forEach(s -> sizes[s]++);
            assertTrue(Arrays.stream(sizes).max().orElseThrow() <= 13);
            assertArrayEquals(
                    shardOf,
                    eraser.propagated(train, all(train), 13, Env.seeded(seed).with(Samples.backwards())));
        }
    }

    @Test
    void copiesOfItemsAreCounted() {
        Split data = Blocks.split(40, 25, 3, 3);
        Env env = Env.seeded(3).with(new Ledger());
        Partition partition = new GraphEraser(3, GraphEraser.By.BLPA, false).partition(data, env);
        Set<Integer> nodes = new HashSet<>();
        for (int s = 0; s < 3; s++) {
            for (int item : partition.part(s, data).train().columns()) {
                nodes.add(s * 25 + item);
            }
        }
        long items = Arrays.stream(data.train().columns()).distinct().count();
        assertEquals(nodes.size() - items, env.ledger().cost().count("item-copies"));
    }

    @Test
    void weightsOfShardsAreOfASimplex() {
        Split data = Blocks.split(40, 25, 3, 3);
        Env env = Env.seeded(3);
        GraphEraser eraser = new GraphEraser(3, GraphEraser.By.BLPA, false);
        LightGcn graph = new LightGcn().withDims(8).withEpochs(3);
        Sharded model = (Sharded) eraser.learn(graph, data, env);
        double[] weights = new Combiner(model, graph.loss(), data.train(), env).fit(0, data.users());
        assertEquals(1, Arrays.stream(weights).sum(), 1e-12);
        assertTrue(Arrays.stream(weights).allMatch(w -> w >= 0));
        Embeddings served = (Embeddings) model.served();
        for (int i = 0; i < 25; i++) { // the served items are the weighted sum of the shards'
            for (int d = 0; d < 8; d++) {
                double sum = 0;
                for (int s = 0; s < 3; s++) {
                    sum += weights[s] * model.shards().get(s).tables().itemRows()[i * 8 + d];
                }
                assertEquals(sum, served.itemRows()[i * 8 + d], 1e-6);
            }
        }
    }
}
