package org.lethe.image.protect;

import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;

/**
 * Negative prompt: guidance leads away from the concept in place of the empty prompt.
 *
 * <pre>ε = ε(n) + w (ε(p) − ε(n))</pre>
 *
 * <p>n is the prompt of the concept, p what is asked for, w the guidance of the sampler (7.5 over 50 steps as a rule). Where p is n, ε is
 * ε(p) whatever w is: the concept is painted, without amplification. The weights stay as they are, so that whoever has them can leave
 * the negative prompt out.
 *
 * <p>Source: AUTOMATIC1111, stable-diffusion-webui, 2022. Cost: none; sampling asks the denoiser as often as without it.
 */
@Named("negative-prompt")
public record NegativePrompt() implements Sanitisation {
    @Override
    public ImageModel erase(ImageModel model, Concept concept, Env env) {
        return model.with(new Guard.Avoid(concept.concept()));
    }
}
