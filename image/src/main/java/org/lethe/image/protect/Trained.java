package org.lethe.image.protect;

import java.util.List;

/** The part of a model that a sanitisation trains, by the names of diffusers. */
public enum Trained {
    /** All cross-attention: {@code attn2}. */
    CROSS_ATTENTION("cross-attention"),
    /** The maps of the text in cross-attention: {@code attn2.to_k} and {@code attn2.to_v}. */
    KEYS_AND_VALUES("keys and values of cross-attention"),
    /** Attention among the places of the picture: {@code attn1}. */
    SELF_ATTENTION("self-attention"),
    /** Both kinds of attention. */
    ATTENTION("attention"),
    /** Everything but cross-attention, the embedding of time and the output. */
    NO_CROSS_ATTENTION("all but cross-attention, embedding of time and output"),
    /** Everything but the embedding of time and the output. */
    NO_TIME("all but the embedding of time and output"),
    /** The whole denoiser. */
    FULL("the denoiser"),
    /** The rows of the concept's own words in the table of tokens; the denoiser stays as it is. */
    EMBEDDING("the rows of the concept's own words");

    private static final List<String> TABLES = List.of("text_model.embeddings.token_embedding.weight", "means");

    private final String words;

    Trained(String words) {
        this.words = words;
    }

    /** In words. */
    String words() {
        return words;
    }

    /** Whether it has a tensor of the denoiser. */
    boolean ofDenoiser(String name) {
        boolean cross = name.contains(".attn2.");
        boolean ends =
                name.startsWith("time_embedding.") || name.startsWith("conv_norm_out.") || name.startsWith("conv_out.");
        return switch (this) {
            case CROSS_ATTENTION -> cross;
            case KEYS_AND_VALUES -> name.contains(".attn2.to_k.") || name.contains(".attn2.to_v.");
            case SELF_ATTENTION -> name.contains(".attn1.");
            case ATTENTION -> cross || name.contains(".attn1.");
            case NO_CROSS_ATTENTION -> !cross && !ends;
            case NO_TIME -> !ends;
            case FULL -> true;
            case EMBEDDING -> false;
        };
    }

    /** Whether it has a tensor of the text encoder. */
    boolean ofText(String name) {
        return this == EMBEDDING && TABLES.contains(name);
    }
}
