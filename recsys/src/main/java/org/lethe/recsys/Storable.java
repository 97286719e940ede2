package org.lethe.recsys;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.lethe.Safetensors;

/** A recommender that can be written to one safetensors file. */
public interface Storable extends Recommender {
    /** The kind of model, as the header of a file names it. */
    String kind();

    /** All tables and weights, by name. */
    Map<String, Safetensors.Tensor> tensors();

    /** Writes all tables and weights, with their provenance in the header. */
    default void save(Path file, Map<String, String> provenance) throws IOException {
        Map<String, String> metadata = new TreeMap<>(provenance);
        metadata.put("lethe.model", kind());
        Safetensors.write(file, tensors(), metadata);
    }
}
