package org.lethe.video;

import java.util.Optional;
import org.lethe.LetheException;

/** A file that is no clip, or one that cannot be read to its end. */
public final class BrokenClip extends LetheException {
    private static final long serialVersionUID = 1L;

    private final int frame;

    private BrokenClip(String message, int frame) {
        super(Code.DATA, message);
        this.frame = frame;
    }

    /** A file that cannot be opened as a clip. */
    public static BrokenClip whole(Object file, String what) {
        return new BrokenClip(file + ": " + what, -1);
    }

    /**
     * A file that is broken at a frame.
     *
     * @param frame number of the frame, from 0
     */
    public static BrokenClip at(Object file, int frame, String what) {
        return new BrokenClip(file + ": frame " + frame + " " + what, frame);
    }

    /** The first frame that cannot be read, from 0; empty where the file cannot be opened at all. */
    public Optional<Integer> frame() {
        return frame < 0 ? Optional.empty() : Optional.of(frame);
    }
}
