package org.lethe.image.diffusion;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * The method of Euler on flows (Lipman et al. 2023; Esser et al. 2024): a state is (1 − σ)·x₀ + σ·noise, the network predicts
 * noise − x₀, and x += (σ' − σ)·prediction.
 *
 * @param steps number of training steps, by which times are multiples of σ
 * @param shift of the levels towards noise, σ = s·u/(1 + (s − 1)·u); the smallest level passes through it twice, as in the reference
 */
public record FlowEuler(int steps, double shift) implements Scheduler {
    public FlowEuler {
        Check.require(steps >= 2, "num_train_timesteps", steps, "at least 2");
        Check.require(shift > 0 && shift < Double.POSITIVE_INFINITY, "shift", shift, "a finite number above 0");
    }

    /** Without a shift. */
    public FlowEuler() {
        this(1000, 1);
    }

    static FlowEuler of(ConfigFile file) {
        file.only("use_dynamic_shifting", false);
        file.neutral(
                "base_shift",
                "max_shift",
                "base_image_seq_len",
                "max_image_seq_len",
                "time_shift_type"); // of the dynamic one
        return new FlowEuler(file.whole("num_train_timesteps", 1000), file.number("shift", 1));
    }

    private double shifted(double level) {
        return shift * level / (1 + (shift - 1) * level);
    }

    private double[] sigmas(int count) {
        Check.require(count >= 1 && count <= steps, "steps", count, "1 to " + steps);
        double smallest = shifted(1.0 / steps);
        double[] sigmas = new double[count + 1]; // the last is 0
        for (int i = 0; i < count; i++) {
            double level = count == 1 ? 1 : 1 + (smallest - 1) * i / (count - 1);
            sigmas[i] = shifted(level);
        }
        return sigmas;
    }

    @Override
    public List<Double> times(int count) {
        double[] sigmas = sigmas(count);
        double[] times = new double[count];
        for (int i = 0; i < count; i++) {
            times[i] = sigmas[i] * steps;
        }
        return Scheduler.list(times);
    }

    @Override
    public double startScale(int count) {
        return 1;
    }

    @Override
    public Tensor noised(Tensor clean, Tensor z, int count, int skipped) {
        double sigma = sigmas(count)[skipped];
        return NoiseSchedule.mix(1 - sigma, clean, sigma, z);
    }

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        double[] sigmas = sigmas(course.steps());
        return Tensors.within(() -> {
            Tensor x = start;
            for (int i = course.skipped(); i < course.steps(); i++) {
                Tensor out = Scheduler.ask(network, x, sigmas[i] * steps);
                x = course.after().of(i, NoiseSchedule.mix(1, x, sigmas[i + 1] - sigmas[i], out));
            }
            return x;
        });
    }
}
