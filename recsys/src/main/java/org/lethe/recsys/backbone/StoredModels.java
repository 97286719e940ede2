package org.lethe.recsys.backbone;

import java.nio.file.Path;
import java.util.Optional;
import org.lethe.Safetensors;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;

/** Reads the models of this package from files, alone or inside others. */
public final class StoredModels {
    /** The kinds that can be read, in words. */
    public static final String KINDS = "embeddings, neumf, multvae, vbpr, ease, item-knn or federated";

    private StoredModels() {}

    /**
     * The model of a kind, whose tensors have names that begin with {@code prefix}; empty for a kind that is not among {@link
     * #KINDS}. A {@code LetheException} says what else a damaged file holds.
     */
    public static Optional<Recommender> read(String kind, Safetensors read, Path file, String prefix) {
        return switch (kind) {
            case "embeddings" -> Optional.of(Embeddings.read(read, file, prefix));
            case "neumf" -> Optional.of(NeuMf.Model.read(read, file, prefix));
            case "multvae" -> Optional.of(MultVae.Model.read(read, file, prefix));
            case "vbpr" -> Optional.of(Vbpr.Model.read(read, file, prefix));
            case "ease" -> Optional.of(Ease.Model.read(read, file, prefix));
            case "item-knn" -> Optional.of(ItemKnn.Model.read(read, file, prefix));
            case Federated.KIND -> Optional.of(Federated.read(read, file, prefix));
            default -> Optional.empty();
        };
    }
}
