package org.lethe.image.protect;

import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Request;

/**
 * Mark pictures so that their origin is known again.
 *
 * @param pictures how many pictures are published, and as many without a mark to compare with
 */
@Named("mark-pictures")
public record MarkPictures(int pictures) implements Request {
    public MarkPictures {
        Check.require(pictures >= 2, "pictures", pictures, "at least 2");
    }

    /** 32 pictures. */
    public MarkPictures() {
        this(32);
    }
}
