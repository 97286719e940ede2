package org.lethe.recsys;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A recommender that can be kept as one file of safetensors. */
public interface Storable extends Recommender {
    /** Writes all tables and weights, with where they came from in the header. */
    void save(Path file, Map<String, String> provenance) throws IOException;
}
