package org.lethe.text;

import java.util.List;
import java.util.Optional;
import org.lethe.text.tokenizer.Tokenizer;

/**
 * The data of a language model: samples to learn from, and what audits need besides.
 *
 * @param name of the set
 * @param tokenizer for models trained on it from scratch; a checkpoint has its own
 * @param format of prompts, for the same models
 * @param training samples to learn from, in their order
 * @param holdout samples of the same kind that no model learns from
 * @param preferences pairs from which a method may learn what is preferred
 * @param heldOutPreferences pairs to choose among models by
 * @param prompts prompts to be answered, when a model is judged by what it generates
 * @param reward of answers, where one can be computed
 * @param refusals sentences that decline to answer
 */
public record Corpus(
        String name,
        Tokenizer tokenizer,
        PromptFormat format,
        List<Sample> training,
        List<Sample> holdout,
        List<Preference> preferences,
        List<Preference> heldOutPreferences,
        List<String> prompts,
        Optional<Reward> reward,
        List<String> refusals) {
    public Corpus {
        training = List.copyOf(training);
        holdout = List.copyOf(holdout);
        preferences = List.copyOf(preferences);
        heldOutPreferences = List.copyOf(heldOutPreferences);
        prompts = List.copyOf(prompts);
        refusals = List.copyOf(refusals);
    }

    /** A corpus of samples alone. */
    public Corpus(
            String name,
            Tokenizer tokenizer,
            PromptFormat format,
            List<Sample> training,
            List<Sample> holdout,
            List<String> refusals) {
        this(name, tokenizer, format, training, holdout, List.of(), List.of(), List.of(), Optional.empty(), refusals);
    }

    /** The same with other samples to learn from. */
    public Corpus training(List<Sample> samples) {
        return new Corpus(
                name, tokenizer, format, samples, holdout, preferences, heldOutPreferences, prompts, reward, refusals);
    }
}
