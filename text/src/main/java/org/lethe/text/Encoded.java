package org.lethe.text;

import java.util.Arrays;
import org.lethe.Check;
import org.lethe.text.tokenizer.Tokenizer;

/**
 * A sample as token ids: beginning token, prompt, answer, end token.
 *
 * @param ids all of them
 * @param answer place of the first token that is scored: the first of the answer, or the second of a plain text
 */
public record Encoded(int[] ids, int answer) {
    public Encoded {
        Check.require(answer >= 1 && answer < ids.length, "answer", answer, "1 to " + (ids.length - 1));
    }

    /** How many tokens are scored: the answer's and the end token. */
    public int scored() {
        return ids.length - answer;
    }

    /** How many tokens there are. */
    public int length() {
        return ids.length;
    }

    /**
     * The tokens of a prompt and its answer. Prompt and answer are encoded one by one, so that the prompt's tokens are those that
     * a model is given when it answers by itself.
     *
     * @param context most tokens; the end of a longer answer is cut off, and a prompt that leaves no room for an answer is refused
     */
    public static Encoded of(Tokenizer tokenizer, PromptFormat format, String prompt, String answer, int context) {
        int[] before = prompt(tokenizer, format, prompt);
        int[] after = tokenizer.encode(answer);
        int[] ids = Arrays.copyOf(before, before.length + after.length + 1);
        System.arraycopy(after, 0, ids, before.length, after.length);
        ids[ids.length - 1] = tokenizer.end();
        Check.require(
                before.length < context,
                "tokens of the prompt",
                before.length,
                "fewer than the context of " + context + ", so that an answer has room");
        int[] cut = ids.length > context ? Arrays.copyOf(ids, context) : ids;
        return new Encoded(cut, Math.max(1, before.length));
    }

    /** The tokens that a model is given before it answers. */
    public static int[] prompt(Tokenizer tokenizer, PromptFormat format, String prompt) {
        int[] own = tokenizer.encode(format.of(prompt));
        if (tokenizer.begin().isEmpty()) {
            return own;
        }
        int[] ids = new int[own.length + 1];
        ids[0] = tokenizer.begin().getAsInt();
        System.arraycopy(own, 0, ids, 1, own.length);
        return ids;
    }
}
