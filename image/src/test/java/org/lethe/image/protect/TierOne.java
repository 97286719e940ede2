package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Device;
import org.lethe.Workers;
import org.lethe.image.ImageModel;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.model.LatentWeights;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Initial;

/** A small latent diffusion model with random weights, whose decoder can learn. */
final class TierOne {
    private static final String UNET = """
            {"_class_name": "UNet2DConditionModel", "sample_size": 8, "in_channels": 4, "out_channels": 4, \
            "block_out_channels": [8, 16], "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"], \
            "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"], "layers_per_block": 1, "attention_head_dim": 2, \
            "cross_attention_dim": 8, "norm_num_groups": 4}""";
    private static final String VAE = """
            {"_class_name": "AutoencoderKL", "sample_size": 16, "latent_channels": 4, "block_out_channels": [8, 16], \
            "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"], \
            "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"], "layers_per_block": 1, \
            "norm_num_groups": 4, "mid_block_add_attention": false, "scaling_factor": 1.0}""";

    private TierOne() {}

    /** A model that knows the words of the gallery of tier 0. */
    static ImageModel model() {
        List<String> words = new ArrayList<>(List.of("a", "thing", "in", "the", "style", "of", "flat", "round"));
        for (int n = 0; n < 10; n++) {
            words.add(String.valueOf(n));
        }
        String text = """
                {"vocab_size": %d, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, \
                "num_attention_heads": 2, "max_position_embeddings": 12, "eos_token_id": %d}""".formatted(words.size() + 2, words.size() + 1);
        LatentWeights shape = new LatentWeights(UNET, VAE, text, words, Map.of());
        try (var _ = new PointerScope()) {
            LatentDiffusion model = shape.open(Device.CPU);
            for (Diffusion.Part part : Diffusion.Part.values()) {
                model.parameters(part)
                        .draw(
                                Keyed.seed(8).of(part.name()),
                                (name, tensor) -> Optional.of(
                                        tensor.dim() > 1
                                                ? Initial.xavierUniform(1)
                                                : Initial.constant(
                                                        name.contains("norm") && name.endsWith("weight") ? 1 : 0)),
                                Workers.here());
            }
            return ImageModel.of(shape.of(model));
        }
    }
}
