package org.lethe.recsys.hide;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;

/**
 * RAID's maps without its training: the rows of a finished model are moved onto the Wasserstein barycenter of the classes, in
 * a few moves of closed form. With {@code form: bures} and one move it is the closed-form Gaussian map of RAID, section 2.6.
 *
 * <p>Nothing holds the lists but that transport moves rows as little as it can. Approximate. Costs {@code moves} solutions of
 * the centroid.
 *
 * @param form whether the centroid is a cloud of free points or a normal distribution
 * @param points of the free support
 * @param epsilon entropy of the plans, as a part of the median squared distance; 0 for exact plans
 * @param rounds of each centroid
 * @param sample most users of a class to which the maps are fitted; 0 for all
 * @param debiased whether a row goes by the difference of its class's map and that of all classes
 * @param shrink the part of the classes' mean covariance in each class's, for normal distributions
 * @param drawn whether classes end as far apart as samples of the centroid are, instead of exactly on it
 * @param moves how often
 */
@Named("transport-map")
public record TransportMap(
        Raid.Form form,
        int points,
        double epsilon,
        int rounds,
        int sample,
        boolean debiased,
        double shrink,
        boolean drawn,
        int moves)
        implements Hiding {
    public TransportMap {
        new Centroid.Settings(form, points, epsilon, rounds, sample, debiased, shrink, drawn);
        Check.require(moves >= 1, "moves", moves, "at least 1");
    }

    /** The normal distribution's map, one move. */
    public TransportMap() {
        this(Raid.Form.BURES, 256, 0.01, 20, 0, true, 0.25, true, 1);
    }

    public TransportMap withForm(Raid.Form form) {
        return new TransportMap(form, points, epsilon, rounds, sample, debiased, shrink, drawn, moves);
    }

    public TransportMap withPoints(int points) {
        return new TransportMap(form, points, epsilon, rounds, sample, debiased, shrink, drawn, moves);
    }

    public TransportMap withEpsilon(double epsilon) {
        return new TransportMap(form, points, epsilon, rounds, sample, debiased, shrink, drawn, moves);
    }

    public TransportMap withRounds(int rounds) {
        return new TransportMap(form, points, epsilon, rounds, sample, debiased, shrink, drawn, moves);
    }

    public TransportMap withDebiased(boolean debiased) {
        return new TransportMap(form, points, epsilon, rounds, sample, debiased, shrink, drawn, moves);
    }

    public TransportMap withShrink(double shrink) {
        return new TransportMap(form, points, epsilon, rounds, sample, debiased, shrink, drawn, moves);
    }

    public TransportMap withDrawn(boolean drawn) {
        return new TransportMap(form, points, epsilon, rounds, sample, debiased, shrink, drawn, moves);
    }

    public TransportMap withMoves(int moves) {
        return new TransportMap(form, points, epsilon, rounds, sample, debiased, shrink, drawn, moves);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        UserRows before = Hiding.rows(this, model);
        Hide hide = Hiding.hide(this, request);
        return new Centroid(settings(), hide.targets(data.train()), Hiding.known(hide, data)).polish(before, moves, env);
    }

    /** The settings of the centroid. */
    Centroid.Settings settings() {
        return new Centroid.Settings(form, points, epsilon, rounds, sample, debiased, shrink, drawn);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }
}
