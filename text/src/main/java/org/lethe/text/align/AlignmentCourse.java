package org.lethe.text.align;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How an alignment went, point by point: the curve of reward against utility, of which a result is one point.
 *
 * @param points the start, and the model every few steps
 * @param selections who was unlearned in each round, where the method selects
 * @param chosen number of the point that is the result: the best held-out objective among those with enough utility
 * @param ending why it ended
 */
public record AlignmentCourse(List<Point> points, List<Selection> selections, int chosen, String ending) {
    public AlignmentCourse {
        points = List.copyOf(points);
        selections = List.copyOf(selections);
    }

    /**
     * One model on the way.
     *
     * @param round of selection, from 1; 0 is the start
     * @param step of the optimiser in the round, from 1
     * @param objective J on the pairs that the method learns from
     * @param heldOut J on the pairs by which it chooses
     * @param utility cross-entropy of wanted answers; lower is better
     * @param reward expected reward of answers to held-out prompts, where it was enumerated: at the start, at the end
     *     of rounds, and of the result
     */
    public record Point(int round, int step, double objective, double heldOut, double utility, OptionalDouble reward) {}

    /**
     * One round of selection.
     *
     * @param round from 1
     * @param weights who is unlearned, and how much
     * @param gradient by which they were chosen, where they were
     */
    public record Selection(int round, ExampleWeights weights, Optional<ImplicitGradient> gradient) {}

    /** The point that is the result. */
    public Point result() {
        return points.get(chosen);
    }
}
