package org.lethe.recsys.hide;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Formerly;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.UserRows;

/**
 * RAID's maps without its training: a few closed-form moves carry the embeddings of a finished model onto the Wasserstein
 * barycenter of the classes. With {@code form: bures} and one move it is the closed-form Gaussian map of RAID, section 2.6.
 *
 * <p>There is no regulariser; optimal transport itself moves embeddings as little as possible. Approximate. Cost: {@code
 * moves} solutions of the centroid.
 *
 * @param form form of the centroid: free-support (a cloud of free points) or bures (a normal distribution)
 * @param points number of points of a free support
 * @param epsilon entropy of the transport plans, relative to the median squared distance; 0 for exact plans
 * @param centroidIterations largest number of iterations of a centroid
 * @param maxPerClass largest number of users of a class to which the maps are fitted; 0 for all
 * @param debiased whether an embedding moves by the difference of its class's map and the map of all classes
 * @param shrinkage share of the mean covariance of all classes in the covariance of each class, for normal distributions
 * @param samplingNoise whether classes end as far apart as random samples of the centroid, instead of exactly on it
 * @param moves number of moves onto the centroid
 */
@Named("transport-map")
@Taxonomy(Branch.POST_TRAINING)
public record TransportMap(
        Raid.Form form,
        int points,
        double epsilon,
        @Formerly("rounds") int centroidIterations,
        @Formerly("sample") int maxPerClass,
        boolean debiased,
        @Formerly("shrink") double shrinkage,
        @Formerly("drawn") boolean samplingNoise,
        int moves)
        implements Hiding {
    public TransportMap {
        new Centroid.Settings(
                form, points, epsilon, centroidIterations, maxPerClass, debiased, shrinkage, samplingNoise);
        Check.require(moves >= 1, "moves", moves, "at least 1");
    }

    /** One move by the map of normal distributions. */
    public TransportMap() {
        this(Raid.Form.BURES, 256, 0.01, 20, 0, true, 0.25, true, 1);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        UserRows before = Suited.rows(this, model);
        Hide hide = Hiding.hide(this, request);
        Centroid.Settings settings = new Centroid.Settings(
                form, points, epsilon, centroidIterations, maxPerClass, debiased, shrinkage, samplingNoise);
        return new Centroid(settings, hide.targets(data.train()), Hiding.known(hide, data)).polish(before, moves, env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }
}
