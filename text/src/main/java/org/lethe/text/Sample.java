package org.lethe.text;

import java.util.List;
import java.util.Optional;

/**
 * A prompt with the answer that a model learns to give.
 *
 * @param prompt the text before the answer; empty for plain text
 * @param answer the text that is learnt, and scored
 * @param group who or what the sample is about, such as an author; requests choose by it
 * @param unwanted whether the answer is one that a model should not give
 * @param paraphrasedPrompt the same question in other words
 * @param paraphrasedAnswer the same answer in other words
 * @param wrongAnswers answers of the same form that are wrong
 */
public record Sample(
        String prompt,
        String answer,
        String group,
        boolean unwanted,
        Optional<String> paraphrasedPrompt,
        Optional<String> paraphrasedAnswer,
        List<String> wrongAnswers) {
    public Sample {
        wrongAnswers = List.copyOf(wrongAnswers);
    }

    /** A sample of which no more is known. */
    public Sample(String prompt, String answer, String group) {
        this(prompt, answer, group, false, Optional.empty(), Optional.empty(), List.of());
    }

    /** The same as an answer that a model should not give, or should. */
    public Sample unwanted(boolean is) {
        return new Sample(prompt, answer, group, is, paraphrasedPrompt, paraphrasedAnswer, wrongAnswers);
    }
}
