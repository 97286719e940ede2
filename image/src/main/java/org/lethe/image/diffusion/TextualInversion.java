package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Safetensors;

/**
 * A word that is learned as rows of the table of tokens (Gal et al. 2023), read from a file.
 *
 * <p>Diffusers' files have one tensor under the word's name; those of other programs one under {@code emb_params}, and the word is
 * the file's name; those of Stable Diffusion XL two, {@code clip_l} and {@code clip_g}, for its two encoders.
 *
 * @param word as prompts have it
 * @param rows one or more vectors
 */
public record TextualInversion(String word, List<float[]> rows) {
    public TextualInversion {
        rows = rows.stream().map(float[]::clone).toList();
        Check.require(!word.isBlank() && word.chars().noneMatch(Character::isWhitespace), "word", word, "one word");
        Check.require(!rows.isEmpty(), "rows", rows.size(), "at least 1");
    }

    /**
     * Reads a file.
     *
     * @param second whether the rows are those for the second text encoder of Stable Diffusion XL
     */
    public static TextualInversion read(Path file, boolean second) throws IOException {
        try (Safetensors opened = Safetensors.open(file)) {
            List<String> names = List.copyOf(opened.entries().keySet());
            String stem = String.valueOf(file.getFileName()).replaceFirst("\\.safetensors$", "");
            if (names.contains("clip_l") && names.contains("clip_g") && names.size() == 2) {
                return new TextualInversion(stem, rows(file, opened, second ? "clip_g" : "clip_l"));
            }
            if (names.size() != 1) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": has tensors " + names + ", expected one, or clip_l and clip_g");
            }
            String only = names.getFirst();
            return new TextualInversion(only.equals("emb_params") ? stem : only, rows(file, opened, only));
        }
    }

    private static List<float[]> rows(Path file, Safetensors opened, String name) {
        List<Long> shape = opened.require(name).shape();
        if (shape.isEmpty() || shape.size() > 2 || shape.contains(0L)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": tensor \"" + name + "\" has shape " + shape + ", expected [dims] or [count, dims]");
        }
        float[] all = opened.floats(name);
        int dims = Math.toIntExact(shape.getLast());
        List<float[]> rows = new ArrayList<>();
        for (int from = 0; from < all.length; from += dims) {
            rows.add(Arrays.copyOfRange(all, from, from + dims));
        }
        return rows;
    }

    /** The tokens of the word: itself, and with _1, _2 and so on for further rows. */
    public List<String> tokens() {
        List<String> tokens = new ArrayList<>(List.of(word));
        for (int n = 1; n < rows.size(); n++) {
            tokens.add(word + "_" + n);
        }
        return List.copyOf(tokens);
    }

    /** A prompt in which the word is followed by its further tokens. */
    public String expanded(String prompt) {
        return prompt.replace(word, String.join(" ", tokens()));
    }

    /** The ids of the tokens of several words, which follow a vocabulary in their order. */
    public static Map<String, Integer> ids(List<TextualInversion> words, int vocabulary) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (TextualInversion word : words) {
            for (String token : word.tokens()) {
                Optional<Integer> twice = Optional.ofNullable(ids.put(token, vocabulary + ids.size()));
                Check.require(twice.isEmpty(), "token", token, "each of them once");
            }
        }
        return ids;
    }

    /** All rows of several words, row by row, as {@link ClipText#add} wants them. */
    public static float[] table(List<TextualInversion> words, int dims) {
        List<float[]> all = words.stream().flatMap(w -> w.rows.stream()).toList();
        float[] table = new float[all.size() * dims];
        for (int n = 0; n < all.size(); n++) {
            Check.require(
                    all.get(n).length == dims, "width of a row", all.get(n).length, dims + ", as the encoder has");
            System.arraycopy(all.get(n), 0, table, n * dims, dims);
        }
        return table;
    }
}
