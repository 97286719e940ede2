package org.lethe.recsys.hide;

import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;

/**
 * Distribution-to-distribution attribute unlearning of a finished model (arXiv 2310.05847; for several classes 2403.06737):
 * the classes' distributions of rows are made one by their maximum mean discrepancy, while a regulariser holds the lists.
 *
 * <p>Loss {@code Σ_k MMD²(class k, anchor)} with five radial kernels. Published: the anchor is the first class, all users in every
 * step, diagonals in ({@code anchor: first-class, sample: 0, drawn: false}). Default: the anchor is drawn from all classes alike,
 * anew in each step and held fixed, and a step sees {@code sample} users of class and anchor, without diagonals, so that alike
 * classes have an expected loss of 0, and the lists of as many.
 *
 * <p>Approximate. A step costs {@code O(classes · sample² · width)} and the scores of {@code sample} lists.
 *
 * @param steps of Adam
 * @param learningRate of Adam
 * @param preserve what holds the lists together
 * @param weight of that, for each unit of its sum over users
 * @param margin by how much the score of an item of a list should exceed the next one's
 * @param list length of the lists that are held
 * @param anchor what each class is drawn to
 * @param sample users of each class in a step, and lists; 0 for all of them
 * @param drawn whether classes end as far apart as samples of one distribution are, instead of as near as the steps bring them
 * @param tables which tables of users move
 */
@Named("d2d-r")
public record D2dR(
        int steps,
        double learningRate,
        Preserve preserve,
        double weight,
        double margin,
        int list,
        Anchor anchor,
        int sample,
        boolean drawn,
        Tables tables)
        implements Method<Split, Recommender> {
    /** What each class is drawn to. */
    public enum Anchor {
        /** Users drawn from all classes alike, anew in each step. */
        POOLED,
        /** The users of the first class, who move too: the released code. */
        FIRST_CLASS
    }

    public D2dR {
        new Unlearning(steps, learningRate, preserve, weight, margin, list, sample, tables);
        Check.require(sample == 0 || sample >= 2, "sample", sample, "0 or at least 2");
    }

    /** 200 steps on samples of 256 of each class against a pooled anchor, on all tables; more steps even out neighbourhoods. */
    public D2dR() {
        this(200, 1e-3, Preserve.FUNCTION, 1e-6, 0.05, 20, Anchor.POOLED, 256, true, Tables.ALL);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        UserRows before = Hiding.rows(this, model);
        List<Classes> targets = Hiding.known(Hiding.hide(this, request), data);
        Separation separation = (rows, width, gradient, random, workers) -> {
            for (int t = 0; t < targets.size(); t++) {
                addGradient(targets.get(t), rows, width, gradient, random.of(t), workers);
            }
        };
        UserRows moved = new Unlearning(steps, learningRate, preserve, weight, margin, list, sample, tables)
                .run(this, before, separation, data, env);
        return drawn ? chance(moved, targets, env) : moved;
    }

    private static UserRows chance(UserRows moved, List<Classes> targets, Env env) {
        double[] rows = new double[moved.userRows().length];
        for (int n = 0; n < rows.length; n++) {
            rows[n] = moved.userRows()[n];
        }
        for (int t = 0; t < targets.size(); t++) {
            Chance.set(
                    targets.get(t),
                    rows,
                    moved.width(),
                    env.random("d2d-r-chance").of(t));
        }
        float[] rounded = new float[rows.length];
        for (int n = 0; n < rows.length; n++) {
            rounded[n] = (float) rows[n];
        }
        return moved.withUserRows(rounded);
    }

    private void addGradient(
            Classes classes, float[] rows, int width, float[] gradient, Keyed random, Workers workers) {
        switch (anchor) {
            case FIRST_CLASS -> {
                int[] first = Classes.drawn(classes.members(0), sample, random.of(0));
                for (int k = 1; k < classes.size(); k++) {
                    int[] members = Classes.drawn(classes.members(k), sample, random.of(k));
                    Mmd mmd = new Mmd(rows, width, members, first, sample > 0);
                    mmd.addGradientOfX(1, gradient, workers);
                    mmd.addGradientOfY(1, gradient, workers);
                }
            }
            case POOLED -> {
                int[][] alike = classes.asIfAlike(random.of(-1));
                for (int k = 0; k < classes.size(); k++) {
                    int[] members = Classes.drawn(classes.members(k), sample, random.of(k));
                    int[] pool = Classes.drawn(alike[k], sample, random.of(-2).of(k));
                    Mmd mmd = new Mmd(rows, width, members, pool, true);
                    mmd.addGradientOfX(1, gradient, workers);
                }
            }
        }
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }
}
