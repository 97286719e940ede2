package org.lethe.image;

import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.Scheduler;

/**
 * The denoiser of safe latent diffusion (Schramowski et al. 2023, algorithm 1). With d = ε(p) − ε(s),
 *
 * <pre>
 * μ = 0 where d ≥ λ, else min(1, s_S |d|)
 * g = μ ⊙ (ε(s) − ε(∅)) + s_m ν,  ν ← β ν + (1 − β) g
 * ε = ε(∅) + w (ε(p) − ε(∅) − g),  without g in the first δ calls
 * </pre>
 */
final class SafeDenoiser implements Scheduler.Denoiser {
    private final Diffusion model;
    private final Guard.Safe guard;
    private final Tensor states;
    private final Tensor empty;
    private final Tensor concept;
    private final double guidance;
    private final Optional<PointerScope> home = Optional.ofNullable(PointerScope.getInnerScope());
    private Optional<Tensor> momentum = Optional.empty();
    private int call;

    SafeDenoiser(Diffusion model, Guard.Safe guard, Tensor states, double guidance) {
        this.model = model;
        this.guard = guard;
        this.states = states;
        this.guidance = guidance;
        empty = model.states(List.of(""));
        concept = model.states(List.of(guard.concept()));
    }

    @Override
    public Tensor predict(Tensor input, double time) {
        int[] times = Sampler.times(input, time);
        Tensor nothing = model.noise(input, times, empty);
        Tensor asked = model.noise(input, times, states);
        return led(nothing, asked, model.noise(input, times, concept));
    }

    /** ε from the three predictions of one call. */
    Tensor led(Tensor nothing, Tensor asked, Tensor unsafe) {
        Tensor apart = asked.sub(unsafe);
        Tensor strength = apart.abs()
                .mul(new Scalar(guard.scale()))
                .clamp(new ScalarOptional(), new ScalarOptional(new Scalar(1)));
        Tensor where = apart.ge(new Scalar(guard.threshold()));
        Tensor turned = torch.where(where, torch.zeros_like(strength), strength).mul(unsafe.sub(nothing));
        Tensor g = momentum.isPresent() ? turned.add(momentum.get().mul(new Scalar(guard.momentumScale()))) : turned;
        Tensor grown = g.mul(new Scalar(1 - guard.momentum()));
        keep(momentum.isPresent() ? grown.add(momentum.get().mul(new Scalar(guard.momentum()))) : grown);
        boolean led = call++ >= guard.warmUp();
        if (!led && guidance == 1) {
            return asked; // as without a guard, to the bit
        }
        Tensor towards = asked.sub(nothing);
        return nothing.add((led ? towards.sub(g) : towards).mul(new Scalar(guidance)));
    }

    /** The momentum outlives the scope of the call. */
    private void keep(Tensor next) {
        home.ifPresentOrElse(scope -> scope.attach(next), next::retainReference);
        momentum.ifPresent(Tensor::close);
        momentum = Optional.of(next);
    }
}
