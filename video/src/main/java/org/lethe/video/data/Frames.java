package org.lethe.video.data;

import java.util.ArrayList;
import java.util.List;
import org.lethe.LetheException;
import org.lethe.video.BrokenClip;
import org.lethe.video.Clip;

/** The frames of a file as they are read, made smaller where asked, until they are a clip. */
final class Frames {
    static final long MOST_PIXELS = 100_000_000; // of one frame
    private static final long MOST_BYTES = 2_000_000_000; // of a clip, which is one array

    private final Object file;
    private final int shortSide;
    private final List<byte[]> frames = new ArrayList<>();
    private final List<Double> seconds = new ArrayList<>();
    private int width;
    private int height;

    /**
     * Begins a clip.
     *
     * @param file for messages
     * @param shortSide pixels of the shorter side, where it is longer; 0 leaves frames as they are
     */
    Frames(Object file, int shortSide) {
        this.file = file;
        this.shortSide = shortSide;
    }

    int count() {
        return frames.size();
    }

    /** A length in the clip of a length in the file. */
    int scaled(int length, int width, int height) {
        int shorter = Math.min(width, height);
        return shortSide == 0 || shorter <= shortSide
                ? length
                : Math.max(1, (int) Math.round((double) length * shortSide / shorter));
    }

    /** Adds a frame of the file's size. */
    void add(byte[] rgb, int wide, int high, double at) {
        Clip one = new Clip(1, high, wide, 1, rgb);
        addScaled(
                one.shrunk(scaled(high, wide, high), scaled(wide, wide, high)).rgb(),
                scaled(wide, wide, high),
                scaled(high, wide, high),
                at);
    }

    /** Adds a frame that already has the size of the clip. */
    void addScaled(byte[] rgb, int wide, int high, double at) {
        if (frames.isEmpty()) {
            width = wide;
            height = high;
        } else if (wide != width || high != height) {
            throw BrokenClip.at(
                    file,
                    frames.size(),
                    "has " + wide + " x " + high + " pixels, expected " + width + " x " + height
                            + " as the frames before");
        }
        if ((frames.size() + 1L) * rgb.length > MOST_BYTES) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": has more than 2,000,000,000 bytes of pixels up to frame " + frames.size()
                            + "; expected it to be read smaller, or cut");
        }
        frames.add(rgb);
        seconds.add(at);
    }

    /** The clip; {@code usual} is the rate where the frames do not say when they are. */
    Clip clip(double usual) {
        if (frames.isEmpty()) {
            throw BrokenClip.whole(file, "has no frame, expected at least one");
        }
        Timeline timeline = Timeline.of(
                file, seconds.stream().mapToDouble(Double::doubleValue).toArray(), usual);
        if (!(timeline.fps() > 0 && timeline.fps() <= Clip.MOST_FPS)) {
            throw BrokenClip.whole(
                    file,
                    "shows " + timeline.fps() + " frames a second, expected above 0, at most " + (int) Clip.MOST_FPS);
        }
        int each = frames.getFirst().length;
        int count = timeline.shown().length;
        if ((long) count * each > MOST_BYTES) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": has " + count + " frames at a constant rate, more than 2,000,000,000 bytes of pixels;"
                            + " expected it to be read smaller, or cut");
        }
        byte[] rgb = new byte[count * each];
        for (int n = 0; n < count; n++) {
            System.arraycopy(frames.get(timeline.shown()[n]), 0, rgb, n * each, each);
        }
        return new Clip(count, height, width, timeline.fps(), rgb);
    }
}
