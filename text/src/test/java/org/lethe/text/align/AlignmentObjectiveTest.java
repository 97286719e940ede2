package org.lethe.text.align;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.align.AlignmentObjective.Pair;
import org.lethe.text.align.AlignmentObjective.Question;
import org.lethe.text.model.Transformer;

class AlignmentObjectiveTest {
    private static Planted planted;
    private static float[] weights;

    @BeforeAll
    static void train() {
        planted = new Planted(2, 300, 0.2, 40);
        weights = Planted.trained(Planted.SMALL, planted.training, 8, 2);
    }

    private static Transformer open() {
        Transformer model = Planted.open(Planted.SMALL, weights);
        model.parameters().train(_ -> true);
        return model;
    }

    private static List<Tensor> parameters(Transformer model) {
        return List.copyOf(model.parameters().trained().values());
    }

    private static Tensor gradient(AlignmentObjective objective, Transformer model) {
        Tensor sum = Flat.of(parameters(model)).mul(new Scalar(0.0));
        for (int p = 0; p < objective.parts(); p++) {
            sum.add_(Flat.gradient(objective.part(model, p), parameters(model)));
        }
        return sum;
    }

    /** The gradient's length against the slope along it. */
    private static void checkSlope(AlignmentObjective objective, Transformer model) {
        Tensor g = gradient(objective, model);
        double length = Flat.norm(g);
        assertTrue(length > 1e-4, "there is a gradient");
        double step = 1e-2 / length;
        Flat.add(parameters(model), g, step);
        double ahead = objective.value(model);
        Flat.add(parameters(model), g, -2 * step);
        double behind = objective.value(model);
        Flat.add(parameters(model), g, step);
        assertEquals(length * length, (ahead - behind) / (2 * step), 0.02 * length * length);
    }

    @Test
    void atTheReferenceThePreferenceLossIsLogTwoAndPullsBothAnswersAlike() {
        try (var _ = new PointerScope()) {
            Transformer model = open();
            var objective = new AlignmentObjective.Preferences(planted.pairs, new PreferenceLoss(0.3), open());
            assertEquals(Math.log(2), objective.value(model), 1e-5);
            List<Encoded> chosen = planted.pairs.stream().map(Pair::chosen).toList();
            List<Encoded> rejected = planted.pairs.stream().map(Pair::rejected).toList();
            Tensor expected = mean(model, chosen).sub(mean(model, rejected)).mul(new Scalar(-0.3 / 2));
            Tensor g = gradient(objective, model);
            assertEquals(0, Flat.norm(g.sub(expected)), 1e-4 * Flat.norm(expected));
            checkSlope(objective, model);
        }
    }

    private static Tensor mean(Transformer model, List<Encoded> answers) {
        Tensor logs = TokenScores.of(model, TokenBatch.of(answers, model.device()))
                .logProbabilities()
                .mean();
        return Flat.gradient(logs, parameters(model));
    }

    @Test
    void expectedRewardIsTheSumOverTheGrammarAndSamplesAgreeWithIt() {
        try (var _ = new PointerScope()) {
            Transformer model = open();
            List<Question> questions = planted.questions(planted.pairs.subList(0, 10));
            var objective = new AlignmentObjective.ExpectedReward(questions);
            double sum = 0;
            double covered = 0;
            for (Question question : questions) {
                double[] logs = Answers.logProbabilities(model, question.answers());
                for (int a = 0; a < logs.length; a++) {
                    sum += Math.exp(logs[a]) * question.rewards()[a] / questions.size();
                    covered += Math.exp(logs[a]) / questions.size();
                }
            }
            assertEquals(-sum, objective.value(model), 1e-5);
            assertTrue(covered > 0.8 && covered <= 1 + 1e-5, "the grammar holds most answers: " + covered);
            checkSlope(objective, model);

            int each = 150;
            List<int[]> asked = questions.stream()
                    .flatMap(q -> IntStream.range(0, each).mapToObj(_ -> q.prompt()))
                    .toList();
            List<Encoded> answers = Answers.sample(model, asked, Planted.END, 5, 1, Keyed.seed(9));
            AlignmentTask task = planted.task();
            double[] rewards = answers.stream()
                    .mapToDouble(a -> inGrammar(task.answer(a))
                            ? planted.reward(Arrays.copyOf(a.ids(), a.answer()), task.answer(a))
                            : 0)
                    .toArray();
            double mean = Arrays.stream(rewards).average().orElseThrow();
            double sd = Math.sqrt(Arrays.stream(rewards)
                    .map(r -> (r - mean) * (r - mean))
                    .average()
                    .orElseThrow());
            assertEquals(sum, mean, 5 * sd / Math.sqrt(rewards.length));
        }
    }

    private static boolean inGrammar(int[] a) {
        return (a.length == 2 || (a.length == 3 && a[2] == Planted.FORBIDDEN))
                && (a[0] == Planted.POLITE || a[0] == Planted.RUDE)
                && a[1] >= 24
                && a[1] < 40;
    }

    @Test
    void likeliestAnswerIsTheGreedyOneWhateverIsBesideIt() {
        try (var _ = new PointerScope()) {
            Transformer model = open();
            List<int[]> asked = planted.questions(planted.heldOut).stream()
                    .map(Question::prompt)
                    .toList();
            List<Encoded> together = Answers.sample(model, asked, Planted.END, 5, 0, Keyed.seed(1));
            for (int q = 0; q < 8; q++) {
                Encoded alone = Answers.sample(model, asked.subList(q, q + 1), Planted.END, 5, 0, Keyed.seed(2))
                        .getFirst();
                assertEquals(
                        Arrays.toString(alone.ids()),
                        Arrays.toString(together.get(q).ids()));
                int first = alone.ids()[alone.answer()];
                for (int other = 0; other < 64; other++) {
                    int[] ids = Arrays.copyOf(asked.get(q), asked.get(q).length + 1);
                    int[] best = ids.clone();
                    ids[ids.length - 1] = other;
                    best[best.length - 1] = first;
                    double[] logs = Answers.logProbabilities(
                            model, List.of(new Encoded(best, ids.length - 1), new Encoded(ids, ids.length - 1)));
                    assertTrue(logs[0] >= logs[1] - 1e-5);
                }
            }
        }
    }

    @Test
    void positivesAreTheirMeanCrossEntropy() {
        try (var _ = new PointerScope()) {
            Transformer model = open();
            var objective = new AlignmentObjective.Positives(planted.wanted);
            assertTrue(objective.parts() > 1);
            assertEquals(
                    Arrays.stream(Answers.crossEntropies(model, planted.wanted))
                            .average()
                            .orElseThrow(),
                    objective.value(model),
                    1e-5);
            checkSlope(objective, model);
        }
    }
}
