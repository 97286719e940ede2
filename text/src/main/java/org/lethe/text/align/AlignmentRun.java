package org.lethe.text.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.align.AlignmentCourse.Point;
import org.lethe.text.align.AlignmentCourse.Selection;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Tensors;

/**
 * An alignment under way: the model that moves, the frozen one, and the points so far. The model is left at the best
 * point by held-out objective whose utility is above the floor; the start is one of them. Its tensors belong to the
 * scope around it.
 */
final class AlignmentRun {
    /** Strength of the reference in the objective: that of the authors' code. */
    static final double BETA = 0.3;

    private static final int JUDGED = 64; // samples and pairs of a point: judging costs less than training
    private static final int QUESTIONS = 16; // of each, every answer is read

    private final Transformer model;
    private final Transformer reference;
    private final AlignmentTask task;
    private final Env env;
    private final AlignmentObjective objective;
    private final AlignmentObjective heldOut;
    private final List<AlignmentObjective> reward;
    private final List<Encoded> judged;
    private final double floor;
    private final Tensor start;
    private final List<Point> points = new ArrayList<>();
    private final List<Selection> selections = new ArrayList<>();
    private float[] best;
    private int chosen;

    /**
     * Starts.
     *
     * @param floor percent by which the cross-entropy of wanted answers may grow
     */
    AlignmentRun(Transformer model, Transformer reference, AlignmentTask task, Goal goal, double floor, Env env) {
        this.model = model;
        this.reference = reference;
        this.task = task;
        this.env = env;
        this.floor = floor;
        model.parameters().train(_ -> true);
        Keyed random = env.random("align");
        objective = objective(goal, task.pairs(), some(task.questions(), QUESTIONS, random.of("asked")));
        List<AlignmentObjective.Question> questions = some(task.heldOutQuestions(), QUESTIONS, random.of("questions"));
        heldOut = objective(goal, some(task.heldOut(), JUDGED, random.of("held-out")), questions);
        judged = some(task.retained(), JUDGED, random.of("retained"));
        reward = task.enumerable() ? List.of(new AlignmentObjective.ExpectedReward(questions)) : List.of();
        start = Flat.of(parameters());
        best = Tensors.floats(start);
        point(0, 0, true);
    }

    private AlignmentObjective objective(
            Goal goal, List<AlignmentObjective.Pair> pairs, List<AlignmentObjective.Question> questions) {
        return switch (goal) {
            case PREFERENCES -> new AlignmentObjective.Preferences(pairs, new PreferenceLoss(BETA), reference);
            case REWARD -> {
                if (!task.enumerable()) {
                    throw new LetheException(
                            LetheException.Code.STUDY,
                            "objective is reward, but the corpus has no reward with at most "
                                    + AlignmentTask.LARGEST_GRAMMAR
                                    + " different answers, over which it is summed; expected preferences or positives");
                }
                yield new AlignmentObjective.ExpectedReward(questions);
            }
            case POSITIVES ->
                new AlignmentObjective.Positives(
                        pairs.stream().map(AlignmentObjective.Pair::chosen).toList());
        };
    }

    private static <T> List<T> some(List<T> all, int most, Keyed random) {
        if (all.size() <= most) {
            return all;
        }
        return Arrays.stream(order(all.size(), random))
                .limit(most)
                .mapToObj(all::get)
                .toList();
    }

    /** Numbers below n in an order drawn by a key. */
    static int[] order(int n, Keyed random) {
        Integer[] all = new Integer[n];
        Arrays.setAll(all, i -> i);
        Arrays.sort(all, (a, b) -> Long.compare(random.at(a), random.at(b)));
        return Arrays.stream(all).mapToInt(i -> i).toArray();
    }

    Transformer model() {
        return model;
    }

    Transformer reference() {
        return reference;
    }

    AlignmentTask task() {
        return task;
    }

    AlignmentObjective objective() {
        return objective;
    }

    Env env() {
        return env;
    }

    Device device() {
        return model.device();
    }

    /** What is trained. */
    List<Tensor> parameters() {
        return List.copyOf(model.trained().trained().values());
    }

    /** The parameters at the start. */
    Tensor start() {
        return start;
    }

    /**
     * Judges the model as it is, and keeps it if it is the best so far.
     *
     * @param round from 1
     * @param step in the round, from 1
     * @param rewarded whether the expected reward is computed too, which reads every answer of the grammar
     */
    void point(int round, int step, boolean rewarded) {
        env.ledger().timed("evaluation", () -> {
            double utility = Arrays.stream(Answers.crossEntropies(model, judged))
                    .average()
                    .orElseThrow();
            OptionalDouble expected = reward.isEmpty() || !rewarded
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(-reward.getFirst().value(model));
            Point point = new Point(round, step, objective.value(model), heldOut.value(model), utility, expected);
            if (!Double.isFinite(point.objective() + point.heldOut() + point.utility())) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "the model is not finite after round " + round + ", step " + step
                                + "; a smaller learningRate may help");
            }
            points.add(point);
            if (point.utility() <= lowest()
                    && point.heldOut() < points.get(chosen).heldOut()) {
                chosen = points.size() - 1;
                try (var _ = new PointerScope()) {
                    best = Tensors.floats(Flat.of(parameters()));
                }
            }
            return point;
        });
    }

    private double lowest() {
        return points.getFirst().utility() * (1 + floor / 100);
    }

    /** Whether utility is so far gone that going on is of no use. */
    boolean ruined() {
        return points.getLast().utility() > 2 * points.getFirst().utility() + 1;
    }

    /** Notes who is unlearned in a round. */
    void selected(Selection selection) {
        selections.add(selection);
    }

    /** Sets the model to the best point. */
    AlignmentCourse finish(String ending) {
        try (var _ = new PointerScope()) {
            Flat.set(parameters(), Tensors.of(best, best.length));
        }
        Point result = points.get(chosen);
        if (!reward.isEmpty() && result.reward().isEmpty()) {
            double expected =
                    env.ledger().timed("evaluation", () -> -reward.getFirst().value(model));
            points.set(
                    chosen,
                    new Point(
                            result.round(),
                            result.step(),
                            result.objective(),
                            result.heldOut(),
                            result.utility(),
                            OptionalDouble.of(expected)));
        }
        return new AlignmentCourse(points, selections, chosen, ending);
    }
}
