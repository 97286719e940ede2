package org.lethe.video.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;

/**
 * Learns to score the motion of objects and of the camera from comparisons of clips (MotionStone, Shi et al. 2025), with a small network of
 * temporally adaptive convolutions.
 *
 * <p>Every clip of a batch is compared with every other. The loss is that of the order, for each score, and λ times the squared distance to
 * the intensities, which keeps scores from falling together. As published, the loss of the order is a hinge without margin; the logistic
 * one is the default. Clips are mirrored, reversed in time and made darker or lighter at random, which changes no intensity. Costs about
 * 0.5 GFLOP a clip and step at 8 × 32 × 32.
 *
 * @param widths channels of the stages
 * @param strides of the stages, 1 or 2
 * @param heads 2 for a score of objects and one of the camera; 1 for a single score that must serve both
 * @param loss of the order of scores
 * @param regression λ: weight of the squared distance to the intensities
 * @param steps of the optimiser
 * @param batch clips of a step
 * @param learningRate largest rate of AdamW
 */
@Named("tada")
public record Tada(
        List<Integer> widths,
        List<Integer> strides,
        int heads,
        RankingLoss loss,
        double regression,
        int steps,
        int batch,
        double learningRate) {
    public Tada {
        Check.require(widths.size() >= 2 && widths.size() <= 16, "widths.size", widths.size(), "2 to 16");
        Check.require(
                widths.stream().allMatch(w -> w >= 8 && w <= 512 && w % 8 == 0),
                "widths",
                widths,
                "multiples of 8, up to 512");
        Check.require(strides.size() == widths.size(), "strides.size", strides.size(), "one for each width");
        Check.require(strides.stream().allMatch(s -> s == 1 || s == 2), "strides", strides, "1 or 2 each");
        Check.require(heads == 1 || heads == 2, "heads", heads, "1 or 2");
        Check.require(regression >= 0 && regression <= 100, "regression", regression, "0 to 100");
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(batch >= 2 && batch <= 1024, "batch", batch, "2 to 1,024");
        Check.require(learningRate > 0 && learningRate <= 1, "learningRate", learningRate, "above 0, at most 1");
        widths = List.copyOf(widths);
        strides = List.copyOf(strides);
    }

    /** Widths of 32, 32, 64 and 64, two heads, logistic, λ of 0.5, 1,500 steps of 32 clips. */
    public Tada() {
        this(List.of(32, 32, 64, 64), List.of(2, 1, 2, 1), 2, new RankingLoss.Logistic(), 0.5, 1500, 32, 2e-3);
    }

    /** Clips of a step. */
    private record Batch(Tensor clips, float[] object, float[] camera) {}

    /** Trains an estimator. */
    public MotionEstimator train(MotionClips data, Env env) {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            TadaNet net = new TadaNet(widths, strides, heads);
            net.draw(env.random("tada").of("weights"), env.workers());
            Training.of(steps)
                    .with(
                            new UpdateRule.AdamW(learningRate, 0.01),
                            new Schedule.Cosine(Math.min(100, steps / 10), 0.02))
                    .run(net.parameters(), objective(data, net), env);
            return MotionEstimator.of(
                    widths,
                    strides,
                    heads,
                    net.parameters(),
                    data.train().stream().map(Labelled::clip).toList());
        }
    }

    private Training.Objective<Batch> objective(MotionClips data, TadaNet net) {
        return new Training.Objective<>() {
            @Override
            public String name() {
                return "tada";
            }

            @Override
            public Batch batch(long step, int part, Keyed key) {
                List<Clip> clips = new ArrayList<>();
                float[] object = new float[batch];
                float[] camera = new float[batch];
                for (int n = 0; n < batch; n++) {
                    Labelled one = data.train()
                            .get(Keyed.below(key.of("clip").at(n), data.train().size()));
                    clips.add(varied(one.clip(), key.of("varied").of(n)));
                    object[n] = (float) one.object();
                    camera[n] = (float) one.camera();
                }
                return new Batch(TadaNet.batch(clips), object, camera);
            }

            @Override
            public Tensor loss(Batch batch, Keyed key) {
                Tensor scores = net.scores(batch.clips);
                Tensor object = one(scores.select(1, 0), batch.object);
                return object.add(one(scores.select(1, heads - 1), batch.camera));
            }
        };
    }

    /** The loss of one score: of its order, and of its distance to the intensities about their middle. */
    private Tensor one(Tensor scores, float[] truth) {
        Tensor order = loss.of(scores, truth);
        Tensor known = Tensors.of(truth, truth.length).sub(new Scalar(1.5));
        return order.add(torch.mse_loss(scores, known).mul(new Scalar(regression)));
    }

    /** A clip mirrored, reversed in time, and darker or lighter by chance. */
    static Clip varied(Clip clip, Keyed key) {
        boolean across = (key.at(0) & 1 << 20) != 0;
        boolean down = (key.at(1) & 1 << 20) != 0;
        boolean back = (key.at(2) & 1 << 20) != 0;
        double gain = 0.7 + 0.6 * Keyed.unit(key.at(3));
        byte[] rgb = new byte[clip.rgb().length];
        int width = clip.width();
        int height = clip.height();
        int to = 0;
        for (int n = 0; n < clip.frames(); n++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    for (int c = 0; c < 3; c++) {
                        int value = clip.at(
                                back ? clip.frames() - 1 - n : n,
                                down ? height - 1 - y : y,
                                across ? width - 1 - x : x,
                                c);
                        rgb[to++] = (byte) Math.min(255, (int) Math.round(gain * value));
                    }
                }
            }
        }
        return new Clip(clip.frames(), height, width, clip.fps(), rgb);
    }
}
