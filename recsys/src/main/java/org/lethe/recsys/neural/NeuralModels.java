package org.lethe.recsys.neural;

import java.util.List;
import java.util.Optional;
import org.lethe.Named;
import org.lethe.Safetensors;

/** The networks of the next item that files may hold. */
public final class NeuralModels {
    private NeuralModels() {}

    /** Their learners, with the published settings. */
    public static List<NetworkLearner> learners() {
        return List.of(new Fmc());
    }

    /** A model of a kind, from the tensors whose names begin with a prefix; empty for an unknown kind. */
    public static Optional<NetworkModel> read(String kind, Safetensors file, String prefix) {
        return learners().stream()
                .filter(learner -> Named.Of.name(learner).equals(kind))
                .findFirst()
                .map(learner -> NetworkModel.read(kind, learner.network(), file, prefix));
    }
}
