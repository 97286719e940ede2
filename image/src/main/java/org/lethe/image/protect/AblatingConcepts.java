package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.AttendingDiffusion;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.TokenDiffusion;
import org.lethe.image.diffusion.UNet;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.UpdateRule;

/**
 * Ablating concepts: the denoiser learns to say about a prompt with the concept c* what it says about the same prompt with its anchor c,
 * as "a red apple" for "a red apple in the style of noto". z are latents of pictures that the model paints for the anchor, with noise.
 *
 * <pre>
 * model: L = ‖ε(z_t, t, c*) − sg ε(z_t, t, c)‖²      the same denoiser as it is now, without a gradient
 * noise: L = ‖ε(z_t, t, c*) − n‖²                     ordinary fine-tuning of anchor pictures under the concept's prompt
 * both + priorWeight · ‖ε(z'_t, t, c) − n'‖²
 * </pre>
 *
 * <p>Where keys and values are trained, those of the first token, the beginning of the text, give no gradient, as in the authors' code.
 * Pictures are mirrored left to right at random. The mask of the published loss covers padding, of which there is none here. Where the
 * concept and its anchor are one prompt the loss of the model-based form is 0.
 *
 * <p>Source: Kumari et al., ICCV 2023, arXiv 2303.13516, equations 4 and 5; values of the authors' code. Cost: {@code pictures} runs of
 * sampling, then {@code steps} steps of two passes and a gradient.
 *
 * @param objective model or noise
 * @param trained keys-and-values, attention, full, embedding (the rows of the concept's own words), or another part
 * @param steps steps of AdamW
 * @param batch pictures of a step
 * @param learningRate of AdamW; the authors write 2e-6 and multiply it by the pictures of a step
 * @param decay weight decay of AdamW
 * @param pictures that are painted for the anchor
 * @param prompts most prompts for them
 * @param samplingSteps of painting
 * @param guidance of painting
 * @param priorWeight of the term that keeps the anchor; published is 1 for objects whose name contains the anchor
 */
@Named("ablating-concepts")
public record AblatingConcepts(
        Objective objective,
        Trained trained,
        int steps,
        int batch,
        double learningRate,
        double decay,
        int pictures,
        int prompts,
        int samplingSteps,
        double guidance,
        double priorWeight)
        implements WeightEditing {
    private static final int PAINTED = 16; // pictures in memory at a time

    /** What the denoiser learns to say. */
    public enum Objective {
        /** What it says itself about the anchor. */
        MODEL,
        /** The noise that was added. */
        NOISE
    }

    public AblatingConcepts {
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "above 0, below 1");
        Check.require(decay >= 0 && decay < 1, "decay", decay, "0 or more, below 1");
        Check.require(pictures >= 1, "pictures", pictures, "at least 1");
        Check.require(prompts >= 1, "prompts", prompts, "at least 1");
        Check.require(samplingSteps >= 1, "samplingSteps", samplingSteps, "at least 1");
        Check.require(guidance >= 0 && guidance < 1e3, "guidance", guidance, "0 or more");
        Check.require(priorWeight >= 0 && priorWeight < 1e3, "priorWeight", priorWeight, "0 or more");
    }

    /** As published for styles on one device: keys and values, 200 steps of 4 pictures at 8e-6, 1000 pictures of 200 prompts. */
    public AblatingConcepts() {
        this(Objective.MODEL, Trained.KEYS_AND_VALUES, 200, 4, 8e-6, 0.01, 1000, 200, 50, 7.5, 0);
    }

    /** A prompt with the concept and the same with its anchor. */
    private record Pair(String concept, String anchor) {}

    /** Latents of a picture and of its mirror image. */
    private record Painted(Tensor latent, Tensor mirrored, Pair pair) {}

    @Override
    public void edit(Diffusion model, List<Concept> concepts, Env env) {
        if (concepts.isEmpty() || steps == 0) {
            return;
        }
        for (Concept concept : concepts) {
            if (concept.anchor().isBlank()) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "ablating-concepts puts an anchor in the place of \"" + concept.concept()
                                + "\", and none is given: name one, as a painting for a style or a dog for a breed");
            }
        }
        if (trained == Trained.EMBEDDING) {
            editRows(model, concepts, env);
            return;
        }
        Parameters chosen = chosen(model);
        Prompted prompted = ps -> model.states(ps);
        run(model, chosen, prompted, concepts, env);
    }

    /** The states of prompts with the concept. */
    private interface Prompted {
        Tensor states(List<String> prompts);
    }

    /** Trains the rows of the concepts' own words in a copy beside the table, and puts them there. */
    private void editRows(Diffusion model, List<Concept> concepts, Env env) {
        if (!(model instanceof TokenDiffusion tokens)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "ablating-concepts trains " + trained.words() + ", of which the prompts of this model have none");
        }
        List<Integer> own = concepts.stream()
                .flatMap(c -> OwnTokens.of(tokens, c).stream())
                .distinct()
                .toList();
        Tensor table = tokens.table();
        Tensor rows = torch.cat(
                        new TensorVector(own.stream()
                                .map(id -> table.detach().narrow(0, id, 1))
                                .toArray(Tensor[]::new)),
                        0)
                .clone();
        Map<Integer, Integer> fresh = new HashMap<>();
        own.forEach(id -> fresh.put(id, (int) table.size(0) + fresh.size()));
        Prompted prompted = prompts -> tokens.states(
                prompts.stream()
                        .map(p -> Arrays.stream(tokens.ids(p))
                                .map(id -> fresh.getOrDefault(id, id))
                                .toArray())
                        .toList(),
                rows);
        run(model, Parameters.of(Map.of("rows", rows)), prompted, concepts, env);
        try (var _ = new NoGradGuard()) {
            for (int n = 0; n < own.size(); n++) {
                table.detach().narrow(0, own.get(n), 1).copy_(rows.detach().narrow(0, n, 1));
            }
        }
    }

    private void run(Diffusion model, Parameters chosen, Prompted prompted, List<Concept> concepts, Env env) {
        List<Painted> painted = painted(model, concepts, env.random("ablating-concepts pictures"));
        UpdateRule rule = new UpdateRule.AdamW(learningRate, decay);
        new Fit(Named.Of.name(this), steps, rule, 1).train(chosen, env, key -> {
            Tensor loss = term(model, prompted, painted, key.of("concept"), true);
            return priorWeight == 0
                    ? loss
                    : loss.add(term(model, prompted, painted, key.of("prior"), false)
                            .mul(new Scalar(priorWeight)));
        });
    }

    private List<Painted> painted(Diffusion model, List<Concept> concepts, Keyed key) {
        List<Painted> painted = new ArrayList<>();
        try (var _ = new NoGradGuard()) {
            for (int c = 0; c < concepts.size(); c++) {
                Concept concept = concepts.get(c);
                List<Pair> pairs = pairs(concept);
                int[] size = WeightEditing.size(model, concept);
                int share = Math.max(1, pictures / concepts.size());
                for (int from = 0; from < share; from += PAINTED) {
                    List<Pair> some = IntStream.range(from, Math.min(share, from + PAINTED))
                            .mapToObj(n -> pairs.get(n % pairs.size()))
                            .toList();
                    List<Bitmap> made = new Sampler(samplingSteps, guidance)
                            .pictures(
                                    model,
                                    new Guard.None(),
                                    some.stream().map(Pair::anchor).toList(),
                                    size[0],
                                    size[1],
                                    key.of(c).of(from));
                    for (int n = 0; n < some.size(); n++) {
                        Tensor picture =
                                Sampler.batch(List.of(made.get(n))).to(Devices.of(model.device()), ScalarType.Float);
                        painted.add(new Painted(model.encode(picture), model.encode(picture.flip(3)), some.get(n)));
                    }
                }
            }
        }
        return painted;
    }

    /** Prompts for subjects, with the concept and without it; the concept and its anchor where there are no subjects. */
    private List<Pair> pairs(Concept concept) {
        List<Pair> pairs = concept.subjects().stream()
                .distinct()
                .limit(prompts)
                .map(subject -> new Pair(concept.prompt(subject), Gallery.prompt(subject, "")))
                .toList();
        return pairs.isEmpty() ? List.of(new Pair(concept.concept(), concept.anchor())) : pairs;
    }

    private Tensor term(Diffusion model, Prompted prompted, List<Painted> painted, Keyed key, boolean ablating) {
        List<Painted> some = IntStream.range(0, batch)
                .mapToObj(n -> painted.get(Keyed.below(key.of("pictures").at(n), painted.size())))
                .toList();
        Tensor clean = torch.cat(
                new TensorVector(IntStream.range(0, batch)
                        .mapToObj(n -> key.of("mirror").at(n) < 0 ? some.get(n).mirrored : some.get(n).latent)
                        .toArray(Tensor[]::new)),
                0);
        int[] times = IntStream.range(0, batch)
                .map(n -> Keyed.below(key.of("times").at(n), model.schedule().steps()))
                .toArray();
        Tensor noise = Sampler.normal(key.of("noise"), clean.shape()).to(clean.device(), clean.scalar_type());
        Tensor noisy = model.schedule().noised(clean, noise, times);
        List<String> anchors = some.stream().map(p -> p.pair.anchor).toList();
        Tensor wanted = noise;
        if (ablating && objective == Objective.MODEL) {
            try (var _ = new NoGradGuard()) {
                wanted = model.noise(noisy, times, model.states(anchors));
            }
        }
        List<String> asked = ablating ? some.stream().map(p -> p.pair.concept).toList() : anchors;
        return said(model, noisy, times, prompted.states(asked))
                .sub(wanted)
                .square()
                .mean();
    }

    private Tensor said(Diffusion model, Tensor noisy, int[] times, Tensor states) {
        return trained == Trained.KEYS_AND_VALUES && model instanceof AttendingDiffusion attending
                ? attending.noise(noisy, times, states, new StillBeginning())
                : model.noise(noisy, times, states);
    }

    /** Keeps the key and the value of the first token from giving a gradient. */
    static final class StillBeginning implements UNet.CrossAttention {
        @Override
        public Tensor used(Tensor keysOrValues) {
            long others = keysOrValues.size(1) - 1;
            return torch.cat(
                    new TensorVector(keysOrValues.narrow(1, 0, 1).detach(), keysOrValues.narrow(1, 1, others)), 1);
        }
    }
}
