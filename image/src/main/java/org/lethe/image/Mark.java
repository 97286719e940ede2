package org.lethe.image;

import java.util.Map;
import org.lethe.Safetensors;

/**
 * The secret with which a watermark is found again: keys, and small networks where the method has one. It never lies in a picture.
 *
 * @param method name of the watermark's method
 * @param words settings and keys as text
 * @param tensors patterns and weights by name
 */
public record Mark(String method, Map<String, String> words, Map<String, Safetensors.Tensor> tensors) {
    public Mark {
        words = Map.copyOf(words);
        tensors = Map.copyOf(tensors);
    }
}
