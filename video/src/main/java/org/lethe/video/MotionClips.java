package org.lethe.video;

import java.util.List;
import org.lethe.Check;

/**
 * Clips with known motion.
 *
 * @param train clips to learn from
 * @param test clips held out, over other textures
 */
public record MotionClips(List<Labelled> train, List<Labelled> test) {
    public MotionClips {
        Check.require(train.size() >= 2, "train.size", train.size(), "at least 2");
        Check.require(test.size() >= 2, "test.size", test.size(), "at least 2");
        train = List.copyOf(train);
        test = List.copyOf(test);
        Clip first = train.getFirst().clip();
        for (List<Labelled> part : List.of(train, test)) {
            for (Labelled one : part) {
                Check.require(
                        one.clip().frames() == first.frames()
                                && one.clip().height() == first.height()
                                && one.clip().width() == first.width(),
                        "clip",
                        one.clip().frames() + " x " + one.clip().height() + " x "
                                + one.clip().width(),
                        first.frames() + " x " + first.height() + " x " + first.width() + " as the first");
            }
        }
    }
}
