package org.lethe.recsys.sequence;

import java.util.Optional;
import org.lethe.Safetensors;
import org.lethe.recsys.neural.NeuralModels;

/** The kinds of models of sessions and baskets. */
public final class SequenceModels {
    /** Their names, in words. */
    public static final String KINDS =
            "vmis-knn, tifu-knn, up-cf, frequency, fmc, gru4rec, sasrec, narm, sets2sets, or sharded/ before a network";

    private SequenceModels() {}

    /** A model of a kind, from the tensors whose names begin with a prefix; empty for an unknown kind. */
    public static Optional<NextItems> read(String kind, Safetensors file, String prefix) {
        if (kind.startsWith(Filtered.KIND)) {
            return read(kind.substring(Filtered.KIND.length()), file, prefix)
                    .map(bare -> Filtered.read(bare, file, prefix));
        }
        return switch (kind) {
            case "vmis-knn" -> Optional.of(SessionIndex.read(file, prefix));
            case "tifu-knn" -> Optional.of(new TifuKnn.Index(file, prefix));
            case "up-cf" -> Optional.of(new UpCf.Index(file, prefix));
            case "frequency" -> Optional.of(new Frequency.Index(file, prefix));
            default -> NeuralModels.read(kind, file, prefix);
        };
    }
}
