package org.lethe.image.attack;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.image.Gallery;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.torch.Parameters;

/**
 * A word that a model did not know, with a vector of its own that is trained while every weight of the model stays.
 *
 * <p>In latent diffusion the vector is a row that follows the table of tokens, and prompts with the word go through the text encoder
 * (Gal et al. 2023). In a model without tokens it is the state of every prompt that has the word.
 *
 * @param model that knows the word; it belongs to the scope of the caller
 * @param word as it stands in prompts
 * @param vector what is trained
 */
record LearnedWord(Diffusion model, String word, Tensor vector) {
    /**
     * A new word.
     *
     * @param model that is to know it; a model with tokens is changed, so it must be the caller's own
     * @param initial a word of the model, with whose vector it begins
     */
    static LearnedWord of(Diffusion model, String word, String initial) {
        return model instanceof LatentDiffusion latent ? token(latent, word, initial) : state(model, word, initial);
    }

    private static LearnedWord token(LatentDiffusion model, String word, String initial) {
        int[] ids = model.tokenizer().ids(initial);
        Check.require(
                ids.length == 1 && ids[0] != model.tokenizer().end(),
                "initial",
                "\"" + initial + "\"",
                "one token that the model knows");
        Check.require(model.text().added().isEmpty(), "new words of the model", "there", "none yet");
        Tensor row = model.text().table().detach().narrow(0, ids[0], 1).clone(); // [1, dims]
        model.text().add(row);
        model.tokenizer().add(Map.of(word, model.text().config().vocabulary()));
        return new LearnedWord(model, word, row);
    }

    private static LearnedWord state(Diffusion model, String word, String initial) {
        Tensor state =
                model.states(List.of(Gallery.prompt("", initial))).detach().clone(); // [1, tokens, dims]
        return new LearnedWord(
                new Reworded(
                        model,
                        prompts -> torch.cat(
                                new TensorVector(prompts.stream()
                                        .map(p -> p.contains(word) ? state : model.states(List.of(p)))
                                        .toArray(Tensor[]::new)),
                                0)),
                word,
                state);
    }

    /** The vector, as what is trained. */
    Parameters parameters() {
        return Parameters.of(Map.of("word", vector));
    }
}
