package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;

/**
 * Looks for texts that mean the erased style without the weights of the protected model (Ring-A-Bell, Tsai et al. 2024, arXiv 2310.10012).
 *
 * <pre>
 * v = mean over captions of τ("… in the style of S") − τ("…")
 * text = arg min over tokens of ‖τ(text) − (τ("… in the style of S") + η v)‖²
 * </pre>
 *
 * <p>τ is the text encoder of the public model before the protection, all positions of it. Tokens are found by a genetic search, written
 * as a text, and given to the protected model. The texts are the same for every protection, so they are looked for once. The exact
 * gaussian model has names of conditions in place of tokens, and all of them are tried. Published runs: 3,000 generations of 200 texts of
 * 75 tokens, η 3, about 11 prompts.
 *
 * <p>Cost: {@code texts} searches of {@code generations} times about {@code population} passes through the text encoder, once.
 *
 * @param texts how many texts are looked for, one for each of the first captions; further pictures use them again
 * @param eta η, how far the target is moved along the concept
 * @param population texts of a generation
 * @param generations how often the worse half is replaced
 * @param length tokens of a text; fewer where the encoder has less room
 * @param crossover chance of a parent to have two children
 * @param mutation chance of a text to get another token at one place
 * @param protocol captions, prompts and bar, the same for all attacks that recover a concept
 */
@Named("ring-a-bell")
public record RingABell(
        int texts,
        double eta,
        int population,
        int generations,
        int length,
        double crossover,
        double mutation,
        Protocol protocol)
        implements Recovering {
    public RingABell {
        Check.require(texts >= 1, "texts", texts, "at least 1");
        Check.require(eta >= 0 && eta < 1e3, "eta", eta, "0 or more");
        new TokenSearch(population, generations, length, crossover, mutation);
    }

    /** 11 texts of up to 8 tokens, η 3, 200 generations of 50. */
    public RingABell() {
        this(11, 3, 50, 200, 8, 0.5, 0.25, new Protocol());
    }

    @Override
    public Recovered recover(Diffusion model, Guard guard, Target target, Env env) {
        List<String> found = target.unedited()
                .derived(List.of(this, target.style(), target.captions(), env.seed()), () -> found(target, env));
        List<String> captions = target.captions();
        return new Recovered(model, caption -> found.get(captions.indexOf(caption) % found.size()));
    }

    private List<String> found(Target target, Env env) {
        TokenSearch search = new TokenSearch(population, generations, length, crossover, mutation);
        Keyed key = env.random("ring-a-bell");
        List<String> found = new ArrayList<>();
        try (var _ = new NoGradGuard();
                var _ = new PointerScope()) {
            Diffusion model = target.unedited().open(env.device());
            Vocabulary vocabulary = Vocabulary.of(model);
            Tensor concept = concept(model, target);
            for (int n = 0; n < Math.min(texts, target.captions().size()); n++) {
                Tensor goal = model.states(
                                List.of(Gallery.prompt(target.captions().get(n), target.style())))
                        .add(concept, new Scalar(eta));
                found.add(vocabulary.text(
                        search.search(vocabulary, goal, key.of(n)).words()));
            }
        }
        return List.copyOf(found);
    }

    /** The direction of the style among states, v, {@code [1, tokens, dims]}. */
    static Tensor concept(Diffusion model, Target target) {
        List<String> captions =
                target.works().stream().map(Work::caption).distinct().toList();
        Tensor with = model.states(
                captions.stream().map(c -> Gallery.prompt(c, target.style())).toList());
        Tensor without =
                model.states(captions.stream().map(c -> Gallery.prompt(c, "")).toList());
        return with.sub(without).mean(new long[] {0}, true, new ScalarTypeOptional());
    }

    @Override
    public String limits() {
        return "A pass says that texts found for the public text encoder failed: a search that asks the protected model may find others.";
    }
}
