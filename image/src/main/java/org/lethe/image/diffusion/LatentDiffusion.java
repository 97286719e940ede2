package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * Latent diffusion in the layout of Stable Diffusion 1 and 2: a CLIP text tower, a denoiser of latents and an autoencoder, of any
 * size.
 *
 * @param text the text encoder
 * @param unet the denoiser
 * @param vae the autoencoder
 * @param tokenizer of prompts
 * @param padding id with which prompts are padded
 * @param schedule the noise of its training
 * @param prediction what the denoiser says
 */
public record LatentDiffusion(
        ClipText text,
        UNet unet,
        AutoencoderKl vae,
        ClipTokenizer tokenizer,
        int padding,
        NoiseSchedule schedule,
        NoiseSchedule.Prediction prediction)
        implements AttendingDiffusion, AutoencodedDiffusion {
    public LatentDiffusion {
        Check.require(
                unet.config().textDims() == text.config().dims(),
                "cross_attention_dim of the denoiser",
                unet.config().textDims(),
                text.config().dims() + ", the width of the text encoder");
        Check.require(
                unet.config().inputs() == vae.config().latentChannels(),
                "in_channels of the denoiser",
                unet.config().inputs(),
                vae.config().latentChannels() + ", the channels of a latent");
        Check.require(
                tokenizer.size() <= text.config().vocabulary(),
                "ids of the tokenizer",
                tokenizer.size(),
                "at most the " + text.config().vocabulary() + " of the text encoder");
    }

    /** Reads a folder of diffusers, in 32 bits. */
    public static LatentDiffusion load(Path folder, Device device) throws IOException {
        return Pipeline.load(folder, device, ScalarType.Float).model();
    }

    @Override
    public Device device() {
        return unet.layers().device();
    }

    @Override
    public Tensor states(List<String> prompts) {
        return text.encode(tokens(prompts)).last();
    }

    /** The ids of prompts, {@code [prompts, positions]}. */
    public Tensor tokens(List<String> prompts) {
        return tokenizer
                .batch(prompts, text.config().positions(), padding)
                .to(Devices.of(text.layers().device()), ScalarType.Long);
    }

    @Override
    public int[] ids(String prompt) {
        return tokenizer.padded(prompt, text.config().positions(), padding);
    }

    @Override
    public int attended(String prompt) {
        return Math.min(tokenizer.ids(prompt).length + 2, text.config().positions());
    }

    @Override
    public Tensor table() {
        return text.table();
    }

    @Override
    public Tensor states(List<int[]> ids, Tensor rows) {
        int[] all = ids.stream().flatMapToInt(Arrays::stream).toArray();
        Tensor tokens = Tensors.of(all, ids.size(), all.length / ids.size())
                .to(Devices.of(text.layers().device()), ScalarType.Long);
        return text.encode(tokens, rows).last();
    }

    @Override
    public int[] size() {
        int side = unet.config().side() * vae.config().factor();
        return new int[] {side, side};
    }

    @Override
    public Tensor noise(Tensor latents, int[] times, Tensor states) {
        return noise(latents, times, states, Optional.empty());
    }

    @Override
    public Tensor noise(Tensor latents, int[] times, Tensor states, UNet.CrossAttention attention) {
        return noise(latents, times, states, Optional.of(attention));
    }

    private Tensor noise(Tensor latents, int[] times, Tensor states, Optional<UNet.CrossAttention> attention) {
        long rows = latents.size(0);
        Check.require(times.length == rows, "times", times.length, "one for each of the " + rows + " rows");
        float[] asked = new float[times.length];
        for (int n = 0; n < times.length; n++) {
            asked[n] = times[n];
        }
        Tensor each = states.size(0) == rows ? states : states.expand(rows, states.size(1), states.size(2));
        Tensor when = Tensors.of(asked, asked.length).to(latents.device(), ScalarType.Float);
        UNet.Condition condition = UNet.Condition.of(each);
        Tensor said = attention
                .map(a -> unet.predict(latents, when, condition, a))
                .orElseGet(() -> unet.predict(latents, when, condition));
        return prediction == NoiseSchedule.Prediction.NOISE ? said : schedule.noise(prediction, said, latents, times);
    }

    @Override
    public Parameters parameters(Part part) {
        return switch (part) {
            case DENOISER -> unet.layers().parameters();
            case TEXT -> text.layers().parameters();
            case AUTOENCODER -> vae.layers().parameters();
        };
    }

    @Override
    public LatentDiffusion copy() {
        LatentDiffusion made = new LatentDiffusion(
                new ClipText(text.config(), device(), text.layers().type()),
                new UNet(unet.config(), device(), unet.layers().type()),
                new AutoencoderKl(vae.config(), device(), vae.layers().type()),
                tokenizer,
                padding,
                schedule,
                prediction);
        for (Part part : Part.values()) {
            made.fill(part, parameters(part).all());
        }
        return made;
    }

    /** Copies values into the parameters of a part; every one must be there. */
    public void fill(Part part, Map<String, Tensor> values) {
        Map<String, Tensor> own = new LinkedHashMap<>(parameters(part).all());
        try (var _ = new NoGradGuard()) {
            own.forEach((name, tensor) -> {
                Tensor value = Optional.ofNullable(values.get(name))
                        .orElseThrow(() -> new IllegalArgumentException("tensor " + name
                                + " is absent, expected one of shape " + Arrays.toString(tensor.shape())));
                Check.require(
                        Arrays.equals(value.shape(), tensor.shape()),
                        "shape of the tensor " + name,
                        Arrays.toString(value.shape()),
                        Arrays.toString(tensor.shape()));
                tensor.detach().copy_(value.detach());
            });
        }
    }
}
