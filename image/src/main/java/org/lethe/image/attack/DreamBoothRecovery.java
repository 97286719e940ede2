package org.lethe.image.attack;

import java.util.Collections;
import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.FineTuning;

/**
 * Teaches the protected model the erased style again under a rare word, with all its weights (DreamBooth, Ruiz et al. 2023).
 *
 * <pre>L = L_DM(work, "… in the style of sks") + priorWeight · L_DM(class picture, "a painting")</pre>
 *
 * <p>Denoiser and text encoder are trained with AdamW at a constant rate, gradients clipped at 1. Class pictures come from the protected
 * model itself under its guard, so that it keeps what else it can. Published runs on Stable Diffusion use 5e-7 for 1,000 steps of 2 works,
 * one prompt for all works and 200 class pictures; small models need the larger rate.
 *
 * <p>Cost: {@code steps} steps of training with two batches each, for each protection, and once for the model before.
 *
 * @param word that stands for the style
 * @param classPictures how many pictures keep the prior; none are made where its weight is 0
 * @param tuning steps, batch, rate, whether the text encoder is trained, and weight of the prior
 * @param protocol works, prompts and bar, the same for all attacks that recover a concept
 */
@Named("dreambooth")
public record DreamBoothRecovery(String word, int classPictures, FineTuning tuning, Protocol protocol)
        implements Recovering {
    public DreamBoothRecovery {
        Check.require(!word.isBlank() && !word.contains(" "), "word", "\"" + word + "\"", "one word");
        Check.require(classPictures >= 1, "classPictures", classPictures, "at least 1");
    }

    /** The word sks, 200 steps of 8 pictures at 5e-4 with the text encoder, 16 class pictures with weight 1. */
    public DreamBoothRecovery() {
        this("sks", 16, new FineTuning(200, 8, 5e-4, true, 1), new Protocol());
    }

    @Override
    public Recovered recover(Diffusion model, Guard guard, Target target, Env env) {
        String painting = Gallery.prompt("", "");
        Bitmap first = target.works().getFirst().picture();
        List<Bitmap> prior = tuning.priorWeight() == 0
                ? List.of()
                : target.protocol()
                        .sampler()
                        .pictures(
                                model,
                                guard,
                                Collections.nCopies(classPictures, painting),
                                first.height(),
                                first.width(),
                                env.random("class pictures"));
        tuning.train(
                model,
                new FineTuning.Lessons(target.pictures(), target.prompts(word)),
                FineTuning.Lessons.of(prior, painting),
                env);
        return Recovered.under(model, word);
    }
}
