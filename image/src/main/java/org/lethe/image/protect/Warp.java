package org.lethe.image.protect;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.image.Bitmap;
import org.lethe.image.Sampler;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/**
 * A fixed smooth warp (Nguyen and Tran 2021): a coarse grid U of displacements, uniform and divided by the mean of |U|, is enlarged to F
 * by cubic interpolation, and every pixel is read at its place plus s · F / height, in coordinates from −1 to 1. The mean displacement
 * is about s/2 pixels.
 *
 * @param cells k, points of the grid along each side
 * @param strength s
 * @param grid U over the mean of |U|, {@code [2, k, k]}: rightwards, then downwards
 */
record Warp(int cells, double strength, float[] grid) {
    Warp {
        Check.require(cells >= 2, "cells", cells, "at least 2");
        Check.require(strength >= 0 && strength <= 100, "strength", strength, "0 to 100");
        Check.require(grid.length == 2 * cells * cells, "values of the grid", grid.length, "2 · cells²");
    }

    /** The warp of a key. */
    static Warp drawn(int cells, double strength, Keyed key) {
        Check.require(cells >= 2 && cells <= 4096, "cells", cells, "2 to 4096");
        double[] draws = new double[2 * cells * cells];
        double mean = 0;
        for (int i = 0; i < draws.length; i++) {
            draws[i] = 2 * Keyed.unit(key.at(i)) - 1;
            mean += Math.abs(draws[i]) / draws.length;
        }
        float[] grid = new float[draws.length];
        for (int i = 0; i < grid.length; i++) {
            grid[i] = (float) (draws[i] / mean);
        }
        return new Warp(cells, strength, grid);
    }

    /** The displacements of a picture's places, {@code [1, 2, height, width]}, not yet scaled. */
    Tensor flow(int height, int width) {
        return torch.upsample_bicubic2d(Tensors.of(grid, 1, 2, cells, cells), new long[] {height, width}, true);
    }

    /** Pictures {@code [rows, 3, height, width]} under the warp. */
    Tensor of(Tensor pictures) {
        int height = (int) pictures.size(2);
        int width = (int) pictures.size(3);
        long rows = pictures.size(0);
        Tensor across = line(width).reshape(1, 1, width).expand(1, height, width);
        Tensor down = line(height).reshape(1, height, 1).expand(1, height, width);
        Tensor places = torch.stack(new TensorVector(across, down), 3)
                .add(flow(height, width).permute(0, 2, 3, 1).mul(new Scalar(strength / height)))
                .clamp(new ScalarOptional(new Scalar(-1)), new ScalarOptional(new Scalar(1)))
                .to(pictures.device(), pictures.scalar_type())
                .expand(rows, height, width, 2);
        return torch.grid_sampler(pictures, places, 0, 0, true);
    }

    private static Tensor line(int size) {
        float[] line = new float[size];
        for (int i = 0; i < size; i++) {
            line[i] = size == 1 ? 0 : (float) (2.0 * i / (size - 1) - 1);
        }
        return Tensors.of(line, size);
    }

    /** A picture under the warp, on 8-bit levels. */
    Bitmap of(Bitmap picture) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            return Sampler.bitmaps(of(picture.tensor().unsqueeze(0))).getFirst();
        }
    }
}
