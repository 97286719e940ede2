package org.lethe.image.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Schedulers that count noise by its level σ: a state is x₀ + σ·noise, so the first one is noise of the highest level. */
sealed interface LevelScheduler extends DiffusionScheduler permits Euler, EulerAncestral, Heun, LinearMultistep {
    /** The settings from which the levels of a run follow. */
    Sigmas.Settings levels();

    /** The level of noise before a call. */
    default double level(int steps, int call) {
        return levels().sigmas(steps).sigmas()[call];
    }

    @Override
    default List<Double> times(int steps) {
        return Scheduler.list(levels().sigmas(steps).times());
    }

    @Override
    default double startScale(int steps) {
        return levels().startScale(steps);
    }

    @Override
    default Tensor noised(Tensor clean, Tensor z, int steps, int skipped) {
        return clean.add(z, new Scalar(level(steps, skipped)));
    }
}
