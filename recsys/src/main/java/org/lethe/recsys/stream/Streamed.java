package org.lethe.recsys.stream;

import java.util.List;

/**
 * The model at the end of a stream, with what it was at each measuring point.
 *
 * @param <M> the models of the subject
 */
public interface Streamed<M> {
    /** In order; the last one is the end. */
    List<Point<M>> points();

    /** The model at the end. */
    default M last() {
        return points().getLast().model;
    }

    /**
     * A measuring point.
     *
     * @param requests how many were served until then
     * @param model what it was
     * @param others the same trained with other seeds, which shows how much of a difference is chance; only in a reference
     * @param <M> the models of the subject
     */
    record Point<M>(int requests, M model, List<M> others) {
        public Point {
            others = List.copyOf(others);
        }
    }
}
