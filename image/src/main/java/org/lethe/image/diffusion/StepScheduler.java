package org.lethe.image.diffusion;

import org.bytedeco.pytorch.Tensor;

/** Schedulers that ask at whole training steps: a state is √ᾱ·x₀ + √(1 − ᾱ)·noise, so the first one is noise of variance 1. */
sealed interface StepScheduler extends DiffusionScheduler permits Ddim, Ddpm, Lcm, Pndm {
    @Override
    default double startScale(int steps) {
        return 1;
    }

    @Override
    default Tensor noised(Tensor clean, Tensor z, int steps, int skipped) {
        double bar = noise().alphaBars()[times(steps).get(skipped).intValue()];
        return NoiseSchedule.mix(Math.sqrt(bar), clean, Math.sqrt(1 - bar), z);
    }
}
