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
 * What all classes are to become, and the way there: displacements of users that make the classes' distributions one.
 *
 * <p>The maps are fitted to the users whose classes are known to the method and move everyone of a class. Where a class is as
 * all others, nobody moves. Keeps the last solution to start the next from, so it belongs to one training.
 */
final class Centroid {
    private final Settings settings;
    private final FreeSupport first;
    private final FreeSupport warm;
    private final List<Classes> all;
    private final List<Classes> known;
    private final List<Optional<FreeSupport.Barycenter>> last = new ArrayList<>();

    /** The settings that RAID and its maps alone have in common, as {@link Raid} documents them. */
    record Settings(
            Raid.Form form,
            int points,
            double epsilon,
            int rounds,
            int sample,
            boolean debiased,
            double shrink,
            boolean drawn) {
        Settings {
            Check.require(points >= 1, "points", points, "at least 1");
            Check.require(epsilon >= 0 && epsilon < 1e3, "epsilon", epsilon, "at least 0 and below 1000");
            Check.require(rounds >= 1, "rounds", rounds, "at least 1");
            Check.require(sample == 0 || sample >= 2, "sample", sample, "0 or at least 2");
            Check.require(shrink >= 0 && shrink <= 1, "shrink", shrink, "0 to 1");
        }
    }

    /** The maps move users of {@code all} and are fitted to those of {@code known}. */
    Centroid(Settings settings, List<Classes> all, List<Classes> known) {
        this.settings = settings;
        this.first = settings.epsilon == 0
                ? FreeSupport.exact(settings.points).rounds(settings.rounds)
                : new FreeSupport(
                        settings.points, settings.epsilon, settings.rounds, 200, 1e-4, Sinkhorn.Precision.SINGLE);
        this.warm = first.rounds(Math.max(1, settings.rounds / 10));
        this.all = all;
        this.known = known;
        all.forEach(classes -> last.add(Optional.empty()));
    }

    /** Moves every class onto the centroid, several times: one move of an entropic map does not arrive. */
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
     * How far to move each row, {@code [users, width]}: the mean over the attributes that are hidden. Counts
     * {@code centroids} and, among them, {@code centroids-unsettled}: those that used up their rounds.
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
                clouds.add(
                        Cloud.of(rows, width, Classes.drawn(known.get(t).members(k), settings.sample, random.of(k))));
            }
            double[][] moved = switch (settings.form) {
                case SUPPORT -> bySupport(t, clouds, rows, width, again, random, env);
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
            if (settings.drawn) {
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

    /** All classes in one cloud, each with the same mass. */
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

    /** Each class with a part of the classes' mean covariance in its own. */
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
                        mixed[e] += settings.shrink * (mean[e] - mixed[e]);
                    }
                    return new Gaussian(one.mean(), mixed);
                })
                .toList();
    }
}
