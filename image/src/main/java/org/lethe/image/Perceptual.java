package org.lethe.image;

import org.bytedeco.pytorch.Tensor;

/** How far apart pictures look. */
public interface Perceptual {
    /**
     * One distance for each row of two batches within [0, 1], {@code [rows]}; 0 for equal pictures. Differentiable in both.
     *
     * @param pictures {@code [rows, 3, height, width]}
     * @param others of the same shape
     */
    Tensor distance(Tensor pictures, Tensor others);
}
