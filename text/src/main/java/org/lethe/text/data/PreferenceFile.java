package org.lethe.text.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lethe.text.Preference;
import org.lethe.text.data.JsonRows.Row;
import org.lethe.text.tokenizer.ChatTemplate;
import org.lethe.text.tokenizer.ChatTemplate.Role;
import org.lethe.text.tokenizer.ChatTemplate.Turn;

/**
 * Pairs of answers in a file of JSON objects: one on each line or one list, gzipped or not. Each has {@code chosen} and
 * {@code rejected}: texts, a turn each, or lists of turns.
 *
 * <p>The prompt is {@code prompt} (a text or a list of turns), {@code conversations} or {@code messages} (LLaMA-Factory), or
 * {@code instruction} with {@code input}. Without any of them it is what both answers begin with: for lists the turns that are
 * equal; for texts everything up to the last {@code Assistant:} on a line of its own in the common part (HH-RLHF), otherwise up to
 * its last white space, so that no word is cut.
 *
 * @param chat template of conversations; none allows only one question before the answers
 */
public record PreferenceFile(Optional<ChatTemplate> chat) {
    private static final String ANSWERS = "\n\nAssistant:";

    /** Without a chat template. */
    public PreferenceFile() {
        this(Optional.empty());
    }

    /** The forms of a row. */
    private enum Form {
        PROMPT("prompt"),
        CONVERSATIONS("conversations"),
        MESSAGES("messages"),
        INSTRUCTION("instruction"),
        IMPLICIT("no prompt");

        private final String key;

        Form(String key) {
            this.key = key;
        }

        static Form of(Row row) {
            for (Form form : values()) {
                if (row.has(form.key)) {
                    return form;
                }
            }
            return IMPLICIT;
        }
    }

    /** The pairs of a file, in their order. */
    public List<Preference> read(Path file) throws IOException {
        List<Row> rows = JsonRows.read(file);
        Form form = Form.of(rows.getFirst());
        boolean texts = rows.getFirst().object().path("chosen").isTextual();
        List<Preference> pairs = new ArrayList<>(rows.size());
        for (Row row : rows) {
            if (Form.of(row) != form) {
                throw row.wrong("has " + Form.of(row).key + ", expected " + form.key + " as in the rows before");
            }
            for (String key : List.of("chosen", "rejected")) {
                JsonNode node = row.object().path(key);
                if (node.isMissingNode() || node.isNull()) {
                    throw row.wrong(key + " is missing, expected an answer");
                }
                if (node.isTextual() != texts) {
                    throw row.wrong(key + " is " + JsonRows.shown(node) + ", expected "
                            + (texts ? "a text" : "turns of a conversation") + " as in the rows before");
                }
            }
            Preference pair = pair(row, form);
            if (pair.chosen().isEmpty() || pair.rejected().isEmpty()) {
                throw row.wrong((pair.chosen().isEmpty() ? "chosen" : "rejected")
                        + " is empty after the prompt, expected an answer");
            }
            if (pair.chosen().equals(pair.rejected())) {
                throw row.wrong("chosen and rejected are equal, expected two answers");
            }
            pairs.add(pair);
        }
        return List.copyOf(pairs);
    }

    private Preference pair(Row row, Form form) {
        JsonNode chosen = row.object().path("chosen");
        JsonNode rejected = row.object().path("rejected");
        if (form == Form.IMPLICIT) {
            return chosen.isTextual()
                    ? implicit(row.filled("chosen"), row.filled("rejected"))
                    : implicit(row, row.turns("chosen"), row.turns("rejected"));
        }
        String prompt = switch (form) {
            case PROMPT ->
                row.object().path("prompt").isTextual()
                        ? row.text("prompt")
                        : row.prompt(row.turns("prompt"), "prompt", chat);
            case CONVERSATIONS, MESSAGES -> row.prompt(row.turns(form.key), form.key, chat);
            case INSTRUCTION -> {
                String input = row.has("input") ? row.text("input") : "";
                yield row.filled("instruction") + (input.isEmpty() ? "" : "\n" + input);
            }
            case IMPLICIT -> throw new IllegalStateException("has been answered");
        };
        return new Preference(prompt, answer(row, chosen, "chosen"), answer(row, rejected, "rejected"));
    }

    private static String answer(Row row, JsonNode node, String key) {
        if (node.isTextual()) {
            return row.filled(node, key);
        }
        Turn turn;
        if (node.isArray()) {
            List<Turn> turns = row.turns(node, key);
            if (turns.size() != 1) {
                throw row.wrong(key + " has " + turns.size() + " turns after the prompt, expected one");
            }
            turn = turns.getFirst();
        } else {
            turn = row.turn(node, key);
        }
        return spoken(row, turn, key);
    }

    private static String spoken(Row row, Turn turn, String key) {
        if (turn.role() != Role.ASSISTANT) {
            throw row.wrong(key + " is a turn of " + JsonRows.plain(turn.role()) + ", expected one of assistant");
        }
        return turn.text();
    }

    private Preference implicit(Row row, List<Turn> chosen, List<Turn> rejected) {
        int same = 0;
        while (same < Math.min(chosen.size(), rejected.size())
                && chosen.get(same).equals(rejected.get(same))) {
            same++;
        }
        if (chosen.size() != same + 1 || rejected.size() != same + 1) {
            throw row.wrong("chosen has " + (chosen.size() - same) + " turns and rejected " + (rejected.size() - same)
                    + " after the " + same + " that are equal, expected one each");
        }
        return new Preference(
                row.prompt(chosen.subList(0, same), "chosen", chat),
                spoken(row, chosen.getLast(), "chosen"),
                spoken(row, rejected.getLast(), "rejected"));
    }

    private static Preference implicit(String chosen, String rejected) {
        int same = 0;
        while (same < Math.min(chosen.length(), rejected.length()) && chosen.charAt(same) == rejected.charAt(same)) {
            same++;
        }
        String common = chosen.substring(0, same);
        int dialogue = common.lastIndexOf(ANSWERS);
        int cut;
        if (dialogue >= 0) {
            cut = dialogue + ANSWERS.length();
        } else {
            cut = same;
            while (cut > 0 && !Character.isWhitespace(common.charAt(cut - 1))) {
                cut--;
            }
        }
        return new Preference(chosen.substring(0, cut), chosen.substring(cut), rejected.substring(cut));
    }
}
