package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/**
 * A way from noise to a sample with few calls of a network: a record of settings, named as in {@code scheduler_config.json}.
 *
 * <p>A network is asked at {@link #times}; the state before the first call is standard normal noise times {@link #startScale}.
 */
public sealed interface Scheduler permits DiffusionScheduler, FlowEuler {
    /** What a network says about a state at a time; rows of the batch share the time. */
    interface Denoiser {
        Tensor predict(Tensor input, double time);
    }

    /** What becomes of the state after a call, counted from 0: itself, or another one, as with a mask. */
    interface After {
        Tensor of(int call, Tensor state);
    }

    /**
     * How a scheduler is run.
     *
     * @param steps number of steps, on which the times depend
     * @param skipped calls that are left out at the beginning, as when a picture is the start
     * @param noise standard normal draws of the state's shape by their number, from 0, in the order of their use
     * @param after sees each state; it belongs to the run, so what is to be kept is copied
     */
    record Course(int steps, int skipped, IntFunction<Tensor> noise, After after) {
        public Course {
            Check.require(steps >= 1, "steps", steps, "at least 1");
            Check.require(skipped >= 0, "skipped", skipped, "at least 0");
        }

        /** All steps, with draws by a key. */
        public Course(int steps, Keyed key, Tensor like) {
            this(steps, 0, draws(key, like), (_, state) -> state);
        }

        /** All steps of a scheduler that draws nothing. */
        public static Course still(int steps) {
            return new Course(
                    steps,
                    0,
                    _ -> {
                        throw new IllegalArgumentException(
                                "noise is absent, expected draws, since the scheduler is random");
                    },
                    (_, state) -> state);
        }

        /** The same from a later call on. */
        public Course skipping(int calls) {
            return new Course(steps, calls, noise, after);
        }

        /** The same with something that sees each state. */
        public Course with(After seen) {
            return new Course(steps, skipped, noise, seen);
        }
    }

    /** Standard normal draws by their number, of the shape, device and type of a tensor. */
    static IntFunction<Tensor> draws(Keyed key, Tensor like) {
        return n -> {
            float[] values = new float[Math.toIntExact(like.numel())];
            Keyed own = key.of(n);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) Keyed.normal(own.at(i));
            }
            return Tensors.of(values, like.shape()).to(like.device(), like.scalar_type());
        };
    }

    /** Where the times lie. */
    enum Spacing {
        /** Whole multiples of a stride from the offset on. */
        LEADING,
        /** Evenly from the first to the last training step. */
        LINSPACE,
        /** Whole strides back from the last training step. */
        TRAILING;

        static Spacing of(ConfigFile file, String otherwise) {
            return switch (file.oneOf("timestep_spacing", otherwise, "leading", "linspace", "trailing")) {
                case "leading" -> LEADING;
                case "linspace" -> LINSPACE;
                default -> TRAILING;
            };
        }

        /** The times in falling order; a line is rounded only where that is asked. */
        double[] times(int training, int steps, int offset, boolean rounded) {
            Check.require(steps >= 1 && steps <= training, "steps", steps, "1 to " + training);
            double[] times = new double[steps];
            for (int i = 0; i < steps; i++) {
                times[i] = switch (this) {
                    case LEADING -> (double) (steps - 1 - i) * (training / steps) + offset;
                    case LINSPACE -> {
                        double at = steps == 1 ? 0 : (training - 1.0) * (steps - 1 - i) / (steps - 1);
                        yield rounded ? Math.rint(at) : at;
                    }
                    case TRAILING -> Math.rint(training - (double) training / steps * i) - 1;
                };
                Check.require(
                        times[i] >= 0 && times[i] <= training - 1,
                        "steps_offset",
                        offset,
                        "times within the " + training + " training steps, of which one would be " + times[i]);
            }
            return times;
        }
    }

    /** The times at which a network is asked, in order: training steps, whole or not. */
    List<Double> times(int steps);

    /** What standard normal noise is multiplied by for the first state. */
    double startScale(int steps);

    /** A sample with noise as it would be before some call, to start from there. */
    Tensor noised(Tensor clean, Tensor noise, int steps, int skipped);

    /** The last state of a run from a state before its first call. */
    Tensor sample(Tensor start, Course course, Denoiser network);

    /** Reads {@code scheduler_config.json}, of a folder or itself. */
    static Scheduler read(Path path) throws IOException {
        return ConfigFile.read(Files.isDirectory(path) ? path.resolve("scheduler_config.json") : path, Scheduler::of);
    }

    /** The scheduler that the text of a configuration describes. */
    static Scheduler parse(String json, String where) {
        return ConfigFile.parse(json, where, Scheduler::of);
    }

    private static Scheduler of(ConfigFile file) {
        String kind = file.oneOf(
                "_class_name",
                "",
                "DDIMScheduler",
                "DDIMInverseScheduler",
                "DDPMScheduler",
                "PNDMScheduler",
                "EulerDiscreteScheduler",
                "EulerAncestralDiscreteScheduler",
                "HeunDiscreteScheduler",
                "LMSDiscreteScheduler",
                "DPMSolverMultistepScheduler",
                "UniPCMultistepScheduler",
                "LCMScheduler",
                "FlowMatchEulerDiscreteScheduler");
        // left over in files from other classes; a class reads its own below. The first two belong to thresholding,
        // which is refused
        file.neutral(
                "dynamic_thresholding_ratio",
                "sample_max_value",
                "clip_sample",
                "clip_sample_range",
                "set_alpha_to_one",
                "skip_prk_steps",
                "steps_offset",
                "prediction_type");
        file.only("interpolation_type", "linear");
        file.only("timestep_type", "discrete");
        Scheduler scheduler = switch (kind) {
            case "DDIMScheduler" -> Ddim.of(file);
            case "DDIMInverseScheduler" -> DdimInverse.of(file);
            case "DDPMScheduler" -> Ddpm.of(file);
            case "PNDMScheduler" -> Pndm.of(file);
            case "EulerDiscreteScheduler" -> Euler.of(file);
            case "EulerAncestralDiscreteScheduler" -> EulerAncestral.of(file);
            case "HeunDiscreteScheduler" -> Heun.of(file);
            case "LMSDiscreteScheduler" -> LinearMultistep.of(file);
            case "DPMSolverMultistepScheduler" -> DpmSolver.of(file);
            case "UniPCMultistepScheduler" -> UniPc.of(file);
            case "LCMScheduler" -> Lcm.of(file);
            default -> FlowEuler.of(file);
        };
        file.finish();
        return scheduler;
    }

    /** A list of times. */
    static List<Double> list(double[] times) {
        return Arrays.stream(times).boxed().toList();
    }

    /** What a network says, whose intermediate tensors go at once. */
    static Tensor ask(Denoiser network, Tensor input, double time) {
        return Tensors.within(() -> network.predict(input, time));
    }
}
