package org.lethe.recsys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingsTest {
    @TempDir
    Path folder;

    @Test
    void savedEmbeddingsComeBackBitByBit() throws IOException {
        Embeddings model = new Embeddings(2, new float[] {1, -0f, 3, Float.MIN_VALUE}, new float[] {5, 6});
        Path file = folder.resolve("model.safetensors");
        new Recsys().save(model, Map.of("seed", "7"), file);
        Embeddings back = Embeddings.load(file);
        assertArrayEquals(model.userRows(), back.userRows());
        assertArrayEquals(model.itemRows(), back.itemRows());
        assertEquals(2, back.dims());
    }
}
