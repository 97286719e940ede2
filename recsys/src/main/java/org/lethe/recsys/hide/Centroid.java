package org.lethe.recsys.hide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.UserRows;
import org.lethe.transport.Cloud;
import org.lethe.transport.FreeSupport;
import org.lethe.transport.Gaussian;
import org.lethe.transport.Sinkhorn;

/**
 * The common centroid of all classes, and the displacements of users that give all classes its distribution.
 *
 * <p>The maps are fitted to users whose classes the method knows, and they move all users of a class. If a class has the
 * same distribution as all others, its users stay in place. The last solution is the start of the next, so an instance
 * belongs to one training.
 */
final class Centroid {
    private final Settings settings;
    private final FreeSupport first;
    private final FreeSupport warm;
    private final List<Classes> all;
    private final List<Classes> known;
    private final List<Optional<FreeSupport.Barycenter>> last = new ArrayList<>();

    /** The settings that {@code raid} and {@code transport-map} share; {@link Raid} documents them. */
    record Settings(
            Raid.Form form,
            int points,
            double epsilon,
            int centroidIterations,
            int maxPerClass,
            boolean debiased,
            double shrinkage,
            boolean samplingNoise) {
        Settings {
            Check.require(points >= 1, "points", points, "at least 1");
            Check.require(epsilon >= 0 && epsilon < 1e3, "epsilon", epsilon, "at least 0 and below 1000");
            Check.require(centroidIterations >= 1, "centroidIterations", centroidIterations, "at least 1");
            Check.require(maxPerClass == 0 || maxPerClass >= 2, "maxPerClass", maxPerClass, "0 or at least 2");
            Check.require(shrinkage >= 0 && shrinkage <= 1, "shrinkage", shrinkage, "0 to 1");
        }
    }

    /** The maps are fitted to the users of {@code known} and move the users of {@code all}. */
    Centroid(Settings settings, List<Classes> all, List<Classes> known) {
        this.settings = settings;
        this.first = settings.epsilon == 0
                ? FreeSupport.exact(settings.points).rounds(settings.centroidIterations)
                : new FreeSupport(
                        settings.points,
                        settings.epsilon,
                        settings.centroidIterations,
                        200,
                        1e-4,
                        Sinkhorn.Precision.SINGLE);
        this.warm = first.rounds(Math.max(1, settings.centroidIterations / 10));
        this.all = all;
        this.known = known;
        all.forEach(classes -> last.add(Optional.empty()));
    }

    /** Moves every class onto the centroid, several times, because one entropic map does not reach it. */
    UserRows polish(UserRows model, int times, Env env) {
        float[] rows = model.userRows().clone();
        for (int round = 0; round < times; round++) {
            double[] moves = displacements(rows, model.width(), first, env);
            for (int n = 0; n < rows.length; n++) {
                rows[n] += (float) moves[n];
            }
        }
        return model.withUserRows(rows);
    }

    /**
     * The displacement of each embedding, {@code [users, width]}: the mean over the hidden attributes. The ledger counts
     * {@code centroids}, and {@code centroids-unsettled} for those that did not converge.
     */
    double[] displacements(float[] rows, int width, Env env) {
        return displacements(rows, width, warm, env);
    }

    private double[] displacements(float[] rows, int width, FreeSupport again, Env env) {
        double[] total = new double[rows.length];
        for (int t = 0; t < all.size(); t++) {
            List<Cloud> clouds = new ArrayList<>();
            Keyed random = env.random("raid").of(t);
            for (int k = 0; k < known.get(t).size(); k++) {
                clouds.add(Cloud.of(
                        rows, width, Classes.drawn(known.get(t).members(k), settings.maxPerClass, random.of(k))));
            }
            double[][] moved = switch (settings.form) {
                case FREE_SUPPORT -> bySupport(t, clouds, rows, width, again, random, env);
                case BURES -> byGaussians(t, clouds, rows, width, env);
            };
            double[] after = new double[rows.length];
            for (int k = 0; k < all.get(t).size(); k++) {
                int[] members = all.get(t).members(k);
                for (int n = 0; n < moved[k].length; n++) {
                    int at = members[n / width] * width + n % width;
                    after[at] = rows[at] + moved[k][n];
                }
            }
            if (settings.samplingNoise) {
                SamplingNoise.set(known.get(t), after, width, random.of("chance"));
            }
            for (int u = 0; u < all.get(t).of().length; u++) {
                for (int at = u * width; at < (u + 1) * width && all.get(t).of()[u] >= 0; at++) {
                    total[at] += (after[at] - rows[at]) / all.size();
                }
            }
        }
        return total;
    }

    private double[][] bySupport(
            int t, List<Cloud> clouds, float[] rows, int width, FreeSupport again, Keyed random, Env env) {
        int classes = clouds.size();
        List<Cloud> with = new ArrayList<>(clouds);
        with.add(pooled(clouds));
        double[] shares = new double[classes + 1]; // the pool has no say in where the centroid lies
        Arrays.fill(shares, 0, classes, 1.0 / classes);
        FreeSupport.Barycenter center = last.get(t).isPresent()
                ? again.refresh(with, last.get(t).get(), env.workers()::each)
                : first.barycenter(with, shares, first.start(clouds, random), env.workers()::each);
        last.set(t, Optional.of(center));
        settled(center.converged(), env);
        double[][] moved = new double[classes][];
        for (int k = 0; k < classes; k++) {
            Cloud members = Cloud.of(rows, width, all.get(t).members(k));
            moved[k] = center.map(k, members, env.workers()::each);
            double[] from = settings.debiased ? center.map(classes, members, env.workers()::each) : members.points();
            for (int n = 0; n < from.length; n++) {
                moved[k][n] -= from[n];
            }
        }
        return moved;
    }

    private static void settled(boolean converged, Env env) {
        env.ledger().count("centroids", 1);
        env.ledger().count("centroids-unsettled", converged ? 0 : 1);
    }

    /** All classes in one cloud, with the same mass for each class. */
    private static Cloud pooled(List<Cloud> clouds) {
        int dims = clouds.getFirst().dims();
        double[] points =
                new double[clouds.stream().mapToInt(c -> c.points().length).sum()];
        double[] weights = new double[points.length / dims];
        int at = 0;
        for (Cloud cloud : clouds) {
            System.arraycopy(cloud.points(), 0, points, at * dims, cloud.points().length);
            Arrays.fill(weights, at, at + cloud.size(), 1.0 / clouds.size() / cloud.size());
            at += cloud.size();
        }
        return new Cloud(points, dims, weights);
    }

    private double[][] byGaussians(int t, List<Cloud> clouds, float[] rows, int width, Env env) {
        List<Gaussian> classes = shrunk(clouds.stream().map(Gaussian::of).toList());
        double[] shares = new double[classes.size()];
        Arrays.fill(shares, 1.0 / shares.length);
        Gaussian.Barycenter center = Gaussian.barycenter(classes, shares);
        settled(center.converged(), env);
        double[][] moved = new double[shares.length][];
        for (int k = 0; k < shares.length; k++) {
            double[] members = Cloud.of(rows, width, all.get(t).members(k)).points();
            moved[k] = classes.get(k).map(center.center()).apply(members);
            for (int n = 0; n < members.length; n++) {
                moved[k][n] -= members[n];
            }
        }
        return moved;
    }

    /** The classes with shrunk covariances: each is mixed with the mean covariance of all classes. */
    private List<Gaussian> shrunk(List<Gaussian> classes) {
        double[] mean = new double[classes.getFirst().covariance().length];
        for (Gaussian one : classes) {
            for (int e = 0; e < mean.length; e++) {
                mean[e] += one.covariance()[e] / classes.size();
            }
        }
        return classes.stream()
                .map(one -> {
                    double[] mixed = one.covariance().clone();
                    for (int e = 0; e < mixed.length; e++) {
                        mixed[e] += settings.shrinkage * (mean[e] - mixed[e]);
                    }
                    return new Gaussian(one.mean(), mixed);
                })
                .toList();
    }
}
