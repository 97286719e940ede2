package org.lethe.recsys.backbone;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Delegating;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Storable;

/**
 * A factorisation of items with pictures, texts and the like: Bayesian personalised ranking in which features of an item say a
 * part of its row (VBPR, here with one tower for each modality).
 *
 * <p>The score is {@code p_u·q_i + Σ_m t_u^m · (E_m f_i^m)}, the loss {@code −log σ(s_ui − s_uj)} over the interactions (u, i) of a
 * batch, with j drawn afresh every epoch from the items that the user never took; Adam. Features are the numeric attributes of
 * items, which {@code planted-features} has. The released form has a bias for each item and one modality; this one has no bias. One
 * thread. An epoch costs O(interactions · features · own) and, for each batch, one step over all numbers.
 *
 * @param dims number of dimensions of the rows without features
 * @param own number of dimensions of a user's row for each modality
 * @param epochs largest number of epochs of one training
 * @param batch mean number of interactions per step of the optimiser
 * @param learningRate learning rate of Adam
 * @param initialSd standard deviation of the initial rows; towers begin with ten times as much
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("vbpr")
public record Vbpr(int dims, int own, int epochs, int batch, double learningRate, double initialSd, int patience)
        implements Learner<Split, Recommender> {
    public Vbpr {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(own >= 1, "own", own, "at least 1");
        Training.check(epochs, batch, learningRate, initialSd, patience);
    }

    /** The settings of {@code bpr}, with 16 dimensions and 8 for each modality. */
    public Vbpr() {
        this(16, 8, 50, 1024, 1e-3, 0.01, 5);
    }

    public Vbpr withEpochs(int epochs) {
        return Components.with(this, "epochs", epochs);
    }

    public Vbpr withLearningRate(double learningRate) {
        return Components.with(this, "learningRate", learningRate);
    }

    public Vbpr withBatch(int batch) {
        return Components.with(this, "batch", batch);
    }

    @Override
    public Model train(Split data, Env env) {
        Training.requireInteractions("vbpr", data);
        return Training.best("vbpr", new Course(data.train(), env), data, env, 0, epochs, patience)
                .state();
    }

    @Override
    public Estimate estimate(Split data) {
        double numbers = (double) (data.users() + data.items()) * (dims + 2 * own);
        double batches = (double) data.train().size() / batch;
        return new Estimate(
                0.1 + epochs * (data.train().size() * 2e-6 + batches * numbers * 1e-8), (long) (64 * numbers));
    }

    private final class Course implements Training.Course<Model> {
        private final ItemTowers towers;
        private final Batches batches;
        private final Keyed key;
        private final double[] theta;
        private final double[] gradient;
        private final ItemTowers.Descent descent;

        Course(Interactions train, Env env) {
            towers = new ItemTowers(train, dims, own);
            batches = new Batches(train, batch);
            key = env.random("interactions");
            theta = towers.initial(train, env, initialSd);
            gradient = new double[theta.length];
            descent = new ItemTowers.Descent(theta.length, learningRate);
        }

        @Override
        public double epoch(int number) {
            batches.plan(key.of(number));
            double total = 0;
            for (int b = 0; b < batches.count; b++) {
                int from = batches.starts[b];
                int to = batches.starts[b + 1];
                for (int s = from; s < to; s++) {
                    total += towers.add(
                            theta,
                            batches.users[s],
                            batches.positives[s],
                            batches.negatives[s],
                            1.0 / (to - from),
                            gradient);
                }
                descent.step(theta, gradient);
            }
            return total / Math.max(1, batches.size());
        }

        @Override
        public Recommender model() {
            return towers.model(theta).served();
        }

        @Override
        public Model snapshot(int ran) {
            return towers.model(theta);
        }
    }

    /**
     * Two tables, in which each item's row ends with what its towers say, and the towers.
     *
     * @param served the tables, which answer
     * @param towers of each modality, {@code [own, features]}
     */
    public record Model(Embeddings served, List<float[]> towers) implements Delegating, Storable {
        public Model {
            towers = List.copyOf(towers);
        }

        @Override
        public String kind() {
            return "vbpr";
        }

        @Override
        public Map<String, Safetensors.Tensor> tensors() {
            Map<String, Safetensors.Tensor> tensors = new TreeMap<>(served.tensors());
            StoredLists.put(tensors, "modalities", towers.size());
            for (int m = 0; m < towers.size(); m++) {
                tensors.put("tower." + m, Safetensors.Tensor.of(towers.get(m), towers.get(m).length));
            }
            return tensors;
        }

        static Model read(Safetensors read, Path file, String prefix) {
            int modalities = StoredLists.number(read, file, prefix + "modalities", 1, 1_000);
            List<float[]> towers = new ArrayList<>();
            for (int m = 0; m < modalities; m++) {
                read.require(prefix + "tower." + m, -1);
                towers.add(read.floats(prefix + "tower." + m));
            }
            return new Model(Embeddings.read(read, file, prefix), towers);
        }
    }
}
