package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/**
 * How far what a short run of a model makes of pictures is from grey, ‖f(x) − ½‖₂, as a mean over draws of noise. Its gradient goes
 * back through the run call by call and computes each call again, so that the activations of one are kept at a time.
 */
final class ShortRun implements ProjectedGradient.Objective {
    private final Diffusion model;
    private final Tensor states;
    private final Tensor empty;
    private final int draws;
    private final double guidance;
    private final Keyed key;
    private final int from;
    private final int[] times; // at which the denoiser is called
    private final double[] after; // ᾱ that a call leads to

    ShortRun(
            Diffusion model,
            String prompt,
            int draws,
            int calls,
            double strength,
            double guidance,
            Keyed key,
            int from) {
        this.model = model;
        this.draws = draws;
        this.guidance = guidance;
        this.key = key;
        this.from = from;
        try (var _ = new NoGradGuard()) {
            states = model.states(List.of(prompt)).detach();
            empty = model.states(List.of("")).detach();
        }
        int steps = (int) Math.round(calls / strength);
        int training = model.schedule().steps();
        Check.require(steps <= training, "calls / strength", steps, "at most " + training);
        int stride = training / steps;
        double[] bars = model.schedule().alphaBars();
        times = IntStream.range(0, calls).map(i -> (calls - 1 - i) * stride).toArray();
        after = Arrays.stream(times)
                .mapToDouble(t -> t == 0 ? 1 : bars[t - stride])
                .toArray();
    }

    @Override
    public Tensor of(Tensor pictures, int step) {
        Tensor sum = torch.zeros(pictures.size(0)).to(pictures.device(), pictures.scalar_type());
        for (int d = 0; d < draws; d++) {
            Tensor state = start(pictures, step, d);
            for (int i = 0; i < times.length; i++) {
                state = call(state, i, step, d);
            }
            sum = sum.add(distance(state));
        }
        return sum.div(new Scalar(draws));
    }

    @Override
    public Tensor gradient(Tensor pictures, int step) {
        Tensor sum = torch.zeros_like(pictures.detach());
        for (int d = 0; d < draws; d++) {
            int draw = d;
            sum.add_(Tensors.within(() -> gradient(pictures, step, draw)));
        }
        return sum.div_(new Scalar(draws));
    }

    private Tensor gradient(Tensor pictures, int step, int draw) {
        List<Tensor> before = new ArrayList<>(); // the state before each call
        Tensor state;
        try (var _ = new NoGradGuard()) {
            state = start(pictures, step, draw);
            for (int i = 0; i < times.length; i++) {
                before.add(state);
                Tensor now = state;
                int call = i;
                state = Tensors.within(() -> call(now, call, step, draw));
            }
        }
        Tensor last = state.detach().requires_grad_(true);
        long pixels = pictures.size(2) * pictures.size(3);
        Tensor back = Tensors.within(() -> Slope.of(() -> distance(last).sum(), last, pixels));
        for (int i = times.length - 1; i >= 0; i--) {
            Tensor at = before.get(i).detach().requires_grad_(true);
            Tensor behind = back;
            int call = i;
            back = Tensors.within(
                    () -> Slope.of(() -> call(at, call, step, draw).mul(behind).sum(), at, pixels));
        }
        Tensor at = pictures.detach().requires_grad_(true);
        Tensor first = back;
        return Slope.of(() -> start(at, step, draw).mul(first).sum(), at, pixels);
    }

    /** The latents with the noise of the first call. */
    private Tensor start(Tensor pictures, int step, int draw) {
        Tensor clean = model.encode(pictures);
        return model.schedule().noised(clean, noise(clean, step, draw, -1), all(clean, times[0]));
    }

    /** One step of DDIM with η = 1. */
    private Tensor call(Tensor state, int i, int step, int draw) {
        int[] time = all(state, times[i]);
        Tensor asked = model.noise(state, time, states);
        Tensor led = asked;
        if (guidance != 1) {
            Tensor nothing = model.noise(state, time, empty);
            led = nothing.add(asked.sub(nothing).mul(new Scalar(guidance)));
        }
        double now = model.schedule().alphaBars()[times[i]];
        double then = after[i];
        Tensor clean = state.sub(led.mul(new Scalar(Math.sqrt(1 - now)))).div(new Scalar(Math.sqrt(now)));
        double variance = (1 - then) / (1 - now) * (1 - now / then);
        return clean.mul(new Scalar(Math.sqrt(then)))
                .add(led.mul(new Scalar(Math.sqrt(Math.max(0, 1 - then - variance)))))
                .add(noise(state, step, draw, i).mul(new Scalar(Math.sqrt(variance))));
    }

    private Tensor distance(Tensor latents) {
        return ProjectedGradient.squares(model.decode(latents).sub(new Scalar(0.5)))
                .sqrt();
    }

    private Tensor noise(Tensor like, int step, int draw, int call) {
        long[] shape = like.shape();
        shape[0] = 1;
        Tensor[] rows = IntStream.range(0, (int) like.size(0))
                .mapToObj(n -> Sampler.normal(key.of(from + n).of(step).of(draw).of(call), shape))
                .toArray(Tensor[]::new);
        return torch.cat(new TensorVector(rows), 0).to(like.device(), like.scalar_type());
    }

    private static int[] all(Tensor rows, int time) {
        int[] all = new int[(int) rows.size(0)];
        Arrays.fill(all, time);
        return all;
    }
}
