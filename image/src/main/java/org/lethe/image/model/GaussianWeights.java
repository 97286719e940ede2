package org.lethe.image.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Safetensors;
import org.lethe.image.Gallery;
import org.lethe.image.ImageFile;
import org.lethe.image.ImageModel;
import org.lethe.image.Judging;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.torch.Tensors;

/** Weights of a {@link GaussianDiffusion}. */
public record GaussianWeights(Map<String, float[]> means, int height, int width, double deviation, List<float[]> shift)
        implements ImageModel.Weights {
    /** Means of conditions, without gain and bias. */
    public GaussianWeights(Map<String, float[]> means, int height, int width, double deviation) {
        this(means, height, width, deviation, List.of());
    }

    public GaussianWeights {
        Check.require(shift.isEmpty() || shift.size() == 2, "shift", shift.size(), "none, or gain and bias");
        means = new LinkedHashMap<>(means);
        shift = List.copyOf(shift);
    }

    @Override
    public Diffusion open(Device device) {
        Check.require(device.equals(Device.CPU), "device", device, "cpu: the model has a closed form and no layers");
        GaussianDiffusion model = new GaussianDiffusion(means, height, width, deviation, new NoiseSchedule());
        if (!shift.isEmpty()) {
            model.shift(shift.getFirst(), shift.getLast());
        }
        return model;
    }

    /** The nearest mean, which no judge can beat here. */
    @Override
    public Judging judge(Gallery gallery, Env env) {
        return NearestStyle.of(gallery);
    }

    @Override
    public GaussianWeights of(Diffusion model) {
        GaussianDiffusion own = (GaussianDiffusion) model;
        return new GaussianWeights(
                own.means(),
                height,
                width,
                deviation,
                List.of(
                        Tensors.floats(own.parameters(Diffusion.Part.DENOISER)
                                .tensor("gain")
                                .detach()),
                        Tensors.floats(own.parameters(Diffusion.Part.DENOISER)
                                .tensor("bias")
                                .detach())));
    }

    @Override
    public void save(ImageFile.Writer to) {
        to.word("weights", "gaussian");
        to.word("deviation", String.valueOf(deviation));
        means.forEach((name, mean) -> to.tensor("mean." + name, Safetensors.Tensor.of(mean, 3, height, width)));
        for (int n = 0; n < shift.size(); n++) {
            to.tensor("shift." + n, Safetensors.Tensor.of(shift.get(n), shift.get(n).length));
        }
    }

    /** Reads what {@link #save} wrote. */
    public static GaussianWeights read(ImageFile.Reader from) {
        Map<String, float[]> means = new LinkedHashMap<>();
        int height = 0;
        int width = 0;
        for (Map.Entry<String, Safetensors.Tensor> e : from.tensors("mean.").entrySet()) {
            height = e.getValue().shape().get(1).intValue();
            width = e.getValue().shape().get(2).intValue();
            means.put(e.getKey(), from.file().floats("mean." + e.getKey()));
        }
        List<float[]> shift = from.tensors("shift.").keySet().stream()
                .map(n -> from.file().floats("shift." + n))
                .toList();
        return new GaussianWeights(means, height, width, Double.parseDouble(from.word("deviation")), shift);
    }
}
