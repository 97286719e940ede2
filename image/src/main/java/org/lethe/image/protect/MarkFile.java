package org.lethe.image.protect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.image.Mark;

/** One safetensors file of a {@link Mark}: patterns and networks as tensors, everything else as words of the header. */
public final class MarkFile {
    private static final String METHOD = "lethe-mark";
    private static final String WORD = "mark.";

    private MarkFile() {}

    /** Writes a mark. Whoever reads the file can find the mark, and forge it. */
    public static void write(Path file, Mark mark) throws IOException {
        Map<String, String> words = new TreeMap<>();
        words.put(METHOD, mark.method());
        mark.words().forEach((name, value) -> words.put(WORD + name, value));
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>(new TreeMap<>(mark.tensors()));
        Safetensors.write(file, tensors, words);
    }

    /** Reads a file that {@link #write} wrote. */
    public static Mark read(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "--key is " + path + ", which is no file, expected a key that lethe image mark wrote");
        }
        try (Safetensors file = Safetensors.open(path)) {
            String method = Optional.ofNullable(file.metadata().get(METHOD))
                    .orElseThrow(() -> new LetheException(
                            LetheException.Code.DATA,
                            path + ": has no \"" + METHOD
                                    + "\" in its header, expected a key that lethe image mark wrote"));
            Map<String, String> words = new TreeMap<>();
            file.metadata().forEach((name, value) -> {
                if (name.startsWith(WORD)) {
                    words.put(name.substring(WORD.length()), value);
                }
            });
            Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
            file.entries().forEach((name, entry) -> {
                long[] shape = entry.shape().stream().mapToLong(d -> d).toArray();
                tensors.put(name, Safetensors.Tensor.of(file.floats(name), shape));
            });
            return new Mark(method, words, tensors);
        }
    }
}
