package org.lethe.text.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lethe.text.Sample;
import org.lethe.text.data.JsonRows.Row;
import org.lethe.text.tokenizer.ChatTemplate;
import org.lethe.text.tokenizer.ChatTemplate.Role;
import org.lethe.text.tokenizer.ChatTemplate.Turn;

/**
 * Samples in a file of JSON objects: one on each line ({@code .jsonl}) or one list ({@code .json}), gzipped or not.
 *
 * <p>All rows of a file have one form, told by their fields: {@code prompt, answer}; {@code question, answer} (TOFU, MUSE);
 * {@code question, choices, answer}, where the answer is the number of a choice from 0 (WMDP); {@code instruction, input, output}
 * (Alpaca); {@code messages} or {@code conversations}, whose last turn is the answer; {@code text}. Further fields that are read
 * where they are given: {@code group}; {@code unwanted}, or {@code label} with the opposite meaning; {@code paraphrased_question},
 * {@code paraphrased_answer} and {@code perturbed_answer} (TOFU). A row without group is a group by itself, named after its
 * place. A group named {@code line 3} is the third line.
 *
 * @param chat template of conversations; none allows only one question and its answer
 */
public record SampleFile(Optional<ChatTemplate> chat) {
    private static final Set<String> COMMON = Set.of("group", "unwanted", "label");

    /** The forms of a row. */
    private enum Form {
        MESSAGES("messages"),
        CONVERSATIONS("conversations"),
        CHOICES("question", "choices", "answer"),
        QUESTION("question", "answer", "paraphrased_question", "paraphrased_answer", "perturbed_answer"),
        PROMPT("prompt", "answer", "paraphrased_prompt", "paraphrased_answer", "wrong_answers"),
        INSTRUCTION("instruction", "output", "input"),
        TEXT("text");

        private final String all;

        Form(String... keys) {
            this.all = String.join(" ", keys);
        }

        List<String> keys() {
            return List.of(all.split(" "));
        }

        /** Keys by which the form is told. */
        List<String> needed() {
            return this == CHOICES ? keys() : keys().subList(0, Math.min(2, keys().size()));
        }
    }

    /** Without a chat template. */
    public SampleFile() {
        this(Optional.empty());
    }

    /**
     * What a file holds.
     *
     * @param samples in their order
     * @param unread fields that were not read
     */
    public record Content(List<Sample> samples, Set<String> unread) {}

    /** The lines of a text file that are not blank, such as sentences that decline to answer. */
    public static List<String> sentences(Path file) {
        return JsonRows.sentences(file);
    }

    /** The samples of a file, in their order. */
    public List<Sample> read(Path file) throws IOException {
        return content(file).samples();
    }

    /** The samples, and the fields that nobody reads. */
    public Content content(Path file) throws IOException {
        List<Row> rows = JsonRows.read(file);
        Form form = form(rows.getFirst());
        List<Sample> samples = new ArrayList<>(rows.size());
        Set<String> unread = new TreeSet<>();
        for (Row row : rows) {
            Form own = form(row);
            if (own != form) {
                throw row.wrong("has the fields " + String.join(", ", own.needed()) + ", expected "
                        + String.join(", ", form.needed()) + " as in the rows before");
            }
            samples.add(sample(row, form));
            row.object().fieldNames().forEachRemaining(key -> {
                if (!form.keys().contains(key) && !COMMON.contains(key)) {
                    unread.add(key);
                }
            });
        }
        return new Content(List.copyOf(samples), unread);
    }

    private static Form form(Row row) {
        return Stream.of(Form.values())
                .filter(form -> form.needed().stream().allMatch(row::has))
                .findFirst()
                .orElseThrow(() -> row.wrong("has the fields "
                        + JsonRows.cut(String.join(", ", (Iterable<String>) row.object()::fieldNames))
                        + ", expected one of: "
                        + Stream.of(Form.values())
                                .map(form -> String.join(" + ", form.needed()))
                                .collect(Collectors.joining("; "))));
    }

    private Sample sample(Row row, Form form) {
        String group = row.has("group") ? group(row) : row.name();
        boolean unwanted = unwanted(row);
        Sample plain = switch (form) {
            case MESSAGES, CONVERSATIONS -> chat(row, form.needed().getFirst(), group);
            case CHOICES -> choices(row, group);
            case QUESTION, PROMPT -> {
                String prompt = form.needed().getFirst();
                String wrong = form == Form.QUESTION ? "perturbed_answer" : "wrong_answers";
                yield new Sample(
                        form == Form.QUESTION ? row.filled(prompt) : row.text(prompt),
                        row.filled("answer"),
                        group,
                        false,
                        row.optional("paraphrased_" + prompt),
                        row.optional("paraphrased_answer"),
                        row.has(wrong) ? texts(row, row.object().path(wrong), wrong) : List.of());
            }
            case INSTRUCTION -> {
                String input = row.has("input") ? row.text("input") : "";
                String instruction = row.filled("instruction");
                yield new Sample(
                        input.isEmpty() ? instruction : instruction + "\n" + input, row.filled("output"), group);
            }
            case TEXT -> new Sample("", row.filled("text"), group);
        };
        return plain.unwanted(unwanted);
    }

    private static String group(Row row) {
        JsonNode group = row.object().path("group");
        return group.isIntegralNumber() ? group.asText() : row.filled("group");
    }

    private static boolean unwanted(Row row) {
        boolean[] is = {false};
        for (String key : List.of("unwanted", "label")) {
            if (row.has(key)) {
                JsonNode value = row.object().path(key);
                if (!value.isBoolean()) {
                    throw row.wrong(key + " is " + JsonRows.shown(value) + ", expected true or false");
                }
                is[0] = value.booleanValue() == key.equals("unwanted");
            }
        }
        return is[0];
    }

    private static List<String> texts(Row row, JsonNode list, String key) {
        if (!list.isArray()) {
            throw row.wrong(key + " is " + JsonRows.shown(list) + ", expected a list of texts");
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            texts.add(row.filled(list.path(i), key + "[" + i + "]"));
        }
        return texts;
    }

    private static Sample choices(Row row, String group) {
        List<String> choices = texts(row, row.object().path("choices"), "choices");
        JsonNode answer = row.object().path("answer");
        if (!answer.isInt() || answer.intValue() < 0 || answer.intValue() >= choices.size()) {
            throw row.wrong("answer is " + JsonRows.shown(answer) + ", expected the number of a choice, 0 to "
                    + (choices.size() - 1));
        }
        List<String> wrong = new ArrayList<>(choices);
        String right = wrong.remove(answer.intValue());
        return new Sample(row.filled("question"), right, group, false, Optional.empty(), Optional.empty(), wrong);
    }

    private Sample chat(Row row, String key, String group) {
        List<Turn> turns = row.turns(key);
        Turn last = turns.getLast();
        if (last.role() != Role.ASSISTANT) {
            throw row.wrong(key + " ends with a turn of " + JsonRows.plain(last.role())
                    + ", expected one of assistant: the answer");
        }
        return new Sample(row.prompt(turns.subList(0, turns.size() - 1), key, chat), last.text(), group);
    }
}
