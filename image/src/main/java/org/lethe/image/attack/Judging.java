package org.lethe.image.attack;

import java.util.List;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Judge;
import org.lethe.image.model.GaussianWeights;

/** Tells the styles of pictures apart, and turns pictures into features. It never knows which model painted them. */
interface Judging {
    /** The style of each picture, one of those of the gallery. */
    List<String> predicted(List<Bitmap> pictures);

    /** A few features of each picture, for distances between samples of pictures. */
    List<float[]> features(List<Bitmap> pictures);

    /**
     * The judge of a gallery for the pictures of a model: {@link Judge}, or for the exact model of normal data the nearest mean, which no judge can
     * beat there.
     */
    static Judging of(Gallery gallery, ImageModel model, Env env) {
        if (model.weights() instanceof GaussianWeights) {
            return NearestStyle.of(gallery);
        }
        Judge judge = Judge.of(gallery, env);
        return new Judging() {
            @Override
            public List<String> predicted(List<Bitmap> pictures) {
                return judge.predicted(pictures);
            }

            @Override
            public List<float[]> features(List<Bitmap> pictures) {
                return judge.features(pictures);
            }
        };
    }
}
