package org.lethe.image.model;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Device;
import org.lethe.Safetensors;
import org.lethe.image.ImageFile;
import org.lethe.image.ImageModel;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.ClipText;
import org.lethe.image.diffusion.ClipTokenizer;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.UNet;
import org.lethe.torch.Tensors;

/**
 * Weights of a small {@link LatentDiffusion} with a tokenizer of whole words.
 *
 * @param unet configuration of the denoiser, as the ecosystem writes it
 * @param vae configuration of the autoencoder
 * @param text configuration of the text encoder
 * @param words of the tokenizer, in the order of their ids
 * @param parts tensors of each part by name
 */
public record LatentWeights(
        String unet,
        String vae,
        String text,
        List<String> words,
        Map<Diffusion.Part, Map<String, Safetensors.Tensor>> parts)
        implements ImageModel.Weights {
    @Override
    public LatentDiffusion open(Device device) {
        LatentDiffusion model = empty(device);
        parts.forEach((part, tensors) -> {
            Map<String, Tensor> values = new LinkedHashMap<>();
            tensors.forEach((name, tensor) -> values.put(name, Tensors.of(tensor)));
            model.fill(part, values);
        });
        return model;
    }

    /** The same shape with weights of zero, in the current scope. */
    LatentDiffusion empty(Device device) {
        ClipTokenizer tokenizer = ClipTokenizer.ofWords(words);
        return new LatentDiffusion(
                new ClipText(ClipText.Config.parse(text, "text encoder"), device, ScalarType.Float),
                new UNet(UNet.Config.parse(unet, "denoiser"), device, ScalarType.Float),
                new AutoencoderKl(AutoencoderKl.Config.parse(vae, "autoencoder"), device, ScalarType.Float),
                tokenizer,
                tokenizer.end(),
                new NoiseSchedule(),
                NoiseSchedule.Prediction.NOISE);
    }

    @Override
    public LatentWeights of(Diffusion model) {
        Map<Diffusion.Part, Map<String, Safetensors.Tensor>> own = new EnumMap<>(Diffusion.Part.class);
        for (Diffusion.Part part : Diffusion.Part.values()) {
            Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
            model.parameters(part)
                    .all()
                    .forEach((name, tensor) -> tensors.put(
                            name,
                            Safetensors.Tensor.of(
                                    Tensors.floats(tensor.detach().to(ScalarType.Float)), tensor.shape())));
            own.put(part, tensors);
        }
        return new LatentWeights(unet, vae, text, words, own);
    }

    @Override
    public void save(ImageFile.Writer to) {
        to.word("weights", "latent");
        to.word("unet", unet);
        to.word("vae", vae);
        to.word("text", text);
        to.word("words", String.join(" ", words));
        parts.forEach((part, tensors) -> tensors.forEach(
                (name, tensor) -> to.tensor(part.name().toLowerCase(Locale.ROOT) + "/" + name, tensor)));
    }

    /** Reads what {@link #save} wrote. */
    public static LatentWeights read(ImageFile.Reader from) {
        Map<Diffusion.Part, Map<String, Safetensors.Tensor>> parts = new EnumMap<>(Diffusion.Part.class);
        for (Diffusion.Part part : Diffusion.Part.values()) {
            parts.put(part, from.tensors(part.name().toLowerCase(Locale.ROOT) + "/"));
        }
        return new LatentWeights(
                from.word("unet"),
                from.word("vae"),
                from.word("text"),
                List.of(from.word("words").split(" ")),
                parts);
    }
}
