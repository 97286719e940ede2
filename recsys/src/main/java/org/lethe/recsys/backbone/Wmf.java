package org.lethe.recsys.backbone;

import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;

/**
 * What CURE4Rec calls WMF: logistic matrix factorisation with sampled negatives.
 *
 * <p>Loss is the mean over a batch of binary cross-entropy of σ(p_u·q_i) with label 1 for what a user took and 0 for one
 * item drawn uniformly from those it never took, afresh every epoch; Adam, no weight decay. Not the weighted
 * factorisation over all pairs of Hu, Koren and Volinsky 2008. A batch is counted in interactions, each with its
 * negative. One epoch costs O(interactions · dims).
 *
 * @param dims number of dimensions of an embedding; multiples of 16 use whole vector registers
 * @param epochs largest number of epochs of one training
 * @param batch mean number of interactions per step of the optimiser
 * @param learningRate learning rate of Adam
 * @param initialSd standard deviation of the initial embeddings
 * @param patience stop after this many epochs without improvement of the validation score
 * @param adam how rows that a batch does not touch keep up with dense Adam
 */
@Named("wmf")
public record Wmf(int dims, int epochs, int batch, double learningRate, double initialSd, int patience, AdamForm adam)
        implements SteppedTables {
    public Wmf {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Training.check(epochs, batch, learningRate, initialSd, patience);
    }

    /** The settings of CURE4Rec. */
    public Wmf() {
        this(32, 50, 1024, 1e-3, 0.01, 5, AdamForm.LAZY);
    }

    public Wmf withDims(int dims) {
        return Components.with(this, "dims", dims);
    }

    public Wmf withBatch(int batch) {
        return Components.with(this, "batch", batch);
    }

    public Wmf withLearningRate(double learningRate) {
        return Components.with(this, "learningRate", learningRate);
    }

    public Wmf withInitialSd(double initialSd) {
        return Components.with(this, "initialSd", initialSd);
    }

    public Wmf withPatience(int patience) {
        return Components.with(this, "patience", patience);
    }

    public Wmf withAdam(AdamForm adam) {
        return Components.with(this, "adam", adam);
    }

    @Override
    public Wmf withEpochs(int epochs) {
        return Components.with(this, "epochs", epochs);
    }

    @Override
    public Checkpoint start(Split data, Env env) {
        Embeddings model = Training.initial(data.train(), env, dims, initialSd);
        return new Checkpoint(model, new float[0][], new float[0][], 0, 0);
    }

    @Override
    public Checkpoint resume(Checkpoint from, Split data, UserLoss defence, Env env) {
        Training.requireInteractions("wmf", data);
        Factorisation course = new Factorisation(loss(), adam, batch, learningRate, from, data.train(), defence, env);
        return Training.run("wmf", course, data, env, from.epochs(), epochs, patience);
    }

    @Override
    public Loss loss() {
        return Loss.LOGISTIC;
    }

    @Override
    public Estimate estimate(Split data) {
        return Factorisation.estimate(data, dims, epochs);
    }
}
