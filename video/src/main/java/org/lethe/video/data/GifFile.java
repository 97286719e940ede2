package org.lethe.video.data;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.lethe.video.BrokenClip;
import org.lethe.video.Clip;

/**
 * Animations in GIF files (version 89a), decoded in Java.
 *
 * <p>Frames are drawn over one another as the file says, over white. A delay below two hundredths of a second counts as a tenth, as
 * browsers have it. A file without its last byte is cut off.
 */
final class GifFile {
    private static final long MOST_DRAWN = 20_000_000_000L; // pixels of all frames
    private static final int CODES = 4096; // and so the most pixels of a code
    private static final long USUAL_PIXELS = 10_000_000; // of a frame, however small the file

    private final byte[] bytes;
    private final Object file;
    private final Frames frames;
    private final long most; // pixels of a frame, for which memory is taken before one is read
    private int at;

    private GifFile(byte[] bytes, Object file, int shortSide) {
        this.bytes = bytes;
        this.file = file;
        frames = new Frames(file, shortSide);
        most = Math.min(Frames.MOST_PIXELS, USUAL_PIXELS + (long) CODES * bytes.length);
    }

    /** What the next frame must know. */
    private record Control(int disposal, int delay, int transparent) {
        static final Control NONE = new Control(0, 0, -1);
    }

    /** Where a frame lies. */
    private record Place(int left, int top, int width, int height, boolean interlaced) {}

    static boolean is(byte[] bytes) {
        return bytes.length >= 6 && bytes[0] == 'G' && bytes[1] == 'I' && bytes[2] == 'F' && bytes[3] == '8';
    }

    static Clip decode(byte[] bytes, Object file, int shortSide) {
        return new GifFile(bytes, file, shortSide).clip();
    }

    private Clip clip() {
        at = 6;
        int width = two();
        int height = two();
        int flags = one();
        at += 2;
        if (width == 0 || height == 0 || (long) width * height > most) {
            throw BrokenClip.whole(
                    file, String.format(Locale.ROOT, "has %d x %d pixels, expected 1 to %,d", width, height, most));
        }
        Optional<int[]> global = table(flags);
        byte[] canvas = new byte[3 * width * height];
        Arrays.fill(canvas, (byte) 255);
        Control control = Control.NONE;
        double now = 0;
        double last = 0.1;
        while (true) {
            int block = one();
            switch (block) {
                case 0x21 -> {
                    if (one() == 0xF9) {
                        control = control();
                    } else {
                        skip();
                    }
                }
                case 0x2C -> {
                    if ((frames.count() + 1L) * width * height > MOST_DRAWN) {
                        throw broken("is more than can be drawn: expected at most 20,000,000,000 pixels in all");
                    }
                    byte[] before = control.disposal == 3 ? canvas.clone() : canvas;
                    Place place = draw(canvas, width, height, global, control);
                    frames.add(canvas.clone(), width, height, now);
                    last = control.delay < 2 ? 0.1 : control.delay / 100.0;
                    now += last;
                    switch (control.disposal) {
                        case 2 -> clear(canvas, width, height, place);
                        case 3 -> canvas = before;
                        default -> {}
                    }
                    control = Control.NONE;
                }
                case 0x3B -> {
                    return frames.clip(1 / last);
                }
                default ->
                    throw broken("is preceded by the byte " + block + " at " + (at - 1)
                            + ", expected a picture, an extension or the end");
            }
        }
    }

    private Control control() {
        int size = one();
        if (size != 4) {
            throw broken("has a control block of " + size + " bytes, expected 4");
        }
        int flags = one();
        int delay = two();
        int transparent = one();
        skip();
        return new Control(flags >> 2 & 7, delay, (flags & 1) == 0 ? -1 : transparent);
    }

    private Place draw(byte[] canvas, int width, int height, Optional<int[]> global, Control control) {
        int left = two();
        int top = two();
        int wide = two();
        int high = two();
        int flags = one();
        Place place = new Place(left, top, wide, high, (flags & 0x40) != 0);
        int[] colours = table(flags)
                .or(() -> global)
                .orElseThrow(() -> broken("has no table of colours, and the file has none"));
        if (wide == 0 || high == 0 || (long) wide * high > most) {
            throw broken(String.format(Locale.ROOT, "has %d x %d pixels, expected 1 to %,d", wide, high, most));
        }
        byte[] indices = indices(wide * high);
        for (int row = 0; row < high; row++) {
            int y = top + (place.interlaced ? interlaced(row, high) : row);
            for (int column = 0; column < wide; column++) {
                int index = indices[row * wide + column] & 0xFF;
                int x = left + column;
                if (index == control.transparent || y >= height || x >= width) {
                    continue;
                }
                int colour = index < colours.length ? colours[index] : 0;
                int to = 3 * (y * width + x);
                canvas[to] = (byte) (colour >> 16);
                canvas[to + 1] = (byte) (colour >> 8);
                canvas[to + 2] = (byte) colour;
            }
        }
        return place;
    }

    /** The line on which a row of an interlaced frame lies: every eighth, every eighth from 4, every fourth from 2, the others. */
    private static int interlaced(int row, int height) {
        int left = row;
        int[] from = {0, 4, 2, 1};
        int[] step = {8, 8, 4, 2};
        for (int pass = 0; pass < 4; pass++) {
            int rows = Math.max(0, (height - from[pass] + step[pass] - 1) / step[pass]);
            if (left < rows) {
                return from[pass] + left * step[pass];
            }
            left -= rows;
        }
        throw new IllegalArgumentException("row is " + row + ", expected below " + height);
    }

    private static void clear(byte[] canvas, int width, int height, Place place) {
        for (int y = place.top; y < Math.min(height, place.top + place.height); y++) {
            int from = Math.min(width, place.left);
            int end = Math.min(width, place.left + place.width);
            Arrays.fill(canvas, 3 * (y * width + from), 3 * (y * width + end), (byte) 255);
        }
    }

    /** The indices of a frame: Lempel, Ziv and Welch with codes of growing length. */
    private byte[] indices(int count) {
        int smallest = one();
        if (smallest < 1 || smallest > 11) {
            throw broken("has codes of " + smallest + " bits, expected 1 to 11");
        }
        byte[] packed = joined();
        byte[] out = new byte[count];
        int clear = 1 << smallest;
        int[] prefix = new int[CODES];
        byte[] suffix = new byte[CODES];
        byte[] stack = new byte[CODES + 1];
        for (int code = 0; code < clear; code++) {
            suffix[code] = (byte) code;
        }
        int next = clear + 2;
        int length = smallest + 1;
        int previous = -1;
        byte first = 0;
        int made = 0;
        long buffer = 0;
        int bits = 0;
        int from = 0;
        while (made < count) {
            while (bits < length) {
                if (from == packed.length) {
                    throw broken("is cut off: it has " + made + " of " + count + " pixels");
                }
                buffer |= (long) (packed[from++] & 0xFF) << bits;
                bits += 8;
            }
            int code = (int) (buffer & ((1 << length) - 1));
            buffer >>>= length;
            bits -= length;
            if (code == clear) {
                next = clear + 2;
                length = smallest + 1;
                previous = -1;
                continue;
            }
            if (code == clear + 1) {
                throw broken("is cut off: it has " + made + " of " + count + " pixels");
            }
            if (code > next || (code == next && previous < 0) || (previous < 0 && code >= clear)) {
                throw broken("has the code " + code + ", expected below " + next);
            }
            int depth = 0;
            int walk = code;
            if (code == next) {
                stack[depth++] = first;
                walk = previous;
            }
            while (walk >= clear) {
                stack[depth++] = suffix[walk];
                walk = prefix[walk];
            }
            first = suffix[walk];
            stack[depth++] = first;
            if (previous >= 0 && next < CODES) {
                prefix[next] = previous;
                suffix[next] = first;
                next++;
                if (next == 1 << length && length < 12) {
                    length++;
                }
            }
            previous = code;
            while (depth > 0 && made < count) {
                out[made++] = stack[--depth];
            }
        }
        return out;
    }

    private Optional<int[]> table(int flags) {
        if ((flags & 0x80) == 0) {
            return Optional.empty();
        }
        int[] colours = new int[2 << (flags & 7)];
        for (int n = 0; n < colours.length; n++) {
            colours[n] = one() << 16 | one() << 8 | one();
        }
        return Optional.of(colours);
    }

    /** The blocks up to an empty one, joined. */
    private byte[] joined() {
        int start = at;
        int size = 0;
        for (int length = one(); length > 0; length = one()) {
            size += length;
            at += length;
        }
        byte[] joined = new byte[size];
        int to = 0;
        at = start;
        for (int length = one(); length > 0; length = one()) {
            System.arraycopy(bytes, at, joined, to, length);
            to += length;
            at += length;
        }
        return joined;
    }

    private void skip() {
        for (int length = one(); length > 0; length = one()) {
            at += length;
        }
    }

    private int one() {
        if (at >= bytes.length) {
            throw broken("is cut off: the file ends after " + bytes.length + " bytes");
        }
        return bytes[at++] & 0xFF;
    }

    private int two() {
        return one() | one() << 8;
    }

    private BrokenClip broken(String what) {
        return BrokenClip.at(file, frames.count(), what);
    }
}
