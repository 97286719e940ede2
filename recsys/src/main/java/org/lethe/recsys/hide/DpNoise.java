package org.lethe.recsys.hide;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.UserRows;

/**
 * The Gaussian mechanism as a baseline (Dwork and Roth 2014, appendix A): each embedding is clipped to a length c and gets
 * noise of standard deviation {@code c √(2 ln(1.25/δ)) / ε} in every dimension, whatever the attribute.
 *
 * <p>The guarantee covers only the step from clipped to released embedding, not the training before it. Cost: {@code
 * O(users·width)}.
 *
 * @param epsilon privacy budget ε; published grids use 1, 5 and 10
 * @param delta probability δ that the budget does not hold
 * @param clip clipping length c; 0 for the median length of the embeddings
 */
@Named("dp-noise")
@Taxonomy(Branch.POST_TRAINING)
public record DpNoise(double epsilon, double delta, double clip) implements Hiding {
    public DpNoise {
        Check.require(epsilon > 0 && epsilon < 1e9, "epsilon", epsilon, "above 0 and below 1e9");
        Check.require(delta > 0 && delta < 1, "delta", delta, "between 0 and 1");
        Check.require(clip >= 0 && clip < 1e9, "clip", clip, "at least 0 and below 1e9");
    }

    /** A budget of 10 at δ = 10⁻⁵. */
    public DpNoise() {
        this(10, 1e-5, 0);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        UserRows before = Suited.rows(this, model);
        Hiding.hide(this, request);
        int width = before.width();
        float[] rows = before.userRows().clone();
        double[] lengths = new double[before.users()];
        for (int u = 0; u < lengths.length; u++) {
            double square = 0;
            for (int d = 0; d < width; d++) {
                square += (double) rows[u * width + d] * rows[u * width + d];
            }
            lengths[u] = Math.sqrt(square);
        }
        double[] sorted = lengths.clone();
        Arrays.sort(sorted);
        double most = clip > 0 ? clip : sorted[sorted.length / 2];
        for (int u = 0; u < lengths.length; u++) {
            double shrink = Math.min(1, most / Math.max(lengths[u], Double.MIN_NORMAL));
            for (int d = 0; d < width; d++) {
                rows[u * width + d] *= (float) shrink;
            }
        }
        addNoise(
                rows,
                width,
                most * Math.sqrt(2 * Math.log(1.25 / delta)) / epsilon,
                data.train(),
                env.random("dp-noise"));
        return before.withUserRows(rows);
    }

    /** Adds normal noise to every number; the noise of a user depends on the user's key alone. */
    static void addNoise(float[] rows, int width, double sd, Interactions train, Keyed random) {
        for (int u = 0; u < train.users(); u++) {
            Keyed of = random.of(train.userKey(u));
            for (int d = 0; d < width; d++) {
                rows[u * width + d] += (float) (sd * Keyed.normal(of.at(d)));
            }
        }
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }
}
