package org.lethe.recsys.approximate;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;

/**
 * Forgets by an encoder of influence that is trained on made-up requests beforehand, and tuned a little for the real one (UnlearnRec).
 *
 * <p>With Â the normalised graph of the forgotten pairs alone, {@code E' = E + MLP(Âᴸ H⁰ − Âᴸ(η ∘ E))}. H⁰ is a table of
 * influences, η a gain for every node, and the MLP has no bias, so a node without a path to a forgotten pair keeps its bits.
 * Beforehand, all three learn on made-up requests, each of as many pairs as the real one:
 * {@code L_r + mean −log σ(−s_f) + mean (s_new − s_old)²} over sampled retained pairs. For the real request, the MLP alone
 * is tuned on the same loss, until the forgotten pairs lose what never-seen pairs lose.
 *
 * <p>A reconstruction; the contrastive term, of weight 0.01, is left out. Preparation is part of every request here, since
 * nothing but a model is kept between learning and fulfilling; the published speed is without it. The encoder acts on the
 * tables that score, for LightGCN on the propagated ones. Cost: {@code O((users + items) · dims²)} a step.
 *
 * @param layers number of layers L of the graph of forgotten pairs
 * @param requests number of made-up requests
 * @param steps largest number of steps of tuning
 * @param learningRate learning rate of Adam
 * @param preserveWeight weight of the change of retained scores
 */
@Named("unlearn-rec")
@Taxonomy({Branch.OPERATOR, Branch.GRAPH})
public record UnlearnRec(int layers, int requests, int steps, double learningRate, double preserveWeight)
        implements TableMethod {
    private static final int SAMPLE = 1024; // retained pairs in a step

    public UnlearnRec {
        Check.require(layers >= 1 && layers <= 10, "layers", layers, "1 to 10");
        Check.require(requests >= 0, "requests", requests, "at least 0");
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
        Check.require(preserveWeight >= 0 && preserveWeight <= 1e6, "preserveWeight", preserveWeight, "0 to 1e6");
    }

    /** Two layers, 100 made-up requests, at most 200 steps of 0.01, weight 1. */
    public UnlearnRec() {
        this(2, 100, 200, 0.01, 1);
    }

    @Override
    public double[] moved(Problem problem) {
        Encoder encoder = new Encoder(problem);
        problem.env.ledger().timed("prepare-encoder", () -> {
            for (int request = 0; request < requests; request++) {
                Keyed random = problem.random("made-up").of(request);
                double share = (double) problem.requested() / problem.left().size();
                Interactions lost = problem.left()
                        .where((u, i) -> Keyed.unit(random.at(problem.left().userKey(u), i)) < share);
                encoder.step(lost, true, request, new boolean[0]);
            }
            return true;
        });
        Interactions lost = problem.forgotten.interactions();
        double[] theta = encoder.tables(lost);
        for (int step = 0; step < steps && !problem.forgotten(theta); step++) {
            boolean[] below = problem.below(theta);
            boolean[] rising = new boolean[lost.size()];
            for (int n = 0; n < rising.length; n++) {
                rising[n] = below[n * below.length / rising.length];
            }
            encoder.step(lost, false, requests + step, rising);
            theta = encoder.tables(lost);
            problem.env.ledger().count("steps", 1);
        }
        return theta;
    }

    /** H⁰, η and the MLP. */
    final class Encoder {
        private final Problem problem;
        private final double[] influences;
        private final double[] gains;
        private final Perceptron mlp;
        private final Adam ofInfluences;
        private final Adam ofGains;
        private final Adam ofMlp;

        Encoder(Problem problem) {
            this.problem = problem;
            int dims = problem.dims;
            influences = new double[problem.theta.length];
            gains = new double[problem.rows()];
            Keyed random = problem.random("encoder");
            for (int n = 0; n < influences.length; n++) {
                influences[n] = 0.01 * Keyed.normal(random.at(n));
            }
            Arrays.fill(gains, 1);
            mlp = Perceptron.zero(dims, 2 * dims, random.of(1));
            ofInfluences = new Adam(influences.length, learningRate);
            ofGains = new Adam(gains.length, learningRate);
            ofMlp = new Adam(mlp.weights().length, learningRate);
        }

        private double[] through(Graph of, double[] x) {
            double[] y = x;
            for (int l = 0; l < layers; l++) {
                y = of.along(y, problem.dims);
            }
            return y;
        }

        /** What the MLP is given: Âᴸ (H⁰ − η ∘ E). */
        private double[] given(Graph of) {
            double[] x = influences.clone();
            for (int n = 0; n < x.length; n++) {
                x[n] -= gains[n / problem.dims] * problem.theta[n];
            }
            return through(of, x);
        }

        /** The tables after a request. */
        double[] tables(Interactions lost) {
            double[] e = problem.theta.clone();
            mlp.add(given(new Graph(lost, layers)), Influence.all(problem), 1, e);
            return e;
        }

        /** One step on a request; pairs that are not rising, if any are given, are left alone. */
        void step(Interactions lost, boolean whole, int number, boolean[] rising) {
            int dims = problem.dims;
            int users = problem.users;
            Graph of = new Graph(lost, layers);
            double[] x = given(of);
            double[] e = tables(lost);
            Triples gone = Triples.of(
                    lost, problem.data.train(), 1, problem.random("negatives").of(number));
            Interactions left = problem.left().where((u, i) -> !lost.contains(u, i));
            Keyed drawn = problem.random("kept").of(number);
            double share = Math.min(1, SAMPLE / (double) Math.max(1, left.size()));
            Triples kept = problem.retained(
                    left.where((u, i) -> Keyed.unit(drawn.at(left.userKey(u), i)) < share), "kept-negatives");
            double each = 1.0 / Math.max(1, kept.size());
            double[] g = problem.lossOfRows(kept).gradient(e, n -> each);
            double[] forgotten = Scores.of(e, dims, users, gone.users(), gone.positives());
            Scores.back(
                    e,
                    dims,
                    users,
                    gone.users(),
                    gone.positives(),
                    n -> rising.length > 0 && !rising[n] ? 0 : TripleLoss.sigmoid(forgotten[n]) / forgotten.length,
                    g);
            double[] now = Scores.of(e, dims, users, kept.users(), kept.positives());
            double[] old = Scores.of(problem.theta, dims, users, kept.users(), kept.positives());
            Scores.back(
                    e,
                    dims,
                    users,
                    kept.users(),
                    kept.positives(),
                    n -> 2 * preserveWeight * each * (now[n] - old[n]),
                    g);
            double[] byGiven = new double[x.length];
            double[] byMlp = mlp.back(x, Influence.all(problem), 1, g, byGiven);
            if (whole) {
                double[] byTable = through(of, byGiven);
                double[] byGain = new double[gains.length];
                for (int n = 0; n < byTable.length; n++) {
                    byGain[n / dims] -= byTable[n] * problem.theta[n];
                }
                ofInfluences.step(influences, byTable);
                ofGains.step(gains, byGain);
            }
            ofMlp.step(mlp.weights(), byMlp);
        }
    }
}
