package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.image.Bitmap;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * Projected gradient descent on pictures (Madry et al. 2018), many pictures at once:
 *
 * <pre>δ ← clamp(δ − α sign ∇J(x + δ), −ε, ε), then x + δ ← clamp(x + δ, 0, 1)</pre>
 *
 * <p>Both clamps are one box around the original. Lengths are in 1/255 of the range from 0 to 1.
 *
 * @param epsilon ε, largest change of a value; under {@link Norm#L2} the root mean square of the changes of a picture
 * @param step α, in the same unit
 * @param steps how many
 * @param randomStart whether it starts at a uniform draw within the budget, not at the original
 * @param shrinking whether α falls along a straight line to a hundredth of itself
 * @param norm by which changes are measured
 */
record ProjectedGradient(double epsilon, double step, int steps, boolean randomStart, boolean shrinking, Norm norm) {

    /** How the size of a change is measured. */
    enum Norm {
        /** The largest change of a value. */
        LINF,
        /** The root of the sum of squares. */
        L2
    }

    ProjectedGradient {
        Check.require(epsilon >= 0 && epsilon <= 255, "epsilon", epsilon, "0 to 255");
        Check.require(step >= 0 && step <= 255, "step", step, "0 to 255");
        Check.require(steps >= 0, "steps", steps, "at least 0");
    }

    /** Constant steps of signs. */
    ProjectedGradient(double epsilon, double step, int steps, boolean randomStart) {
        this(epsilon, step, steps, randomStart, false, Norm.LINF);
    }

    /** What is made small. */
    interface Objective {
        /** One number for each picture, {@code [rows]}; a row depends on its own picture alone. */
        Tensor of(Tensor pictures, int step);

        /** The gradient of their sum, of the shape of the pictures. Blocks of networks are passed twice where pictures are large. */
        default Tensor gradient(Tensor pictures, int step) {
            Tensor at = pictures.detach().requires_grad_(true);
            return Slope.of(() -> of(at, step).sum(), at, pictures.size(2) * pictures.size(3));
        }
    }

    /**
     * Some pictures of a task.
     *
     * @param pictures on the device, {@code [rows, 3, height, width]}
     * @param from place of the first in the task
     */
    record Rows(Tensor pictures, int from) {}

    /** The pictures of a task, changed and on levels. */
    List<Bitmap> of(
            Diffusion model, Obfuscation.Task task, String name, Env env, Function<Rows, Objective> objectives) {
        if (epsilon == 0 || steps == 0) {
            return task.pictures();
        }
        Keyed key = env.random(name).of("start");
        List<Bitmap> made = new ArrayList<>();
        int rows = batch(task.pictures());
        int batches = Math.ceilDiv(task.pictures().size(), Math.max(1, rows));
        try (Progress.Step progress = env.progress().begin(name, (long) batches * steps)) {
            for (int from = 0; from < task.pictures().size(); from += rows) {
                int to = Math.min(task.pictures().size(), from + rows);
                try (var _ = new PointerScope()) {
                    Tensor original = tensor(model, task.pictures().subList(from, to));
                    Box box = box(original, mask(model, task, from, to));
                    Tensor now = box.start(key, from);
                    descend(box, now, objectives.apply(new Rows(original, from)), 0, steps, progress);
                    made.addAll(published(task.pictures().subList(from, to), now, levels()));
                }
            }
        }
        return made;
    }

    /** The largest change of a value in levels. */
    double levels() {
        return norm == Norm.LINF ? epsilon : 255;
    }

    /** Pictures on the device of a model. */
    static Tensor tensor(Diffusion model, List<Bitmap> pictures) {
        return Sampler.batch(pictures).to(Devices.of(model.device()), torch.ScalarType.Float);
    }

    /** How many pictures of this size are changed at once. */
    static int batch(List<Bitmap> pictures) {
        return pictures.isEmpty()
                ? 1
                : Math.max(
                        1,
                        Slope.PIXELS
                                / (pictures.getFirst().width()
                                        * pictures.getFirst().height()));
    }

    /** Where pictures may be changed: 1 where their mask is light, 0 where it is dark. */
    static Optional<Tensor> mask(Diffusion model, Obfuscation.Task task, int from, int to) {
        return task.masks().isEmpty()
                ? Optional.empty()
                : Optional.of(tensor(model, task.masks().subList(from, to))
                        .ge(new Scalar(0.5))
                        .to(torch.ScalarType.Float));
    }

    /** Changed pictures on levels. */
    static List<Bitmap> published(List<Bitmap> originals, Tensor changed, double levels) {
        List<Bitmap> made = new ArrayList<>();
        for (int n = 0; n < originals.size(); n++) {
            float[] values = Tensors.floats(
                    changed.narrow(0, n, 1).to(torch.ScalarType.Float).contiguous());
            made.add(PixelLevels.published(originals.get(n), values, levels));
        }
        return made;
    }

    /** Where changed pictures may lie. */
    final class Box {
        private final Tensor original;
        private final Optional<Tensor> mask;
        private final Tensor low;
        private final Tensor high;

        private Box(Tensor original, Optional<Tensor> mask) {
            this.original = original;
            this.mask = mask;
            Tensor room = torch.full_like(original, new Scalar(levels() / 255));
            Tensor most = mask.map(room::mul).orElse(room);
            low = original.sub(most).clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional());
            high = original.add(most).clamp(new ScalarOptional(), new ScalarOptional(new Scalar(1)));
        }

        /** Where it starts; rows by their place in the task. */
        Tensor start(Keyed key, int from) {
            if (!randomStart) {
                return original.clone();
            }
            return into(original.add(uniform(key, from, original).mul(new Scalar(epsilon / 255))));
        }

        private Tensor into(Tensor pictures) {
            Tensor near = norm == Norm.LINF ? pictures : shortened(pictures);
            return near.clamp(new TensorOptional(low), new TensorOptional(high));
        }

        private Tensor shortened(Tensor pictures) {
            Tensor change = mask.map(pictures.sub(original)::mul).orElseGet(() -> pictures.sub(original));
            Tensor longer = length(change).div(new Scalar(epsilon / 255 * root()));
            Tensor divisor = longer.clamp(new ScalarOptional(new Scalar(1)), new ScalarOptional());
            return original.add(change.div(divisor));
        }

        private double root() {
            return Math.sqrt((double) original.numel() / original.size(0));
        }

        /** The direction of a step whose length is 1, in every value or as the root of the mean square. */
        private Tensor direction(Tensor gradient) {
            if (norm == Norm.LINF) {
                return gradient.sign();
            }
            Tensor open = mask.map(gradient::mul).orElse(gradient);
            Tensor length = length(open);
            return open.div(length.add(length.eq(new Scalar(0)))).mul(new Scalar(root()));
        }
    }

    /** The box of originals, in the current scope. */
    Box box(Tensor original, Optional<Tensor> mask) {
        return new Box(original, mask);
    }

    /** Moves the pictures of {@code now} in place, by some of the steps. */
    void descend(Box box, Tensor now, Objective objective, int first, int count, Progress.Step progress) {
        for (int i = first; i < first + count; i++) {
            try (var _ = new PointerScope()) {
                Tensor gradient = objective.gradient(now, i);
                double size = gradient.abs().sum().item_double();
                if (!Double.isFinite(size)) {
                    throw new LetheException(
                            LetheException.Code.NUMERIC,
                            "the gradient of the pictures is " + size + " at step " + i + ", expected finite numbers");
                }
                try (var _ = new NoGradGuard()) {
                    double shrunk = shrinking ? step - (step - step / 100) * i / steps : step;
                    now.copy_(box.into(now.sub(box.direction(gradient).mul(new Scalar(shrunk / 255)))));
                }
            }
            progress.advance(1);
        }
    }

    /** Draws between −1 and 1, each row by its place in the task. */
    static Tensor uniform(Keyed key, int from, Tensor like) {
        int rows = (int) like.size(0);
        int size = (int) (like.numel() / rows);
        float[] draws = new float[rows * size];
        for (int n = 0; n < rows; n++) {
            Keyed own = key.of(from + n);
            for (int i = 0; i < size; i++) {
                draws[n * size + i] = (float) (2 * Keyed.unit(own.at(i)) - 1);
            }
        }
        return Tensors.of(draws, like.shape()).to(like.device(), like.scalar_type());
    }

    /** The sum of squares of each row, {@code [rows]}. */
    static Tensor squares(Tensor rows) {
        return rows.square().flatten(1, -1).sum(new long[] {1}, false, new ScalarTypeOptional());
    }

    /** The length of each row, in a shape that multiplies rows. */
    private static Tensor length(Tensor rows) {
        long[] shape = new long[(int) rows.dim()];
        Arrays.fill(shape, 1);
        shape[0] = rows.size(0);
        return squares(rows).sqrt().reshape(shape);
    }
}
