package org.lethe.image.diffusion;

/** Schedulers of diffusion, in the order of the training's steps: they know its noise and what its network predicts. */
public sealed interface DiffusionScheduler extends Scheduler
        permits StepScheduler, LevelScheduler, DdimInverse, DpmSolver, UniPc {
    /** The schedule of the training. */
    NoiseSchedule noise();

    /** What the network predicts. */
    NoiseSchedule.Prediction prediction();
}
