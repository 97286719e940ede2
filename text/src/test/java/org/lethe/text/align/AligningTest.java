package org.lethe.text.align;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.align.AlignmentObjective.Pair;
import org.lethe.text.align.AlignmentObjective.Question;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Tensors;

class AligningTest {
    private static final U2a QUICK = u2a(InverseHessian.Form.IDENTITY, Goal.PREFERENCES, Base.GA, 2);

    private static Planted planted;
    private static float[] weights;

    @BeforeAll
    static void train() {
        planted = new Planted(1, 500, 0.3, 48);
        weights = Planted.trained(Planted.SMALL, planted.training, 20, 1);
    }

    private static U2a u2a(InverseHessian.Form form, Goal goal, Base base, int rounds) {
        return new U2a(base, goal, 25, rounds, false, true, form, false, false, 0, 1, 1e-3, 3, 16, 0.1, 2);
    }

    private static AlignmentRun open(AlignmentTask task, Aligning method) {
        return Planted.run(Planted.SMALL, task, weights, method.objective(), method.utilityFloor(), Env.seeded(3));
    }

    private static AlignmentCourse align(Aligning method) {
        try (var _ = new PointerScope()) {
            return method.align(open(planted.task(), method));
        }
    }

    private static float[] aligned(AlignmentTask task, Aligning method) {
        try (var _ = new PointerScope()) {
            AlignmentRun run = open(task, method);
            method.align(run);
            return Tensors.floats(Flat.of(run.parameters()));
        }
    }

    @Test
    void duplicatesOfPreferredAnswersHaveLowScores() {
        try (var _ = new PointerScope()) {
            AlignmentRun run = open(planted.task(), QUICK);
            ImplicitGradient at = ImplicitGradient.of(
                    new AnswerProblem(run, Base.GA, 0.1),
                    new InverseHessian(InverseHessian.Form.IDENTITY),
                    new int[0],
                    new double[0],
                    Keyed.seed(1));
            assertTrue(at.error() <= 0.01 && !at.exact(), "two forward passes agree with backward products");
            int n = planted.candidates.size();
            long harmful = planted.harmful.stream().filter(h -> h).count();
            assertTrue(harmful > 0.2 * n, "enough are planted");
            long inBudget = IntStream.range(0, n)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> -at.scores()[i]))
                    .limit(n / 4)
                    .filter(planted.harmful::get)
                    .count();
            assertEquals(0, inBudget);
            long negative = IntStream.range(0, n)
                    .filter(i -> planted.harmful.get(i) && at.scores()[i] < 0)
                    .count();
            assertTrue(negative >= 0.8 * harmful, negative + " of " + harmful + " are seen to hurt");
        }
    }

    @Test
    void secondDerivativesOfATransformerAreSymmetricAndItsGaussNewtonIsPositive() {
        try (var _ = new PointerScope()) {
            AlignmentRun run = open(planted.task(), QUICK);
            AnswerProblem problem = new AnswerProblem(run, Base.GA, 0.1);
            int[] members = {0, 3, 5, 8, 13};
            double[] shares = {0.1, 0.2, 0.3, 0.2, 0.2};
            Tensor g = ImplicitGradient.objectiveGradient(problem, new double[1]);
            Tensor u = Flat.gradient(problem.losses(members).sum(), problem.parameters());
            double one = Flat.dot(u, InverseHessian.product(problem, members, shares, g));
            double other = Flat.dot(g, InverseHessian.product(problem, members, shares, u));
            assertEquals(one, other, 1e-4 * Math.abs(one) + 1e-6);
            var ggn = new InverseHessian(InverseHessian.Form.GGN).solve(problem, members, shares, g, Keyed.seed(1));
            assertEquals(0, ggn.restarts());
            assertTrue(ggn.residual() <= 1e-3);
            assertTrue(Flat.dot(ggn.direction(), g) > 0);
            double identity = Flat.norm(new InverseHessian(InverseHessian.Form.IDENTITY)
                    .solve(problem, members, shares, g, Keyed.seed(1))
                    .direction());
            assertTrue(Flat.norm(ggn.direction()) < identity, "curvature shortens the step");
        }
    }

    @Test
    void unlearningWhatHelpsLowersTheHeldOutLossAndLeavesDuplicatesAlone() {
        AlignmentCourse course = align(QUICK);
        AlignmentCourse.Point start = course.points().getFirst();
        assertEquals(Math.log(2), start.heldOut(), 1e-5, "the start is the reference");
        assertTrue(
                course.result().heldOut() < 0.6,
                "held-out loss " + course.result().heldOut());
        assertTrue(course.result().utility() <= 1.02 * start.utility());
        assertTrue(
                course.result().reward().orElseThrow() > start.reward().orElseThrow() + 0.05,
                "reward " + course.result().reward() + " after " + start.reward());
        int budget = (int) Math.round(0.25 * planted.candidates.size());
        for (AlignmentCourse.Selection selection : course.selections()) {
            assertTrue(selection.weights().size() <= budget);
            assertTrue(Arrays.stream(selection.weights().members()).noneMatch(planted.harmful::get));
            assertEquals(
                    selection.weights().size(),
                    Arrays.stream(selection.weights().values()).sum(),
                    1e-6);
        }
        assertEquals(2, course.selections().size());
        double best = course.points().stream()
                .filter(p -> p.utility() <= 1.02 * start.utility())
                .mapToDouble(AlignmentCourse.Point::heldOut)
                .min()
                .orElseThrow();
        assertEquals(best, course.result().heldOut());
    }

    @Test
    void sameSeedGivesTheSameBits() {
        assertArrayEquals(aligned(planted.task(), QUICK), aligned(planted.task(), QUICK));
    }

    @Test
    @Tag("slow")
    void everyFormOfTheInverseAndEveryBaseAndGoalRuns() {
        for (var form : InverseHessian.Form.values()) {
            AlignmentCourse course = align(u2a(form, Goal.PREFERENCES, Base.GA, 2));
            assertTrue(course.result().heldOut() < 0.65, form + ": " + course.result());
        }
        for (var base : List.of(Base.GRAD_DIFF, Base.NPO)) {
            AlignmentCourse course = align(u2a(InverseHessian.Form.IDENTITY, Goal.PREFERENCES, base, 1));
            assertTrue(course.result().heldOut() < 0.69, base + ": " + course.result());
        }
        for (var goal : List.of(Goal.REWARD, Goal.POSITIVES)) {
            AlignmentCourse course = align(u2a(InverseHessian.Form.IDENTITY, goal, Base.GA, 1));
            assertTrue(course.result().heldOut() < course.points().getFirst().heldOut(), goal + ": " + course.result());
            assertTrue(Arrays.stream(course.selections().getFirst().weights().members())
                    .noneMatch(planted.harmful::get));
        }
    }

    @Test
    void paperFormSelectsOnceAndGoesOn() {
        AlignmentCourse course = align(U2a.paper());
        assertEquals(3, course.selections().size());
        int[] first = course.selections().getFirst().weights().members();
        for (var selection : course.selections()) {
            assertArrayEquals(first, selection.weights().members());
        }
        ImplicitGradient gradient = course.selections().getFirst().gradient().orElseThrow();
        double[] values = course.selections().getFirst().weights().values();
        int best = IntStream.range(0, first.length)
                .boxed()
                .max(Comparator.comparingDouble(n -> gradient.scores()[first[n]]))
                .orElseThrow();
        assertEquals(Arrays.stream(values).min().orElseThrow(), values[best], 1e-9, "what helps most counts least");
    }

    @Test
    void whereNothingHelpsTheModelStaysAsItWas() {
        List<Encoded> hurting = new ArrayList<>();
        try (var _ = new PointerScope()) {
            ImplicitGradient at = ImplicitGradient.of(
                    new AnswerProblem(open(planted.task(), QUICK), Base.GA, 0.1),
                    new InverseHessian(InverseHessian.Form.IDENTITY),
                    new int[0],
                    new double[0],
                    Keyed.seed(1));
            double clearly = Arrays.stream(at.scores()).min().orElseThrow() / 10;
            for (int i = 0; i < planted.candidates.size(); i++) {
                if (planted.harmful.get(i) && at.scores()[i] < clearly) {
                    hurting.add(planted.candidates.get(i));
                }
            }
        }
        assertTrue(hurting.size() > 5);
        try (var _ = new PointerScope()) {
            AlignmentRun run = open(with(hurting), QUICK);
            AlignmentCourse course = QUICK.align(run);
            assertEquals(0, course.chosen());
            assertTrue(course.ending().startsWith("no candidate helps"), course.ending());
            assertArrayEquals(weights, Tensors.floats(Flat.of(run.parameters())));
        }
    }

    private static AlignmentTask with(List<Encoded> candidates) {
        AlignmentTask t = planted.task();
        return new AlignmentTask(
                candidates,
                t.retained(),
                t.pairs(),
                t.heldOut(),
                t.questions(),
                t.heldOutQuestions(),
                t.reward(),
                t.end(),
                t.longest());
    }

    @Test
    void fewerCandidatesThanTheBudgetAndEvenOneWork() {
        int bad = IntStream.range(0, planted.candidates.size())
                .filter(i -> !planted.harmful.get(i))
                .findFirst()
                .orElseThrow();
        List<Encoded> few = IntStream.range(bad, bad + 12)
                .filter(i -> !planted.harmful.get(i))
                .limit(5)
                .mapToObj(planted.candidates::get)
                .toList();
        for (List<Encoded> candidates : List.of(few, List.of(planted.candidates.get(bad)))) {
            try (var _ = new PointerScope()) {
                AlignmentCourse course = QUICK.align(open(with(candidates), QUICK));
                assertTrue(course.selections().getLast().weights().size() <= candidates.size());
                assertTrue(course.points().size() > 1, course.ending());
            }
        }
        assertThrows(IllegalArgumentException.class, () -> with(List.of()));
    }

    @Test
    void randomChoiceAndAllKeepToTheirNumbers() {
        assertEquals(
                planted.candidates.size(),
                align(new UnlearnNegatives()).selections().getFirst().weights().size());
        AlignmentCourse random = align(new RandomNegatives());
        int[] members = random.selections().getFirst().weights().members();
        assertEquals(U2a.budget(25, planted.candidates.size()), members.length);
        assertEquals(members.length, Arrays.stream(members).distinct().count());
        assertTrue(Arrays.stream(members).anyMatch(planted.harmful::get), "it does not know what hurts");
    }

    @Test
    @Tag("slow")
    void learningFromPairsAndFromRewardsHelps() {
        AlignmentCourse dpo = align(new Dpo(PreferenceLoss.Form.SIGMOID, 0.1, 0, 1e-3, 6, 16, 2));
        assertTrue(dpo.result().heldOut() < 0.5, "" + dpo.result());
        double start = dpo.points().getFirst().reward().orElseThrow();
        AlignmentCourse grpo = align(new Grpo(8, 8, 15, 0.2, 0.01, RewardSource.PROGRAM, 1e-3, 2));
        assertTrue(grpo.result().reward().orElseThrow() > start + 0.1, "" + grpo.result());
        AlignmentCourse ppo = align(new Ppo(64, 6, 4, 0.2, 0.05, 0.1, RewardSource.PROGRAM, 1e-3, 2));
        assertTrue(ppo.result().reward().orElseThrow() > start + 0.1, "" + ppo.result());
    }

    @Test
    @Tag("slow")
    void rewardModelTellsChosenFromRejectedAnswersThatItNeverSaw() {
        try (var _ = new PointerScope()) {
            Transformer start = Planted.open(Planted.SMALL, weights);
            RewardModel model = RewardModel.train(start, planted.pairs, 12, 1e-3, Keyed.seed(5));
            double[] chosen =
                    model.of(planted.heldOut.stream().map(Pair::chosen).toList());
            double[] rejected =
                    model.of(planted.heldOut.stream().map(Pair::rejected).toList());
            long right = IntStream.range(0, chosen.length)
                    .filter(p -> chosen[p] > rejected[p])
                    .count();
            assertTrue(right >= 0.8 * chosen.length, right + " of " + chosen.length);
            assertArrayEquals(
                    weights,
                    Tensors.floats(
                            Flat.of(List.copyOf(start.parameters().distinct().values()))));
            AlignmentCourse grpo = align(new Grpo(8, 8, 10, 0.2, 0, RewardSource.LEARNED, 1e-3, 2));
            assertTrue(
                    grpo.result().reward().orElseThrow()
                            > grpo.points().getFirst().reward().orElseThrow(),
                    "" + grpo.result());
        }
    }

    @Test
    void settingsThatTheDataCannotServeAreRefusedInWords() {
        AlignmentTask t = planted.task();
        List<Question> bare = t.questions().stream()
                .map(q -> new Question(q.prompt(), List.of(), new double[0]))
                .toList();
        AlignmentTask plain = new AlignmentTask(
                t.candidates(), t.retained(), t.pairs(), t.heldOut(), bare, bare, Optional.empty(), t.end(), 5);
        try (var _ = new PointerScope()) {
            U2a reward = u2a(InverseHessian.Form.IDENTITY, Goal.REWARD, Base.GA, 1);
            assertTrue(assertThrows(LetheException.class, () -> open(plain, reward))
                    .getMessage()
                    .contains("objective is reward"));
            AlignmentRun run = open(plain, new Grpo());
            assertTrue(assertThrows(LetheException.class, () -> new Grpo().align(run))
                    .getMessage()
                    .contains("reward is program"));
        }
    }

    @Test
    void auditRejectsDoingNothingAndRuinAndAcceptsAlignment() {
        AlignmentTask task = planted.task();
        Planted fresh = new Planted(1, 20, 0, 64); // the same table, by its seed
        Alignment audit = new Alignment();
        Alignment.Material material = new Alignment.Material(
                fresh.questions(planted.heldOut), false, task.reward(), planted.heldOut, planted.wanted, task.end());
        try (var _ = new PointerScope()) {
            Transformer before = Planted.open(Planted.SMALL, weights);
            Transformer after = Planted.open(Planted.SMALL, aligned(task, QUICK));
            Transformer ruined = Planted.open(Planted.SMALL, new float[weights.length]);
            Env env = Env.seeded(1);
            List<Finding> nothing = audit.examine(material, before, before, before, env);
            assertEquals(Verdict.Fail.class, verdict(nothing, "reward-gain"));
            assertEquals(Verdict.Fail.class, verdict(nothing, "held-out-accuracy"));
            assertEquals(Verdict.Pass.class, verdict(nothing, "utility-loss"));
            assertEquals(Math.log(2), named(nothing, "held-out-loss").value(), 1e-5);
            assertEquals(0.5, named(nothing, "held-out-accuracy").value());
            assertEquals(0, named(nothing, "divergence").value(), 1e-6);
            List<Finding> done = audit.examine(material, before, after, before, env);
            assertEquals(Verdict.Pass.class, verdict(done, "reward-gain"), "" + named(done, "reward-gain"));
            assertEquals(Verdict.Pass.class, verdict(done, "held-out-accuracy"), "" + done);
            assertEquals(Verdict.Pass.class, verdict(done, "utility-loss"));
            assertTrue(named(done, "divergence").value() > 1e-3);
            List<Finding> broken = audit.examine(material, before, ruined, before, env);
            assertEquals(Verdict.Fail.class, verdict(broken, "reward-gain"));
            assertEquals(Verdict.Fail.class, verdict(broken, "utility-loss"));
        }
    }

    @Test
    void auditOfGeneratedAnswersRewardsTheLikeliestOnes() {
        AlignmentTask task = planted.task();
        Alignment.Material material = new Alignment.Material(
                planted.questions(planted.heldOut), true, task.reward(), planted.heldOut, planted.wanted, task.end());
        try (var _ = new PointerScope()) {
            Transformer before = Planted.open(Planted.SMALL, weights);
            Transformer ruined = Planted.open(Planted.SMALL, new float[weights.length]);
            List<int[]> asked =
                    material.questions().stream().map(Question::prompt).toList();
            double expected = Answers.sample(before, asked, Planted.END, 8, 0, Keyed.seed(4)).stream()
                    .mapToDouble(a -> planted.reward(Arrays.copyOf(a.ids(), a.answer()), task.answer(a)))
                    .average()
                    .orElseThrow();
            List<Finding> nothing = new Alignment().examine(material, before, before, before, Env.seeded(1));
            assertEquals(expected, named(nothing, "reward").value(), 1e-9);
            assertEquals(Verdict.Fail.class, verdict(nothing, "reward-gain"));
            List<Finding> broken = new Alignment().examine(material, before, ruined, before, Env.seeded(1));
            assertTrue(named(broken, "reward-gain").interval().orElseThrow().high() < 0);
        }
    }

    private static Finding named(List<Finding> findings, String name) {
        return findings.stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
    }

    private static Class<?> verdict(List<Finding> findings, String name) {
        return named(findings, name).verdict().orElseThrow().getClass();
    }
}
