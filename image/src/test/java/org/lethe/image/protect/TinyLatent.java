package org.lethe.image.protect;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Device;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.model.LatentWeights;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/** A latent diffusion model of a few thousand random weights, for pictures of 16 by 16. */
final class TinyLatent {
    static final List<String> WORDS = List.of(
            "a", "painting", "photo", "in", "the", "style", "of", "noto", "twemoji", "red", "apple", "blue", "house");

    private static final String UNET = """
            {"_class_name": "UNet2DConditionModel", "in_channels": 4, "out_channels": 4, "sample_size": 8,
             "block_out_channels": [8, 16], "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
             "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"], "layers_per_block": 1,
             "attention_head_dim": 2, "cross_attention_dim": 12, "norm_num_groups": 4}
            """;
    private static final String VAE = """
            {"_class_name": "AutoencoderKL", "block_out_channels": [4, 8],
             "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"],
             "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"], "norm_num_groups": 2, "layers_per_block": 1,
             "scaling_factor": 1.0}
            """;
    private static final String TEXT = """
            {"vocab_size": 15, "hidden_size": 12, "intermediate_size": 24, "num_hidden_layers": 1,
             "num_attention_heads": 2, "max_position_embeddings": 14, "eos_token_id": 14}
            """;

    private TinyLatent() {}

    /** The shape, without values. */
    static LatentWeights shape() {
        return new LatentWeights(UNET, VAE, TEXT, WORDS, Map.of());
    }

    /** A model in the current scope, whose weights are drawn. */
    static LatentDiffusion drawn(long seed) {
        LatentDiffusion model = shape().open(Device.CPU);
        try (var _ = new NoGradGuard()) {
            for (Diffusion.Part part : Diffusion.Part.values()) {
                model.parameters(part).all().forEach((name, tensor) -> {
                    Tensor draws =
                            Sampler.normal(Keyed.seed(seed).of(part.name()).of(name), tensor.shape());
                    boolean norm = name.contains("norm") && name.endsWith(".weight");
                    tensor.detach()
                            .copy_(draws.mul(new Scalar(norm ? 0.1 : 0.3)).add(new Scalar(norm ? 1 : 0)));
                });
            }
        }
        return model;
    }

    /** All values by part and name. */
    static Map<String, float[]> values(Diffusion model) {
        Map<String, float[]> values = new HashMap<>();
        for (Diffusion.Part part : Diffusion.Part.values()) {
            model.parameters(part)
                    .all()
                    .forEach((name, tensor) -> values.put(part + " " + name, Tensors.floats(tensor.detach())));
        }
        return values;
    }
}
