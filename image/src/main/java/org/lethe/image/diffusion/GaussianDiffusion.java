package org.lethe.image.diffusion;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * The exact denoiser of normal data, whose every answer is known in closed form. Pictures of a condition c are
 * x ~ N(μ_c, s² I) in [−1, 1], the autoencoder is the identity, and
 *
 * <pre>ε(x, t, c) = √(1 − ᾱ) (x − √ᾱ μ_c) / (ᾱ s² + 1 − ᾱ),  μ_c = gain ⊙ state_c + bias.</pre>
 *
 * <p>The state of a condition is its mean, {@code [1, 3 · height · width]}. A prompt has the state of the longest name that it ends
 * with, and the state of "" if there is none.
 */
public final class GaussianDiffusion implements TokenDiffusion {
    private final List<String> names;
    private final long[] shape;
    private final double deviation;
    private final NoiseSchedule schedule;
    private final Parameters text;
    private final Parameters denoiser;

    /**
     * A model in the current scope.
     *
     * @param means μ of each name, among them "", {@code [3, height, width]}
     * @param deviation s
     */
    public GaussianDiffusion(
            Map<String, float[]> means, int height, int width, double deviation, NoiseSchedule schedule) {
        Check.require(means.containsKey(""), "names", means.keySet(), "\"\" among them");
        Check.require(deviation > 0 && deviation < 1e3, "deviation", deviation, "above 0");
        int size = 3 * height * width;
        this.names = List.copyOf(means.keySet());
        this.shape = new long[] {3, height, width};
        this.deviation = deviation;
        this.schedule = schedule;
        float[] table = new float[size * names.size()];
        for (int n = 0; n < names.size(); n++) {
            float[] mean = means.getOrDefault(names.get(n), new float[0]);
            Check.require(mean.length == size, "mean of \"" + names.get(n) + "\"", mean.length, size + " numbers");
            System.arraycopy(mean, 0, table, n * size, size);
        }
        text = Parameters.of(Map.of("means", Tensors.of(table, names.size(), size)));
        Map<String, Tensor> maps = new LinkedHashMap<>();
        maps.put("gain", torch.ones(size));
        maps.put("bias", torch.zeros(size));
        denoiser = Parameters.of(maps);
    }

    /** The names of conditions, in the order of the table of means. */
    public List<String> names() {
        return names;
    }

    /** s. */
    public double deviation() {
        return deviation;
    }

    @Override
    public NoiseSchedule schedule() {
        return schedule;
    }

    @Override
    public Device device() {
        return Device.CPU;
    }

    @Override
    public long[] latent(int height, int width) {
        Check.require(
                height == shape[1] && width == shape[2],
                "size of pictures",
                height + " x " + width,
                shape[1] + " x " + shape[2]);
        return shape.clone();
    }

    @Override
    public AutoencoderKl.Posterior posterior(Tensor pictures) {
        Tensor signed = Diffusion.signed(pictures);
        return new AutoencoderKl.Posterior(signed, torch.full_like(signed, new Scalar(-30)));
    }

    @Override
    public Tensor scaled(Tensor latents) {
        return latents;
    }

    @Override
    public Tensor decode(Tensor latents) {
        return latents.mul(new Scalar(0.5)).add(new Scalar(0.5));
    }

    @Override
    public Tensor states(List<String> prompts) {
        Tensor table = text.tensor("means");
        Tensor[] rows = prompts.stream()
                .map(prompt -> table.narrow(0, index(prompt), 1))
                .toArray(Tensor[]::new);
        return torch.cat(new TensorVector(rows), 0).unsqueeze(1);
    }

    /** The row of the table of means that a prompt reads. */
    @Override
    public int[] ids(String prompt) {
        return new int[] {index(prompt)};
    }

    @Override
    public int attended(String prompt) {
        return 1;
    }

    @Override
    public Tensor table() {
        return text.tensor("means");
    }

    @Override
    public Tensor states(List<int[]> ids, Tensor rows) {
        int[] all = ids.stream().flatMapToInt(Arrays::stream).toArray();
        Check.require(all.length == ids.size(), "ids", all.length, "one for each prompt");
        Tensor both = torch.cat(new TensorVector(table(), rows), 0);
        return both.index_select(0, Tensors.of(all, all.length)).unsqueeze(1);
    }

    @Override
    public int[] size() {
        return new int[] {(int) shape[1], (int) shape[2]};
    }

    private int index(String prompt) {
        int found = names.indexOf("");
        for (int n = 0; n < names.size(); n++) {
            if (prompt.endsWith(names.get(n))
                    && names.get(n).length() > names.get(found).length()) {
                found = n;
            }
        }
        return found;
    }

    @Override
    public Tensor noise(Tensor latents, int[] times, Tensor states) {
        Check.require(times.length == latents.size(0), "times", times.length, "one for each row");
        double[] bars = schedule.alphaBars();
        float[] signal = new float[times.length];
        float[] factor = new float[times.length];
        for (int n = 0; n < times.length; n++) {
            double bar = bars[times[n]];
            signal[n] = (float) Math.sqrt(bar);
            factor[n] = (float) (Math.sqrt(1 - bar) / (bar * deviation * deviation + 1 - bar));
        }
        Tensor mean = states.mul(denoiser.tensor("gain"))
                .add(denoiser.tensor("bias"))
                .reshape(states.size(0), shape[0], shape[1], shape[2]);
        return latents.sub(Tensors.of(signal, times.length, 1, 1, 1).mul(mean))
                .mul(Tensors.of(factor, times.length, 1, 1, 1));
    }

    @Override
    public Parameters parameters(Part part) {
        return switch (part) {
            case DENOISER -> denoiser;
            case TEXT -> text;
            case AUTOENCODER -> Parameters.of(Map.of());
        };
    }

    /** The means of all names as they are now. */
    public Map<String, float[]> means() {
        float[] table = Tensors.floats(text.tensor("means").detach());
        int size = table.length / names.size();
        Map<String, float[]> means = new LinkedHashMap<>();
        for (int n = 0; n < names.size(); n++) {
            means.put(names.get(n), Arrays.copyOfRange(table, n * size, (n + 1) * size));
        }
        return means;
    }

    @Override
    public GaussianDiffusion copy() {
        GaussianDiffusion made = new GaussianDiffusion(means(), (int) shape[1], (int) shape[2], deviation, schedule);
        made.shift(
                Tensors.floats(denoiser.tensor("gain").detach()),
                Tensors.floats(denoiser.tensor("bias").detach()));
        return made;
    }

    /** Sets gain and bias, one number for each value of a picture. */
    public void shift(float[] gain, float[] bias) {
        try (var _ = new NoGradGuard()) {
            denoiser.tensor("gain").detach().copy_(Tensors.of(gain, gain.length));
            denoiser.tensor("bias").detach().copy_(Tensors.of(bias, bias.length));
        }
    }
}
