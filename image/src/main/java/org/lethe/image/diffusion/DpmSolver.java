package org.lethe.image.diffusion;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * DPM-Solver++ (Lu et al. 2022): multistep on x₀ in the logarithm of signal to noise, of order 1 to 3, as a differential equation or,
 * with fresh noise, as a stochastic one.
 *
 * <p>With α = 1/√(σ² + 1), s = σα, λ = log α − log s and h = λ' − λ, order one is x' = s'/s·x − α'(e^{−h} − 1)·x₀; higher orders add
 * differences of the last x₀. The first steps, and the last ones where there are few, are of a lower order.
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param spacing where the times lie
 * @param offset added to times that are multiples of a stride
 * @param karras whether levels of noise lie evenly in their 7th root
 * @param order 1 to 3
 * @param heun whether the second order is Heun's and not that of the midpoint
 * @param stochastic whether there is fresh noise
 * @param zeroEnd whether the last level is without noise; else it is the smallest of training
 * @param lowerOrderFinal whether the last steps of a run of fewer than 15 are of a lower order
 * @param eulerAtFinal whether the last step is of order one in any case
 */
public record DpmSolver(
        NoiseSchedule noise,
        NoiseSchedule.Prediction prediction,
        Scheduler.Spacing spacing,
        int offset,
        boolean karras,
        int order,
        boolean heun,
        boolean stochastic,
        boolean zeroEnd,
        boolean lowerOrderFinal,
        boolean eulerAtFinal)
        implements DiffusionScheduler {
    private static final int FEW = 15;

    public DpmSolver {
        Check.require(order >= 1 && order <= 3, "solver_order", order, "1 to 3");
        Check.require(!stochastic || order <= 2, "solver_order", order, "1 or 2 with fresh noise");
    }

    /** Of order two, with the schedule of Stable Diffusion. */
    public DpmSolver() {
        this(
                new NoiseSchedule(),
                NoiseSchedule.Prediction.NOISE,
                Scheduler.Spacing.LEADING,
                1,
                false,
                2,
                false,
                false,
                true,
                true,
                false);
    }

    static DpmSolver of(ConfigFile file) {
        file.only("thresholding", false);
        file.only("lambda_min_clipped", Double.NEGATIVE_INFINITY);
        Sigmas.Settings shared = Sigmas.Settings.of(file);
        return new DpmSolver(
                shared.noise(),
                shared.prediction(),
                shared.spacing(),
                shared.offset(),
                shared.karras(),
                file.whole("solver_order", 2),
                file.oneOf("solver_type", "midpoint", "midpoint", "heun").equals("heun"),
                file.oneOf("algorithm_type", "dpmsolver++", "dpmsolver++", "sde-dpmsolver++")
                        .equals("sde-dpmsolver++"),
                file.oneOf("final_sigmas_type", "zero", "zero", "sigma_min").equals("zero"),
                file.flag("lower_order_final", true),
                file.flag("euler_at_final", false));
    }

    /** The levels of a run: unlike other methods it never asks at the end, so that strides are those of one step more. */
    static Sigmas levels(
            NoiseSchedule noise, Scheduler.Spacing spacing, int offset, boolean karras, boolean zeroEnd, int steps) {
        int training = noise.steps();
        Check.require(steps >= 1 && steps < training, "steps", steps, "1 to " + (training - 1));
        double[] times = new double[steps];
        for (int i = 0; i < steps; i++) {
            times[i] = switch (spacing) {
                case LEADING -> (double) (steps - i) * (training / (steps + 1)) + offset;
                case LINSPACE -> Math.rint((training - 1.0) * (steps - i) / steps);
                case TRAILING -> Math.rint(training - (double) training / steps * i) - 1;
            };
        }
        double[] table = noise.sigmas();
        double end = zeroEnd ? 0 : table[0];
        return karras
                ? Sigmas.karras(noise, table[training - 1], table[0], steps, end, true)
                : Sigmas.at(noise, times, end);
    }

    private Sigmas levels(int steps) {
        return levels(noise, spacing, offset, karras, zeroEnd, steps);
    }

    @Override
    public List<Double> times(int steps) {
        return Scheduler.list(levels(steps).times());
    }

    @Override
    public double startScale(int steps) {
        return 1;
    }

    @Override
    public Tensor noised(Tensor clean, Tensor z, int steps, int skipped) {
        double sigma = levels(steps).sigmas()[skipped];
        double a = Sigmas.signal(sigma);
        return NoiseSchedule.mix(a, clean, sigma * a, z);
    }

    @Override
    public Tensor sample(Tensor start, Course course, Denoiser network) {
        Sigmas run = levels(course.steps());
        run.require(course.skipped());
        int steps = course.steps();
        return Tensors.within(() -> {
            List<Tensor> cleans = new ArrayList<>();
            Tensor x = start;
            for (int i = course.skipped(); i < steps; i++) {
                double sigma = run.sigmas()[i];
                Tensor out = Scheduler.ask(network, x, run.times()[i]);
                cleans.add(Sigmas.clean(prediction, out, x, sigma));
                boolean few = lowerOrderFinal && steps < FEW;
                int most = i == steps - 1 && (few || eulerAtFinal || zeroEnd) ? 1 : i == steps - 2 && few ? 2 : order;
                int own = Math.min(Math.min(order, most), cleans.size());
                Tensor moved = moved(x, cleans, run.sigmas(), i, own);
                if (stochastic) {
                    double h = lambda(run.sigmas()[i + 1]) - lambda(sigma);
                    double s = run.sigmas()[i + 1] * Sigmas.signal(run.sigmas()[i + 1]);
                    Tensor z = course.noise().apply(i - course.skipped());
                    moved = moved.add(z, new Scalar(s * Math.sqrt(-Math.expm1(-2 * h))));
                }
                x = course.after().of(i, moved);
            }
            return x;
        });
    }

    /** The step without its fresh noise. */
    private Tensor moved(Tensor x, List<Tensor> cleans, double[] sigmas, int i, int own) {
        double now = sigmas[i];
        double next = sigmas[i + 1];
        double a = Sigmas.signal(next);
        double ratio = next * a / (now * Sigmas.signal(now));
        double h = lambda(next) - lambda(now);
        // of the differential equation; the stochastic one falls twice as fast
        double fall = stochastic ? Math.expm1(-2 * h) : Math.expm1(-h);
        Tensor latest = cleans.getLast();
        Tensor first = NoiseSchedule.mix(stochastic ? ratio * Math.exp(-h) : ratio, x, -a * fall, latest);
        if (own == 1) {
            return first;
        }
        double r0 = (lambda(now) - lambda(sigmas[i - 1])) / h;
        Tensor before = cleans.get(cleans.size() - 2);
        Tensor slope = NoiseSchedule.mix(1 / r0, latest, -1 / r0, before);
        if (own == 2) {
            double weight = heun ? a * (fall / (stochastic ? 2 * h : h) + 1) : -0.5 * a * fall;
            return NoiseSchedule.mix(1, first, weight, slope);
        }
        double r1 = (lambda(sigmas[i - 1]) - lambda(sigmas[i - 2])) / h;
        Tensor earlier = NoiseSchedule.mix(1 / r1, before, -1 / r1, cleans.get(cleans.size() - 3));
        Tensor bend = NoiseSchedule.mix(1, slope, -1, earlier);
        Tensor one = NoiseSchedule.mix(1, slope, r0 / (r0 + r1), bend);
        Tensor two = bend.mul(new Scalar(1 / (r0 + r1)));
        Tensor second = NoiseSchedule.mix(1, first, a * (fall / h + 1), one);
        return NoiseSchedule.mix(1, second, -a * ((fall + h) / (h * h) - 0.5), two);
    }

    /** The logarithm of signal to noise; infinite without noise. */
    static double lambda(double sigma) {
        return -Math.log(sigma); // log α − log(σα)
    }
}
