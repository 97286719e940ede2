package org.lethe.study;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lethe.LetheException;

/** Ids in a text file in UTF-8, one on each line, so that they may hold commas. Blank lines are skipped. */
public final class IdFile {
    private IdFile() {}

    /**
     * The ids of a file in their order; a {@code LetheException} where it holds none or is no text in UTF-8. Messages name the file and never
     * an id, which may be that of a person.
     */
    public static List<String> read(Path file) {
        List<String> ids = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            for (String text = lines.readLine(); text != null; text = lines.readLine()) {
                String id =
                        text.startsWith("\uFEFF") ? text.substring(1) : text; // the mark that some editors set first
                if (!id.isBlank()) {
                    ids.add(id);
                }
            }
        } catch (CharacterCodingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": is no text in UTF-8, expected one id on each line", e);
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be read", e);
        }
        if (ids.isEmpty()) {
            throw new LetheException(LetheException.Code.STUDY, file + ": holds no id, expected one on each line");
        }
        return List.copyOf(ids);
    }
}
