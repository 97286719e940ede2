package org.lethe.federated;

import static org.lethe.Check.require;

import java.io.Serializable;

/**
 * Where scores of each group are moved: values at evenly spaced scores from 0 to 1, joined by straight lines.
 *
 * @param values for each group, the score that each of these scores becomes; an empty array leaves the group as it is
 * @param repair share of the way that a score goes: 0 leaves it, 1 goes all the way
 */
public record ScoreMap(float[][] values, double repair) implements Serializable {
    public ScoreMap {
        require(repair >= 0 && repair <= 1, "repair", repair, "0 to 1");
        for (float[] group : values) {
            require(group.length != 1, "values of a group", group.length, "none, or at least 2");
            for (float value : group) {
                require(value >= 0 && value <= 1, "value", value, "0 to 1");
            }
        }
    }

    /** Whether scores of this group are moved. */
    public boolean moves(int group) {
        return group >= 0 && values[group].length > 0;
    }

    /** The score of a person of a group, moved; that of a person of no group stays. */
    public float of(int group, float score) {
        if (!moves(group)) {
            return score;
        }
        float[] knots = values[group];
        double at = (double) score * (knots.length - 1);
        int below = Math.min((int) at, knots.length - 2);
        double moved = knots[below] + (at - below) * (knots[below + 1] - knots[below]);
        return (float) Math.clamp((1 - repair) * score + repair * moved, 0, 1);
    }
}
