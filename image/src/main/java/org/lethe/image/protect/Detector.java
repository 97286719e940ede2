package org.lethe.image.protect;

import java.util.List;
import java.util.OptionalDouble;
import org.lethe.image.Bitmap;

/** Looks for a mark in pictures. It never knows which of them are marked. */
public interface Detector {
    /**
     * What is said about one picture.
     *
     * @param score larger means marked
     * @param pValue probability of such a score without a mark, where the method has a test
     * @param bitAccuracy share of the bits of the key that were read, where the method has bits
     */
    record Detection(double score, OptionalDouble pValue, OptionalDouble bitAccuracy) {}

    /** One detection for each picture. Pictures have the size of those that were marked, or are brought to it. */
    List<Detection> detect(List<Bitmap> pictures);
}
