package org.lethe.image.attack;

import java.util.List;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;

/** Tells the styles of pictures apart, and turns pictures into features. It never knows which model painted them. */
interface Judging {
    /** The style of each picture, one of those of the gallery. */
    List<String> predicted(List<Bitmap> pictures);

    /** A few features of each picture, for distances between samples of pictures. */
    List<float[]> features(List<Bitmap> pictures);

    /**
     * The judge of the pictures of a model. It learns from the training works of all styles, the one apart included.
     *
     * @param model whose pictures are judged, before anything was done to it
     */
    static Judging of(Gallery gallery, ImageModel model, Env env) {
        return NearestStyle.of(gallery); // exact for GaussianWeights
    }
}
