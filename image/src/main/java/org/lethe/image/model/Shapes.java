package org.lethe.image.model;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** Configurations of small networks, in the words of the ecosystem's files. */
final class Shapes {
    private static final int HEAD = 16; // channels of a head of attention

    private Shapes() {}

    /** An autoencoder of factor two. */
    static String autoencoder(int width, int blocks, int size, double scale) {
        return """
                {"_class_name": "AutoencoderKL", "sample_size": %d, "latent_channels": 4, "block_out_channels": [%d, %d], \
                "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"], \
                "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"], "layers_per_block": %d, \
                "norm_num_groups": %d, "mid_block_add_attention": false, "scaling_factor": %s}""".formatted(size, width, 2 * width, blocks, groups(width), scale);
    }

    /** A denoiser of latents that looks at a text on every level. */
    static String denoiser(int width, int levels, int textDims, int size) {
        List<Integer> widths = widths(width, levels);
        return """
                {"_class_name": "UNet2DConditionModel", "sample_size": %d, "in_channels": 4, "out_channels": 4, \
                "block_out_channels": %s, "down_block_types": %s, "up_block_types": %s, "layers_per_block": 1, \
                "attention_head_dim": %s, "cross_attention_dim": %d, "norm_num_groups": %d}""".formatted(
                        size,
                        widths,
                        Collections.nCopies(levels, "\"CrossAttnDownBlock2D\""),
                        Collections.nCopies(levels, "\"CrossAttnUpBlock2D\""),
                        widths.stream().map(w -> Math.max(1, w / HEAD)).toList(),
                        textDims,
                        groups(width));
    }

    /** A denoiser of pictures without a text. */
    static String pixelDenoiser(int width, int levels, int size) {
        return """
                {"_class_name": "UNet2DModel", "sample_size": %d, "in_channels": 3, "out_channels": 3, \
                "block_out_channels": %s, "down_block_types": %s, "up_block_types": %s, "layers_per_block": 1, \
                "attention_head_dim": %d, "norm_num_groups": %d}""".formatted(
                        size,
                        widths(width, levels),
                        Collections.nCopies(levels, "\"DownBlock2D\""),
                        Collections.nCopies(levels, "\"UpBlock2D\""),
                        HEAD,
                        groups(width));
    }

    /** A text encoder of two layers. */
    static String text(int words, int dims, int positions) {
        return """
                {"vocab_size": %d, "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": 2, \
                "num_attention_heads": %d, "max_position_embeddings": %d, "eos_token_id": %d}""".formatted(words + 2, dims, 4 * dims, Math.max(1, dims / HEAD), positions, words + 1);
    }

    private static List<Integer> widths(int width, int levels) {
        return IntStream.rangeClosed(1, levels).mapToObj(n -> n * width).toList();
    }

    private static int groups(int width) {
        return Math.max(1, width / 4);
    }
}
