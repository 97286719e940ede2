package org.lethe.text.align;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.align.AlignmentCourse.Selection;
import org.lethe.torch.Optimiser;
import org.lethe.torch.UpdateRule;

/**
 * The inner problem of alignment by unlearning, solved by AdamW: Σ ω_i l_i + λ |θ − θ₀|², batch by batch. It ends early
 * where the unlearned answers are less likely than by chance, or utility is gone.
 *
 * @param base loss of single answers
 * @param learningRate of AdamW
 * @param epochs over the weighted answers
 * @param batch answers of a step
 * @param lambda pull towards the start
 */
record AnswerUnlearning(Base base, double learningRate, int epochs, int batch, double lambda) {
    private static final double CLIP = 1;
    private static final int READ = 64;
    private static final int JUDGE_EVERY = 8; // steps at most, so that curves of large and small budgets are as fine

    AnswerUnlearning {
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "between 0 and 1");
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(lambda > 0 && lambda < 1e9, "lambda", lambda, "above 0, below 1e9");
    }

    /** Carries out the rounds of a descent. */
    AlignmentCourse align(AlignmentRun run, BilevelDescent descent) {
        AnswerProblem problem = new AnswerProblem(run, base, lambda);
        BilevelDescent.Ended ended = descent.run(
                problem,
                selection -> {
                    run.selected(selection);
                    optimise(run, problem, selection);
                },
                run.env());
        return run.finish(ended.ending());
    }

    private void optimise(AlignmentRun run, AnswerProblem problem, Selection selection) {
        ExampleWeights weights = selection.weights();
        Keyed random = run.env().random("align").of("inner").of(selection.round());
        double chance = Math.log(run.model().architecture().vocabulary());
        try (var _ = new PointerScope()) {
            Optimiser optimiser = new Optimiser(
                    new UpdateRule.AdamW(learningRate, 0), run.model().trained(), Optimiser.MATRICES);
            int each = (weights.size() + batch - 1) / batch; // steps of an epoch
            int last = each * epochs;
            int done = 0;
            while (done < last) {
                int from = done;
                int until = Math.min(last, done + Math.min(JUDGE_EVERY, each - done % each));
                done = until;
                double entropy = run.env().ledger().timed("inner", () -> {
                    for (int s = from; s < until; s++) {
                        int[] order = AlignmentRun.order(weights.size(), random.of(s / each));
                        int first = s % each * batch;
                        int[] at = Arrays.copyOfRange(order, first, Math.min(order.length, first + batch));
                        step(
                                run,
                                problem,
                                weights,
                                at,
                                optimiser,
                                random.of("rest").of(s));
                    }
                    return entropy(run, weights);
                });
                run.point(selection.round(), done, done == last);
                if (entropy > chance || run.ruined()) {
                    run.env().ledger().count("inner problems ended early", 1);
                    return;
                }
            }
        }
    }

    /** The weighted cross-entropy of the first of the answers that are unlearned. */
    private static double entropy(AlignmentRun run, ExampleWeights weights) {
        int read = Math.min(weights.size(), READ);
        double[] each = Answers.crossEntropies(
                run.model(),
                Arrays.stream(weights.members(), 0, read)
                        .mapToObj(run.task().candidates()::get)
                        .toList());
        double sum = 0;
        double all = 0;
        for (int n = 0; n < read; n++) {
            sum += weights.values()[n] * each[n];
            all += weights.values()[n];
        }
        return sum / all;
    }

    private void step(
            AlignmentRun run,
            AnswerProblem problem,
            ExampleWeights weights,
            int[] at,
            Optimiser optimiser,
            Keyed random) {
        try (var _ = new PointerScope()) {
            int[] which = Arrays.stream(at).map(n -> weights.members()[n]).toArray();
            double[] share = Arrays.stream(at)
                    .mapToDouble(n -> weights.values()[n] / at.length)
                    .toArray();
            Tensor losses = problem.losses(which);
            Tensor loss = losses.dot(InverseHessian.tensor(share, losses));
            if (base == Base.GRAD_DIFF) {
                var retained = run.task().retained();
                var drawn = new Encoded[at.length];
                Arrays.setAll(drawn, n -> retained.get(Keyed.below(random.at(n), retained.size())));
                loss = loss.add(TokenScores.of(run.model(), TokenBatch.of(Arrays.asList(drawn), run.device()))
                        .crossEntropies()
                        .mean());
            }
            loss.backward();
            problem.pull();
            optimiser.clip(CLIP);
            optimiser.step(1);
            optimiser.dropGradients();
            run.env().ledger().count("unlearned answers read", at.length);
        }
    }
}
