package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.AttendingDiffusion;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.Gaussian;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;
import org.lethe.torch.UpdateRule;

/**
 * Forget-me-not: the denoiser learns to look away from the concept. On noisy pictures of the concept, the probabilities A that every
 * cross-attention gives to the tokens of the concept are made small together.
 *
 * <pre>L = ‖A[layers, heads, places, tokens of the concept]‖₂,  the norm and not its square; no loss of diffusion</pre>
 *
 * <p>First the concept is learned as new tokens by textual inversion (AdamW with decay 0.1), so that what is looked away from is
 * what the pictures show and not what a word says. Before each step the rows of the new tokens are drawn towards the usual length of the
 * table's rows: length ← length + min(1, 100 · rate) (usual − length); the authors write 0.4, which is the usual length in Stable
 * Diffusion. The new tokens are thrown away at the end. Without this step the concept's own words are looked away from.
 *
 * <p>Source: Zhang et al., CVPR workshops 2024, arXiv 2303.17591, section 3; values of the authors' code. The weakest eraser of the public
 * benchmarks. Cost: {@code inversionSteps} and {@code steps} steps of one pass and a gradient; models that are smaller than Stable Diffusion
 * take a larger rate.
 *
 * @param trained part that is trained: full, or cross-attention
 * @param steps steps of AdamW, on one picture each
 * @param learningRate of AdamW
 * @param inversionSteps steps of textual inversion; 0 for none
 * @param inversionRate its learning rate
 * @param tokens most new tokens; fewer where the text encoder is too short for them
 * @param template how a prompt asks for the concept: style or object
 * @param endTokens whether the end of the text and its padding are looked away from too
 * @param realPictures whether noise is added to pictures of the concept, or to an empty latent
 */
@Named("forget-me-not")
public record ForgetMeNot(
        Trained trained,
        int steps,
        double learningRate,
        int inversionSteps,
        double inversionRate,
        int tokens,
        Template template,
        boolean endTokens,
        boolean realPictures)
        implements WeightEditing {
    private static final double INVERSION_DECAY = 0.1;
    private static final double DECAY = 0.01;

    /** How a prompt asks for new tokens. */
    public enum Template {
        /** A painting in their style. */
        STYLE("a painting in the style of"),
        /** A photo of them. */
        OBJECT("a photo of");

        private final String words;

        Template(String words) {
            this.words = words;
        }
    }

    public ForgetMeNot {
        Check.require(trained != Trained.EMBEDDING, "trained", "embedding", "a part of the denoiser");
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "above 0, below 1");
        Check.require(inversionSteps >= 0, "inversionSteps", inversionSteps, "at least 0");
        Check.require(inversionRate > 0 && inversionRate < 1, "inversionRate", inversionRate, "above 0, below 1");
        Check.require(tokens >= 1, "tokens", tokens, "at least 1");
    }

    /** As published: the whole denoiser, 35 steps at 2e-6, after 500 steps at 1e-3 for 4 new tokens of a style. */
    public ForgetMeNot() {
        this(Trained.FULL, 35, 2e-6, 500, 1e-3, 4, Template.STYLE, false, true);
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Gallery, ImageModel> learner) {
        return WeightEditing.super
                .unsuited(request, learner)
                .or(() -> learner instanceof Gaussian
                        ? Optional.of(
                                "forget-me-not steers cross-attention, and the learner gaussian has a closed form and"
                                        + " no attention")
                        : Optional.empty());
    }

    /**
     * What is looked away from.
     *
     * @param states of the prompt
     * @param positions of its tokens
     * @param latents of pictures, or zeros
     */
    private record Target(Tensor states, int[] positions, List<Tensor> latents) {}

    @Override
    public void edit(Diffusion model, List<Concept> concepts, Env env) {
        if (concepts.isEmpty() || steps == 0) {
            return;
        }
        Parameters chosen = chosen(model);
        if (!(model instanceof AttendingDiffusion attending)) {
            throw new LetheException(
                    LetheException.Code.STUDY, "forget-me-not steers cross-attention, of which this model has none");
        }
        List<Target> targets = new ArrayList<>();
        for (int c = 0; c < concepts.size(); c++) {
            targets.add(target(
                    attending,
                    concepts.get(c),
                    env.with(env.random("forget-me-not concept").at(c))));
        }
        UpdateRule rule = new UpdateRule.AdamW(learningRate, DECAY);
        new Fit(Named.Of.name(this), steps, rule, 1).train(chosen, env, key -> {
            Target target = targets.get(Keyed.below(key.of("concept").at(0), targets.size()));
            Tensor clean = drawn(target.latents, key);
            int[] time = time(model, key);
            Tensor noisy = model.schedule().noised(clean, noise(clean, key), time);
            return looking(attending.attention(noisy, time, target.states), target.positions);
        });
    }

    /** ‖A‖₂ over all layers, heads and places, at some positions. */
    static Tensor looking(Map<String, Tensor> attention, int[] positions) {
        Tensor sum = torch.zeros(1);
        for (Tensor layer : attention.values()) {
            Tensor at = Tensors.of(positions, positions.length).to(layer.device(), ScalarType.Int);
            sum = sum.to(layer.device(), ScalarType.Float)
                    .add(layer.index_select(3, at).to(ScalarType.Float).square().sum());
        }
        return sum.sqrt().sum();
    }

    private Target target(AttendingDiffusion model, Concept concept, Env env) {
        if (concept.pictures().isEmpty() && (realPictures || inversionSteps > 0)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "forget-me-not learns from pictures of \"" + concept.concept()
                            + "\", and none are given: give some, or set realPictures: false and inversionSteps: 0");
        }
        try (var _ = new NoGradGuard()) {
            List<Tensor> pictures = concept.pictures().stream()
                    .map(p -> model.encode(batch(model, p)))
                    .toList();
            int[] size = WeightEditing.size(model, concept);
            long[] shape = model.latent(size[0], size[1]);
            Tensor nothing =
                    torch.zeros(1, shape[0], shape[1], shape[2]).to(Devices.of(model.device()), ScalarType.Float);
            List<Tensor> latents = realPictures ? pictures : List.of(nothing);
            if (inversionSteps == 0) {
                int[] ids = model.ids(concept.concept());
                List<Integer> own = OwnTokens.of(model, concept);
                int[] positions = IntStream.range(0, ids.length)
                        .filter(n -> own.contains(ids[n]))
                        .toArray();
                return new Target(
                        model.states(List.of(concept.concept())),
                        withEnd(positions, model.attended(concept.concept()), ids.length),
                        latents);
            }
            int[] ids = withTokens(model);
            Tensor rows = inverted(model, ids, pictures, env);
            int first = (int) model.table().size(0);
            int[] positions =
                    IntStream.range(0, ids.length).filter(n -> ids[n] >= first).toArray();
            int attended = positions[positions.length - 1] + 2;
            return new Target(model.states(List.of(ids), rows), withEnd(positions, attended, ids.length), latents);
        }
    }

    private int[] withEnd(int[] positions, int attended, int length) {
        return endTokens
                ? IntStream.concat(Arrays.stream(positions), IntStream.range(attended - 1, length))
                        .toArray()
                : positions;
    }

    /** The ids of the template with new tokens behind it. */
    private int[] withTokens(AttendingDiffusion model) {
        int[] plain = model.ids(template.words);
        int end = model.attended(template.words) - 1;
        int count = Math.min(tokens, plain.length - end - 1);
        Check.require(count >= 1, "tokens", tokens, "room for one behind \"" + template.words + "\"");
        int first = (int) model.table().size(0);
        return Stream.of(
                        Arrays.stream(plain, 0, end),
                        IntStream.range(first, first + count),
                        Arrays.stream(plain, end, plain.length - count))
                .flatMapToInt(part -> part)
                .toArray();
    }

    /** Rows of new tokens under which the pictures have a small loss of diffusion. */
    private Tensor inverted(AttendingDiffusion model, int[] ids, List<Tensor> pictures, Env env) {
        Tensor table = model.table().detach();
        double usual = lengths(table).mean().item_double();
        long count = Arrays.stream(ids).filter(id -> id >= table.size(0)).count();
        Tensor rows = Sampler.normal(env.random("forget-me-not rows"), count, table.size(1))
                .to(table.device(), table.scalar_type())
                .mul(new Scalar(table.std(true).item_double()));
        try (var _ = new AutoGradMode(true)) {
            UpdateRule rule = new UpdateRule.AdamW(inversionRate, INVERSION_DECAY);
            Fit inversion = new Fit("forget-me-not inversion", inversionSteps, rule, 0);
            inversion.train(Parameters.of(Map.of("rows", rows)), env, key -> {
                draw(rows, usual);
                Tensor clean = drawn(pictures, key);
                return model.loss(clean, noise(clean, key), time(model, key), model.states(List.of(ids), rows));
            });
        }
        return rows.detach();
    }

    private void draw(Tensor rows, double usual) {
        try (var _ = new NoGradGuard()) {
            Tensor length = lengths(rows.detach());
            double share = Math.min(1, 100 * inversionRate);
            Tensor wanted = length.mul(new Scalar(1 - share)).add(new Scalar(share * usual));
            rows.detach().mul_(wanted.div(length));
        }
    }

    private static Tensor lengths(Tensor rows) {
        return rows.square().sum(new long[] {1}, true, new ScalarTypeOptional()).sqrt();
    }

    private static Tensor drawn(List<Tensor> latents, Keyed key) {
        return latents.get(Keyed.below(key.of("picture").at(0), latents.size()));
    }

    private static int[] time(Diffusion model, Keyed key) {
        return new int[] {Keyed.below(key.of("time").at(0), model.schedule().steps())};
    }

    private static Tensor noise(Tensor clean, Keyed key) {
        return Sampler.normal(key.of("noise"), clean.shape()).to(clean.device(), clean.scalar_type());
    }

    private static Tensor batch(Diffusion model, Bitmap picture) {
        return Sampler.batch(List.of(picture)).to(Devices.of(model.device()), ScalarType.Float);
    }
}
