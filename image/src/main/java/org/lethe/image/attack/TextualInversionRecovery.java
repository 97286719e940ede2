package org.lethe.image.attack;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Guard;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.FineTuning;

/**
 * Looks for a new word that makes the protected model paint the erased style, while all its weights stay (textual inversion, Gal et al.
 * 2023).
 *
 * <p>Trained is one vector by the loss of diffusion on the works under "… in the style of &lt;style&gt;", with AdamW at a constant rate,
 * gradients clipped at 1: a row that follows the table of tokens, so that no other row can move; in a model without tokens the state of
 * such prompts. Published runs on Stable Diffusion use 2e-3 (5e-4 times four accumulated batches) for 1,000 steps and prompts without
 * captions. The guard is not there while it trains, and stays on while pictures are made.
 *
 * <p>Cost: {@code steps} steps of training for each protection, and once for the model before.
 *
 * @param initial word of the model with whose vector the new one begins
 * @param steps steps of AdamW
 * @param batch pictures of a step
 * @param learningRate of AdamW
 * @param protocol works, prompts and bar, the same for all attacks that recover a concept
 */
@Named("textual-inversion")
public record TextualInversionRecovery(String initial, int steps, int batch, double learningRate, Protocol protocol)
        implements Recovering {
    static final String WORD = "<style>";

    public TextualInversionRecovery {
        Check.require(!initial.isBlank() && !initial.contains(" "), "initial", "\"" + initial + "\"", "one word");
        Check.require(learningRate > 0, "learningRate", learningRate, "above 0, below 1");
        tuning(steps, batch, learningRate);
    }

    /** From "painting", 300 steps of 8 pictures at 5e-3. */
    public TextualInversionRecovery() {
        this("painting", 300, 8, 5e-3, new Protocol());
    }

    private static FineTuning tuning(int steps, int batch, double learningRate) {
        return new FineTuning(steps, batch, learningRate, false, 0);
    }

    /** The word after training. */
    LearnedWord learned(Diffusion model, Target target, Env env) {
        LearnedWord word = LearnedWord.of(model, WORD, initial);
        tuning(steps, batch, learningRate)
                .train(
                        word.model(),
                        word.parameters(),
                        new FineTuning.Lessons(target.pictures(), target.prompts(WORD)),
                        FineTuning.Lessons.NONE,
                        env);
        return word;
    }

    @Override
    public Recovered recover(Diffusion model, Guard guard, Target target, Env env) {
        return Recovered.under(learned(model, target, env).model(), WORD);
    }
}
