package org.lethe.video.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Workers;
import org.lethe.image.diffusion.Convolution;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;
import org.lethe.video.Clip;

/**
 * A small network of temporally adaptive convolutions (TAdaConv, Huang et al. 2022) with two heads, for the motion of objects and of the
 * camera (Shi et al. 2025).
 *
 * <p>Each frame goes in with its difference to the next. A stem and stages of 3 × 3 convolutions follow, of which each stage calibrates its
 * inputs by frame. After the second stage time is halved. The mean and the largest of each channel go into two small perceptrons. Norms
 * are of groups of channels rather than of batches, so that the score of a clip does not depend on others.
 */
final class TadaNet {
    private static final int KERNEL = 3;
    private static final int GROUPS = 8;
    private static final int REDUCTION = 4; // C / r channels inside a calibration
    private static final int HIDDEN = 64;
    private static final int STAGE_OF_POOLING = 1;

    private final List<Integer> widths;
    private final List<Integer> strides;
    private final int heads;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    /**
     * The shape of a network.
     *
     * @param widths channels of the stages; the first is that of the stem too
     * @param strides of the stages
     * @param heads 2 for objects and camera, 1 for a single score that stands for both
     */
    TadaNet(List<Integer> widths, List<Integer> strides, int heads) {
        Check.require(heads == 1 || heads == 2, "heads", heads, "1 or 2");
        this.widths = List.copyOf(widths);
        this.strides = List.copyOf(strides);
        this.heads = heads;
        int in = widths.getFirst();
        add("stem.weight", in, 6, KERNEL, KERNEL);
        norm("stem.norm", in);
        for (int s = 0; s < widths.size(); s++) {
            String stage = "stages." + s;
            int out = widths.get(s);
            int inner = Math.max(1, in / REDUCTION);
            add(stage + ".weight", out, in, KERNEL, KERNEL);
            add(stage + ".global.weight", in, in);
            add(stage + ".a.weight", inner, in, KERNEL);
            norm(stage + ".a.norm", inner);
            add(stage + ".b.weight", in, inner, KERNEL);
            norm(stage + ".norm", out);
            in = out;
        }
        for (int h = 0; h < heads; h++) {
            add("heads." + h + ".0.weight", HIDDEN, 2L * in);
            add("heads." + h + ".0.bias", HIDDEN);
            add("heads." + h + ".1.weight", 1, HIDDEN);
            add("heads." + h + ".1.bias", 1);
        }
    }

    private void add(String name, long... shape) {
        tensors.put(name, torch.zeros(shape).set_requires_grad(true));
    }

    private void norm(String name, int channels) {
        add(name + ".weight", channels);
        add(name + ".bias", channels);
    }

    Parameters parameters() {
        return Parameters.of(tensors);
    }

    /** Draws initial weights: He's for convolutions; a calibration ends in zero, so that it changes nothing at first. */
    void draw(Keyed key, Workers workers) {
        parameters()
                .draw(
                        key,
                        (name, tensor) -> {
                            if (name.endsWith("bias") || name.endsWith(".b.weight")) {
                                return Optional.of(Initial.ZERO);
                            }
                            if (name.endsWith("norm.weight")) {
                                return Optional.of(Initial.constant(1));
                            }
                            return Optional.of(
                                    tensor.dim() >= 4 ? Initial.kaimingNormal(Math.sqrt(2)) : Initial.KAIMING_UNIFORM);
                        },
                        workers);
    }

    private Tensor tensor(String name) {
        return Optional.ofNullable(tensors.get(name)).orElseThrow();
    }

    private TensorOptional optional(String name) {
        return new TensorOptional(tensor(name));
    }

    /** What the heads read: the mean and the largest of each channel over frames and places, {@code [clips, 2 · channels]}. */
    Tensor features(Tensor clips) {
        long count = clips.size(0);
        long times = clips.size(1) - 1;
        Tensor now = clips.narrow(1, 0, times);
        Tensor change = clips.narrow(1, 1, times).sub(now);
        Tensor in = torch.cat(
                new TensorVector(now.sub(new Scalar(0.5)), change.mul(new Scalar(2))), 2); // [clips, times, 6, h, w]
        Tensor x = convolved(in.reshape(count * times, 6, clips.size(3), clips.size(4)), "stem.weight", 1);
        x = activated(x, "stem.norm");
        for (int s = 0; s < widths.size(); s++) {
            String stage = "stages." + s;
            Tensor calibrated = x.mul(calibration(stage, x, count, times));
            x = activated(convolved(calibrated, stage + ".weight", strides.get(s)), stage + ".norm");
            if (s == STAGE_OF_POOLING) {
                Tensor pooled = pooled(x, count, times);
                times = pooled.size(1);
                x = pooled.reshape(count * times, x.size(1), x.size(2), x.size(3));
            }
        }
        Tensor all = x.reshape(count, times, x.size(1), -1);
        return torch.cat(new TensorVector(all.mean(1, 3), torch.amax(all, new long[] {1, 3}, false)), 1);
    }

    /** Scores before calibration, {@code [clips, heads]}, of clips {@code [clips, frames, 3, height, width]} from 0 to 1. */
    Tensor scores(Tensor clips) {
        Tensor features = features(clips);
        Tensor[] outputs = new Tensor[heads];
        for (int h = 0; h < heads; h++) {
            String head = "heads." + h;
            Tensor hidden = torch.silu(torch.linear(features, tensor(head + ".0.weight"), optional(head + ".0.bias")));
            outputs[h] = torch.linear(hidden, tensor(head + ".1.weight"), optional(head + ".1.bias"));
        }
        return torch.cat(new TensorVector(outputs), 1);
    }

    Tensor convolved(Tensor x, String weight, int stride) {
        return Convolution.of(x, tensor(weight), new TensorOptional(), stride, KERNEL / 2);
    }

    private Tensor activated(Tensor x, String norm) {
        return torch.relu(torch.group_norm(
                x, Math.min(GROUPS, x.size(1)), optional(norm + ".weight"), optional(norm + ".bias"), 1e-5, false));
    }

    /** α of each frame and channel, {@code [clips · times, channels, 1, 1]}: 1 + b(ReLU(norm(a(g_t + W ḡ)))). */
    Tensor calibration(String stage, Tensor x, long count, long times) {
        long channels = x.size(1);
        Tensor frames = x.mean(2, 3).reshape(count, times, channels);
        Tensor whole =
                torch.linear(frames.mean(1), tensor(stage + ".global.weight")).unsqueeze(1);
        Tensor mixed = temporal(frames.add(whole).transpose(1, 2), stage + ".a.weight"); // [clips, inner, times]
        Tensor inner = torch.relu(torch.group_norm(
                mixed, 1, optional(stage + ".a.norm.weight"), optional(stage + ".a.norm.bias"), 1e-5, false));
        Tensor alpha = temporal(inner, stage + ".b.weight").transpose(1, 2).add(new Scalar(1.0));
        return alpha.reshape(count * times, channels, 1, 1);
    }

    /** A convolution over three frames, {@code [clips, channels, times]}. */
    private Tensor temporal(Tensor x, String weight) {
        Tensor filter = tensor(weight); // [outputs, channels, 3]
        Tensor padded = torch.constant_pad_nd(x, new long[] {1, 1});
        Tensor[] shifted = new Tensor[KERNEL];
        for (int k = 0; k < KERNEL; k++) {
            shifted[k] = padded.narrow(2, k, x.size(2));
        }
        Tensor columns = torch.stack(new TensorVector(shifted), 2).reshape(x.size(0), x.size(1) * KERNEL, x.size(2));
        return filter.reshape(filter.size(0), -1).matmul(columns);
    }

    /** Mean and largest over three frames at every second one, added: {@code [clips, fewer times, channels, h, w]}. */
    private static Tensor pooled(Tensor x, long count, long times) {
        Tensor by = x.reshape(count, times, x.size(1), x.size(2), x.size(3));
        long fewer = (times - 3) / 2 + 1;
        Tensor[] parts = new Tensor[(int) fewer];
        for (int n = 0; n < fewer; n++) {
            Tensor three = by.narrow(1, 2L * n, 3);
            parts[n] = three.mean(1).add(torch.amax(three, new long[] {1}, false));
        }
        return torch.stack(new TensorVector(parts), 1);
    }

    /** A batch of clips, from 0 to 1. */
    static Tensor batch(List<Clip> clips) {
        Clip first = clips.getFirst();
        int size = first.frames() * 3 * first.height() * first.width();
        float[] values = new float[clips.size() * size];
        for (int n = 0; n < clips.size(); n++) {
            write(clips.get(n), values, n * size);
        }
        return Tensors.of(values, clips.size(), first.frames(), 3, first.height(), first.width());
    }

    private static void write(Clip clip, float[] values, int from) {
        int plane = clip.height() * clip.width();
        byte[] rgb = clip.rgb();
        for (int i = 0; i < rgb.length; i++) {
            int pixel = i / 3;
            values[from + (pixel / plane * 3 + i % 3) * plane + pixel % plane] = (rgb[i] & 0xFF) / 255f;
        }
    }
}
