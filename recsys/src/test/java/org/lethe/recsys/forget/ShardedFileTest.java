package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Dmf;
import org.lethe.recsys.backbone.MultVae;
import org.lethe.recsys.backbone.NeuMf;

class ShardedFileTest {
    private static final EmbeddingLearner LEARNER = new Bpr()
            .withDims(8)
            .withEpochs(4)
            .withBatch(64)
            .withLearningRate(1e-2)
            .withInitialSd(0.1)
            .withPatience(2);
    private static final NeuMf NEUMF = new NeuMf()
            .withDims(4)
            .withLayers(List.of(8, 4))
            .withNegatives(2)
            .withEpochs(2)
            .withBatch(64)
            .withLearningRate(1e-2)
            .withInitialSd(0.1)
            .withPatience(9);
    private static final MultVae MULTVAE = new MultVae()
            .withLatent(4)
            .withHidden(8)
            .withDropout(0.3)
            .withAnnealSteps(20)
            .withEpochs(2)
            .withBatch(10)
            .withLearningRate(1e-2)
            .withPatience(9);
    private static final Split DATA = Blocks.split(40, 25, 3, 1);
    private static final Env ENV = Env.seeded(1);

    @TempDir
    Path folder;

    @Test
    void aModelReadBackServesAndForgetsAsTheOneWritten() throws IOException {
        for (Sisa method : List.of(new Sisa(4, 1), new Sisa(3, 3), new Sisa(3, 2, Sharded.Aggregate.OWN))) {
            roundTrip(method, LEARNER);
        }
    }

    @Test
    void shardsThatAreNetworksAreKeptWithTheirWeights() throws IOException {
        for (UserLearner learner : List.of(NEUMF, MULTVAE)) {
            roundTrip(new Sisa(4, 1), learner);
            roundTrip(new Sisa(3, 1, Sharded.Aggregate.OWN), learner);
            roundTrip(new UltraRe(3, 5, Combiner.Kind.USER, false), learner);
        }
        roundTrip(
                new Sisa(3, 1),
                new Dmf()
                        .withDims(8)
                        .withLayers(List.of(8, 6))
                        .withEpochs(2)
                        .withBatch(64)
                        .withLearningRate(1e-2)
                        .withInitialSd(0.1)
                        .withPatience(9));
    }

    @Test
    void everyKindOfPartitionIsKept() throws IOException {
        for (RecEraser.By by : RecEraser.By.values()) {
            Sharded learned = (Sharded) new RecEraser().learn(LEARNER, DATA, ENV);
            Partition partition = new RecEraser(3, by)
                    .withClusterIterations(5)
                    .withAttentionEpochs(2)
                    .withAttentionBatches(3)
                    .partition(new Embeddings(1, rows(DATA.users(), 1), rows(DATA.items(), 1)), DATA, ENV);
            List<Sharded.Shard> shards = Sharded.train(
                    new int[] {0, 1, 2},
                    List.of(),
                    s -> Sharded.Job.whole(partition.members(s, DATA), partition.part(s, DATA)),
                    LEARNER,
                    ENV);
            Sharded model = new Sharded(learned.maker(), partition, shards, DATA, Sharded::local);
            Path file = folder.resolve(by + ".safetensors");
            ShardedFile.save(model, file, Map.of());
            Sharded read = ShardedFile.load(file, learned.maker());
            same(model, read);
            for (int s = 0; s < 3; s++) {
                assertEquals(
                        partition.part(s, DATA).train(),
                        read.partition().part(s, DATA).train());
            }
        }
    }

    private static float[] rows(int count, int dims) {
        float[] rows = new float[count * dims];
        for (int n = 0; n < rows.length; n++) {
            rows[n] = (float) Math.sin(n);
        }
        return rows;
    }

    private void roundTrip(Method<Split, Recommender> method, Learner<Split, Recommender> learner) throws IOException {
        Recommender model = method.learn(learner, DATA, ENV);
        ForgetRequest request = ForgetUsers.listed("4", "9");
        Path file = folder.resolve("model.safetensors");
        new Recsys().save(model, Map.of("digest", "abc"), file);
        Sharded read = ShardedFile.load(file, method);
        same(model, read);
        same(method.fulfil(model, request, learner, DATA, ENV), method.fulfil(read, request, learner, DATA, ENV));
        if (((Sharded) model).served() instanceof Embeddings served) {
            assertArrayEquals(served.itemRows(), Embeddings.load(file).itemRows());
        }
    }

    private static void same(Recommender one, Recommender other) {
        float[] a = new float[one.items()];
        float[] b = new float[other.items()];
        for (int u = 0; u < one.users(); u++) {
            one.scores(u, a);
            other.scores(u, b);
            assertArrayEquals(a, b);
        }
        Sharded x = (Sharded) one;
        Sharded y = (Sharded) other;
        for (int s = 0; s < x.shards().size(); s++) {
            assertArrayEquals(x.shards().get(s).users(), y.shards().get(s).users());
            assertEquals(
                    x.shards().get(s).stages().size(),
                    y.shards().get(s).stages().size());
            for (int r = 0; r < x.shards().get(s).stages().size(); r++) {
                assertTrue(Arrays.deepEquals(
                        x.shards().get(s).stages().get(r).userState(),
                        y.shards().get(s).stages().get(r).userState()));
            }
        }
    }

    @Test
    void anotherMethodsFileIsRefusedWithBothNames() throws IOException {
        Path file = folder.resolve("model.safetensors");
        new Recsys().save(new Sisa(4, 1).learn(LEARNER, DATA, ENV), Map.of(), file);
        LetheException e = assertThrows(LetheException.class, () -> ShardedFile.load(file, new Sisa(5, 1)));
        assertTrue(e.getMessage().contains("shards: 4") && e.getMessage().contains("shards: 5"), e.getMessage());
    }

    @Test
    void damagedFilesAreRefusedOrReadAsModels() throws IOException {
        damaged(new Sisa(2, 2), LEARNER);
        damaged(new Sisa(2, 1), NEUMF);
        damaged(new UltraRe(2, 5, Combiner.Kind.USER, false), MULTVAE);
    }

    private void damaged(Method<Split, Recommender> method, Learner<Split, Recommender> learner) throws IOException {
        Path file = folder.resolve("model.safetensors");
        new Recsys().save(method.learn(learner, DATA, ENV), Map.of(), file);
        byte[] whole = Files.readAllBytes(file);
        SplittableRandom random = new SplittableRandom(5);
        for (int n = 0; n < 300; n++) {
            byte[] damaged = whole.clone();
            if (n % 3 == 0) {
                damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length));
            } else {
                damaged[random.nextInt(n % 3 == 1 ? 4_000 : damaged.length)] = (byte) random.nextInt();
            }
            Files.write(file, damaged);
            try {
                assertEquals(40, ShardedFile.load(file, method).users());
            } catch (LetheException e) {
                assertTrue(e.getMessage().contains("model.safetensors"), e.getMessage());
            }
        }
    }
}
