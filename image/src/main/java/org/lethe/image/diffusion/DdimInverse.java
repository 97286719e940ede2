package org.lethe.image.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * The way back of {@link Ddim}, from a sample to the noise that gives it (Song et al. 2021, section 4.3).
 *
 * <p>A step back needs what the network says about the state that it looks for, and takes what it says about the state before.
 * Refinements put the state that was found in its place, again and again, which converges where the network is smooth.
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param offset added to times that are multiples of a stride
 * @param alphaOne whether the step before the first has no noise; else it has that of the first
 * @param clip bound of x₀ on both sides; 0 for none
 * @param refinements of each step; 0 is the plain way
 */
public record DdimInverse(
        NoiseSchedule noise,
        NoiseSchedule.Prediction prediction,
        int offset,
        boolean alphaOne,
        double clip,
        int refinements)
        implements DiffusionScheduler {
    public DdimInverse {
        Check.require(refinements >= 0, "refinements", refinements, "at least 0");
        Check.require(clip >= 0, "clip_sample_range", clip, "at least 0");
        Check.require(
                !noise.zeroTerminal(), "rescale_betas_zero_snr", true, "false, as noise alone cannot be inverted");
    }

    /** Of Stable Diffusion 1.5. */
    public DdimInverse() {
        this(new NoiseSchedule(), NoiseSchedule.Prediction.NOISE, 1, false, 0, 0);
    }

    static DdimInverse of(ConfigFile file) {
        file.only("timestep_spacing", "leading");
        return new DdimInverse(
                NoiseSchedule.of(file, 0.0001, 0.02, "linear"),
                NoiseSchedule.Prediction.of(file),
                file.whole("steps_offset", 0),
                file.flag("set_alpha_to_one", true),
                Ddim.clip(file),
                0);
    }

    /** The same with so many refinements of each step. */
    public DdimInverse refined(int count) {
        return new DdimInverse(noise, prediction, offset, alphaOne, clip, count);
    }

    @Override
    public List<Double> times(int steps) {
        return Scheduler.list(Scheduler.Spacing.LEADING.times(noise.steps(), steps, offset, true))
                .reversed();
    }

    @Override
    public double startScale(int steps) {
        return 1;
    }

    @Override
    public Tensor noised(Tensor clean, Tensor z, int steps, int skipped) {
        throw new IllegalArgumentException(
                "the scheduler goes from a sample to noise, expected one that goes the other way");
    }

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        double[] bars = noise.alphaBars();
        List<Double> times = times(course.steps());
        int stride = noise.steps() / course.steps();
        return Tensors.within(() -> {
            Tensor x = start;
            for (int i = course.skipped(); i < times.size(); i++) {
                int t = times.get(i).intValue();
                int own = Math.min(t - stride, noise.steps() - 1);
                double now = own >= 0 ? bars[own] : alphaOne ? 1 : bars[0];
                double then = bars[t];
                Tensor from = x;
                Tensor found = moved(from, from, Scheduler.ask(network, from, t), now, now, then);
                for (int r = 0; r < refinements; r++) {
                    Tensor asked = found;
                    found = moved(from, asked, Scheduler.ask(network, asked, t), now, then, then);
                }
                x = course.after().of(i, found);
            }
            return x;
        });
    }

    /** From the state {@code x} at {@code now} to {@code then}, along what the network says about {@code asked} at its level. */
    private Tensor moved(Tensor x, Tensor asked, Tensor out, double now, double level, double then) {
        Tensor direction = prediction.noise(out, asked, Math.sqrt(level), Math.sqrt(1 - level));
        Tensor clean = NoiseSchedule.mix(1 / Math.sqrt(now), x, -Math.sqrt((1 - now) / now), direction);
        return NoiseSchedule.mix(Math.sqrt(then), Ddim.clipped(clean, clip), Math.sqrt(1 - then), direction);
    }
}
