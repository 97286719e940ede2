package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;

/**
 * Stable Diffusion (Rombach et al. 2022) as a folder of diffusers has it: a model and the scheduler that it is sampled with.
 *
 * @param model text encoder, denoiser and autoencoder
 * @param scheduler the way from noise to latents
 */
public record Pipeline(LatentDiffusion model, DiffusionScheduler scheduler) {
    private static final String INDEX = "model_index.json";
    private static final Map<String, List<String>> PARTS = Map.of(
            "text_encoder", List.of("CLIPTextModel"),
            "tokenizer", List.of("CLIPTokenizer", "CLIPTokenizerFast"),
            "unet", List.of("UNet2DConditionModel"),
            "vae", List.of("AutoencoderKL"));

    /** Reads a folder of diffusers: {@code model_index.json} and a folder for each part. */
    public static Pipeline load(Path folder, Device device, ScalarType type) throws IOException {
        ConfigFile.read(folder.resolve(INDEX), Pipeline::check);
        for (String part : List.of("text_encoder", "tokenizer", "unet", "vae", "scheduler")) {
            if (!Files.isDirectory(folder.resolve(part))) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        folder + ": the folder " + part + " is not there, which " + INDEX + " names");
            }
        }
        if (!(Scheduler.read(folder.resolve("scheduler")) instanceof DiffusionScheduler scheduler)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    folder.resolve("scheduler") + ": is that of flow matching, expected one of diffusion");
        }
        ClipTokenizer tokenizer = ClipTokenizer.read(folder.resolve("tokenizer"));
        try {
            return new Pipeline(
                    new LatentDiffusion(
                            ClipText.load(folder.resolve("text_encoder"), device, type),
                            UNet.load(folder.resolve("unet"), device, type),
                            AutoencoderKl.load(folder.resolve("vae"), device, type),
                            tokenizer,
                            padding(folder, tokenizer),
                            scheduler.noise(),
                            scheduler.prediction()),
                    scheduler);
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, folder + ": " + e.getMessage(), e);
        }
    }

    private static String check(ConfigFile file) {
        String kind = file.oneOf("_class_name", "", "StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline");
        // what a picture is checked or seen by is of no effect on what is made
        file.neutral("feature_extractor", "image_encoder", "safety_checker", "requires_safety_checker");
        PARTS.forEach((part, classes) -> {
            List<String> said = file.texts(part, List.of());
            Check.require(
                    said.size() == 2 && classes.contains(said.get(1)),
                    part,
                    said.isEmpty() ? "absent" : said,
                    "a library and one of " + classes);
        });
        Check.require(file.texts("scheduler", List.of()).size() == 2, "scheduler", "absent", "a library and a class");
        file.finish();
        return kind;
    }

    /** Stable Diffusion 1 pads with the end, 2 with "!"; the tokenizer's own files say so. */
    private static int padding(Path folder, ClipTokenizer tokenizer) throws IOException {
        Path file = folder.resolve("tokenizer").resolve("special_tokens_map.json");
        if (!Files.isRegularFile(file)) {
            return tokenizer.end();
        }
        String pad = ConfigFile.read(file, said -> {
            try {
                return said.text("pad_token", "<|endoftext|>");
            } catch (IllegalArgumentException _) {
                return said.object("pad_token").text("content", "<|endoftext|>");
            }
        });
        return pad.equals("<|endoftext|>")
                ? tokenizer.end()
                : tokenizer
                        .id(pad)
                        .orElseThrow(() -> new LetheException(
                                LetheException.Code.DATA, file + ": pad_token is \"" + pad + "\", which is no token"));
    }

    /** The same with another scheduler. */
    public Pipeline with(DiffusionScheduler other) {
        return new Pipeline(model, other);
    }

    /**
     * How far the denoiser is led by a text (Ho and Salimans 2022).
     *
     * @param states of the prompts
     * @param away states of what is to be avoided, as those of an empty prompt
     * @param scale ε = ε of away + scale · (ε of states − ε of away); at 1 or below the denoiser is asked about states alone
     * @param rescale share of the result whose deviation is set back to that of the text's ε (Lin et al. 2024, section 3.4)
     */
    public record Guidance(Tensor states, Optional<Tensor> away, double scale, double rescale) {
        public Guidance {
            Check.require(scale >= 0 && scale < 1e6, "scale", scale, "a finite number of at least 0");
            Check.require(rescale >= 0 && rescale <= 1, "rescale", rescale, "0 to 1");
            Check.require(
                    scale <= 1 || away.isPresent(),
                    "away",
                    "absent",
                    "states of what is to be avoided, at a scale above 1");
        }

        /** The denoiser as it is. */
        public static Guidance none(Tensor states) {
            return new Guidance(states, Optional.empty(), 1, 0);
        }
    }

    /** The denoiser under guidance, one row for each prompt. */
    public Scheduler.Denoiser denoiser(Guidance guidance) {
        if (guidance.scale <= 1) {
            UNet.Condition condition = UNet.Condition.of(guidance.states);
            return (input, time) -> model.unet().predict(input, NoiseSchedule.times(input, time), condition);
        }
        Tensor both = torch.cat(new TensorVector(guidance.away.orElseThrow(), guidance.states), 0); // away first
        UNet.Condition condition = UNet.Condition.of(both);
        return (input, time) -> {
            Tensor twice = torch.cat(new TensorVector(input, input), 0);
            TensorVector said = model.unet()
                    .predict(twice, NoiseSchedule.times(twice, time), condition)
                    .chunk(2, 0);
            Tensor led = NoiseSchedule.mix(1 - guidance.scale, said.get(0), guidance.scale, said.get(1));
            if (guidance.rescale == 0) {
                return led;
            }
            Tensor back = led.mul(deviation(said.get(1)).div(deviation(led)));
            return NoiseSchedule.mix(guidance.rescale, back, 1 - guidance.rescale, led);
        };
    }

    private static Tensor deviation(Tensor rows) {
        return rows.std(new long[] {1, 2, 3}, true, true); // with n − 1
    }

    /** Standard normal noise of latents by a key, {@code [rows, channels, height / factor, width / factor]}. */
    public Tensor noise(Keyed key, int rows, int height, int width) {
        Check.require(rows >= 1, "rows", rows, "at least 1");
        long[] shape = model.latent(height, width);
        Tensor like = torch.empty(rows, shape[0], shape[1], shape[2])
                .to(Devices.of(model.device()), model.unet().layers().type());
        return Scheduler.draws(key, like).apply(0);
    }

    /** The latents that a run ends with, from standard normal noise. */
    public Tensor latents(Tensor noise, Guidance guidance, Scheduler.Course course) {
        Tensor start = noise.mul(new Scalar(scheduler.startScale(course.steps())));
        return scheduler.sample(start, course, denoiser(guidance));
    }

    /**
     * The latents of a picture made over: noise is added as of a later call, and the run goes on from there (Meng et al. 2022).
     *
     * @param clean latents of the picture, scaled as the denoiser wants them
     * @param strength share of the calls that are carried out
     */
    public Tensor madeOver(Tensor clean, Tensor noise, double strength, Guidance guidance, Scheduler.Course course) {
        Check.require(strength > 0 && strength <= 1, "strength", strength, "above 0, at most 1");
        int calls = scheduler.times(course.steps()).size();
        int skipped = calls - Math.max(1, (int) (calls * strength));
        Tensor start = scheduler.noised(clean, noise, course.steps(), skipped);
        return scheduler.sample(start, course.skipping(skipped), denoiser(guidance));
    }

    /**
     * What keeps a picture outside a mask while the inside is made: after each call the latents there are those of the picture with
     * the noise of the next call, and after the last one its own (Avrahami et al. 2023).
     *
     * @param clean latents of the picture, scaled as the denoiser wants them
     * @param mask 1 where it is made anew and 0 where it stays, {@code [rows or 1, 1, height, width]} of latents
     */
    public Scheduler.After keeping(Tensor clean, Tensor noise, Tensor mask, int steps) {
        Layers.require(mask, "mask", -1, 1, clean.size(2), clean.size(3));
        int calls = scheduler.times(steps).size();
        return (call, state) -> {
            Tensor kept = call + 1 < calls ? scheduler.noised(clean, noise, steps, call + 1) : clean;
            return torch.lerp(kept, state, mask);
        };
    }

    /** The pictures of latents, within [0, 1], {@code [rows, 3, height, width]}. */
    public Tensor pictures(Tensor latents) {
        return model.decode(latents).clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional(new Scalar(1)));
    }
}
