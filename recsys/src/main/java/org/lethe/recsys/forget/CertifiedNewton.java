package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * Forgets by a Newton step of a convex head whose residual is bounded, under noise that hides as much (certified
 * removal).
 *
 * <p>The item table of a trained model, scaled to rows of length at most 1, is kept as fixed features. Each user gets a head θ
 * that minimises {@code Σ ℓ(θ·x, y) + (λ/2)‖θ‖² + b·θ}, over the user's interactions and one keyed negative each, with
 * noise {@code b ~ N(0, σ²I)}, {@code σ = cβ/ε} and {@code δ = 1.5 exp(−c²/2)}. ℓ is the logistic loss, or the squared one for
 * models that are trained by it.
 *
 * <p>Without some samples, {@code θ ← θ + z} with {@code z = H⁻¹ Σ ∇ℓ} over what goes and the Hessian H of what remains. The
 * gradient that is left is at most {@code γ‖X‖₂ ‖z‖ ‖Xz‖}, γ = ¼ (0 for the squared loss). These bounds add up for each user; above
 * the budget β the head is trained again with fresh noise. Up to then the head is (ε, δ)-indistinguishable from one trained
 * without the data, <em>given the features</em>. The features were learned from all data and keep their memory of it, so the whole
 * is approximate. Whoever knows the seed knows the noise.
 *
 * <p>A user without interactions keeps the head of noise alone. Cost: {@code O(degree · dims² + dims³)} for each touched user.
 *
 * @param epsilon ε of the certificate of each head
 * @param delta δ of the certificate of each head
 * @param budget β, the residual gradient at which a head is trained again
 * @param lambda weight of the squared length of a head
 */
@Named("certified-newton")
@Taxonomy(Branch.INFLUENCE)
public record CertifiedNewton(double epsilon, double delta, double budget, double lambda) implements Forgetting {
    private static final double LIPSCHITZ = 0.25; // γ, of the second derivative of the logistic loss

    public CertifiedNewton {
        Check.require(epsilon > 0 && epsilon <= 1e3, "epsilon", epsilon, "above 0 and at most 1000");
        Check.require(delta > 0 && delta < 1, "delta", delta, "above 0 and below 1");
        Check.require(budget > 0 && budget <= 1e6, "budget", budget, "above 0 and at most 1,000,000");
        Check.require(lambda >= 1e-6 && lambda <= 1e6, "lambda", lambda, "0.000001 to 1,000,000");
    }

    /** A budget that a few requests of an active user fit into; a user of ten interactions is trained again at once. */
    public CertifiedNewton() {
        this(1, 1e-4, 0.2, 1);
    }

    /** The standard deviation of the noise, {@code β √(2 ln(1.5/δ)) / ε}. */
    double sigma() {
        return budget * Math.sqrt(2 * Math.log(1.5 / delta)) / epsilon;
    }

    @Override
    public boolean learnsPlainly() {
        return false;
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        Forgetting.tables(this, learner);
    }

    @Override
    public Recommender learn(Learner<Split, Recommender> learner, Split data, Env env) {
        EmbeddingLearner tables = Forgetting.tables(this, learner);
        Embeddings model = tables.train(data, env);
        float[] features = scaled(model);
        int users = data.users();
        CertifiedHeads none = new CertifiedHeads(
                model.dims(), new double[users * model.dims()], features, new double[users], new int[users]);
        int[] everybody = IntStream.range(0, users).toArray();
        return env.ledger().timed("heads", () -> trained(none, everybody, data.train(), tables.loss(), env));
    }

    /** Item rows, divided by the length of the longest. */
    private static float[] scaled(Embeddings model) {
        float[] rows = model.itemRows();
        double longest = 0;
        for (int i = 0; i < model.items(); i++) {
            double sum = 0;
            for (int d = 0; d < model.dims(); d++) {
                sum += (double) rows[i * model.dims() + d] * rows[i * model.dims() + d];
            }
            longest = Math.max(longest, Math.sqrt(sum));
        }
        float[] scaled = new float[rows.length];
        for (int n = 0; n < rows.length && longest > 0; n++) {
            scaled[n] = (float) (rows[n] / (longest * (1 + 1e-6))); // not above 1 in floats either
        }
        return scaled;
    }

    private CertifiedHeads trained(
            CertifiedHeads before, int[] users, Interactions train, EmbeddingLearner.Loss loss, Env env) {
        double[][] heads = new double[users.length][];
        double[] spent = new double[users.length];
        int[] times = new int[users.length];
        env.workers().each(users.length, n -> {
            int user = users[n];
            times[n] = before.trained(user) + 1;
            RowObjective objective = objective(user, train, train, before, loss, env);
            double[] noise = noise(train.userKey(user), times[n], before.dims(), env);
            heads[n] = minimised(objective, noise);
            spent[n] = length(gradient(objective, heads[n], noise));
        });
        return before.with(users, heads, spent, times);
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        EmbeddingLearner.Loss loss = Forgetting.tables(this, learner).loss();
        if (!(model instanceof CertifiedHeads before)) {
            throw Suited.refused(
                    this,
                    "works on heads that it learned, not on a "
                            + model.getClass().getSimpleName());
        }
        Interactions gone = forgotten.interactions();
        if (gone.size() == 0) {
            return model;
        }
        Interactions left = forgotten.remaining().train();
        int[] touched =
                IntStream.range(0, data.users()).filter(u -> gone.degree(u) > 0).toArray();
        double[][] heads = new double[touched.length][];
        double[] spent = new double[touched.length];
        env.workers().each(touched.length, n -> {
            int user = touched[n];
            double[] noise = noise(left.userKey(user), before.trained(user), before.dims(), env);
            if (left.degree(user) == 0) {
                heads[n] = times(noise, -1 / lambda);
                return;
            }
            RowObjective rest = objective(user, left, left, before, loss, env);
            RowObjective goes = objective(user, gone, left, before, loss, env);
            Removed removed = removed(rest, goes, before.head(user));
            heads[n] = removed.head;
            spent[n] = before.spent(user) + removed.bound;
        });
        int[] over = IntStream.range(0, touched.length)
                .filter(n -> spent[n] > budget)
                .map(n -> touched[n])
                .toArray();
        env.ledger().count("heads-touched", touched.length);
        env.ledger().count("heads-trained-again", over.length);
        CertifiedHeads stepped = before.with(
                touched,
                heads,
                spent,
                Arrays.stream(touched).map(before::trained).toArray());
        return trained(stepped, over, left, loss, env);
    }

    /**
     * A head after one Newton step.
     *
     * @param bound what the step adds at most to the length of the gradient
     */
    record Removed(double[] head, double bound) {}

    /** One Newton step from a head of all samples to one of the rest. */
    static Removed removed(RowObjective rest, RowObjective goes, double[] head) {
        double[] change = goes.gradient(head);
        for (int d = 0; d < head.length; d++) {
            change[d] -= goes.ridge() * head[d]; // of the samples alone
        }
        double[] z = rest.solve(head, change, 0);
        double[] next = head.clone();
        for (int d = 0; d < head.length; d++) {
            next[d] += z[d];
        }
        double xz = 0;
        for (int n = 0; n < rest.y().length; n++) {
            double product = 0;
            for (int d = 0; d < head.length; d++) {
                product += rest.x()[n * head.length + d] * z[d];
            }
            xz += product * product;
        }
        double gamma = rest.squared() ? 0 : LIPSCHITZ;
        return new Removed(next, gamma * norm(rest) * length(z) * Math.sqrt(xz));
    }

    /** A bound on ‖X‖₂: the root of the largest absolute row sum of {@code XᵀX}, or the Frobenius norm if that is less. */
    private static double norm(RowObjective objective) {
        int dims = objective.dims();
        double[] x = objective.x();
        double frobenius = 0;
        for (double value : x) {
            frobenius += value * value;
        }
        double largest = 0;
        for (int c = 0; c < dims; c++) {
            double row = 0;
            for (int d = 0; d < dims; d++) {
                double sum = 0;
                for (int n = 0; n < x.length; n += dims) {
                    sum += x[n + c] * x[n + d];
                }
                row += Math.abs(sum);
            }
            largest = Math.max(largest, row);
        }
        return Math.sqrt(Math.min(frobenius, largest));
    }

    /**
     * The objective of a head over some interactions of a user. The negative of an interaction depends on the user and the item
     * alone, so that a sample goes without changing another; it may be an item that the user took.
     */
    private RowObjective objective(
            int user, Interactions some, Interactions keys, CertifiedHeads model, EmbeddingLearner.Loss loss, Env env) {
        Keyed random = env.random("certified-negatives").of(keys.userKey(user));
        int dims = model.dims();
        int degree = some.degree(user);
        double[] x = new double[2 * degree * dims];
        double[] y = new double[2 * degree];
        for (int n = 0; n < degree; n++) {
            int item = some.item(some.from(user) + n);
            int negative = Keyed.below(random.at(item), model.items());
            y[n] = 1;
            for (int d = 0; d < dims; d++) {
                x[n * dims + d] = model.features()[item * dims + d];
                x[(degree + n) * dims + d] = model.features()[negative * dims + d];
            }
        }
        return new RowObjective(loss == EmbeddingLearner.Loss.SQUARED, dims, x, y, lambda);
    }

    private double[] noise(int userKey, int times, int dims, Env env) {
        Keyed random = env.random("certified-noise").of(userKey).of(times);
        double[] noise = new double[dims];
        for (int d = 0; d < dims; d++) {
            noise[d] = sigma() * Keyed.normal(random.at(d));
        }
        return noise;
    }

    /** The gradient that is left in a user's head, measured. */
    double residual(CertifiedHeads model, int user, Interactions train, EmbeddingLearner.Loss loss, Env env) {
        double[] noise = noise(train.userKey(user), model.trained(user), model.dims(), env);
        return length(gradient(objective(user, train, train, model, loss, env), model.head(user), noise));
    }

    /** The minimum of an objective plus {@code noise·θ}, by Newton steps that are halved until it falls. */
    static double[] minimised(RowObjective objective, double[] noise) {
        double[] p = new double[objective.dims()];
        for (int step = 0; step < 100; step++) {
            double[] gradient = gradient(objective, p, noise);
            if (length(gradient) < 1e-11) {
                return p;
            }
            double[] z = objective.solve(p, gradient, 0);
            double before = objective.value(p) + dot(noise, p);
            double[] next = moved(p, z, 1);
            for (double length = 0.5;
                    length > 1e-9 && objective.value(next) + dot(noise, next) > before + 1e-12 * Math.abs(before);
                    length /= 2) {
                next = moved(p, z, length);
            }
            p = next;
        }
        return p;
    }

    private static double[] gradient(RowObjective objective, double[] p, double[] noise) {
        double[] gradient = objective.gradient(p);
        for (int d = 0; d < p.length; d++) {
            gradient[d] += noise[d];
        }
        return gradient;
    }

    private static double[] moved(double[] p, double[] z, double length) {
        double[] next = p.clone();
        for (int d = 0; d < p.length; d++) {
            next[d] -= length * z[d];
        }
        return next;
    }

    private static double[] times(double[] values, double factor) {
        return Arrays.stream(values).map(v -> v * factor).toArray();
    }

    private static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int d = 0; d < left.length; d++) {
            sum += left[d] * right[d];
        }
        return sum;
    }

    private static double length(double[] values) {
        return Math.sqrt(dot(values, values));
    }

    @Override
    public Exactness exactness() {
        return Exactness.APPROXIMATE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(1.3);
    }
}
