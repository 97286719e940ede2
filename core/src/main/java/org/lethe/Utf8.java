package org.lethe;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Small files of text that users bring. */
public final class Utf8 {
    private Utf8() {}

    /**
     * The text of a file, without the mark of its encoding; the size is checked before memory is taken for it.
     *
     * @param most bytes that such a file has
     */
    public static String read(Path file, long most) throws IOException {
        long bytes = Files.size(file);
        if (bytes > most) {
            throw new LetheException(
                    LetheException.Code.DATA, "%s: has %,d bytes, expected at most %,d".formatted(file, bytes, most));
        }
        try {
            String text = Files.readString(file);
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": is not UTF-8 text; expected the file in UTF-8", e);
        }
    }
}
