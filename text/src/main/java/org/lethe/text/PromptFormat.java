package org.lethe.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.lethe.LetheException;
import org.lethe.text.tokenizer.ChatTemplate;

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

    /**
     * The format of a name: {@code plain}, {@code question}, a {@linkplain ChatTemplate chat template}, or {@code auto} for the
     * chat template of a checkpoint, which is then needed.
     */
    public static PromptFormat named(String name, Path checkpoint) throws IOException {
        return switch (name) {
            case "plain" -> PLAIN;
            case "question" -> QUESTION;
            case "auto" -> {
                try {
                    yield of(ChatTemplate.read(checkpoint));
                } catch (LetheException | java.nio.file.NoSuchFileException none) {
                    throw new LetheException(
                            LetheException.Code.STUDY,
                            checkpoint
                                    + " names no chat template that is known here; say --format question, plain, or one of"
                                    + " llama2, llama3, chatml, zephyr, human-assistant",
                            none);
                }
            }
            case "human-assistant" -> of(ChatTemplate.PLAIN);
            default -> of(ChatTemplate.named(name));
        };
    }

    /** One turn of a user in a chat template. */
    public static PromptFormat of(ChatTemplate template) {
        String mark = "\u0001";
        String text = template.prompt(List.of(new ChatTemplate.Turn(ChatTemplate.Role.USER, mark)));
        int at = text.indexOf(mark);
        return new PromptFormat(text.substring(0, at), text.substring(at + mark.length()));
    }

    /** The text that a model is given before it answers. */
    public String of(String prompt) {
        return before + prompt + after;
    }
}
