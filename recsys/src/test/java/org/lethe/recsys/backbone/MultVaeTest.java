package org.lethe.recsys.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Samples;
import org.lethe.recsys.UserLoss;

/** Mult-VAE against its formula, written out in doubles. */
class MultVaeTest {
    private static final int USERS = 6;
    private static final int ITEMS = 9;
    private static final int LATENT = 3;
    private static final Interactions TRAIN = Samples.interactions(USERS, ITEMS, 0.4, 3);
    private static final MultVae SMALL = new MultVae()
            .withLatent(LATENT)
            .withHidden(5)
            .withDropout(0.4)
            .withAnneal(0.7)
            .withAnnealSteps(1)
            .withEpochs(2)
            .withLearningRate(1e-2)
            .withPatience(0);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @Test
    void stepsFollowTheGradientOfTheBoundTheFirstWithoutThePrior() {
        Env env = Env.seeded(2);
        MultVae.Course course = new MultVae.Course(SMALL, UserLoss.NONE, TRAIN, env);
        float[][] old = new float[8][];
        for (int epoch = 0; epoch < 2; epoch++) { // annealed in one step: the weight of the prior is 0, then 0.7
            double beta = 0.7 * epoch;
            float[][] w = course.weights.values();
            assertEquals(loss(w, env, epoch, beta), course.epoch(epoch), 1e-5);
            float[][] moments = course.weights.moments();
            for (int m = 0; m < 8; m++) {
                for (int n = 0; n < w[m].length; n++) {
                    double taken = 10 * (moments[m][n] - (epoch == 0 ? 0 : 0.9 * old[m][n]));
                    float value = w[m][n];
                    w[m][n] = value + 1e-5f;
                    double up = w[m][n];
                    double above = loss(w, env, epoch, beta);
                    w[m][n] = value - 1e-5f;
                    double slope = (above - loss(w, env, epoch, beta)) / (up - w[m][n]);
                    w[m][n] = value;
                    assertEquals(slope, taken, 1e-4, "epoch " + epoch + " matrix " + m + " place " + n);
                }
            }
            old = moments;
        }
    }

    @Test
    void aUsersRowIsTheMeanAndItsScoresTheDecodersLogits() {
        MultVae.Course course = new MultVae.Course(SMALL, UserLoss.NONE, TRAIN, Env.seeded(2));
        MultVae.Model model = course.model();
        float[][] w = course.weights.values();
        float[] scores = new float[ITEMS];
        for (int u = 0; u < USERS; u++) {
            double[] list = new double[ITEMS];
            for (int k = TRAIN.from(u); k < TRAIN.to(u); k++) {
                list[TRAIN.item(k)] = 1 / Math.sqrt(TRAIN.degree(u));
            }
            double[] coded = PairNetworkTest.dense(tanh(PairNetworkTest.dense(list, w[0], w[1])), w[2], w[3]);
            double[] mean = Arrays.copyOf(coded, LATENT);
            double[] logits = PairNetworkTest.dense(tanh(PairNetworkTest.dense(mean, w[4], w[5])), w[6], w[7]);
            model.scores(u, scores);
            for (int d = 0; d < LATENT; d++) {
                assertEquals(mean[d], model.userRows()[u * LATENT + d], 1e-6);
            }
            for (int i = 0; i < ITEMS; i++) {
                assertEquals(logits[i], scores[i], 1e-5);
            }
        }
    }

    @Test
    void aKeptModelComesBackWithItsBits() throws IOException {
        MultVae.Model model = new MultVae.Course(SMALL, UserLoss.NONE, TRAIN, Env.seeded(9)).model();
        Path file = folder.resolve("multvae.safetensors");
        new Recsys().save(model, Map.of(), file);
        MultVae.Model back = MultVae.Model.load(file);
        assertArrayEquals(model.userRows(), back.userRows());
        for (int m = 0; m < 4; m++) {
            assertArrayEquals(model.decoder()[m], back.decoder()[m]);
        }
        Path other = folder.resolve("embeddings.safetensors");
        Samples.embeddings(3, 4, 5, 1).save(other, Map.of());
        assertThrows(LetheException.class, () -> MultVae.Model.load(other));
    }

    private static double loss(float[][] w, Env env, int epoch, double beta) {
        double sum = 0;
        int users = 0;
        for (int u = 0; u < USERS; u++) {
            if (TRAIN.degree(u) == 0) {
                continue;
            }
            users++;
            Keyed drop = env.random("dropout").of(epoch).of(TRAIN.userKey(u));
            Keyed noise = env.random("noise").of(epoch).of(TRAIN.userKey(u));
            double[] list = new double[ITEMS];
            for (int k = TRAIN.from(u); k < TRAIN.to(u); k++) {
                boolean out = Keyed.unit(drop.at(TRAIN.item(k))) < 0.4;
                list[TRAIN.item(k)] = out ? 0 : 1 / (Math.sqrt(TRAIN.degree(u)) * 0.6);
            }
            double[] coded = PairNetworkTest.dense(tanh(PairNetworkTest.dense(list, w[0], w[1])), w[2], w[3]);
            double[] z = new double[LATENT];
            for (int d = 0; d < LATENT; d++) {
                double mean = coded[d];
                double log = coded[LATENT + d];
                z[d] = mean + Math.exp(log / 2) * Keyed.normal(noise.at(d));
                sum += beta * (mean * mean + Math.exp(log) - log - 1) / 2;
            }
            double[] logits = PairNetworkTest.dense(tanh(PairNetworkTest.dense(z, w[4], w[5])), w[6], w[7]);
            double all = 0;
            for (double l : logits) {
                all += Math.exp(l);
            }
            for (int k = TRAIN.from(u); k < TRAIN.to(u); k++) {
                sum -= logits[TRAIN.item(k)] - Math.log(all);
            }
        }
        return sum / users;
    }

    private static double[] tanh(double[] values) {
        double[] out = new double[values.length];
        for (int n = 0; n < out.length; n++) {
            out[n] = Math.tanh(values[n]);
        }
        return out;
    }
}
