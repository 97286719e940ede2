package org.lethe.recsys.hide;

import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Formerly;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.UserRows;

/**
 * Distribution-to-distribution attribute unlearning of a finished model (arXiv 2310.05847; for several classes 2403.06737):
 * it reduces the maximum mean discrepancy (MMD) between the classes' embeddings, while a regulariser keeps the
 * recommendations.
 *
 * <p>Released form: {@code Σ_{k ≥ 1} MMD²(class k, class 0)} with five radial kernels, diagonals included, and all users in
 * every step of Adam ({@code form: released, steps: 500, learningRate: 0.001, regulariserWeight: 1e-6, sampleSize: 0,
 * samplingNoise: false}). Adam moves every number by about the learning rate, whatever the size of its gradient. Noise in
 * the gradients therefore separates the classes again.
 *
 * <p>Default form: the gradient flow of the discrepancy (Arbel et al. 2019). Its loss is {@code Σ_k n_k bw/2 MMD²(class k,
 * pool)} with n_k users in class k and kernel bandwidth bw. All users of a class move along one field: the witness function
 * of {@code sampleSize} users of the class and as many of the pool, sampled anew in each step. Similar users stay similar,
 * and the learning rate has no unit. The field is fitted to users whose labels the method knows, and it moves all users
 * that have a label.
 *
 * <p>The flow leaves diagonals out, so the mean of {@code Σ_{j<k} MMD²(class k, class j)} is 0 for equal classes. It stops
 * when this sum is at most 0 for the embeddings that it would return. Each early-stopping check uses the same {@code 4 ·
 * sampleSize} users of each class. Further steps would make classes more similar than chance allows, and an attacker that
 * inverts its answers would profit. The ledger counts {@code steps}; if all were taken, the classes were not yet equal.
 *
 * <p>Approximate. A step of the flow costs {@code O(sampleSize · users · width)} and the scores of an eighth of the top-k
 * lists, a new sample in each step. A step of the released form costs {@code O(classes · sampleSize² · width)} and the
 * scores of all top-k lists.
 *
 * @param form flow (the gradient flow) or released (the published code)
 * @param steps largest number of steps; the released form takes all
 * @param learningRate learning rate of Adam, or of the flow's first step, from which it falls linearly to 0
 * @param regulariser what is kept close to the model before: function (the top-k order), parameters (the embeddings) or
 *     none
 * @param regulariserWeight weight of the regulariser, for each unit of its sum over users
 * @param margin smallest difference of the scores of two neighbouring recommendations
 * @param k number of recommendations of each user that the regulariser keeps in order
 * @param sampleSize number of users of each class, and of the pool, in a step; 0 for all
 * @param samplingNoise whether class means end as far apart as those of random samples of one distribution, instead of
 *     equal
 * @param tables user tables that move: all or first
 */
@Named("d2d-r")
@Taxonomy(Branch.POST_TRAINING)
public record D2dR(
        Form form,
        int steps,
        double learningRate,
        @Formerly("preserve") Regulariser regulariser,
        @Formerly("weight") double regulariserWeight,
        double margin,
        @Formerly("list") int k,
        @Formerly("sample") int sampleSize,
        @Formerly("drawn") boolean samplingNoise,
        ProtectedTables tables)
        implements Hiding {
    private static final int CHECK = 4; // times as many users for an early-stopping check as for a step

    /** The two forms of the method. */
    public enum Form {
        /** Adam on the discrepancy of each class and the first. */
        RELEASED(Unlearning.Descent.ADAM, 1),
        /** The gradient flow of each class towards the pool of all, until they are equal. */
        FLOW(Unlearning.Descent.PLAIN, 0.125);

        private final Unlearning.Descent descent;
        private final double lists; // share of the top-k lists in a step

        Form(Unlearning.Descent descent, double lists) {
            this.descent = descent;
            this.lists = lists;
        }
    }

    public D2dR {
        new Unlearning(
                form.descent, steps, learningRate, regulariser, regulariserWeight, margin, k, form.lists, tables);
        Check.require(sampleSize == 0 || sampleSize >= 2, "sampleSize", sampleSize, "0 or at least 2");
    }

    /** The flow on samples of 512 users of each class and of the pool, on all tables. */
    public D2dR() {
        this(Form.FLOW, 40, 1, Regulariser.FUNCTION, 3e-4, 0.05, 20, 512, true, ProtectedTables.ALL);
    }

    /** The settings of the released code, but on all tables. */
    static D2dR released() {
        return new D2dR(Form.RELEASED, 500, 1e-3, Regulariser.FUNCTION, 1e-6, 0.05, 20, 0, false, ProtectedTables.ALL);
    }

    /** The same method with another regulariser. */
    D2dR preserving(Regulariser other) {
        return new D2dR(
                form, steps, learningRate, other, regulariserWeight, margin, k, sampleSize, samplingNoise, tables);
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        return unlearn(Suited.rows(this, model), Hiding.hide(this, request), data, env);
    }

    /** Unlearns on user embeddings. */
    UserRows unlearn(UserRows before, Hide hide, Split data, Env env) {
        List<Classes> known = Hiding.known(hide, data);
        List<Classes> moving = form == Form.FLOW ? hide.targets(data.train()) : known;
        Discrepancy discrepancy =
                form == Form.FLOW ? new Flow(sampleSize, known, moving) : new Released(sampleSize, known);
        if (samplingNoise) {
            discrepancy = new Drawn(discrepancy, known, tables.columns(before), env.random("d2d-r-chance"));
        }
        return new Unlearning(
                        form.descent,
                        steps,
                        learningRate,
                        regulariser,
                        regulariserWeight,
                        margin,
                        k,
                        form.lists,
                        tables)
                .run(this, before, moving, discrepancy, data, env);
    }

    /** The published loss. */
    private record Released(int sampleSize, List<Classes> targets) implements Discrepancy {
        @Override
        public void addGradient(float[] rows, int width, float[] gradient, Keyed random, Workers workers) {
            for (int t = 0; t < targets.size(); t++) {
                int[][] members = samples(targets.get(t), sampleSize, random.of(t));
                for (int k = 1; k < members.length; k++) {
                    Mmd mmd = new Mmd(rows, width, members[k], members[0], sampleSize > 0);
                    mmd.addGradientOfX(1, gradient, workers);
                    mmd.addGradientOfY(1, gradient, workers);
                }
            }
        }
    }

    /** The field along which users of the moving classes move, fitted to the users of the known classes. */
    private record Flow(int sampleSize, List<Classes> known, List<Classes> moving) implements Discrepancy {
        @Override
        public void addGradient(float[] rows, int width, float[] gradient, Keyed random, Workers workers) {
            for (int t = 0; t < known.size(); t++) {
                int[][] members = samples(known.get(t), sampleSize, random.of(t));
                int[][] alike = known.get(t).asIfAlike(random.of(t).of("pool"));
                for (int k = 0; k < members.length; k++) {
                    int[] pool = Classes.drawn(
                            alike[k], sampleSize, random.of(t).of("drawn").of(k));
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
                int[][] members = samples(classes, CHECK * sampleSize, random.of(t));
                for (int k = 1; k < members.length; k++) {
                    for (int j = 0; j < k; j++) {
                        apart += new Mmd(rows, width, members[k], members[j], true).squared(workers);
                    }
                }
            }
            return apart <= 0;
        }
    }

    /** Ends with class means that carry sampling noise. */
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

    /** A sample of each class for one step. */
    private static int[][] samples(Classes classes, int sampleSize, Keyed random) {
        return IntStream.range(0, classes.size())
                .mapToObj(k -> Classes.drawn(classes.members(k), sampleSize, random.of(k)))
                .toArray(int[][]::new);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }
}
