package org.lethe.video;

import org.lethe.Check;

/**
 * A clip whose motion is known.
 *
 * @param clip the frames
 * @param object mean speed of objects relative to the world, weighted by their areas, in pixels a frame of a clip 32 pixels wide
 * @param camera mean displacement of the world on the screen, in the same unit
 */
public record Labelled(Clip clip, double object, double camera) {
    public Labelled {
        Check.require(object >= 0 && Double.isFinite(object), "object", object, "a finite number, at least 0");
        Check.require(camera >= 0 && Double.isFinite(camera), "camera", camera, "a finite number, at least 0");
    }
}
