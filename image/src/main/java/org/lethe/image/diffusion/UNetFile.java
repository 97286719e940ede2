package org.lethe.image.diffusion;

import java.util.Collections;
import java.util.List;
import org.lethe.Check;

/** Reads the shape of a denoiser from its {@code config.json}, of either class. */
final class UNetFile {
    private UNetFile() {}

    /** The shape that a configuration describes. */
    static UNet.Config config(ConfigFile file) {
        String kind = file.oneOf("_class_name", "UNet2DConditionModel", "UNet2DConditionModel", "UNet2DModel");
        file.neutral("dropout", "num_train_timesteps", "upcast_attention", "addition_embed_type_num_heads");
        file.only("act_fn", "silu");
        file.only("time_embedding_type", "positional");
        file.only("resnet_time_scale_shift", "default");
        file.only("mid_block_scale_factor", 1);
        file.only("center_input_sample", false);
        UNet.Config config = kind.equals("UNet2DModel") ? plain(file) : conditional(file);
        file.finish();
        return config;
    }

    private static UNet.Config conditional(ConfigFile file) {
        List<Integer> widths = file.wholes("block_out_channels", List.of(320, 640, 1280, 1280));
        int levels = widths.size();
        file.only("resnet_out_scale_factor", 1);
        file.only("conv_in_kernel", 3);
        file.only("conv_out_kernel", 3);
        file.only("attention_type", "default");
        // the name of the field is wrong and stays so: it counts heads
        List<Integer> heads = file.perLevel("attention_head_dim", levels, 8);
        if (file.has("num_attention_heads")) {
            heads = file.perLevel("num_attention_heads", levels, 8);
        }
        int padding = file.whole("downsample_padding", 1);
        Check.require(padding == 0 || padding == 1, "downsample_padding", padding, "0 or 1");
        List<Integer> texts = file.perLevel("cross_attention_dim", levels, 1280);
        Check.require(texts.stream().distinct().count() == 1, "cross_attention_dim", texts, "the same for all levels");
        List<Integer> blocks = file.perLevel("layers_per_block", levels, 2);
        Check.require(blocks.stream().distinct().count() == 1, "layers_per_block", blocks, "the same for all levels");
        boolean sizes = file.has("addition_embed_type");
        if (sizes) {
            file.only("addition_embed_type", "text_time");
        }
        file.oneOf("mid_block_type", "UNetMidBlock2DCrossAttn", "UNetMidBlock2DCrossAttn");
        return new UNet.Config(
                true,
                file.whole("in_channels", 4),
                file.whole("out_channels", 4),
                widths,
                mixing(
                        file,
                        "down_block_types",
                        "CrossAttnDownBlock2D",
                        "DownBlock2D",
                        UNet.Mixing.TRANSFORMER,
                        List.of("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D")),
                mixing(
                        file,
                        "up_block_types",
                        "CrossAttnUpBlock2D",
                        "UpBlock2D",
                        UNet.Mixing.TRANSFORMER,
                        List.of("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D")),
                UNet.Mixing.TRANSFORMER,
                blocks.getFirst(),
                heads,
                file.perLevel("transformer_layers_per_block", levels, 1),
                texts.getFirst(),
                file.flag("use_linear_projection", false),
                file.whole("norm_num_groups", 32),
                file.number("norm_eps", 1e-5),
                file.flag("flip_sin_to_cos", true),
                file.number("freq_shift", 0),
                padding == 1,
                sizes ? file.whole("addition_time_embed_dim", 256) : 0,
                sizes ? file.whole("projection_class_embeddings_input_dim", 2816) : 0,
                file.whole("sample_size", 64));
    }

    private static UNet.Config plain(ConfigFile file) {
        List<Integer> widths = file.wholes("block_out_channels", List.of(224, 448, 672, 896));
        file.only("downsample_type", "conv");
        file.only("upsample_type", "conv");
        file.only("mid_block_type", "UNetMidBlock2D");
        int groups = file.whole("norm_num_groups", 32);
        file.only("attn_norm_num_groups", groups);
        int padding = file.whole("downsample_padding", 1);
        Check.require(padding == 0 || padding == 1, "downsample_padding", padding, "0 or 1");
        // here the field does say the width of a head, and absent by null means one head
        boolean oneHead = file.names().contains("attention_head_dim") && !file.has("attention_head_dim");
        int width = file.whole("attention_head_dim", 8);
        Check.require(width >= 1, "attention_head_dim", width, "at least 1");
        List<Integer> heads =
                widths.stream().map(w -> oneHead ? 1 : Math.max(1, w / width)).toList();
        return new UNet.Config(
                false,
                file.whole("in_channels", 3),
                file.whole("out_channels", 3),
                widths,
                mixing(
                        file,
                        "down_block_types",
                        "AttnDownBlock2D",
                        "DownBlock2D",
                        UNet.Mixing.ATTENTION,
                        List.of("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D")),
                mixing(
                        file,
                        "up_block_types",
                        "AttnUpBlock2D",
                        "UpBlock2D",
                        UNet.Mixing.ATTENTION,
                        List.of("AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D")),
                file.flag("add_attention", true) ? UNet.Mixing.ATTENTION : UNet.Mixing.NONE,
                file.whole("layers_per_block", 2),
                heads,
                Collections.nCopies(widths.size(), 1),
                0,
                false,
                groups,
                file.number("norm_eps", 1e-5),
                file.flag("flip_sin_to_cos", true),
                file.number("freq_shift", 0),
                padding == 1,
                0,
                0,
                file.whole("sample_size", 32));
    }

    private static List<UNet.Mixing> mixing(
            ConfigFile file, String field, String with, String without, UNet.Mixing mixing, List<String> otherwise) {
        return file.texts(field, otherwise).stream()
                .map(kind -> {
                    Check.require(kind.equals(with) || kind.equals(without), field, kind, with + " or " + without);
                    return kind.equals(with) ? mixing : UNet.Mixing.NONE;
                })
                .toList();
    }
}
