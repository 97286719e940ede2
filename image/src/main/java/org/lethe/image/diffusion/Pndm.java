package org.lethe.image.diffusion;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * Pseudo numerical methods (Liu et al. 2022): linear multistep on the noise that the network means, after a start by a Runge-Kutta
 * method or, as Stable Diffusion 1.5 does, by asking twice at the second time.
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param offset added to times that are multiples of a stride
 * @param alphaOne whether the step before the first has no noise; else it has that of the first
 * @param skipRungeKutta whether the start is the simple one
 */
public record Pndm(
        NoiseSchedule noise, NoiseSchedule.Prediction prediction, int offset, boolean alphaOne, boolean skipRungeKutta)
        implements StepScheduler {
    private static final int ORDER = 4;

    public Pndm {
        Check.require(
                prediction != NoiseSchedule.Prediction.SAMPLE, "prediction_type", "sample", "epsilon or v_prediction");
        Check.require(!noise.zeroTerminal(), "rescale_betas_zero_snr", true, "false");
    }

    /** As Stable Diffusion 1.5 is sampled. */
    public Pndm() {
        this(new NoiseSchedule(), NoiseSchedule.Prediction.NOISE, 1, false, true);
    }

    static Pndm of(ConfigFile file) {
        file.only("timestep_spacing", "leading");
        return new Pndm(
                NoiseSchedule.of(file, 0.0001, 0.02, "linear"),
                NoiseSchedule.Prediction.of(file),
                file.whole("steps_offset", 0),
                file.flag("set_alpha_to_one", false),
                file.flag("skip_prk_steps", false));
    }

    @Override
    public List<Double> times(int steps) {
        double[] falling = Scheduler.Spacing.LEADING.times(noise.steps(), steps, offset, true);
        List<Double> times = new ArrayList<>();
        if (skipRungeKutta) {
            for (int i = 0; i < steps; i++) {
                times.add(falling[i]);
                if (i == 1) {
                    times.add(falling[i]); // asked twice
                }
            }
            return List.copyOf(times);
        }
        Check.require(steps >= ORDER, "steps", steps, "at least 4, for the Runge-Kutta start");
        int half = noise.steps() / steps / 2;
        for (int i = 0; i < ORDER - 1; i++) { // four calls a step: at its start, twice in its middle, at its end
            times.add(falling[i]);
            times.add(falling[i + 1] + half);
            times.add(falling[i + 1] + half);
            times.add(falling[i + 1]);
        }
        for (int i = ORDER - 1; i < steps; i++) {
            times.add(falling[i]);
        }
        return List.copyOf(times);
    }

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        List<Double> times = times(course.steps());
        int stride = noise.steps() / course.steps();
        double[] bars = noise.alphaBars();
        return Tensors.within(() -> {
            List<Tensor> said = new ArrayList<>(); // noises, of which the last four count
            Tensor x = start;
            Tensor held = start; // the state that a step of several calls begins with
            Tensor mixture = start; // of the calls of a Runge-Kutta step
            int first = skipRungeKutta ? 0 : 4 * (ORDER - 1);
            for (int i = course.skipped(); i < times.size(); i++) {
                int t = times.get(i).intValue();
                int call = i - course.skipped();
                Tensor out = Scheduler.ask(network, x, t);
                if (call < first) {
                    int from = times.get(course.skipped() + call / 4 * 4).intValue();
                    int to = t - (call % 2 == 0 ? stride / 2 : 0);
                    switch (call % 4) {
                        case 0 -> {
                            mixture = out.mul(new Scalar(1 / 6.0));
                            said.add(out);
                            held = x;
                            x = moved(bars, held, out, from, to);
                        }
                        case 1, 2 -> {
                            mixture = NoiseSchedule.mix(1, mixture, 1 / 3.0, out);
                            x = moved(bars, held, out, from, to);
                        }
                        default -> x = moved(bars, held, NoiseSchedule.mix(1, mixture, 1 / 6.0, out), from, to);
                    }
                } else if (skipRungeKutta && call == 1) { // the same step again, along the mean
                    x = moved(bars, held, NoiseSchedule.mix(0.5, said.getLast(), 0.5, out), t + stride, t);
                } else {
                    said.add(out);
                    held = x;
                    x = moved(bars, x, extrapolated(said), t, t - stride);
                }
                x = course.after().of(i, x);
            }
            return x;
        });
    }

    private static Tensor extrapolated(List<Tensor> said) {
        int n = said.size();
        double[] weights = switch (n) {
            case 1 -> new double[] {1};
            case 2 -> new double[] {3 / 2.0, -1 / 2.0};
            case 3 -> new double[] {23 / 12.0, -16 / 12.0, 5 / 12.0};
            default -> new double[] {55 / 24.0, -59 / 24.0, 37 / 24.0, -9 / 24.0};
        };
        Tensor sum = said.get(n - 1).mul(new Scalar(weights[0]));
        for (int k = 1; k < weights.length; k++) {
            sum = NoiseSchedule.mix(1, sum, weights[k], said.get(n - 1 - k));
        }
        return sum;
    }

    /** The transfer of the paper's equation 11. */
    private Tensor moved(double[] bars, Tensor x, Tensor said, int from, int to) {
        double now = bars[from];
        double then = to >= 0 ? bars[to] : alphaOne ? 1 : bars[0];
        Tensor direction = prediction.noise(said, x, Math.sqrt(now), Math.sqrt(1 - now));
        double below = now * Math.sqrt(1 - then) + Math.sqrt(now * (1 - now) * then);
        return NoiseSchedule.mix(Math.sqrt(then / now), x, -(then - now) / below, direction);
    }
}
