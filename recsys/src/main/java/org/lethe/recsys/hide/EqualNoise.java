package org.lethe.recsys.hide;

import java.util.Optional;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.UserRows;

/**
 * The noise control: normal noise with the mean displacement of another method, but in random directions. A method that
 * does no better than this control only blurs.
 *
 * <p>Cost: that of the other method, and {@code O(users·width)}.
 *
 * @param like method whose mean displacement is copied
 */
@Named("equal-noise")
public record EqualNoise(Method<Split, Recommender> like) implements Hiding {
    /** The mean displacement of d2d-r. */
    public EqualNoise() {
        this(new D2dR());
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return like.unsuited(request, learner)
                .map(why -> Named.Of.name(this) + " moves users as far as another method, and " + why);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        UserRows before = Suited.rows(this, model);
        UserRows moved = Suited.rows(this, like.fulfil(model, request, learner, data, env));
        int width = before.width();
        float[] noise = new float[before.userRows().length];
        DpNoise.addNoise(noise, width, 1, data.train(), env.random("equal-noise"));
        double target = meanLength(moved.userRows(), before.userRows(), width);
        double scale = target / Math.max(meanLength(noise, new float[noise.length], width), Double.MIN_NORMAL);
        float[] rows = before.userRows().clone();
        for (int n = 0; n < rows.length; n++) {
            rows[n] += (float) (scale * noise[n]);
        }
        return before.withUserRows(rows);
    }

    private static double meanLength(float[] to, float[] from, int width) {
        double total = 0;
        for (int at = 0; at < to.length; at += width) {
            double square = 0;
            for (int d = 0; d < width; d++) {
                double difference = (double) to[at + d] - from[at + d];
                square += difference * difference;
            }
            total += Math.sqrt(square);
        }
        return total * width / Math.max(1, to.length);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }
}
