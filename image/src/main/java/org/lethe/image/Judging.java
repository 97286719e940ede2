package org.lethe.image;

import java.util.List;

/** Tells the styles of pictures apart, and turns pictures into features. It never knows which model painted them. */
public interface Judging {
    /** The style of each picture, one of those of the gallery. */
    List<String> predicted(List<Bitmap> pictures);

    /** A few features of each picture, for distances between samples of pictures. */
    List<float[]> features(List<Bitmap> pictures);
}
