package org.lethe.video;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.lethe.video.flow.Measure;

/** A video model as a value: weights in Java memory, safe for many threads. */
public interface VideoModel {
    /** Scores the motion of a clip on the scale of the model. */
    Measure.Score score(Clip clip);

    /** Writes it as safetensors. */
    void save(Path file, Map<String, String> provenance) throws IOException;
}
