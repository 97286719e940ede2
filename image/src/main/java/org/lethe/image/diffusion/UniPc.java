package org.lethe.image.diffusion;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * UniPC (Zhao et al. 2023), on x₀: a predictor of some order, and a corrector that goes over the last step again with what the
 * network says at its end, without further calls.
 *
 * @param noise the schedule of training
 * @param prediction what the network predicts
 * @param spacing where the times lie
 * @param offset added to times that are multiples of a stride
 * @param karras whether levels of noise lie evenly in their 7th root
 * @param order 1 to 3
 * @param secondForm whether B(h) is e^h − 1 ({@code bh2}) and not h ({@code bh1})
 * @param zeroEnd whether the last level is without noise; else it is the smallest of training
 * @param lowerOrderFinal whether the last steps are of a lower order
 */
public record UniPc(
        NoiseSchedule noise,
        NoiseSchedule.Prediction prediction,
        Scheduler.Spacing spacing,
        int offset,
        boolean karras,
        int order,
        boolean secondForm,
        boolean zeroEnd,
        boolean lowerOrderFinal)
        implements DiffusionScheduler {
    public UniPc {
        Check.require(order >= 1 && order <= 3, "solver_order", order, "1 to 3");
        Check.require(
                secondForm || !zeroEnd,
                "solver_type",
                "bh1",
                "bh2, or final_sigmas_type sigma_min, as bh1 has no finite last step to zero noise");
        Check.require(
                lowerOrderFinal || !zeroEnd || order == 1,
                "lower_order_final",
                false,
                "true, or final_sigmas_type sigma_min, as higher orders have no last step to zero noise");
    }

    /** Of order two, with the schedule of Stable Diffusion. */
    public UniPc() {
        this(
                new NoiseSchedule(),
                NoiseSchedule.Prediction.NOISE,
                Scheduler.Spacing.LEADING,
                1,
                false,
                2,
                true,
                true,
                true);
    }

    static UniPc of(ConfigFile file) {
        file.only("thresholding", false);
        file.only("predict_x0", true);
        Sigmas.Settings shared = Sigmas.Settings.of(file);
        return new UniPc(
                shared.noise(),
                shared.prediction(),
                shared.spacing(),
                shared.offset(),
                shared.karras(),
                file.whole("solver_order", 2),
                file.oneOf("solver_type", "bh2", "bh1", "bh2").equals("bh2"),
                file.oneOf("final_sigmas_type", "zero", "zero", "sigma_min").equals("zero"),
                file.flag("lower_order_final", true));
    }

    private Sigmas levels(int steps) {
        return DpmSolver.levels(noise, spacing, offset, karras, zeroEnd, steps);
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
        return Tensors.within(() -> {
            List<Tensor> cleans = new ArrayList<>();
            Tensor x = start;
            Tensor last = start;
            int used = 0; // the order of the last step
            for (int i = course.skipped(); i < course.steps(); i++) {
                Tensor clean = Sigmas.clean(prediction, Scheduler.ask(network, x, run.times()[i]), x, run.sigmas()[i]);
                if (!cleans.isEmpty()) {
                    x = moved(last, cleans, run.sigmas(), i - 1, used, Optional.of(clean));
                }
                cleans.add(clean);
                used = Math.min(order, cleans.size());
                if (lowerOrderFinal) {
                    used = Math.min(used, course.steps() - i);
                }
                last = x;
                x = course.after().of(i, moved(x, cleans, run.sigmas(), i, used, Optional.empty()));
            }
            return x;
        });
    }

    /** The step from level {@code i} to the next; a corrector knows x₀ at its end. */
    private Tensor moved(Tensor x, List<Tensor> cleans, double[] sigmas, int i, int own, Optional<Tensor> atTheEnd) {
        double a = Sigmas.signal(sigmas[i + 1]);
        double from = DpmSolver.lambda(sigmas[i]);
        double h = DpmSolver.lambda(sigmas[i + 1]) - from;
        double phi = Math.expm1(-h);
        double scale = secondForm ? phi : -h;
        Tensor latest = cleans.getLast();
        Tensor result =
                NoiseSchedule.mix(sigmas[i + 1] * a / (sigmas[i] * Sigmas.signal(sigmas[i])), x, -a * phi, latest);
        double[] ratios = new double[own]; // of earlier levels, and 1 for the end
        for (int k = 1; k < own; k++) {
            ratios[k - 1] = (DpmSolver.lambda(sigmas[i - k]) - from) / h;
        }
        ratios[own - 1] = 1;
        int unknown = atTheEnd.isPresent() ? own : own - 1;
        double[] weights = unknown == 0 ? new double[0] : weights(ratios, unknown, -h, scale);
        for (int k = 1; k < own; k++) {
            Tensor slope =
                    NoiseSchedule.mix(1 / ratios[k - 1], cleans.get(cleans.size() - 1 - k), -1 / ratios[k - 1], latest);
            result = result.add(slope, new Scalar(-a * scale * weights[k - 1]));
        }
        if (atTheEnd.isPresent()) {
            Tensor slope = NoiseSchedule.mix(1, atTheEnd.get(), -1, latest);
            result = result.add(slope, new Scalar(-a * scale * weights[own - 1]));
        }
        return result;
    }

    /** The solution of Σ_k w_k r_k^{m−1} = φ_{m+1}(h)·m!/B(h) for m = 1 to the number of unknowns; one unknown is taken as ½. */
    private static double[] weights(double[] ratios, int unknown, double h, double scale) {
        if (unknown == 1) {
            return new double[] {0.5
            }; // as in the reference, for the predictor of order two and the corrector of order one
        }
        double[][] rows = new double[unknown][unknown + 1];
        double phi = Math.expm1(h) / h - 1;
        double factorial = 1;
        for (int m = 0; m < unknown; m++) {
            for (int k = 0; k < unknown; k++) {
                rows[m][k] = Math.pow(ratios[k], m);
            }
            rows[m][unknown] = phi * factorial / scale;
            factorial *= m + 2;
            phi = phi / h - 1 / factorial;
        }
        return solved(rows);
    }

    private static double[] solved(double[][] rows) {
        int n = rows.length;
        for (int c = 0; c < n; c++) {
            int pivot = c;
            for (int r = c + 1; r < n; r++) {
                pivot = Math.abs(rows[r][c]) > Math.abs(rows[pivot][c]) ? r : pivot;
            }
            double[] swapped = rows[c];
            rows[c] = rows[pivot];
            rows[pivot] = swapped;
            for (int r = 0; r < n; r++) {
                double factor = r == c ? 0 : rows[r][c] / rows[c][c];
                for (int k = c; k <= n; k++) {
                    rows[r][k] -= factor * rows[c][k];
                }
            }
        }
        double[] solution = new double[n];
        for (int c = 0; c < n; c++) {
            solution[c] = rows[c][n] / rows[c][c];
        }
        return solution;
    }
}
