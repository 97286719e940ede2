package org.lethe.image.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * Teaches a model pictures with their prompts by the loss of diffusion, with prior preservation where it is asked for: DreamBooth
 * (Ruiz et al. 2023) is all weights of the denoiser on one prompt with a rare word.
 *
 * <pre>L = L_DM(picture, prompt) + priorWeight · L_DM(prior picture, prior prompt)</pre>
 *
 * @param steps steps of AdamW
 * @param batch pictures of a step
 * @param learningRate of AdamW
 * @param text whether the text encoder is trained too
 * @param priorWeight of the second term; 0 for none
 */
public record FineTuning(int steps, int batch, double learningRate, boolean text, double priorWeight) {
    public FineTuning {
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate >= 0 && learningRate < 1, "learningRate", learningRate, "0 or more, below 1");
        Check.require(priorWeight >= 0 && priorWeight < 1e3, "priorWeight", priorWeight, "0 or more");
    }

    /** 100 steps of 8 pictures at 3e-4, the denoiser alone, no prior. */
    public FineTuning() {
        this(100, 8, 3e-4, false, 0);
    }

    /**
     * Pictures with the prompts they are learned under.
     *
     * @param pictures of the same size
     * @param prompts one for each
     */
    public record Lessons(List<Bitmap> pictures, List<String> prompts) {
        public Lessons {
            pictures = List.copyOf(pictures);
            prompts = List.copyOf(prompts);
            Check.require(
                    pictures.size() == prompts.size(),
                    "prompts",
                    prompts.size(),
                    "as many as pictures, " + pictures.size());
        }

        /** No pictures. */
        public static final Lessons NONE = new Lessons(List.of(), List.of());

        /** Pictures under one prompt. */
        public static Lessons of(List<Bitmap> pictures, String prompt) {
            return new Lessons(pictures, pictures.stream().map(_ -> prompt).toList());
        }
    }

    /** Trains in place. The prior is read where its weight is above 0. */
    public void train(Diffusion model, Lessons lessons, Lessons prior, Env env) {
        Parameters denoiser = model.parameters(Diffusion.Part.DENOISER);
        Parameters tower = model.parameters(Diffusion.Part.TEXT);
        List<Parameters> parts = text ? List.of(denoiser, tower) : List.of(denoiser);
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (int p = 0; p < parts.size(); p++) {
            String prefix = p == 0 ? "denoiser/" : "text/";
            parts.get(p).all().forEach((name, tensor) -> all.put(prefix + name, tensor));
        }
        train(model, Parameters.of(all), lessons, prior, env);
    }

    /** Trains the given parameters of a model in place; all others stay. */
    public void train(Diffusion model, Parameters trained, Lessons lessons, Lessons prior, Env env) {
        if (steps == 0 || learningRate == 0) {
            return;
        }
        Check.require(!lessons.pictures.isEmpty(), "pictures", 0, "at least 1");
        Check.require(
                priorWeight == 0 || !prior.pictures.isEmpty(), "pictures of the prior", 0, "at least 1 at this weight");
        trained.train(_ -> true);
        Training.of(steps)
                .with(new UpdateRule.AdamW(learningRate, 0.01), new Schedule.Constant(0))
                .run(trained, objective(model, lessons, prior), env);
        trained.train(_ -> false);
    }

    private Training.Objective<List<Tensor>> objective(Diffusion model, Lessons lessons, Lessons prior) {
        Tensor own = latents(model, lessons.pictures);
        Tensor before = priorWeight == 0 ? own : latents(model, prior.pictures);
        return new Training.Objective<>() {
            @Override
            public String name() {
                return "fine-tune";
            }

            @Override
            public List<Tensor> batch(long step, int part, Keyed key) {
                return List.of();
            }

            @Override
            public Tensor loss(List<Tensor> none, Keyed key) {
                Tensor loss = term(model, own, lessons.prompts, key.of("own"));
                return priorWeight == 0
                        ? loss
                        : loss.add(term(model, before, prior.prompts, key.of("prior"))
                                .mul(new Scalar(priorWeight)));
            }
        };
    }

    private Tensor term(Diffusion model, Tensor latents, List<String> prompts, Keyed key) {
        int[] rows = IntStream.range(0, batch)
                .map(n -> Keyed.below(key.of("rows").at(n), prompts.size()))
                .toArray();
        int[] times = IntStream.range(0, batch)
                .map(n -> Keyed.below(key.of("times").at(n), model.schedule().steps()))
                .toArray();
        List<Tensor> some = new ArrayList<>();
        List<String> said = new ArrayList<>();
        for (int row : rows) {
            some.add(latents.narrow(0, row, 1));
            said.add(prompts.get(row));
        }
        Tensor clean = torch.cat(new TensorVector(some.toArray(Tensor[]::new)), 0);
        Tensor noise = Sampler.normal(key.of("noise"), clean.shape()).to(clean.device(), clean.scalar_type());
        return model.loss(clean, noise, times, model.states(said));
    }

    private static Tensor latents(Diffusion model, List<Bitmap> pictures) {
        try (var _ = new NoGradGuard()) {
            return model.encode(Sampler.batch(pictures).to(Devices.of(model.device()), torch.ScalarType.Float))
                    .detach();
        }
    }
}
