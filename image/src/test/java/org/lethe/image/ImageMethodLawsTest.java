package org.lethe.image;

import java.util.List;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.MethodLaws;

class ImageMethodLawsTest extends MethodLaws<Gallery, ImageModel> {
    @Override
    protected Subject<Gallery, ImageModel> subject() {
        return new Image();
    }

    @Override
    protected Gallery data() {
        return ImageLawsTest.pictures();
    }

    @Override
    protected List<Learner<Gallery, ImageModel>> models() {
        return only(subject().models(), ImageLawsTest.SMALL);
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "protect-works {works: 2}", "erase-concept", "mark-pictures {pictures: 2}");
    }

    @Override
    protected List<Method<Gallery, ImageModel>> methods() {
        return quick(
                subject().methods(),
                "advdm {steps: 2}",
                "mist {steps: 2}",
                "glaze {steps: 2}",
                "photoguard {steps: 2}",
                "anti-dreambooth {rounds: 1, learning: 1, ascents: 1, priors: 2}",
                "forget-me-not {steps: 2, inversionSteps: 2}",
                "esd {iterations: 2, samplingSteps: 2}",
                "ablating-concepts {steps: 2, pictures: 4, prompts: 2, samplingSteps: 2}",
                "diffusion-shield {steps: 2, batch: 2}",
                "diagnosis {classifierSteps: 2, tuning: {steps: 2}, steps: 2}",
                "stable-signature {extractorSteps: 2, decoderSteps: 2, steps: 2}",
                "tree-ring {steps: 2}",
                "zodiac {steps: 2, iterations: 2, ssim: 0.1}",
                "gaussian-shading {steps: 2}");
    }
}
