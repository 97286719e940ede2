package org.lethe.federated.balance;

import static org.lethe.Check.require;

import java.util.Arrays;
import java.util.List;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.federated.Algorithm;
import org.lethe.federated.Averaging;
import org.lethe.federated.Classifier;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Grouping;
import org.lethe.federated.Server;
import org.lethe.federated.Sites;

/**
 * Agnostic federated learning (Mohri, Sivek and Suresh 2019): the best model for the worst mixture of clients.
 *
 * <p>Each round takes one gradient of every client: {@code θ ← θ − η Σ λ_k ∇F_k}, then {@code λ ← Π(λ + η_λ F(θ))} with Π the
 * projection on the simplex. The result is the mean of all θ. The server sees the loss of every client; it knows no groups of
 * people.
 *
 * @param rounds of one gradient each
 * @param learningRate η
 * @param mixtureRate η_λ
 */
@Named("afl")
public record Afl(int rounds, double learningRate, double mixtureRate) implements Balancing {
    public Afl {
        require(rounds >= 0, "rounds", rounds, "at least 0");
        require(learningRate > 0 && learningRate <= 100, "learningRate", learningRate, "above 0, at most 100");
        require(mixtureRate >= 0 && mixtureRate <= 100, "mixtureRate", mixtureRate, "0 to 100");
    }

    /** 29 rounds at 0.1, the mixture at 0.5. */
    public Afl() {
        this(29, 0.1, 0.5);
    }

    @Override
    public Algorithm algorithm(BalanceSites request, Grouping grouping, FederatedLearner learner, Env env) {
        return new Averaging();
    }

    @Override
    public Classifier fulfil(
            Classifier model, Request request, Learner<Sites, Classifier> learner, Sites data, Env env) {
        FederatedLearner federated = Balancing.federated(this, learner);
        Server server = Server.of(data, federated, env);
        int clients = data.clients().size();
        float[] w = Balancing.weights(this, model).clone();
        double[] mean = new double[w.length];
        double[] mixture = new double[clients];
        Arrays.setAll(mixture, k -> (double) data.clients().get(k).train().length / data.trainSize());
        for (int r = 0; r < rounds; r++) {
            List<Server.Gradient> gradients = server.gradients(w);
            double[] step = new double[w.length];
            for (int k = 0; k < clients; k++) {
                float[] gradient = gradients.get(k).gradient();
                for (int i = 0; i < step.length; i++) {
                    step[i] += mixture[k] * gradient[i];
                }
            }
            for (int i = 0; i < w.length; i++) {
                w[i] = (float) (w[i] - learningRate * step[i]);
                mean[i] += w[i];
            }
            double[] losses = server.losses(w);
            double[] moved = mixture.clone();
            for (int k = 0; k < clients; k++) {
                moved[k] += mixtureRate * losses[k];
            }
            mixture = onSimplex(moved);
        }
        float[] result = model.weights().clone();
        for (int i = 0; rounds > 0 && i < result.length; i++) {
            result[i] = (float) (mean[i] / rounds);
        }
        return new Classifier(model.network(), Server.finite(result, rounds));
    }

    /** The nearest point whose parts are at least 0 and add up to 1 (Duchi and others 2008, figure 1). */
    static double[] onSimplex(double[] point) {
        double[] falling = point.clone();
        Arrays.sort(falling);
        double sum = 0;
        double shift = 0;
        for (int j = 1; j <= falling.length; j++) {
            double u = falling[falling.length - j];
            sum += u;
            if (u + (1 - sum) / j > 0) {
                shift = (1 - sum) / j;
            }
        }
        double by = shift;
        return Arrays.stream(point).map(x -> Math.max(0, x + by)).toArray();
    }
}
