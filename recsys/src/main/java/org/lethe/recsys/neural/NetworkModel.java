package org.lethe.recsys.neural;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.torch.Parameters;

/**
 * A network with its weights, which lie in Java's memory. Scores are logits, and their softmax is its probability.
 *
 * @param kind the name of its learner
 * @param network what reads the weights
 * @param itemCount how many items it scores
 * @param tensors the weights, by name, and the settings of the network as {@code settings}
 */
public record NetworkModel(String kind, NextNetwork network, int itemCount, Map<String, Safetensors.Tensor> tensors)
        implements Layered {
    public NetworkModel {
        tensors = StoredWeights.with(network, tensors);
    }

    /** A copy of the weights that are in libtorch's memory now. */
    public static NetworkModel of(String kind, NextNetwork network, int itemCount, Parameters weights) {
        return new NetworkModel(kind, network, itemCount, StoredWeights.of(weights));
    }

    /**
     * A model from the tensors of a file whose names begin with a prefix.
     *
     * @param usual a network of this kind with any settings
     */
    static NetworkModel read(String kind, NextNetwork usual, Safetensors file, String prefix) {
        NextNetwork network = StoredWeights.settings(usual, file, prefix);
        int items = StoredWeights.rows(file, prefix + network.scoredRows());
        Map<String, Safetensors.Tensor> tensors = StoredWeights.read(network.layout(items), file, prefix);
        return new NetworkModel(kind, network, items, tensors);
    }

    /** The weights in libtorch's memory, where they can be changed; they end with the scope around the call. */
    public Parameters weights() {
        return StoredWeights.leaves(tensors);
    }

    @Override
    public Tensor logits(List<Example> after) {
        Parameters weights = weights();
        return network.logits(weights, network.states(weights, Histories.of(after), Optional.empty()));
    }

    /** The softmax of the scores. */
    @Override
    public double probability(double[] scores, int item) {
        double most = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            most = Math.max(most, score);
        }
        double sum = 0;
        for (double score : scores) {
            sum += Math.exp(score - most);
        }
        return Math.exp(scores[item] - most) / sum;
    }

    @Override
    public boolean finite() {
        return StoredWeights.finite(tensors);
    }
}
