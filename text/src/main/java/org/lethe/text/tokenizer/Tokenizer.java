package org.lethe.text.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;

/** Turns text into token ids and back, as a {@code tokenizer.json} of the Hugging Face libraries says. Safe for many threads. */
public final class Tokenizer {
    private Tokenizer() {}

    /** Reads a {@code tokenizer.json}, or a folder with one. */
    public static Tokenizer read(Path path) throws IOException {
        throw new UnsupportedOperationException(path.toString());
    }

    /** The tokenizer that a {@code tokenizer.json} describes. */
    public static Tokenizer of(String json) {
        throw new UnsupportedOperationException(json);
    }

    /** The whole {@code tokenizer.json}. */
    public String json() {
        throw new UnsupportedOperationException();
    }

    /** The ids of a text, without begin and end tokens. */
    public int[] encode(String text) {
        throw new UnsupportedOperationException(text);
    }

    /** The text of ids; special tokens are left out. */
    public String decode(int[] ids) {
        throw new UnsupportedOperationException();
    }

    /** Number of ids: one more than the largest. */
    public int size() {
        throw new UnsupportedOperationException();
    }

    /** The token that every text begins with, where there is one. */
    public OptionalInt begin() {
        throw new UnsupportedOperationException();
    }

    /** The token that ends an answer. */
    public int end() {
        throw new UnsupportedOperationException();
    }

    /** The same with another begin and end token, as {@code config.json} or {@code tokenizer_config.json} name them. */
    public Tokenizer with(OptionalInt begin, int end) {
        throw new UnsupportedOperationException(begin + " " + end);
    }
}
