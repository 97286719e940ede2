package org.lethe.recsys.balance;

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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Safetensors.Tensor;
import org.lethe.Workers;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Samples;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.MultVae;
import org.lethe.recsys.backbone.NeuMf;
import org.lethe.recsys.data.Planted;

class RerankedTest {
    private static final Split DATA = new Planted(60, 40, 10, 3).load(new DataFolders(List.of()));
    private static final Recsys RECSYS = new Recsys();

    @TempDir
    Path folder;

    private static float[] scores(Recommender model) {
        float[] scores = new float[model.users() * model.items()];
        model.scores(IntStream.range(0, model.users()).toArray(), scores);
        return scores;
    }

    private static int[] order(Recommender model, int user) {
        Interactions none = Interactions.of(model.users(), model.items(), new int[0], new int[0]);
        return Ranking.top(model, none, new int[] {user}, model.items(), Workers.here())[0];
    }

    /** One user with these scores. */
    private static Embeddings scored(float... scores) {
        return new Embeddings(1, new float[] {1}, scores);
    }

    private static Reranked first(Recommender model, int... items) {
        return Reranked.of(model, new int[] {0}, new int[][] {items}, Workers.here());
    }

    @Test
    void chosenItemsAreOneAboveTheBest() {
        Reranked model = first(scored(4, 3, 2, 1, 0), 4, 2);
        assertArrayEquals(new float[] {4, 3, 7, 1, 5}, scores(model));
        assertArrayEquals(new int[] {2, 4}, model.chosen(0));
        assertEquals(5, model.score(0, 4));
        assertEquals(3, model.score(0, 1));
        float[] row = new float[5];
        model.scores(0, row);
        assertArrayEquals(scores(model), row);
    }

    @Test
    void roundingNeverSwapsWhatTheBaseTellsApart() {
        float[] close = {1e9f, 3e-9f, 2e-9f, 1e-9f, 2e-9f, -1e9f};
        assertArrayEquals(new int[] {1, 2, 4, 3, 0, 5}, order(first(scored(close), 3, 1, 4, 2), 0));
        assertArrayEquals(new int[] {1, 5, 0, 2, 4, 3}, order(first(scored(close), 5, 1), 0));
    }

    @Test
    void scoresThatLeaveTheFloatsAreRefused() {
        LetheException e = assertThrows(LetheException.class, () -> first(scored(Float.MAX_VALUE, -1e38f, 0), 1));
        assertEquals(LetheException.Code.NUMERIC, e.code());
        assertThrows(LetheException.class, () -> first(scored(1, Float.NEGATIVE_INFINITY), 1));
        assertThrows(LetheException.class, () -> first(scored(1, Float.NaN, 2), 0));
    }

    @Test
    void anEarlierReRankingFollowsTheLaterOne() {
        Reranked once = first(scored(4, 3, 2, 1, 0), 4, 3);
        Reranked twice = first(once, 2, 3);
        assertArrayEquals(new int[] {3, 2, 4, 0, 1}, order(twice, 0));
        assertTrue(twice.base() instanceof Embeddings);
    }

    @Test
    void usersWithoutChosenItemsKeepTheirBits() {
        Embeddings base = Samples.embeddings(5, 30, 4, 1);
        Reranked model = Reranked.of(base, new int[] {1, 3}, new int[][] {{0, 29}, {7}}, Samples.backwards());
        for (int u : new int[] {0, 2, 4}) {
            assertArrayEquals(
                    Arrays.copyOfRange(scores(base), u * 30, u * 30 + 30),
                    Arrays.copyOfRange(scores(model), u * 30, u * 30 + 30));
        }
        assertEquals(7, order(model, 3)[0]);
    }

    @Test
    void aModelReadBackHasTheSameBits() throws IOException {
        for (Learner<Split, Recommender> learner : List.<Learner<Split, Recommender>>of(
                new Bpr().withDims(8).withEpochs(2),
                new NeuMf().withDims(4).withLayers(List.of(8, 4)).withEpochs(2),
                new MultVae().withLatent(4).withHidden(8).withEpochs(2))) {
            Recommender base = learner.train(DATA, Env.seeded(1));
            Recommender model = new Ufr(5, 0, 40, Ufr.Labels.ORACLE)
                    .fulfil(base, new Balance("activity", List.of(), 0.2), learner, DATA, Env.seeded(1));
            assertTrue(model instanceof Reranked, learner.toString());
            Path file = folder.resolve("model.safetensors");
            RECSYS.save(model, Map.of("digest", "abc"), file);
            Reranked read = (Reranked) RECSYS.load(file);
            assertArrayEquals(scores(model), scores(read));
            Path again = folder.resolve("again.safetensors");
            RECSYS.save(read, Map.of("digest", "abc"), again);
            assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(again));
        }
    }

    @Test
    void aDamagedFileIsRefusedByName() throws IOException {
        Path file = folder.resolve("damaged.safetensors");
        RECSYS.save(
                Reranked.of(
                        Samples.embeddings(6, 9, 3, 1), new int[] {1, 4}, new int[][] {{3, 8}, {2}}, Workers.here()),
                Map.of(),
                file);
        byte[] whole = Files.readAllBytes(file);
        SplittableRandom random = new SplittableRandom(7);
        for (int n = 0; n < 300; n++) {
            byte[] damaged = n % 3 == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            if (n % 3 != 0) {
                damaged[random.nextInt(whole.length)] = (byte) random.nextInt();
            }
            Files.write(file, damaged);
            try {
                assertEquals(6 * 9, scores(RECSYS.load(file)).length);
            } catch (LetheException e) {
                assertTrue(e.getMessage().contains("damaged.safetensors"), e.getMessage());
            }
        }
    }

    @Test
    void listsThatCannotBeAreRefused() throws IOException {
        refused("has lists from 0 to 2, expected 0 to 3", new long[] {0, 1, 2}, new long[] {0, 1, 2}, 1, 2, 3);
        refused("tensor \"starts\" has 4, expected 0 up to 3", new long[] {0, 4, 3}, new long[] {0, 1, 2}, 1, 2, 3);
        refused("tensor \"items\" has 3, expected 0 up to 2", new long[] {0, 0, 1}, new long[] {3}, 1);
        refused("expected ascending items", new long[] {0, 2, 2}, new long[] {1, 1}, 1, 2);
        refused("expected ascending items and finite scores", new long[] {0, 0, 1}, new long[] {1}, Float.NaN);
        refused("tensor \"scores\" has shape", new long[] {0, 0, 1}, new long[] {1}, 1, 2);
    }

    private void refused(String why, long[] starts, long[] items, float... scores) throws IOException {
        Path file = folder.resolve("other.safetensors");
        Safetensors.write(
                file,
                Map.of(
                        "base.users", Tensor.of(new float[4], 2, 2),
                        "base.items", Tensor.of(new float[6], 3, 2),
                        "starts", Tensor.of(starts, starts.length),
                        "items", Tensor.of(items, items.length),
                        "scores", Tensor.of(scores, scores.length)),
                Map.of("lethe.model", "reranked", "lethe.base", "embeddings"));
        LetheException e = assertThrows(LetheException.class, () -> RECSYS.load(file));
        assertTrue(e.getMessage().contains(why), e.getMessage());
    }
}
