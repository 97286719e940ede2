package org.lethe.recsys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.recsys.backbone.AlternatingLearner;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Dmf;
import org.lethe.recsys.backbone.Ease;
import org.lethe.recsys.backbone.ExplicitAls;
import org.lethe.recsys.backbone.FedMf;
import org.lethe.recsys.backbone.Gmf;
import org.lethe.recsys.backbone.ImplicitAls;
import org.lethe.recsys.backbone.ItemKnn;
import org.lethe.recsys.backbone.LightGcn;
import org.lethe.recsys.backbone.MultVae;
import org.lethe.recsys.backbone.NeuMf;
import org.lethe.recsys.backbone.Ngcf;
import org.lethe.recsys.backbone.Pmf;
import org.lethe.recsys.backbone.Vbpr;
import org.lethe.recsys.backbone.WholeDataWmf;
import org.lethe.recsys.backbone.Wmf;
import org.lethe.recsys.data.PlantedFeatures;
import org.lethe.recsys.forget.Apa;
import org.lethe.recsys.forget.CertifiedNewton;
import org.lethe.recsys.forget.Choice;
import org.lethe.recsys.forget.Combiner;
import org.lethe.recsys.forget.ForgetRequest;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.forget.GraphEraser;
import org.lethe.recsys.forget.Laser;
import org.lethe.recsys.forget.RecEraser;
import org.lethe.recsys.forget.Sharded;
import org.lethe.recsys.forget.Sisa;
import org.lethe.recsys.forget.UltraRe;

/** What {@link Recsys#save} writes, {@link Recsys#load} reads: the same scores, and the same bits after the next request. */
class RecsysTest {
    private static final Recsys RECSYS = new Recsys();
    private static final Split DATA = new PlantedFeatures(60, 40, 10, 4, 0.3, 3).load(new DataFolders(List.of()));
    private static final Env ENV = Env.seeded(1);

    @TempDir
    Path folder;

    /** Every learner of the catalogue, with a training of a moment. */
    static List<Learner<Split, Recommender>> learners() {
        return RECSYS.models().stream().map(RecsysTest::small).toList();
    }

    private static Learner<Split, Recommender> small(Learner<Split, Recommender> learner) {
        return switch (learner) {
            case Wmf wmf -> wmf.withDims(8).withEpochs(2);
            case Bpr bpr -> bpr.withDims(8).withEpochs(2);
            case LightGcn graph -> graph.withDims(8).withEpochs(2);
            case ImplicitAls als -> als.withDims(8).withEpochs(2);
            case ExplicitAls als -> als.withDims(8).withEpochs(2);
            case WholeDataWmf whole -> whole.withDims(8).withEpochs(2);
            case Gmf gmf -> gmf.withDims(8).withEpochs(2);
            case NeuMf neumf -> neumf.withDims(4).withLayers(List.of(8, 4)).withEpochs(2);
            case Pmf pmf -> pmf.withEpochs(2);
            case Dmf dmf -> dmf.withDims(8).withLayers(List.of(8, 6)).withEpochs(2);
            case Ngcf graph -> graph.withDims(8).withLayers(List.of(6)).withEpochs(2);
            case FedMf federated -> federated.withEpochs(3);
            case Ease ease -> ease.withLambda(5);
            case ItemKnn knn -> knn.withNeighbours(5);
            case Vbpr vbpr -> vbpr.withEpochs(2);
            case MultVae vae -> vae.withLatent(4).withHidden(8).withEpochs(2);
            default -> throw new IllegalArgumentException("no small training of " + Named.Of.name(learner));
        };
    }

    /** Every form of every method that learns in shards. */
    private static List<Method<Split, Recommender>> sharded() {
        List<Method<Split, Recommender>> methods = new ArrayList<>();
        for (Sharded.Aggregate aggregate : Sharded.Aggregate.values()) {
            methods.add(new Sisa(3, 1, aggregate));
            methods.add(new Sisa(3, 2, aggregate));
        }
        for (RecEraser.By by : RecEraser.By.values()) {
            for (RecEraser.Aggregate aggregate : RecEraser.Aggregate.values()) {
                methods.add(new RecEraser(3, by)
                        .withClusterIterations(5)
                        .withAggregate(aggregate)
                        .withAttentionEpochs(2)
                        .withAttentionBatches(3));
            }
        }
        for (Combiner.Kind kind : Combiner.Kind.values()) {
            methods.add(new UltraRe(3, 5, kind, false));
        }
        methods.add(new GraphEraser(3, GraphEraser.By.BLPA, false));
        methods.add(new Laser(3, Laser.Grouping.COLLABORATIVE));
        return methods;
    }

    private static boolean suited(Method<Split, Recommender> method, Learner<Split, Recommender> learner) {
        boolean layersAfterRows = learner instanceof NeuMf || learner instanceof MultVae;
        boolean attention = method instanceof RecEraser eraser && eraser.tablesOnly();
        return method.unsuited(new ForgetUsers(), learner).isEmpty() && !(layersAfterRows && attention);
    }

    @ParameterizedTest
    @MethodSource("learners")
    void aModelReadBackScoresAsTheOneWritten(Learner<Split, Recommender> learner) throws IOException {
        Recommender model = learner.train(DATA, ENV);
        assertArrayEquals(scores(model), scores(readBack(model)));
    }

    @ParameterizedTest
    @MethodSource("learners")
    void shardsReadBackScoreAndForgetAsThoseWritten(Learner<Split, Recommender> learner) throws IOException {
        ForgetRequest first = new ForgetUsers(Choice.RANDOM, 5);
        ForgetRequest second = new ForgetUsers(Choice.CORE, 5);
        Split left = first.resolve(DATA).remaining();
        int tried = 0;
        for (Method<Split, Recommender> method : sharded()) {
            if (!suited(method, learner)) {
                continue;
            }
            tried++;
            Recommender learned = method.learn(learner, DATA, ENV);
            Recommender read = readBack(learned);
            assertArrayEquals(scores(learned), scores(read), method::toString);
            Recommender once = method.fulfil(learned, first, learner, DATA, ENV);
            Recommender ofRead = method.fulfil(read, first, learner, DATA, ENV);
            assertArrayEquals(scores(once), scores(ofRead), method::toString);
            Recommender again = readBack(once);
            assertArrayEquals(scores(once), scores(again), method::toString);
            assertArrayEquals(
                    scores(method.fulfil(once, second, learner, left, ENV)),
                    scores(method.fulfil(again, second, learner, left, ENV)),
                    method::toString);
        }
        // 16 forms; slices and groups need training that resumes, and attention needs tables
        if (!embedded(learner)) {
            assertEquals(0, tried);
            return;
        }
        int networks = learner instanceof NeuMf || learner instanceof MultVae ? 3 : 0;
        int solved = learner instanceof AlternatingLearner ? 1 : 0; // no groups
        assertEquals(16 - networks - solved - (learner instanceof EmbeddingLearner ? 0 : 3), tried);
    }

    @Test
    void modelsThatMethodsMakeReadBackScoreAndForgetAsThoseWritten() throws IOException {
        Learner<Split, Recommender> learner = new Bpr().withDims(8).withEpochs(2);
        ForgetRequest request = new ForgetUsers(Choice.RANDOM, 5);
        for (Method<Split, Recommender> method :
                List.of(new CertifiedNewton(), new Apa(2, Apa.Merge.FACTORS), new Apa(2, Apa.Merge.PRODUCTS))) {
            Recommender learned = method.learn(learner, DATA, ENV);
            Recommender read = readBack(learned);
            assertArrayEquals(scores(learned), scores(read), method::toString);
            assertArrayEquals(
                    scores(method.fulfil(learned, request, learner, DATA, ENV)),
                    scores(method.fulfil(read, request, learner, DATA, ENV)),
                    method::toString);
            damaged(learned);
        }
    }

    private static boolean embedded(Learner<Split, Recommender> learner) {
        return learner instanceof EmbeddingLearner || learner instanceof UserLearner;
    }

    private Recommender readBack(Recommender model) throws IOException {
        Path file = folder.resolve("model.safetensors");
        RECSYS.save(model, Map.of("digest", "abc"), file);
        return RECSYS.load(file);
    }

    private static float[] scores(Recommender model) {
        float[] scores = new float[model.users() * model.items()];
        model.scores(IntStream.range(0, model.users()).toArray(), scores);
        return scores;
    }

    @Test
    void aFileThatIsNoModelIsRefusedByName() throws IOException {
        Map<String, Safetensors.Tensor> tables = new Embeddings(2, new float[6], new float[8]).tensors();
        for (String kind : List.of(
                "neumf",
                "multvae",
                "ease",
                "item-knn",
                "adapted",
                "certified-heads",
                "reranked",
                "sharded",
                "diffusion",
                "")) {
            refused(tables, Map.of("lethe.model", kind), "");
        }
        refused(
                tables,
                Map.of(),
                "holds a model of kind \"\", expected embeddings, neumf, multvae, vbpr, ease, item-knn or federated, or adapted, certified-heads, reranked,"
                        + " sharded or streamed");
        refused(
                tables,
                Map.of("lethe.model", "sharded", "lethe.method", "siza {shards: 3}"),
                "unknown method \"siza\"; did you mean \"sisa\"?");
        refused(
                tables,
                Map.of("lethe.model", "sharded", "lethe.method", "sisa {shards: 0}"),
                "method.sisa.shards is 0, expected at least 1");
        refused(tables, Map.of("lethe.model", "sharded", "lethe.method", "sisa {"), "");
        refused(tables, Map.of("lethe.model", "sharded", "lethe.method", "sisa", "lethe.shards", "-1"), "-1");
    }

    private void refused(Map<String, Safetensors.Tensor> tensors, Map<String, String> metadata, String why)
            throws IOException {
        Path file = folder.resolve("other.safetensors");
        Safetensors.write(file, tensors, metadata);
        LetheException e = assertThrows(LetheException.class, () -> RECSYS.load(file));
        assertTrue(
                e.getMessage().contains("other.safetensors") && e.getMessage().contains(why), e.getMessage());
    }

    @ParameterizedTest
    @MethodSource("learners")
    void aTruncatedFileIsRefusedByNameAndADamagedOneToo(Learner<Split, Recommender> learner) throws IOException {
        damaged(learner.train(DATA, ENV));
        if (embedded(learner)) {
            damaged(new Sisa(3, 1).learn(learner, DATA, ENV));
        }
    }

    private void damaged(Recommender model) throws IOException {
        Path file = folder.resolve("damaged.safetensors");
        RECSYS.save(model, Map.of(), file);
        byte[] whole = Files.readAllBytes(file);
        SplittableRandom random = new SplittableRandom(7);
        for (int n = 0; n < 60; n++) {
            Files.write(file, Arrays.copyOf(whole, random.nextInt(whole.length)));
            LetheException e = assertThrows(LetheException.class, () -> RECSYS.load(file));
            assertTrue(e.getMessage().contains("damaged.safetensors"), e.getMessage());
            byte[] other = whole.clone();
            other[random.nextInt(Math.min(whole.length, 3_000))] = (byte) random.nextInt();
            Files.write(file, other);
            try {
                Recommender read = RECSYS.load(file);
                assertTrue(read.users() > 0 && read.items() > 0, "a damaged file is read as an empty model");
            } catch (LetheException refused) {
                assertTrue(refused.getMessage().contains("damaged.safetensors"), refused.getMessage());
            }
        }
    }
}
