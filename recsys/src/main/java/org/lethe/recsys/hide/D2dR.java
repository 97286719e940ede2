package org.lethe.recsys.hide;

import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
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
 * <p>Released: {@code Σ_{k ≥ 1} MMD²(class k, class 0)} with five radial kernels, diagonals in, all users in every step of Adam
 * ({@code form: released, steps: 500, learningRate: 0.001, weight: 1e-6, sample: 0, drawn: false}). Adam moves every number by
 * about the learning rate, whatever its slope: what is noise in the slopes moves rows as far as what is not, and marks the
 * classes anew.
 *
 * <p>Default: the gradient flow of the discrepancy (Arbel et al. 2019), whose loss is {@code Σ_k n_k bw/2 MMD²(class k, pool)}
 * with n_k users in class k and the kernels' bandwidth bw. Every user of a class goes down one field, that of the witness of
 * {@code sample} users of the class and as many of the pool, drawn anew in each step from all classes alike: users who are alike
 * stay alike, and the learning rate has no unit. The field is fitted to users whose label the method knows and moves all who have
 * one.
 *
 * <p>Diagonals are left out, so that {@code Σ_{j<k} MMD²(class k, class j)} is 0 in the mean where classes are alike. The flow stops
 * where it is 0 for the rows that it would end with, as the same four times {@code sample} users of each class tell at every look:
 * beyond, classes are more alike than chance makes them, and an attacker who turns the answers round reads them. The ledger counts
 * the {@code steps} taken: where it counts all, the classes were not yet alike.
 *
 * <p>Approximate. A step costs {@code O(sample · users · width)} and the scores of an eighth of the lists, other ones in each; one
 * of the released form {@code O(classes · sample² · width)} and the scores of all lists.
 *
 * @param form which of the two
 * @param steps at most; the released form takes them all
 * @param learningRate of Adam, or of the flow's first step, from which it falls to 0
 * @param preserve what holds the lists together
 * @param weight of that, for each unit of its sum over users
 * @param margin by how much the score of an item of a list should exceed the next one's
 * @param list length of the lists that are held
 * @param sample users of each class, and of the pool, that a step looks at; 0 for all of them
 * @param drawn whether means end as far apart as those of samples of one distribution, to which they come sooner than the rest
 * @param tables which tables of users move
 */
@Named("d2d-r")
public record D2dR(
        Form form,
        int steps,
        double learningRate,
        Regulariser preserve,
        double weight,
        double margin,
        int list,
        int sample,
        boolean drawn,
        ProtectedTables tables)
        implements Hiding {
    private static final int LOOK = 4; // times as many users of a class tell when to stop as tell where to go

    /** How classes come together. */
    public enum Form {
        /** By Adam, each class and the first drawn to one another. */
        RELEASED(Unlearning.Descent.ADAM, 1),
        /** By the gradient flow, each class drawn to the pool of all, until they are alike. */
        FLOW(Unlearning.Descent.PLAIN, 0.125);

        private final Unlearning.Descent descent;
        private final double lists; // the part of them that a step sees

        Form(Unlearning.Descent descent, double lists) {
            this.descent = descent;
            this.lists = lists;
        }
    }

    public D2dR {
        new Unlearning(form.descent, steps, learningRate, preserve, weight, margin, list, form.lists, tables);
        Check.require(sample == 0 || sample >= 2, "sample", sample, "0 or at least 2");
    }

    /** The flow on samples of 512 of each class and of the pool, of all tables. */
    public D2dR() {
        this(Form.FLOW, 40, 1, Regulariser.FUNCTION, 3e-4, 0.05, 20, 512, true, ProtectedTables.ALL);
    }

    public D2dR withForm(Form form) {
        return new D2dR(form, steps, learningRate, preserve, weight, margin, list, sample, drawn, tables);
    }

    public D2dR withSteps(int steps) {
        return new D2dR(form, steps, learningRate, preserve, weight, margin, list, sample, drawn, tables);
    }

    public D2dR withLearningRate(double learningRate) {
        return new D2dR(form, steps, learningRate, preserve, weight, margin, list, sample, drawn, tables);
    }

    public D2dR withPreserve(Regulariser preserve) {
        return new D2dR(form, steps, learningRate, preserve, weight, margin, list, sample, drawn, tables);
    }

    public D2dR withWeight(double weight) {
        return new D2dR(form, steps, learningRate, preserve, weight, margin, list, sample, drawn, tables);
    }

    public D2dR withSample(int sample) {
        return new D2dR(form, steps, learningRate, preserve, weight, margin, list, sample, drawn, tables);
    }

    public D2dR withDrawn(boolean drawn) {
        return new D2dR(form, steps, learningRate, preserve, weight, margin, list, sample, drawn, tables);
    }

    /** The settings of the released code, but on all tables. */
    static D2dR released() {
        return new D2dR().withForm(Form.RELEASED).withSteps(500).withLearningRate(1e-3).withWeight(1e-6).withSample(0).withDrawn(false);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        return unlearn(Hiding.rows(this, model), Hiding.hide(this, request), data, env);
    }

    /** The same, of rows. */
    UserRows unlearn(UserRows before, Hide hide, Split data, Env env) {
        List<Classes> known = Hiding.known(hide, data);
        List<Classes> moving = form == Form.FLOW ? hide.targets(data.train()) : known;
        Discrepancy discrepancy = form == Form.FLOW ? new Flow(sample, known, moving) : new Released(sample, known);
        if (drawn) {
            discrepancy = new Drawn(discrepancy, known, tables.columns(before), env.random("d2d-r-chance"));
        }
        return new Unlearning(form.descent, steps, learningRate, preserve, weight, margin, list, form.lists, tables)
                .run(this, before, moving, discrepancy, data, env);
    }

    /** The published loss. */
    private record Released(int sample, List<Classes> targets) implements Discrepancy {
        @Override
        public void addGradient(float[] rows, int width, float[] gradient, Keyed random, Workers workers) {
            for (int t = 0; t < targets.size(); t++) {
                int[][] members = samples(targets.get(t), sample, random.of(t));
                for (int k = 1; k < members.length; k++) {
                    Mmd mmd = new Mmd(rows, width, members[k], members[0], sample > 0);
                    mmd.addGradientOfX(1, gradient, workers);
                    mmd.addGradientOfY(1, gradient, workers);
                }
            }
        }
    }

    /** The field in which users of the moving classes go, fitted to those of the known. */
    private record Flow(int sample, List<Classes> known, List<Classes> moving) implements Discrepancy {
        @Override
        public void addGradient(float[] rows, int width, float[] gradient, Keyed random, Workers workers) {
            for (int t = 0; t < known.size(); t++) {
                int[][] members = samples(known.get(t), sample, random.of(t));
                int[][] alike = known.get(t).asIfAlike(random.of(t).of("pool"));
                for (int k = 0; k < members.length; k++) {
                    int[] pool = Classes.drawn(
                            alike[k], sample, random.of(t).of("drawn").of(k));
                    new Mmd(rows, width, members[k], pool, true)
                            .addField(moving.get(t).members(k), gradient, workers);
                }
            }
        }

        @Override
        public boolean reached(float[] rows, int width, Keyed random, Workers workers) {
            double apart = 0;
            for (int t = 0; t < known.size(); t++) {
                Classes classes = known.get(t);
                int[][] members = samples(classes, LOOK * sample, random.of(t));
                for (int k = 1; k < members.length; k++) {
                    for (int j = 0; j < k; j++) {
                        apart += new Mmd(rows, width, members[k], members[j], true).squared(workers);
                    }
                }
            }
            return apart <= 0;
        }
    }

    /** Ends with means that chance has drawn. */
    private record Drawn(Discrepancy discrepancy, List<Classes> known, int columns, Keyed chance)
            implements Discrepancy {
        @Override
        public void addGradient(float[] rows, int width, float[] gradient, Keyed random, Workers workers) {
            discrepancy.addGradient(rows, width, gradient, random, workers);
        }

        @Override
        public boolean reached(float[] rows, int width, Keyed random, Workers workers) {
            return discrepancy.reached(ended(rows, width), width, random, workers);
        }

        @Override
        public float[] ended(float[] rows, int width) {
            float[] set = rows.clone();
            for (int t = 0; t < known.size(); t++) {
                SamplingNoise.setMeans(known.get(t), set, width, columns, chance.of(t));
            }
            return set;
        }
    }

    /** Users of each class for one step. */
    private static int[][] samples(Classes classes, int sample, Keyed random) {
        return IntStream.range(0, classes.size())
                .mapToObj(k -> Classes.drawn(classes.members(k), sample, random.of(k)))
                .toArray(int[][]::new);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }
}
