package org.lethe.image.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Sampler;
import org.lethe.image.Work;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.ClipTokenizer;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * A small latent diffusion model in the layout of Stable Diffusion (Rombach et al. 2022), trained from nothing on the works of all
 * styles but the one apart: first the autoencoder, which halves height and width, then text encoder and denoiser together.
 *
 * <p>A work is learned under {@code a caption in the style of s}, and now and then under {@code a painting in the style of s}, its
 * caption alone or nothing, so that generic prompts and guidance have a meaning. The tokenizer knows the words of all captions and
 * styles, and a rare word, {@code sks}. The average of the last thousand steps or so is the model.
 *
 * <p>The defaults suit planted pictures of 16 x 16: under two minutes on one core. For emoji-styles: {@code {autoencoderSteps: 800,
 * steps: 4000, learningRate: 1e-3, levels: 3, averaging: 0.999}}, about half an hour. A guidance of 1 to 3 suits it better than 7.5.
 *
 * @param autoencoderSteps steps of the autoencoder
 * @param steps steps of text encoder and denoiser
 * @param batch pictures of a step
 * @param learningRate of AdamW, which falls along a cosine; the autoencoder's is 2e-3
 * @param autoencoderWidth channels of the autoencoder at full size, a multiple of 16; twice as many at half size
 * @param width channels of the denoiser at its finest level, a multiple of 16; twice as many at the second, and so on
 * @param levels sizes at which the denoiser works, each half of the one before
 * @param textDims width of the text encoder, a multiple of 16
 * @param dropped share of the works that are learned under no prompt
 * @param averaging share of the average that a step keeps
 */
@Named("latent-diffusion")
public record SmallDiffusion(
        int autoencoderSteps,
        int steps,
        int batch,
        double learningRate,
        int autoencoderWidth,
        int width,
        int levels,
        int textDims,
        double dropped,
        double averaging)
        implements Learner<Gallery, ImageModel> {
    private static final double AUTOENCODER_RATE = 2e-3;
    private static final double KL = 1e-4;
    private static final double GENERIC = 0.1; // share under the style alone, and share under the caption alone
    private static final String OTHER_WORDS = "a painting photo picture in the style of sks";

    public SmallDiffusion {
        Check.require(autoencoderSteps >= 1, "autoencoderSteps", autoencoderSteps, "at least 1");
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "above 0, below 1");
        Check.require(
                autoencoderWidth >= 16 && autoencoderWidth <= 512 && autoencoderWidth % 16 == 0,
                "autoencoderWidth",
                autoencoderWidth,
                "a multiple of 16 from 16 to 512");
        Check.require(
                width >= 16 && width <= 512 && width % 16 == 0, "width", width, "a multiple of 16 from 16 to 512");
        Check.require(levels >= 2 && levels <= 6, "levels", levels, "2 to 6");
        Check.require(
                textDims >= 16 && textDims <= 1024 && textDims % 16 == 0,
                "textDims",
                textDims,
                "a multiple of 16 from 16 to 1024");
        Check.require(dropped >= 0 && dropped <= 0.5, "dropped", dropped, "0 to 0.5");
        Check.require(averaging >= 0 && averaging < 1, "averaging", averaging, "0 or more, below 1");
    }

    /** For planted pictures. */
    public SmallDiffusion() {
        this(250, 1000, 16, 2e-3, 16, 32, 2, 64, 0.1, 0.99);
    }

    @Override
    public ImageModel train(Gallery data, Env env) {
        List<Work> works = data.known(Work.Part.TRAINING);
        Check.require(!works.isEmpty(), "training works of known styles", 0, "at least 1");
        int factor = 1 << levels;
        Check.require(
                data.height() % factor == 0 && data.width() % factor == 0,
                "size of the works",
                data.height() + " x " + data.width(),
                "multiples of " + factor + ", as the model halves them " + levels + " times");
        Devices.ready(env.device());
        try (var _ = new PointerScope()) {
            List<Bitmap> pictures = works.stream().map(Work::picture).toList();
            AutoencoderKl vae = new AutoencoderKl(
                    AutoencoderKl.Config.parse(
                            Shapes.autoencoder(autoencoderWidth, 1, data.height(), 1), "autoencoder"),
                    env.device(),
                    ScalarType.Float);
            InitialWeights.draw(vae.layers().parameters(), env.random("first weights of the autoencoder"), env);
            new AutoencoderTraining(autoencoderSteps, batch, AUTOENCODER_RATE, KL)
                    .train(vae, pictures, "autoencoder", env);
            double deviation = AutoencoderTraining.centre(vae, AutoencoderTraining.latents(vae, pictures));
            LatentWeights shape = shape(data, 1 / deviation);
            LatentDiffusion model = shape.empty(env.device());
            model.fill(Diffusion.Part.AUTOENCODER, vae.layers().parameters().all());
            for (Diffusion.Part part : List.of(Diffusion.Part.TEXT, Diffusion.Part.DENOISER)) {
                InitialWeights.draw(
                        model.parameters(part), env.random("first weights").of(part.name()), env);
            }
            Tensor latents = model.scaled(AutoencoderTraining.latents(model.vae(), pictures));
            teach(model, new Objective(model, latents, works), env);
            return ImageModel.of(shape.of(model));
        }
    }

    private LatentWeights shape(Gallery data, double scale) {
        List<String> prompts = data.works().stream().map(Work::prompt).toList();
        List<String> words = ClipTokenizer.wordsOf(
                Stream.concat(Stream.of(OTHER_WORDS), prompts.stream()).toList());
        int longest = prompts.stream()
                .mapToInt(p -> ClipTokenizer.ofWords(words).ids(p).length)
                .max()
                .orElseThrow();
        return new LatentWeights(
                Shapes.denoiser(width, levels, textDims, data.height() / 2),
                Shapes.autoencoder(autoencoderWidth, 1, data.height(), scale),
                Shapes.text(words.size(), textDims, longest + 2),
                words,
                Map.of());
    }

    private void teach(LatentDiffusion model, Objective objective, Env env) {
        Map<String, Tensor> both = new LinkedHashMap<>();
        model.parameters(Diffusion.Part.DENOISER).all().forEach((name, tensor) -> both.put("denoiser/" + name, tensor));
        model.parameters(Diffusion.Part.TEXT).all().forEach((name, tensor) -> both.put("text/" + name, tensor));
        Parameters parameters = Parameters.of(both);
        parameters.train(_ -> true);
        Training.of(steps)
                .with(new UpdateRule.AdamW(learningRate, 0.01), new Schedule.Cosine(Math.min(50, steps / 10), 0.05))
                .withAveraging(averaging)
                .run(parameters, objective, env);
        parameters.train(_ -> false);
    }

    /** Works of a step, drawn by chance. */
    private final class Objective implements Training.Objective<int[]> {
        private final LatentDiffusion model;
        private final Tensor latents;
        private final List<Work> works;

        Objective(LatentDiffusion model, Tensor latents, List<Work> works) {
            this.model = model;
            this.latents = latents;
            this.works = works;
        }

        @Override
        public String name() {
            return "diffusion";
        }

        @Override
        public int[] batch(long step, int part, Keyed key) {
            return IntStream.range(0, batch)
                    .map(n -> Keyed.below(key.at(n), works.size()))
                    .toArray();
        }

        @Override
        public Tensor loss(int[] rows, Keyed key) {
            List<String> prompts = new ArrayList<>();
            int[] times = new int[rows.length];
            for (int n = 0; n < rows.length; n++) {
                prompts.add(
                        prompt(works.get(rows[n]), Keyed.unit(key.of("prompts").at(n))));
                times[n] = Keyed.below(key.of("times").at(n), model.schedule().steps());
            }
            Tensor clean = latents.index_select(0, Tensors.of(rows, rows.length).to(latents.device(), ScalarType.Long));
            Tensor noise = Sampler.normal(key.of("noise"), clean.shape()).to(clean.device(), ScalarType.Float);
            return model.loss(clean, noise, times, model.states(prompts));
        }
    }

    private String prompt(Work work, double chance) {
        if (chance < dropped) {
            return "";
        }
        if (chance < dropped + GENERIC) {
            return Gallery.prompt("", work.style());
        }
        return chance < dropped + 2 * GENERIC ? Gallery.prompt(work.caption(), "") : work.prompt();
    }

    @Override
    public Estimate estimate(Gallery data) {
        double pixels = (double) data.height() * data.width();
        double autoencoder = 60.0 * autoencoderWidth * autoencoderWidth * pixels * 3; // multiplications, with gradients
        double denoiser = 60.0 * width * width * pixels / 4 * 3;
        double work = batch * (autoencoder * autoencoderSteps + denoiser * steps);
        double overhead = 0.03 * (autoencoderSteps + steps);
        return new Estimate(work / 5e9 + overhead, (long) (200e6 + 4000 * pixels * batch));
    }
}
