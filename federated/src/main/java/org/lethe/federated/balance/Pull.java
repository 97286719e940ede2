package org.lethe.federated.balance;

import java.util.Arrays;
import org.lethe.federated.Loss;
import org.lethe.federated.ScoreMap;

/** How far a score is from its target: the second part of the loss {@code β·BCE + (1−β)·ℓ(f(x) − t)}. */
public enum Pull {
    /** The absolute difference. */
    ABS,
    /** The squared difference. */
    SQUARED,
    /** The absolute difference, rounded off within 0.05 of the target. */
    HUBER;

    private static final float DELTA = 0.05f;

    /** The derivative by the score. */
    float slope(float difference) {
        return switch (this) {
            case ABS -> Math.signum(difference);
            case SQUARED -> 2 * difference;
            case HUBER -> Math.clamp(difference / DELTA, -1f, 1f);
        };
    }

    /** The loss of a client whose records have targets; not-a-number is none. */
    Loss towards(float[] targets, float beta, Loss.Place place) {
        return (i, p) -> {
            float fit = beta * (p - place.label(i));
            float target = targets[i];
            return beta == 1 || Float.isNaN(target) ? fit : fit + (1 - beta) * slope(p - target) * p * (1 - p);
        };
    }

    /**
     * Targets that each client makes of its own scores, by the maps that the server sent; they never leave it.
     *
     * @param pull the second part of the loss
     * @param beta weight of its first part
     * @param fairness what the strata are
     * @param maps for each stratum
     */
    record ByMap(Pull pull, float beta, BalanceSites.Fairness fairness, ScoreMap[] maps) implements Loss.Maker {
        @Override
        public Loss at(Loss.Place place) {
            float[] targets = place.scores();
            for (int i = 0; i < targets.length; i++) {
                int stratum = fairness.stratum(place.label(i));
                targets[i] = stratum >= 0 && maps[stratum].moves(place.group(i))
                        ? maps[stratum].of(place.group(i), targets[i])
                        : Float.NaN;
            }
            return pull.towards(targets, beta, place);
        }
    }

    /**
     * Targets that the server made of raw scores, as the published code does.
     *
     * @param pull the second part of the loss
     * @param beta weight of its first part
     * @param targets of each client's records, by its number; an empty array for a client that takes no part
     */
    record Sent(Pull pull, float beta, float[][] targets) implements Loss.Maker {
        @Override
        public Loss at(Loss.Place place) {
            return pull.towards(targets[place.client()], beta, place);
        }
    }

    /**
     * Targets of a client that knows only itself: maps between its own groups.
     *
     * @param pull the second part of the loss
     * @param beta weight of its first part
     * @param target between its groups
     * @param histogram of its scores
     */
    record Local(Pull pull, float beta, FairTarget target, Histogram histogram) implements Loss.Maker {
        @Override
        public Loss at(Loss.Place place) {
            double[] own = histogram.at(place);
            ScoreMap[] maps = new ScoreMap[histogram.fairness().strata()];
            Arrays.setAll(maps, s -> target.map(histogram.of(own, s), false, 1));
            return new ByMap(pull, beta, histogram.fairness(), maps).at(place);
        }
    }
}
