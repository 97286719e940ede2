package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Ledger;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.ImplicitAls;

class LaserTest {
    private static final EmbeddingLearner LEARNER = new Bpr()
            .withDims(8)
            .withEpochs(4)
            .withBatch(64)
            .withLearningRate(1e-2)
            .withInitialSd(0.1)
            .withPatience(2);

    @Test
    void aRequestReplaysItsGroupAndTheLaterOnesAndKeepsTheEarlierObjects() {
        Split data = Blocks.split(60, 25, 3, 3);
        Laser laser = new Laser(4, Laser.Grouping.COLLABORATIVE);
        assertEquals(Exactness.EXACT_GIVEN_PARTITION, laser.exactness());
        Sharded before = (Sharded) laser.learn(LEARNER, data, Env.seeded(3));
        boolean[] seen = new boolean[4];
        for (int user = 0; user < 20; user++) {
            Env env = Env.seeded(3).with(new Ledger());
            ForgetRequest request = ForgetUsers.listed("" + user);
            Sharded after = (Sharded) laser.fulfil(before, request, LEARNER, data, env);
            int own = before.shardOf(user);
            seen[own] = true;
            assertEquals(4 - own, env.ledger().cost().count("shards-touched"));
            for (int g = 0; g < 4; g++) {
                if (g < own) {
                    assertSame(before.shards().get(g), after.shards().get(g));
                } else {
                    assertNotSame(before.shards().get(g), after.shards().get(g));
                }
            }
        }
        assertArrayEquals(new boolean[] {true, true, true, true}, seen);
    }

    @Test
    void aReplayFromTheFirstGroupIsLearningInTheSameGroupsAndOrder() {
        Split data = Blocks.split(40, 25, 3, 5);
        Env env = Env.seeded(5);
        Laser random = new Laser(4, Laser.Grouping.RANDOM);
        Sharded before = (Sharded) random.learn(LEARNER, data, env);
        int user = IntStream.range(0, 40)
                .filter(u -> before.shardOf(u) == 0)
                .findFirst()
                .orElseThrow();
        ForgetRequest request = ForgetUsers.listed("" + user);
        Sharded after = (Sharded) random.fulfil(before, request, LEARNER, data, env);
        Sharded never = (Sharded) random.learn(LEARNER, request.resolve(data).remaining(), env);
        for (int g = 0; g < 4; g++) {
            assertArrayEquals(
                    never.shards().get(g).tables().itemRows(),
                    after.shards().get(g).tables().itemRows());
        }
    }

    @Test
    void oneGroupIsPlainTraining() {
        Split data = Blocks.split(40, 25, 3, 5);
        Env env = Env.seeded(5);
        Embeddings plain = LEARNER.train(data, env);
        for (Laser.Grouping grouping : Laser.Grouping.values()) {
            Embeddings one = (Embeddings) ((Sharded) new Laser(1, grouping).learn(LEARNER, data, env)).served();
            assertArrayEquals(plain.userRows(), one.userRows());
            assertArrayEquals(plain.itemRows(), one.itemRows());
        }
    }

    @Test
    void usersOfOneTasteAreOneGroupAndGroupsAreBalanced() {
        Split data = Blocks.split(90, 60, 3, 5);
        Partition.ByUser groups = new Laser(3, Laser.Grouping.COLLABORATIVE).grouped(data.train(), Env.seeded(5));
        int alike = 0;
        for (int[] members : groups.members()) {
            assertTrue(members.length <= 33, "capacity");
            int[] counts = new int[3];
            Arrays.stream(members).forEach(u -> counts[u % 3]++);
            alike += Arrays.stream(counts).max().orElseThrow();
        }
        assertTrue(alike >= 81, alike + " of 90 stand with their own");
    }

    @Test
    void modelsThatAreSolvedAreRefused() {
        assertEquals(
                "laser trains one group after another, and als solves all items afresh from the last group alone",
                new Laser().unsuited(new ForgetUsers(), new ImplicitAls()).orElseThrow());
    }
}
