package org.lethe.image;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Subject;
import org.lethe.image.data.PlantedPictures;
import org.lethe.laws.SubjectLaws;

class ImageLawsTest extends SubjectLaws<Gallery, ImageModel> {
    /** The model with layers, in a size that a test can afford many times. */
    static final String SMALL =
            "latent-diffusion {autoencoderSteps: 3, steps: 3, batch: 4, width: 16, levels: 2, textDims: 16}";

    /** One object, since judges are trained once for each. */
    private static final Gallery PICTURES = new PlantedPictures().load(new DataFolders(List.of()));

    static Gallery pictures() {
        return PICTURES;
    }

    @Override
    protected Subject<Gallery, ImageModel> subject() {
        return new Image();
    }

    @Override
    protected Gallery data() {
        return pictures();
    }

    @Override
    protected List<Learner<Gallery, ImageModel>> models() {
        return quick(subject().models(), SMALL);
    }
}
