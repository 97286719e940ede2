package org.lethe.text.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Tensors;

/**
 * What alignment is to lower: a loss J of a language model, in parts that are read one at a time.
 *
 * <p>U2A (arXiv 2504.06659) speaks of a performance that is to rise; here it is always a loss.
 */
public interface AlignmentObjective {
    /** Number of parts whose sum J is. */
    int parts();

    /** A part of J with its graph, a single number. */
    Tensor part(Transformer model, int part);

    /** J, without gradients. */
    default double value(Transformer model) {
        double sum = 0;
        for (int p = 0; p < parts(); p++) {
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                sum += part(model, p).item_double();
            }
        }
        return sum;
    }

    /**
     * Two answers to one prompt as tokens.
     *
     * @param chosen the preferred one
     * @param rejected the other one
     */
    record Pair(Encoded chosen, Encoded rejected) {}

    /**
     * A prompt with all answers of a small grammar and their rewards.
     *
     * @param prompt tokens before the answer
     * @param answers every answer with the prompt before it
     * @param rewards of each
     */
    record Question(int[] prompt, List<Encoded> answers, double[] rewards) {
        public Question {
            answers = List.copyOf(answers);
            Check.require(rewards.length == answers.size(), "rewards", rewards.length, "" + answers.size());
        }
    }

    /** The mean loss of preference pairs. At the reference itself it is log 2 for DPO. */
    final class Preferences implements AlignmentObjective {
        private static final int BLOCK = 32;

        private final List<Pair> pairs;
        private final PreferenceLoss loss;
        private final float[] chosen;
        private final float[] rejected;

        /**
         * Reads the reference once.
         *
         * @param reference the model at the start, of which only log-probabilities are kept
         */
        public Preferences(List<Pair> pairs, PreferenceLoss loss, Transformer reference) {
            Check.require(!pairs.isEmpty(), "pairs", 0, "at least 1");
            this.pairs = List.copyOf(pairs);
            this.loss = loss;
            chosen = floats(Answers.logProbabilities(
                    reference, pairs.stream().map(Pair::chosen).toList()));
            rejected = floats(Answers.logProbabilities(
                    reference, pairs.stream().map(Pair::rejected).toList()));
        }

        private static float[] floats(double[] values) {
            float[] floats = new float[values.length];
            for (int n = 0; n < floats.length; n++) {
                floats[n] = (float) values[n];
            }
            return floats;
        }

        /** Number of pairs. */
        public int size() {
            return pairs.size();
        }

        @Override
        public int parts() {
            return (pairs.size() + BLOCK - 1) / BLOCK;
        }

        @Override
        public Tensor part(Transformer model, int part) {
            int from = part * BLOCK;
            int[] which = new int[Math.min(BLOCK, pairs.size() - from)];
            Arrays.setAll(which, n -> from + n);
            return losses(model, which).sum().div(new Scalar((double) pairs.size()));
        }

        /** The loss of each of some pairs, {@code [which]}, with its graph. */
        public Tensor losses(Transformer model, int[] which) {
            Sides sides = sides(model, which);
            return loss.of(sides.chosen, sides.rejected);
        }

        /** The implicit rewards of all pairs. */
        public PreferenceLoss.Rewards rewards(Transformer model) {
            double[][] all = new double[2][pairs.size()];
            for (int from = 0; from < pairs.size(); from += BLOCK) {
                int first = from;
                int[] which = new int[Math.min(BLOCK, pairs.size() - from)];
                Arrays.setAll(which, n -> first + n);
                try (var _ = new PointerScope();
                        var _ = new NoGradGuard()) {
                    Sides sides = sides(model, which);
                    PreferenceLoss.Rewards rewards = loss.rewards(sides.chosen, sides.rejected);
                    System.arraycopy(rewards.chosen(), 0, all[0], from, which.length);
                    System.arraycopy(rewards.rejected(), 0, all[1], from, which.length);
                }
            }
            return new PreferenceLoss.Rewards(all[0], all[1]);
        }

        /** The loss of every pair, without gradients. */
        public double[] each(Transformer model) {
            double[] all = new double[pairs.size()];
            for (int from = 0; from < all.length; from += BLOCK) {
                int first = from;
                int[] which = new int[Math.min(BLOCK, all.length - from)];
                Arrays.setAll(which, n -> first + n);
                try (var _ = new PointerScope();
                        var _ = new NoGradGuard()) {
                    System.arraycopy(Flat.doubles(losses(model, which)), 0, all, from, which.length);
                }
            }
            return all;
        }

        private record Sides(PreferenceLoss.Side chosen, PreferenceLoss.Side rejected) {}

        private Sides sides(Transformer model, int[] which) {
            List<Encoded> both = Stream.concat(
                            Arrays.stream(which).mapToObj(n -> pairs.get(n).chosen()),
                            Arrays.stream(which).mapToObj(n -> pairs.get(n).rejected()))
                    .toList();
            TokenBatch batch = TokenBatch.of(both, model.device());
            Tensor logs = TokenScores.of(model, batch).logProbabilities(); // [2 · which]
            return new Sides(
                    side(logs.narrow(0, 0, which.length), which, chosen, batch.counts(), 0),
                    side(logs.narrow(0, which.length, which.length), which, rejected, batch.counts(), which.length));
        }

        private static PreferenceLoss.Side side(Tensor own, int[] which, float[] reference, int[] counts, int from) {
            float[] other = new float[which.length];
            float[] tokens = new float[which.length];
            for (int n = 0; n < which.length; n++) {
                other[n] = reference[which[n]];
                tokens[n] = counts[from + n];
            }
            return new PreferenceLoss.Side(
                    own,
                    Tensors.of(other, other.length).to(own.device(), own.scalar_type()),
                    Tensors.of(tokens, tokens.length).to(own.device(), own.scalar_type()));
        }
    }

    /**
     * Minus the expected reward, exactly: −mean over prompts of Σ p(answer | prompt) · reward, over every answer of a
     * grammar. Any other answer counts as 0.
     */
    final class ExpectedReward implements AlignmentObjective {
        private static final int BLOCK = 256;

        private final List<Encoded> answers = new ArrayList<>();
        private final double[] weights;

        public ExpectedReward(List<Question> questions) {
            Check.require(!questions.isEmpty(), "questions", 0, "at least 1");
            questions.forEach(q -> answers.addAll(q.answers()));
            weights = questions.stream()
                    .flatMapToDouble(q -> Arrays.stream(q.rewards()))
                    .map(r -> -r / questions.size())
                    .toArray();
        }

        @Override
        public int parts() {
            return (answers.size() + BLOCK - 1) / BLOCK;
        }

        @Override
        public Tensor part(Transformer model, int part) {
            int from = part * BLOCK;
            int to = Math.min(answers.size(), from + BLOCK);
            TokenBatch batch = TokenBatch.of(answers.subList(from, to), model.device());
            Tensor p = TokenScores.of(model, batch).logProbabilities().exp();
            return p.dot(InverseHessian.tensor(Arrays.copyOfRange(weights, from, to), p));
        }
    }

    /** The mean cross-entropy of answers that are wanted. */
    final class Positives implements AlignmentObjective {
        private static final int BLOCK = 64;

        private final List<Encoded> answers;

        public Positives(List<Encoded> answers) {
            Check.require(!answers.isEmpty(), "answers", 0, "at least 1");
            this.answers = List.copyOf(answers);
        }

        @Override
        public int parts() {
            return (answers.size() + BLOCK - 1) / BLOCK;
        }

        @Override
        public Tensor part(Transformer model, int part) {
            int from = part * BLOCK;
            List<Encoded> block = answers.subList(from, Math.min(answers.size(), from + BLOCK));
            return TokenScores.of(model, TokenBatch.of(block, model.device()))
                    .crossEntropies()
                    .sum()
                    .div(new Scalar((double) answers.size()));
        }
    }
}
