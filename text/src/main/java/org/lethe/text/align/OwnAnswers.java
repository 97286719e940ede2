package org.lethe.text.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.align.AlignmentObjective.Question;

/**
 * Answers that a model under alignment gave itself, with their rewards: {@code each} in a row belong to one prompt.
 *
 * @param answers all of them
 * @param rewards of each
 */
record OwnAnswers(List<Encoded> answers, double[] rewards) {
    private static final int REWARD_EPOCHS = 8;

    /** The reward of an answer, as a setting asks; a learned one is trained now. */
    static ToDoubleFunction<Encoded> reward(AlignmentRun run, RewardSource source, double learningRate) {
        return switch (source) {
            case PROGRAM -> {
                AlignmentTask.AnswerReward program = run.task()
                        .reward()
                        .orElseThrow(() -> new LetheException(
                                LetheException.Code.STUDY,
                                "reward is program, but the corpus has none; expected learned"));
                yield a -> program.of(
                        Arrays.copyOf(a.ids(), a.answer()), run.task().answer(a));
            }
            case LEARNED -> {
                RewardModel model = run.env()
                        .ledger()
                        .timed(
                                "reward model",
                                () -> RewardModel.train(
                                        run.reference(),
                                        run.task().pairs(),
                                        REWARD_EPOCHS,
                                        learningRate,
                                        run.env().random("align").of("reward")));
                yield a -> model.of(List.of(a))[0];
            }
        };
    }

    /** Samples answers to prompts drawn by a key, at temperature 1, so that log p is that of the sampler. */
    static OwnAnswers of(AlignmentRun run, int prompts, int each, ToDoubleFunction<Encoded> reward, Keyed random) {
        List<Question> questions = run.task().questions();
        List<int[]> asked = new ArrayList<>();
        for (int q = 0; q < prompts; q++) {
            int[] prompt = questions
                    .get(Keyed.below(random.of("prompt").at(q), questions.size()))
                    .prompt();
            IntStream.range(0, each).forEach(_ -> asked.add(prompt));
        }
        List<Encoded> answers =
                Answers.sample(run.model(), asked, run.task().end(), run.task().longest(), 1, random.of("answers"));
        return new OwnAnswers(answers, answers.stream().mapToDouble(reward).toArray());
    }
}
