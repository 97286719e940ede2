package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Device;
import org.lethe.Workers;
import org.lethe.image.Bitmap;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.ClipText;
import org.lethe.image.diffusion.ClipTokenizer;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.UNet;
import org.lethe.image.model.LatentWeights;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Initial;
import org.lethe.torch.Tensors;

/** Small models and pictures of which everything is known. */
final class Small {
    private static final List<String> WORDS = List.of("a", "painting", "in", "the", "style", "of", "sks", "cubist");

    private Small() {}

    /** A shape of factor 2 for pictures of {@code 2 side} by {@code 2 side}, without values. */
    static LatentWeights shape(int side, double scale, List<String> words, int positions) {
        String unet = """
                {"_class_name": "UNet2DConditionModel", "sample_size": %d, "in_channels": 4, "out_channels": 4, \
                "block_out_channels": [8, 16], "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"], \
                "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"], "layers_per_block": 1, "attention_head_dim": 2, \
                "cross_attention_dim": 8, "norm_num_groups": 4}""".formatted(side);
        String vae = """
                {"_class_name": "AutoencoderKL", "sample_size": %d, "latent_channels": 4, "block_out_channels": [8, 16], \
                "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"], \
                "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"], "layers_per_block": 1, \
                "norm_num_groups": 4, "mid_block_add_attention": false, "scaling_factor": %s}""".formatted(2 * side, scale);
        String text = """
                {"vocab_size": %d, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, \
                "num_attention_heads": 2, "max_position_embeddings": %d, "eos_token_id": %d}""".formatted(words.size() + 2, positions, words.size() + 1);
        return new LatentWeights(unet, vae, text, words, Map.of());
    }

    private static LatentWeights shape() {
        return shape(4, 0.7, WORDS, 10);
    }

    /** A random latent diffusion model, in the current scope. */
    static LatentDiffusion latent(ScalarType type) {
        LatentWeights shape = shape();
        ClipTokenizer tokenizer = ClipTokenizer.ofWords(WORDS);
        LatentDiffusion model = new LatentDiffusion(
                new ClipText(ClipText.Config.parse(shape.text(), "text"), Device.CPU, type),
                new UNet(UNet.Config.parse(shape.unet(), "unet"), Device.CPU, type),
                new AutoencoderKl(AutoencoderKl.Config.parse(shape.vae(), "vae"), Device.CPU, type),
                tokenizer,
                tokenizer.end(),
                new NoiseSchedule(),
                NoiseSchedule.Prediction.NOISE);
        return drawn(model, name -> Initial.normal(name.contains("norm") ? 1 : 0, 0.1));
    }

    /** The model with random matrices, and vectors as they are asked for by name. */
    static LatentDiffusion drawn(LatentDiffusion model, Function<String, Initial> vectors) {
        for (Diffusion.Part part : Diffusion.Part.values()) {
            model.parameters(part)
                    .draw(
                            Keyed.seed(8).of(part.name()),
                            (name, tensor) ->
                                    Optional.of(tensor.dim() > 1 ? Initial.xavierUniform(1) : vectors.apply(name)),
                            Workers.here());
        }
        return model;
    }

    /** The same as a value. */
    static LatentWeights weights() {
        try (var _ = new PointerScope()) {
            return shape().of(latent(ScalarType.Float));
        }
    }

    /** The exact model of pictures around a mean, and around another in the style of sks. */
    static GaussianDiffusion gaussian(int side, double deviation, double mean) {
        int size = 3 * side * side;
        Map<String, float[]> means = new LinkedHashMap<>();
        means.put("", filled(size, mean));
        means.put(" in the style of sks", filled(size, mean / 2));
        return new GaussianDiffusion(means, side, side, deviation, new NoiseSchedule());
    }

    static float[] filled(int size, double value) {
        float[] values = new float[size];
        Arrays.fill(values, (float) value);
        return values;
    }

    /** Random pictures on levels, between two levels. */
    static List<Bitmap> pictures(int count, int width, int height, int low, int high) {
        List<Bitmap> pictures = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            byte[] bytes = new byte[3 * width * height];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (low + Keyed.below(Keyed.seed(5).of(n).at(i), high - low + 1));
            }
            pictures.add(Bitmap.of(bytes, width, height));
        }
        return pictures;
    }

    static Obfuscation.Task task(List<Bitmap> pictures) {
        return new Obfuscation.Task(pictures, "a painting");
    }

    /** The largest change in levels, where all values of the changed picture are on levels. */
    static int change(Bitmap before, Bitmap after) {
        int largest = 0;
        for (int i = 0; i < before.values().length; i++) {
            float value = after.values()[i];
            if (value != Math.round(value * 255) / 255f) {
                throw new AssertionError(value + " is not on a level");
            }
            largest = Math.max(largest, Math.abs(Math.round(value * 255) - Math.round(before.values()[i] * 255)));
        }
        return largest;
    }

    /** The bytes of every parameter of a model, as one number for each part and name. */
    static Map<String, Integer> digest(Diffusion model) {
        Map<String, Integer> digest = new HashMap<>();
        for (Diffusion.Part part : Diffusion.Part.values()) {
            model.parameters(part)
                    .all()
                    .forEach((name, tensor) ->
                            digest.put(part + name, Arrays.hashCode(Tensors.floats(tensor.detach()))));
        }
        return digest;
    }

    /** L_DM of pictures under a prompt, as a mean over fixed times and noises. */
    static double loss(Diffusion model, List<Bitmap> pictures, String prompt, int draws) {
        double sum = 0;
        try (var _ = new PointerScope()) {
            DiffusionLoss loss = DiffusionLoss.of(model, prompt, Keyed.seed(99));
            Tensor batch = ProjectedGradient.tensor(model, pictures);
            for (int d = 0; d < draws; d++) {
                try (var _ = new PointerScope()) {
                    sum += loss.of(loss.latents(batch, 0, d), 0, d).mean().item_double() / draws;
                }
            }
        }
        return sum;
    }
}
