package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
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
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.TokenDiffusion;
import org.lethe.torch.Parameters;

/**
 * Unified concept editing: every key and value map W of cross-attention is replaced, in closed form, by the one that maps the tokens of the
 * concept as W maps those of the guide, and those of kept prompts as before. It is the minimiser of
 *
 * <pre>η Σ ‖W' k_i − v_i‖² + ρ Σ ‖W' k_j − W k_j‖² + λ ‖W' − W‖²,
 * W' = W + η Σ (v_i − W k_i) k_iᵀ (λ I + η Σ k_i k_iᵀ + ρ Σ k_j k_jᵀ)⁻¹</pre>
 *
 * <p>k_i are the states of the concept's tokens from its last word on, with the padding behind it; the guide is the anchor, aligned at its
 * last word and cut to the same length; k_j are all tokens of the kept prompts and of the empty prompt. The published formula is the same
 * in other order; this one leaves W to the bit where nothing is asked. Solved by Cholesky in float64, once for all maps.
 *
 * <p>Source: Gandikota et al., WACV 2024, arXiv 2308.14761, equation 7; values of the authors' code. Several concepts are edited at once.
 * Cost: milliseconds, no gradient. Where a strong edit turns all pictures to noise, a smaller erase scale is the remedy.
 *
 * @param technique what takes the place of the concept: replace (the guide, as the author recommends) or tensor
 * @param eraseScale η
 * @param preserveScale ρ; absent for max(0.1, 1 / number of kept prompts, the empty one among them)
 * @param regularisation λ, above 0
 * @param keys whether the maps of keys are edited
 * @param values whether the maps of values are edited
 */
@Named("uce")
public record Uce(
        Technique technique,
        double eraseScale,
        Optional<Double> preserveScale,
        double regularisation,
        boolean keys,
        boolean values)
        implements WeightEditing {
    /** What takes the place of the concept. */
    public enum Technique {
        /** What the guide is mapped to, v = W k of the guide. */
        REPLACE,
        /** The same without its share along u, the direction of what the concept was mapped to: v − ⟨u, v⟩ u over all tokens together. */
        TENSOR
    }

    public Uce {
        Check.require(eraseScale >= 0 && eraseScale < 1e9, "eraseScale", eraseScale, "a finite number of at least 0");
        preserveScale.ifPresent(
                p -> Check.require(p >= 0 && p < 1e9, "preserveScale", p, "a finite number of at least 0"));
        Check.require(
                regularisation > 0 && regularisation < 1e9,
                "regularisation",
                regularisation,
                "a finite number above 0");
        Check.require(keys || values, "values", values, "true where keys is false, or nothing is edited");
    }

    /** As published: replace, η 1, ρ by the number of kept prompts, λ 0.5, keys and values. */
    public Uce() {
        this(Technique.REPLACE, 1, Optional.empty(), 0.5, true, true);
    }

    @Override
    public Trained trained() {
        return Trained.KEYS_AND_VALUES;
    }

    @Override
    public boolean edits(Diffusion.Part part, String name) {
        return part == Diffusion.Part.DENOISER
                && ((keys && name.endsWith(".attn2.to_k.weight")) || (values && name.endsWith(".attn2.to_v.weight")));
    }

    /**
     * Tokens of one concept, one row each.
     *
     * @param old k_i
     * @param guide states of the guide, as many
     */
    record Pair(Tensor old, Tensor guide) {}

    @Override
    public void edit(Diffusion model, List<Concept> concepts, Env env) {
        if (concepts.isEmpty()) {
            return;
        }
        Parameters chosen = chosen(model);
        if (!(model instanceof TokenDiffusion tokens)) {
            throw new LetheException(
                    LetheException.Code.STUDY, "uce aligns tokens, of which the prompts of this model have none");
        }
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            List<Pair> pairs = concepts.stream()
                    .map(c -> aligned(tokens, c.concept(), c.anchor()))
                    .toList();
            List<String> kept = new ArrayList<>(List.of(""));
            concepts.forEach(c -> kept.addAll(c.kept()));
            List<String> all = kept.stream().distinct().toList();
            Tensor states = model.states(all);
            Tensor preserved = states.reshape(-1, states.size(2)).to(ScalarType.Double); // [prompts · tokens, dims]
            double rho = preserveScale.orElse(Math.max(0.1, 1.0 / all.size()));
            Map<String, Tensor> old = new LinkedHashMap<>();
            chosen.all().forEach((name, weight) -> old.put(name, weight.detach().to(ScalarType.Double)));
            edited(old, pairs, preserved, rho)
                    .forEach((name, weight) -> chosen.tensor(name).detach().copy_(weight));
        }
    }

    /** The rows of both prompts from their last word on, cut to the same length. */
    private static Pair aligned(TokenDiffusion model, String concept, String guide) {
        // an empty prompt has no word: its beginning is its last token before the end
        int from = model.attended(concept) - 2;
        int guideFrom = model.attended(guide) - 2;
        // one by one, so that the same prompt has the same bits
        Tensor old = model.states(List.of(concept)).select(0, 0).to(ScalarType.Double);
        Tensor other = model.states(List.of(guide)).select(0, 0).to(ScalarType.Double);
        long count = old.size(0) - Math.max(from, guideFrom);
        return new Pair(old.narrow(0, from, count), other.narrow(0, guideFrom, count));
    }

    /** The edited maps {@code [outputs, dims]}, all in float64. */
    Map<String, Tensor> edited(Map<String, Tensor> weights, List<Pair> pairs, Tensor preserved, double rho) {
        long dims = preserved.size(1);
        Tensor system =
                torch.eye(dims).to(preserved.device(), ScalarType.Double).mul(new Scalar(regularisation));
        system = system.add(preserved.t().matmul(preserved), new Scalar(rho));
        for (Pair pair : pairs) {
            system = system.add(pair.old.t().matmul(pair.old), new Scalar(eraseScale));
        }
        List<Tensor> moved = new ArrayList<>(); // η Σ (v_i − W k_i) k_iᵀ of each map
        for (Tensor weight : weights.values()) {
            Tensor sum = torch.zeros_like(weight);
            for (Pair pair : pairs) {
                Tensor before = pair.old.matmul(weight.t()); // [tokens, outputs]
                sum = sum.add(
                        wanted(before, pair.guide.matmul(weight.t()))
                                .sub(before)
                                .t()
                                .matmul(pair.old),
                        new Scalar(eraseScale));
            }
            moved.add(sum);
        }
        Tensor stacked = torch.cat(new TensorVector(moved.toArray(Tensor[]::new)), 0); // [all outputs, dims]
        Tensor solved =
                torch.cholesky_solve(stacked.t(), torch.linalg_cholesky(system)).t();
        Map<String, Tensor> edited = new LinkedHashMap<>();
        long at = 0;
        for (Map.Entry<String, Tensor> e : weights.entrySet()) {
            long rows = e.getValue().size(0);
            edited.put(e.getKey(), e.getValue().add(solved.narrow(0, at, rows)));
            at += rows;
        }
        return edited;
    }

    private Tensor wanted(Tensor before, Tensor guide) {
        return switch (technique) {
            case REPLACE -> guide;
            case TENSOR -> {
                Tensor direction = before.div(before.norm());
                yield guide.sub(direction.mul(direction.mul(guide).sum()));
            }
        };
    }
}
