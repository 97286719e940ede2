package org.lethe.video;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.image.Bitmap;

/**
 * A clip: frames in red, green and blue at a constant rate.
 *
 * @param frames how many
 * @param height in pixels
 * @param width in pixels
 * @param fps frames a second
 * @param rgb three bytes a pixel, row by row, frame by frame, {@code [frames, height, width, 3]}
 */
public record Clip(int frames, int height, int width, double fps, byte[] rgb) {
    /** Frames that a clip shows in a second at most. */
    public static final double MOST_FPS = 1000;

    public Clip {
        Check.require(frames >= 1, "frames", frames, "at least 1");
        Check.require(height >= 1, "height", height, "at least 1");
        Check.require(width >= 1, "width", width, "at least 1");
        Check.require(fps > 0 && fps <= MOST_FPS, "fps", fps, "above 0, at most 1,000");
        Check.require(
                rgb.length == 3L * frames * height * width,
                "rgb.length",
                rgb.length,
                frames + " · " + height + " · " + width + " · 3");
    }

    private int frameBytes() {
        return 3 * height * width;
    }

    /** A value from 0 to 255; channels are red, green, blue. */
    public int at(int frame, int y, int x, int channel) {
        return rgb[frame * frameBytes() + 3 * (y * width + x) + channel] & 0xFF;
    }

    /** One frame as a picture. */
    public Bitmap frame(int n) {
        Check.require(n >= 0 && n < frames, "frame", n, "0 to " + (frames - 1));
        return Bitmap.of(Arrays.copyOfRange(rgb, n * frameBytes(), (n + 1) * frameBytes()), width, height);
    }

    /** The luma of one frame from 0 to 255, 0.299 R + 0.587 G + 0.114 B, row by row. */
    public float[] luma(int n) {
        Check.require(n >= 0 && n < frames, "frame", n, "0 to " + (frames - 1));
        float[] luma = new float[height * width];
        for (int i = 0, at = n * frameBytes(); i < luma.length; i++, at += 3) {
            luma[i] = 0.299f * (rgb[at] & 0xFF) + 0.587f * (rgb[at + 1] & 0xFF) + 0.114f * (rgb[at + 2] & 0xFF);
        }
        return luma;
    }

    /** Some frames in a row. */
    public Clip part(int from, int count) {
        Check.require(
                from >= 0 && count >= 1 && from + count <= frames,
                "part",
                count + " frames from " + from,
                "within " + frames + " frames");
        return new Clip(
                count, height, width, fps, Arrays.copyOfRange(rgb, from * frameBytes(), (from + count) * frameBytes()));
    }

    /** Every so many frames, beginning with the first, at the lower rate. */
    public Clip every(int step) {
        Check.require(step >= 1, "step", step, "at least 1");
        int count = (frames + step - 1) / step;
        byte[] kept = new byte[count * frameBytes()];
        for (int n = 0; n < count; n++) {
            System.arraycopy(rgb, n * step * frameBytes(), kept, n * frameBytes(), frameBytes());
        }
        return new Clip(count, height, width, fps / step, kept);
    }

    /** The same with every frame made smaller; each pixel is the mean of the area that it covers. Nothing becomes larger. */
    public Clip shrunk(int toHeight, int toWidth) {
        if (toHeight == height && toWidth == width) {
            return this;
        }
        Area area = new Area(height, width, toHeight, toWidth);
        byte[] small = new byte[Math.multiplyExact(frames, 3 * toHeight * toWidth)];
        for (int n = 0; n < frames; n++) {
            area.shrink(rgb, n * frameBytes(), small, n * 3 * toHeight * toWidth);
        }
        return new Clip(frames, toHeight, toWidth, fps, small);
    }

    /** The centre of every frame. */
    public Clip cropped(int toHeight, int toWidth) {
        Check.require(
                toHeight >= 1 && toHeight <= height && toWidth >= 1 && toWidth <= width,
                "crop",
                toWidth + " x " + toHeight,
                "within " + width + " x " + height);
        int top = (height - toHeight) / 2;
        int left = (width - toWidth) / 2;
        byte[] part = new byte[frames * 3 * toHeight * toWidth];
        for (int n = 0; n < frames; n++) {
            for (int y = 0; y < toHeight; y++) {
                System.arraycopy(
                        rgb,
                        n * frameBytes() + 3 * ((top + y) * width + left),
                        part,
                        3 * toWidth * (n * toHeight + y),
                        3 * toWidth);
            }
        }
        return new Clip(frames, toHeight, toWidth, fps, part);
    }

    /** The largest square in the middle, made smaller to so many pixels a side. */
    public Clip square(int side) {
        int largest = Math.min(height, width);
        return cropped(largest, largest).shrunk(side, side);
    }
}
