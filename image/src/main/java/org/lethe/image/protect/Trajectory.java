package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.torch.Tensors;

/**
 * A whole run of DDIM without guidance that can be differentiated: it keeps the states between steps alone, and repeats each step when
 * its gradient is asked for, so that memory does not grow with the steps (Chen et al. 2016).
 *
 * <pre>x_b = √b (x_a − √(1 − a) ε) / √a + √(1 − b) ε</pre>
 */
final class Trajectory {
    private final Diffusion model;
    private final Tensor condition;
    private final int[] times;
    private final double[] bars;
    private final int stride;
    private final long pixels;
    private final Runnable passed;

    /**
     * @param pixels of a picture
     * @param passed called after each step, forwards and backwards
     */
    Trajectory(Diffusion model, Sampler sampler, long pixels, Runnable passed) {
        this.model = model;
        this.pixels = pixels;
        this.passed = passed;
        condition = model.states(List.of("")).detach();
        times = sampler.times(model);
        bars = model.schedule().alphaBars();
        stride = model.schedule().steps() / sampler.steps();
    }

    private Tensor step(Tensor x, int call) {
        int time = times[call];
        double a = bars[time];
        double b = bars[Math.max(time - stride, 0)];
        int[] rows = new int[(int) x.size(0)];
        Arrays.fill(rows, time);
        Tensor noise = model.noise(x, rows, condition);
        Tensor clean = x.sub(noise.mul(new Scalar(Math.sqrt(1 - a)))).mul(new Scalar(Math.sqrt(b / a)));
        return clean.add(noise.mul(new Scalar(Math.sqrt(1 - b))));
    }

    /** All states of a run from the noise to the latents, in the current scope, without gradients. */
    List<Tensor> states(Tensor start) {
        List<Tensor> states = new ArrayList<>();
        states.add(start.detach());
        try (var _ = new NoGradGuard()) {
            for (int call = 0; call < times.length; call++) {
                Tensor from = states.getLast();
                int now = call;
                states.add(Tensors.within(() -> step(from, now)));
                passed.run();
            }
        }
        return states;
    }

    /** The gradient of the noise from the gradient of the latents. */
    Tensor gradient(List<Tensor> states, Tensor last) {
        Tensor gradient = last.detach().clone();
        for (int call = times.length - 1; call >= 0; call--) {
            try (var _ = new PointerScope()) {
                Tensor x = states.get(call).detach().clone().set_requires_grad(true);
                int now = call;
                gradient.copy_(Slope.of(() -> step(x, now).mul(gradient).sum(), x, pixels));
            }
            passed.run();
        }
        return gradient;
    }
}
