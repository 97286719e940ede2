package org.lethe.image;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * A picture in red, green and blue as sRGB has them, from 0 to 1.
 *
 * @param width in pixels
 * @param height in pixels
 * @param values channel by channel, row by row, {@code [3, height, width]}
 */
public record Bitmap(int width, int height, float[] values) {
    public Bitmap {
        Check.require(width >= 1, "width", width, "at least 1");
        Check.require(height >= 1, "height", height, "at least 1");
        Check.require(
                values.length == 3L * width * height, "values.length", values.length, "3 · " + height + " · " + width);
        for (float v : values) {
            Check.require(v >= 0 && v <= 1, "value of a pixel", v, "0 to 1");
        }
    }

    /** The picture of a tensor {@code [3, height, width]} or {@code [1, 3, height, width]}, whose values are brought within 0 and 1. */
    public static Bitmap of(Tensor tensor) {
        long[] shape = tensor.shape();
        int first = shape.length - 3;
        Check.require(
                (shape.length == 3 || (shape.length == 4 && shape[0] == 1)) && shape[first] == 3,
                "shape of a picture",
                Arrays.toString(shape),
                "[3, height, width]");
        float[] values = Tensors.floats(tensor.detach().contiguous());
        for (int i = 0; i < values.length; i++) {
            Check.require(Float.isFinite(values[i]), "value of a pixel", values[i], "a finite number");
            values[i] = Math.clamp(values[i], 0f, 1f);
        }
        return new Bitmap((int) shape[first + 2], (int) shape[first + 1], values);
    }

    /** The picture of bytes, three a pixel, row by row. */
    public static Bitmap of(byte[] bytes, int width, int height) {
        Check.require(bytes.length == 3L * width * height, "bytes", bytes.length, "3 · " + width + " · " + height);
        float[] values = new float[bytes.length];
        int plane = width * height;
        for (int i = 0; i < bytes.length; i++) {
            values[i % 3 * plane + i / 3] = (bytes[i] & 0xFF) / 255f;
        }
        return new Bitmap(width, height, values);
    }

    /** A tensor of the current scope, {@code [3, height, width]}. */
    public Tensor tensor() {
        return Tensors.of(values, 3, height, width);
    }

    /** The nearest bytes, three a pixel, row by row. */
    public byte[] bytes() {
        byte[] bytes = new byte[values.length];
        int plane = width * height;
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.round(values[i % 3 * plane + i / 3] * 255);
        }
        return bytes;
    }

    /** The nearest levels from 0 to 255 of one channel, row by row. */
    double[] levels(int channel) {
        int plane = width * height;
        double[] levels = new double[plane];
        for (int i = 0; i < plane; i++) {
            levels[i] = Math.round(values[channel * plane + i] * 255);
        }
        return levels;
    }

    /** The luma of each pixel from 0 to 255, 0.299 R + 0.587 G + 0.114 B. */
    double[] luma() {
        double[] red = levels(0);
        double[] green = levels(1);
        double[] blue = levels(2);
        for (int i = 0; i < red.length; i++) {
            red[i] = 0.299 * red[i] + 0.587 * green[i] + 0.114 * blue[i];
        }
        return red;
    }

    /** A part of the picture. */
    public Bitmap crop(int left, int top, int wide, int high) {
        Check.require(
                left >= 0 && top >= 0 && wide >= 1 && high >= 1 && left + wide <= width && top + high <= height,
                "crop",
                wide + " x " + high + " at " + left + ", " + top,
                "within " + width + " x " + height);
        float[] part = new float[3 * wide * high];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < high; y++) {
                System.arraycopy(values, (c * height + top + y) * width + left, part, (c * high + y) * wide, wide);
            }
        }
        return new Bitmap(wide, high, part);
    }
}
