package org.lethe.recsys.neural;

import java.util.List;
import java.util.Optional;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.NextItems;

/** The networks that files may hold. */
public final class NeuralModels {
    private NeuralModels() {}

    /** The learners of the next item, with the published settings. */
    public static List<NetworkLearner> learners() {
        return List.of(new Fmc(), new Gru4Rec(), new SasRec(), new Narm());
    }

    /** A model of a kind, from the tensors whose names begin with a prefix; empty for an unknown kind. */
    public static Optional<NextItems> read(String kind, Safetensors file, String prefix) {
        if (kind.startsWith(SessionShards.KIND)) {
            return Optional.of(SessionShards.read(kind.substring(SessionShards.KIND.length()), file, prefix));
        }
        if (kind.equals(Named.Of.name(new Sets2Sets()))) {
            return Optional.of(Sets2Sets.Model.read(file, prefix));
        }
        return learners().stream()
                .filter(learner -> Named.Of.name(learner).equals(kind))
                .findFirst()
                .map(learner -> NetworkModel.read(kind, learner.network(), file, prefix));
    }
}
