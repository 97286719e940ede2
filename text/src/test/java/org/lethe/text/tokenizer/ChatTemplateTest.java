package org.lethe.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.LetheException;
import org.lethe.text.tokenizer.ChatTemplate.Role;
import org.lethe.text.tokenizer.ChatTemplate.Turn;

final class ChatTemplateTest {
    private static final List<Turn> TURNS = List.of(
            new Turn(Role.SYSTEM, "Be kind."),
            new Turn(Role.USER, "Hi"),
            new Turn(Role.ASSISTANT, "Hello"),
            new Turn(Role.USER, "Bye"));

    @Test
    void eachTemplateWritesWhatItsModelsWereTrainedOn() {
        assertEquals(
                "[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nHi [/INST] Hello </s><s>[INST] Bye [/INST]",
                ChatTemplate.LLAMA2.prompt(TURNS));
        assertEquals(
                "<|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>"
                        + "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                        + "<|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|>"
                        + "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>"
                        + "<|start_header_id|>assistant<|end_header_id|>\n\n",
                ChatTemplate.LLAMA3.prompt(TURNS));
        assertEquals("""
                <|im_start|>system
                Be kind.<|im_end|>
                <|im_start|>user
                Hi<|im_end|>
                <|im_start|>assistant
                Hello<|im_end|>
                <|im_start|>user
                Bye<|im_end|>
                <|im_start|>assistant
                """, ChatTemplate.CHATML.prompt(TURNS));
        assertEquals("""
                <|system|>
                Be kind.</s>
                <|user|>
                Hi</s>
                <|assistant|>
                Hello</s>
                <|user|>
                Bye</s>
                <|assistant|>
                """, ChatTemplate.ZEPHYR.prompt(TURNS));
        assertEquals(
                "\n\nSystem: Be kind.\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye\n\nAssistant:",
                ChatTemplate.PLAIN.prompt(TURNS));
    }

    @Test
    void turnsOutOfOrderAreRefused() {
        for (ChatTemplate template : ChatTemplate.values()) {
            for (List<Turn> turns : List.of(
                    List.<Turn>of(),
                    TURNS.subList(0, 1),
                    TURNS.subList(0, 3),
                    TURNS.subList(2, 4),
                    List.of(TURNS.get(1), TURNS.get(3), TURNS.get(1)))) {
                assertThrows(IllegalArgumentException.class, () -> template.prompt(turns));
            }
        }
    }

    @Test
    void templatesAreRecognisedByTheirMarks(@TempDir Path folder) throws IOException {
        assertEquals(ChatTemplate.LLAMA2, ChatTemplate.of("{{ bos_token + '[INST] ' + content + ' [/INST]' }}", "f"));
        assertEquals(
                ChatTemplate.LLAMA3,
                ChatTemplate.of(
                        "{{ '<|start_header_id|>' + role + '<|end_header_id|>\n\n' + c + '<|eot_id|>' }}", "f"));
        assertEquals(ChatTemplate.CHATML, ChatTemplate.of("{{'<|im_start|>' + role + '\n' + c + '<|im_end|>'}}", "f"));
        assertEquals(ChatTemplate.ZEPHYR, ChatTemplate.of("{{ '<|user|>\n' + c + eos_token }}", "f"));
        String message = assertThrows(
                        LetheException.class, () -> ChatTemplate.of("{{ '<|user|>' + c + '<|end|>' }}", "f"))
                .getMessage();
        assertEquals(
                "f: chat_template begins with \"{{ '<|user|>' + c + '<|end|>' }}\" and is not one that is known; name"
                        + " a chat template: llama2, llama3, chatml, zephyr, plain",
                message);
        Path file = folder.resolve("tokenizer_config.json");
        Files.writeString(file, "{\"chat_template\": \"<|im_start|> <|im_end|>\"}");
        assertEquals(ChatTemplate.CHATML, ChatTemplate.read(folder));
        Files.writeString(
                file, "{\"chat_template\": [{\"name\":\"default\",\"template\":\"<|im_start|> <|im_end|>\"}]}");
        assertEquals(ChatTemplate.CHATML, ChatTemplate.read(file));
        Files.writeString(file, "{\"chat_template\": \"<|user|> eos_token\", \"eos_token\": \"</s>\"}");
        assertEquals(ChatTemplate.ZEPHYR, ChatTemplate.read(file));
        Files.writeString(file, "{\"chat_template\": \"<|user|> eos_token\", \"eos_token\": \"<end>\"}");
        assertTrue(assertThrows(LetheException.class, () -> ChatTemplate.read(file))
                .getMessage()
                .contains("eos_token is \"<end>\", expected </s>"));
        Files.writeString(file, "{}");
        assertTrue(assertThrows(LetheException.class, () -> ChatTemplate.read(file))
                .getMessage()
                .startsWith(file + ": chat_template is missing"));
    }

    @Test
    void templatesHaveNames() {
        for (ChatTemplate template : ChatTemplate.values()) {
            assertEquals(template, ChatTemplate.named(template.word()));
        }
        assertEquals(
                "chat template is \"gpt\", expected one of llama2, llama3, chatml, zephyr, plain",
                assertThrows(LetheException.class, () -> ChatTemplate.named("gpt"))
                        .getMessage());
    }
}
