package org.lethe.text;

/**
 * How a prompt is written before its answer.
 *
 * @param before text before the prompt
 * @param after text between prompt and answer
 */
public record PromptFormat(String before, String after) {
    /** The prompt as it is. */
    public static final PromptFormat PLAIN = new PromptFormat("", "");

    /** {@code Question: … Answer: …}, on two lines. */
    public static final PromptFormat QUESTION = new PromptFormat("Question: ", "\nAnswer: ");

    /** The text that a model is given before it answers. */
    public String of(String prompt) {
        return before + prompt + after;
    }
}
