package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Split;

/** Models and rankings have the same bits on other processors, without vectors, interpreted, and by more threads. */
class SameBitsTest {
    @ParameterizedTest
    @ValueSource(strings = {"-Dlethe.plain=true", "-XX:UseAVX=2"})
    void aProcessorWithNarrowerVectorsOrNoneGivesTheSameBits(String option) throws Exception {
        assertEquals(digest(12, Workers.here()), forked(option, 12));
    }

    @Test
    void theInterpreterGivesTheBitsOfCompiledCode() throws Exception {
        assertEquals(
                digest(1, Workers.here()), forked("-Xint", 1)); // interpreted vectors take a thousand times as long
    }

    @Test
    void twoAndThreeThreadsGiveTheBitsOfOne() {
        String one = digest(6, Workers.here());
        for (int count = 2; count <= 3; count++) {
            try (Workers workers = Workers.threads(count)) {
                assertEquals(one, digest(6, workers));
            }
        }
    }

    private static String forked(String option, int epochs) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        option,
                        "-cp",
                        System.getProperty("java.class.path"),
                        SameBitsTest.class.getName(),
                        Integer.toString(epochs))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), option);
        return out.strip();
    }

    public static void main(String[] args) {
        System.out.println(digest(Integer.parseInt(args[0]), Workers.here()));
    }

    /** The bits of every model in every form, and of the lists that each gives every user, as hashes. */
    private static String digest(int epochs, Workers workers) {
        Env env = Env.seeded(9).with(workers);
        Split planted = FactorisationTest.planted(70, 90, 6);
        Interactions none = planted.train().where((u, i) -> false);
        Split data = new Split(planted.train(), none, none);
        List<String> hashes = new ArrayList<>();
        for (int dims : new int[] {5, epochs > 1 ? 72 : 16}) {
            List<EmbeddingLearner> learners = new ArrayList<>();
            for (AdamForm form : AdamForm.values()) {
                learners.add(new Bpr()
                        .withDims(dims)
                        .withEpochs(epochs)
                        .withBatch(16)
                        .withLearningRate(0.01)
                        .withInitialSd(0.1)
                        .withAdam(form));
                learners.add(new Wmf()
                        .withDims(dims)
                        .withEpochs(epochs)
                        .withBatch(16)
                        .withLearningRate(0.01)
                        .withInitialSd(0.1)
                        .withAdam(form));
            }
            learners.add(new LightGcn()
                    .withDims(dims)
                    .withLayers(2)
                    .withEpochs(epochs)
                    .withBatch(64)
                    .withLearningRate(0.01)
                    .withL2(1e-4));
            learners.add(new ImplicitAls().withDims(dims).withEpochs(epochs).withPatience(5));
            for (EmbeddingLearner learner : learners) {
                Embeddings model = learner.train(data, env);
                int[] users = IntStream.range(0, data.users()).toArray();
                hashes.add(learner.getClass().getSimpleName() + " "
                        + Arrays.hashCode(model.userRows()) + " "
                        + Arrays.hashCode(model.itemRows()) + " "
                        + Arrays.deepHashCode(Ranking.top(model, data.train(), users, 20, workers)));
            }
        }
        return String.join("\n", hashes);
    }
}
