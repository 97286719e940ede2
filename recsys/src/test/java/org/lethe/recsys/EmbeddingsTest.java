package org.lethe.recsys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

    @Test
    void theLayerBeforePropagationIsKeptInTheFileAndOnlyThere() throws IOException {
        Embeddings plain = new Embeddings(1, new float[] {1, 2}, new float[] {3});
        Embeddings model = plain.propagatedFrom(new float[] {4, 5}, new float[] {6});
        Path file = folder.resolve("graph.safetensors");
        new Recsys().save(model, Map.of(), file);
        Embeddings back = Embeddings.load(file);
        assertArrayEquals(model.userRows(), back.userRows());
        assertArrayEquals(new float[] {4, 5}, back.initial().orElseThrow().userRows());
        assertArrayEquals(new float[] {6}, back.initial().orElseThrow().itemRows());
        assertTrue(plain.initial().isEmpty());
        assertTrue(back.withUserRows(new float[] {7, 8}).initial().isEmpty());
    }
}
