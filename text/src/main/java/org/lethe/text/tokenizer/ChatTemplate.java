package org.lethe.text.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Printable;

/**
 * How the turns of a conversation are written as one text for a chat model.
 *
 * <p>A text goes up to the place where the answer begins. It has no begin token, which a tokenizer puts before every text. A
 * system turn is written where one is given and never made up; published templates of Qwen and of Llama 3.1 add one of their own.
 */
public enum ChatTemplate {
    /** {@code [INST] … [/INST]} of Llama 2 and Mistral (Touvron et al. 2023, appendix A.3.3 of the release). */
    LLAMA2 {
        @Override
        String write(List<Turn> turns) {
            StringBuilder text = new StringBuilder();
            String system = "";
            for (Turn turn : turns) {
                switch (turn.role) {
                    case SYSTEM -> system = "<<SYS>>\n" + turn.text.strip() + "\n<</SYS>>\n\n";
                    case USER -> {
                        text.append(text.isEmpty() ? "" : "<s>")
                                .append("[INST] ")
                                .append(system)
                                .append(turn.text.strip())
                                .append(" [/INST]");
                        system = "";
                    }
                    case ASSISTANT -> text.append(' ').append(turn.text.strip()).append(" </s>");
                }
            }
            return text.toString();
        }
    },
    /** {@code <|start_header_id|>user<|end_header_id|>} of Llama 3. */
    LLAMA3 {
        @Override
        String write(List<Turn> turns) {
            return turns.stream()
                            .map(turn -> head(turn.role) + turn.text.strip() + "<|eot_id|>")
                            .collect(Collectors.joining())
                    + head(Role.ASSISTANT);
        }

        private String head(Role role) {
            return "<|start_header_id|>" + role.word() + "<|end_header_id|>\n\n";
        }
    },
    /** {@code <|im_start|>user … <|im_end|>} of Qwen and many others. */
    CHATML {
        @Override
        String write(List<Turn> turns) {
            return turns.stream()
                            .map(turn -> "<|im_start|>" + turn.role.word() + "\n" + turn.text + "<|im_end|>\n")
                            .collect(Collectors.joining())
                    + "<|im_start|>assistant\n";
        }
    },
    /** {@code <|user|> … </s>} of Zephyr and TinyLlama. */
    ZEPHYR {
        @Override
        String write(List<Turn> turns) {
            return turns.stream()
                            .map(turn -> "<|" + turn.role.word() + "|>\n" + turn.text + "</s>\n")
                            .collect(Collectors.joining())
                    + "<|assistant|>\n";
        }
    },
    /** {@code Human: … Assistant: …} between blank lines, as in the HH-RLHF data (Bai et al. 2022); for models without a template. */
    PLAIN {
        @Override
        String write(List<Turn> turns) {
            return turns.stream()
                            .map(turn -> "\n\n"
                                    + switch (turn.role) {
                                        case SYSTEM -> "System: ";
                                        case USER -> "Human: ";
                                        case ASSISTANT -> "Assistant: ";
                                    }
                                    + turn.text)
                            .collect(Collectors.joining())
                    + "\n\nAssistant:";
        }
    };

    /** Who speaks. */
    public enum Role {
        /** The one who says how to answer. */
        SYSTEM,
        /** The one who asks. */
        USER,
        /** The one who answers. */
        ASSISTANT;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What somebody says.
     *
     * @param role who
     * @param text what
     */
    public record Turn(Role role, String text) {}

    abstract String write(List<Turn> turns);

    /** The text of a conversation up to the answer that is to come: perhaps a system turn, then questions and answers in turn. */
    public String prompt(List<Turn> turns) {
        int first = !turns.isEmpty() && turns.getFirst().role == Role.SYSTEM ? 1 : 0;
        for (int i = first; i < turns.size(); i++) {
            Role expected = (i - first) % 2 == 0 ? Role.USER : Role.ASSISTANT;
            Check.require(
                    turns.get(i).role == expected,
                    "role of turn " + (i + 1),
                    turns.get(i).role.word(),
                    expected.word());
        }
        Check.require((turns.size() - first) % 2 == 1, "number of turns", turns.size(), "a last turn of the user");
        return write(turns);
    }

    /** The template of a name: llama2, llama3, chatml, zephyr or plain. */
    public static ChatTemplate named(String name) {
        return Arrays.stream(values())
                .filter(template -> template.word().equals(name))
                .findFirst()
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.STUDY, "chat template is \"" + name + "\", expected one of " + names()));
    }

    /** Its name. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static String names() {
        return Arrays.stream(values()).map(ChatTemplate::word).collect(Collectors.joining(", "));
    }

    /**
     * The template that a {@code tokenizer_config.json}, or the one in a folder, asks for. Its program is not run; the template is
     * recognised by the marks in it, and one with other marks is refused.
     */
    public static ChatTemplate read(Path path) throws IOException {
        Path file = Files.isDirectory(path) ? path.resolve("tokenizer_config.json") : path;
        JsonNode config = TokenizerJson.object(TokenizerJson.text(file), file.toString());
        JsonNode given = config.path("chat_template");
        if (given.isArray()) { // several, with names
            JsonNode chosen = given.path(-1);
            for (JsonNode one : given) {
                chosen = one.path("name").asText("").equals("default") ? one.path("template") : chosen;
            }
            given = chosen;
        }
        if (!given.isTextual()) {
            throw TokenizerJson.wrong(
                    file.toString(), "chat_template is missing, expected a text; name a chat template: " + names());
        }
        ChatTemplate template = of(given.textValue(), file.toString());
        JsonNode end = config.path("eos_token");
        String ending = end.isObject() ? end.path("content").asText("") : end.asText("");
        if (template == ZEPHYR && !ending.equals("</s>")) { // the only template that is written with that token
            throw TokenizerJson.wrong(
                    file.toString(),
                    "eos_token is \"" + Printable.text(ending) + "\", expected </s> with the chat template zephyr");
        }
        return template;
    }

    /** The template that the text of a {@code chat_template} means; {@code where} is its file. */
    static ChatTemplate of(String jinja, String where) {
        List<ChatTemplate> found = Arrays.stream(values())
                .filter(template -> switch (template) {
                    case LLAMA2 -> jinja.contains("[INST]") && !jinja.contains("[AVAILABLE_TOOLS]");
                    case LLAMA3 -> jinja.contains("<|start_header_id|>") && jinja.contains("<|eot_id|>");
                    case CHATML -> jinja.contains("<|im_start|>") && jinja.contains("<|im_end|>");
                    case ZEPHYR ->
                        jinja.contains("<|user|>") && jinja.contains("eos_token") && !jinja.contains("<|end|>");
                    case PLAIN -> jinja.contains("Human:") && jinja.contains("Assistant:");
                })
                .toList();
        if (found.size() != 1) {
            throw TokenizerJson.wrong(
                    where,
                    "chat_template begins with \""
                            + Printable.text(jinja.substring(
                                    0,
                                    jinja.offsetByCodePoints(0, Math.min(40, jinja.codePointCount(0, jinja.length())))))
                            + "\" and is not one that is known; name a chat template: " + names());
        }
        return found.getFirst();
    }
}
