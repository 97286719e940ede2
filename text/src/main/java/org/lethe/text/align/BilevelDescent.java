package org.lethe.text.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.text.align.AlignmentCourse.Selection;

/**
 * The outer loop of U2A (arXiv 2504.06659, section 3.3 and 3.4): in each round the examples that help most are added,
 * weights take a step of mirror descent, and the inner problem is solved again. Baselines are the same loop with
 * another choice.
 *
 * @param choice who is unlearned
 * @param budget most examples
 * @param rounds of selection, weighting and unlearning
 * @param oneShot whether all are selected in the first round, or a block in each
 * @param weighted whether weights move
 * @param warm whether a round goes on where the last one ended, or starts again
 * @param paperSign whether weights take the step of the published code, whose sign is the wrong one
 * @param sparsity strength β of the term β Σ √ω
 * @param eta step size of the weights, relative to the spread of their gradient
 * @param inverse how H⁻¹ is computed
 */
record BilevelDescent(
        Choice choice,
        int budget,
        int rounds,
        boolean oneShot,
        boolean weighted,
        boolean warm,
        boolean paperSign,
        double sparsity,
        double eta,
        InverseHessian inverse) {
    /** Which candidates are unlearned. */
    enum Choice {
        /** Those whose implicit gradient says that it helps. */
        SCORES,
        /** A random choice. */
        RANDOM,
        /** All. */
        ALL
    }

    /** Weights below this share of the mean leave. */
    private static final double LEAVES = 1e-3;

    BilevelDescent {
        Check.require(budget >= 1, "budget", budget, "at least 1");
        Check.require(rounds >= 1, "rounds", rounds, "at least 1");
        Check.require(sparsity >= 0 && sparsity < 1e9, "sparsity", sparsity, "0 or more, below 1e9");
        Check.require(eta > 0 && eta < 1e6, "eta", eta, "above 0, below 1e6");
    }

    /** Minimises the inner loss from the parameters as they are. */
    @FunctionalInterface
    interface Inner {
        void optimise(Selection selection);
    }

    /**
     * The rounds, and why they ended.
     *
     * @param selections of each round
     * @param ending in words
     */
    record Ended(List<Selection> selections, String ending) {}

    /** Carries out the rounds. */
    Ended run(BilevelProblem problem, Inner inner, Env env) {
        List<Selection> selections = new ArrayList<>();
        try (var _ = new PointerScope()) {
            Tensor start = Flat.of(problem.parameters());
            ExampleWeights weights = ExampleWeights.none();
            for (int round = 1; round <= rounds; round++) {
                ExampleWeights current = weights;
                int r = round;
                Selection selection = env.ledger().timed("selection", () -> select(problem, current, r, env));
                if (selection.weights().size() == 0) {
                    return new Ended(selections, "no candidate helps: every score is at most 0");
                }
                if (round > 1
                        && Arrays.equals(selection.weights().members(), current.members())
                        && (!weighted || Arrays.equals(selection.weights().values(), current.values()))) {
                    return new Ended(selections, "no further candidate helps, after " + (round - 1) + " rounds");
                }
                weights = selection.weights();
                selections.add(selection);
                if (!warm) {
                    Flat.set(problem.parameters(), start);
                }
                inner.optimise(selection);
            }
        }
        return new Ended(selections, "all " + rounds + " rounds are done");
    }

    private Selection select(BilevelProblem problem, ExampleWeights weights, int round, Env env) {
        int[] all = new int[problem.candidates()];
        Arrays.setAll(all, i -> i);
        return switch (choice) {
            case ALL -> new Selection(round, ExampleWeights.uniform(all), Optional.empty());
            case RANDOM -> {
                int[] order = AlignmentRun.order(all.length, env.random("align").of("random"));
                yield new Selection(
                        round,
                        ExampleWeights.uniform(Arrays.copyOf(order, Math.min(budget, all.length))),
                        Optional.empty());
            }
            case SCORES -> {
                ImplicitGradient gradient = ImplicitGradient.of(
                        problem,
                        inverse,
                        weights.members(),
                        weights.shares(),
                        env.random("align").of("solver").of(round));
                env.ledger()
                        .count(
                                "negative-curvature restarts",
                                gradient.solution().restarts());
                env.ledger().count("Hessian products", gradient.solution().products());
                yield new Selection(round, moved(weights, gradient.scores(), round), Optional.of(gradient));
            }
        };
    }

    /** Members and weights after a round's selection and weight step. */
    ExampleWeights moved(ExampleWeights weights, double[] scores, int round) {
        int until = oneShot ? budget : (int) Math.ceil((double) budget * round / rounds);
        ExampleWeights kept = weighted ? weights.without(LEAVES) : weights;
        ExampleWeights grown = oneShot && round > 1 ? kept : kept.grown(scores, Math.max(0, until - kept.size()));
        if (!weighted) {
            return grown;
        }
        double[] toll = grown.toll(sparsity);
        double[] gradient = new double[grown.size()];
        Arrays.setAll(gradient, n -> {
            double score = scores[grown.members()[n]];
            return (paperSign ? score : -score) + toll[n];
        });
        return grown.step(gradient, eta, true);
    }
}
