package org.lethe.video.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.Function;
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
 * one is the default. Clips are mirrored, reversed in time and made darker or lighter at random, which changes no intensity.
 *
 * <p>Two kinds of pairs need no answer. Every second frame of a clip has twice the motion of as many frames in a row, so its scores must be
 * higher. A window that wanders over a clip by a pixel a frame changes the camera alone, so the score of objects must stay as it is in a window
 * that rests. An eighth of a batch, at least one clip, gives a pair of each kind. Costs about 0.5 GFLOP a clip and step at 8 × 32 × 32.
 *
 * @param widths channels of the stages
 * @param strides of the stages, 1 or 2
 * @param heads 2 for a score of objects and one of the camera; 1 for a single score that must serve both
 * @param loss of the order of scores
 * @param regression λ: weight of the squared distance to the intensities
 * @param skips weight of the order of a clip and its every second frame; 0 for none
 * @param consistency weight of the squared distance of the scores of objects under a resting and a wandering window; 0 for none
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
        double skips,
        double consistency,
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
        Check.require(skips >= 0 && skips <= 100, "skips", skips, "0 to 100");
        Check.require(consistency >= 0 && consistency <= 100, "consistency", consistency, "0 to 100");
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(batch >= 2 && batch <= 1024, "batch", batch, "2 to 1,024");
        Check.require(learningRate > 0 && learningRate <= 1, "learningRate", learningRate, "above 0, at most 1");
        widths = List.copyOf(widths);
        strides = List.copyOf(strides);
    }

    /** Widths of 32, 32, 64 and 64, two heads, logistic, λ of 0.5, 1,500 steps of 32 clips. */
    public Tada() {
        this(
                List.of(32, 32, 64, 64),
                List.of(2, 1, 2, 1),
                2,
                new RankingLoss.Logistic(),
                0.5,
                0.1,
                0.1,
                1500,
                32,
                2e-3);
    }

    private static final int SHORTEST = 4; // frames that the network takes
    private static final int SMALLEST = 24; // pixels, so that a window stays in which bodies are seen

    /** Clips of a step; with answers, their orders stand in place of pairs that need none. */
    private record Batch(
            Tensor clips, float[] object, float[] camera, Optional<Tensor> pairs, Optional<Tensor> windows) {}

    /** Trains an estimator. */
    public MotionEstimator train(MotionClips data, Env env) {
        return train(
                net -> objective(data, net),
                data.train().stream().map(Labelled::clip).toList(),
                env);
    }

    /**
     * A pair of clips of which people said what moves more.
     *
     * @param one number of a clip
     * @param other number of another
     * @param object 1 where the objects of the first move more, −1 where those of the other do, 0 where they are alike; empty where it was not
     *     asked, or people disagree
     * @param camera the same of the camera
     */
    public record Answered(int one, int other, OptionalInt object, OptionalInt camera) {}

    /**
     * Trains an estimator from what people said, as published: the order comes from their answers, and the regression from intensities that are
     * measured by points that are followed.
     *
     * @param clips windows of each clip, with measured intensities; windows have one size
     * @param pairs their answers
     */
    public MotionEstimator train(List<List<Labelled>> clips, List<Answered> pairs, Env env) {
        Check.require(!pairs.isEmpty(), "pairs", 0, "at least 1 on which people agree");
        return train(
                net -> answered(clips, pairs, net),
                clips.stream().flatMap(List::stream).map(Labelled::clip).toList(),
                env);
    }

    private MotionEstimator train(
            Function<TadaNet, Training.Objective<Batch>> objective, List<Clip> calibration, Env env) {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            TadaNet net = new TadaNet(widths, strides, heads);
            net.draw(env.random("tada").of("weights"), env.workers());
            Training.of(steps)
                    .with(
                            new UpdateRule.AdamW(learningRate, 0.01),
                            new Schedule.Cosine(Math.min(100, steps / 10), 0.02))
                    .run(net.parameters(), objective.apply(net), env);
            return MotionEstimator.of(widths, strides, heads, net.parameters(), calibration);
        }
    }

    private Training.Objective<Batch> answered(List<List<Labelled>> clips, List<Answered> pairs, TadaNet net) {
        return new Training.Objective<>() {
            @Override
            public String name() {
                return "tada";
            }

            @Override
            public Batch batch(long step, int part, Keyed key) {
                int count = Math.max(1, batch / 2);
                List<Clip> all = new ArrayList<>();
                float[] object = new float[2 * count];
                float[] camera = new float[2 * count];
                float[] orders = new float[4 * count]; // of objects, of cameras; then whether they count
                for (int n = 0; n < count; n++) {
                    Answered pair = pairs.get(Keyed.below(key.of("pair").at(n), pairs.size()));
                    for (int side = 0; side < 2; side++) {
                        int at = 2 * n + side;
                        List<Labelled> own = clips.get(side == 0 ? pair.one : pair.other);
                        Labelled window = own.get(Keyed.below(key.of("window").at(at), own.size()));
                        all.add(varied(window.clip(), key.of("varied").of(at)));
                        object[at] = (float) window.object();
                        camera[at] = (float) window.camera();
                    }
                    orders[n] = pair.object.orElse(0);
                    orders[count + n] = pair.camera.orElse(0);
                    orders[2 * count + n] = pair.object.isPresent() ? 1 : 0;
                    orders[3 * count + n] = pair.camera.isPresent() ? 1 : 0;
                }
                return new Batch(
                        TadaNet.batch(all),
                        object,
                        camera,
                        Optional.of(Tensors.of(orders, 4, count)),
                        Optional.empty());
            }

            @Override
            public Tensor loss(Batch batch, Keyed key) {
                Tensor scores = net.scores(batch.clips);
                Tensor orders = batch.pairs.orElseThrow();
                Tensor sum = torch.zeros(new long[] {1}).sum();
                for (int h = 0; h < 2; h++) {
                    Tensor own = scores.select(1, Math.min(h, heads - 1));
                    Tensor both = own.reshape(-1, 2); // [pairs, 2]
                    Tensor gap = both.select(1, 0).sub(both.select(1, 1));
                    Tensor order = orders.select(0, h);
                    Tensor asked = orders.select(0, 2 + h);
                    Tensor ties = gap.square().mul(asked.sub(order.abs())).mul(new Scalar(0.1));
                    sum = sum.add(loss.each(gap.mul(order))
                                    .mul(order.abs())
                                    .add(ties)
                                    .mean())
                            .add(distance(own, h == 0 ? batch.object : batch.camera));
                }
                return sum;
            }
        };
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
                return new Batch(
                        TadaNet.batch(clips),
                        object,
                        camera,
                        of(clips, skips, key, SHORTEST * 2, (clip, _) -> skipped(clip)),
                        of(clips, consistency, key, SMALLEST, Tada::windows));
            }

            // Pairs of some clips: first one of each, and then the other of each.
            private Optional<Tensor> of(
                    List<Clip> clips, double weight, Keyed key, int least, BiFunction<Clip, Keyed, Pair> made) {
                Clip sample = clips.getFirst();
                int size = least == SMALLEST ? Math.min(sample.width(), sample.height()) : sample.frames();
                if (weight == 0 || size < least) {
                    return Optional.empty();
                }
                List<Clip> all = new ArrayList<>();
                List<Clip> others = new ArrayList<>();
                for (int n = 0; n < Math.max(1, batch / 8); n++) {
                    Pair pair = made.apply(clips.get(n), key.of("pair").of(n));
                    all.add(pair.one);
                    others.add(pair.other);
                }
                all.addAll(others);
                return Optional.of(TadaNet.batch(all));
            }

            @Override
            public Tensor loss(Batch batch, Keyed key) {
                Tensor scores = net.scores(batch.clips);
                Tensor object = one(scores.select(1, 0), batch.object);
                Tensor sum = object.add(one(scores.select(1, heads - 1), batch.camera));
                if (batch.pairs.isPresent()) {
                    sum = sum.add(loss.each(gaps(batch.pairs.get())).mean().mul(new Scalar(skips)));
                }
                if (batch.windows.isPresent()) {
                    Tensor moved = gaps(batch.windows.get()).select(1, 0);
                    sum = sum.add(moved.square().mean().mul(new Scalar(consistency)));
                }
                return sum;
            }

            // The scores of the other ones less those of the first, [pairs, heads].
            private Tensor gaps(Tensor pairs) {
                Tensor scores = net.scores(pairs);
                long count = pairs.size(0) / 2;
                return scores.narrow(0, count, count).sub(scores.narrow(0, 0, count));
            }
        };
    }

    /** The loss of one score: of its order, and of its distance to the intensities about their middle. */
    private Tensor one(Tensor scores, float[] truth) {
        return loss.of(scores, truth).add(distance(scores, truth));
    }

    private Tensor distance(Tensor scores, float[] truth) {
        Tensor known = Tensors.of(truth, truth.length).sub(new Scalar(1.5));
        return torch.mse_loss(scores, known).mul(new Scalar(regression));
    }

    /** Two clips of one size. */
    record Pair(Clip one, Clip other) {}

    /** As many frames in a row from the middle, and every second frame. */
    static Pair skipped(Clip clip) {
        Clip second = clip.every(2);
        int count = second.frames();
        return new Pair(clip.part((clip.frames() - count) / 2, count), second);
    }

    /** A window that rests in the middle of a clip, and one that wanders by a pixel a frame in one of eight directions. */
    static Pair windows(Clip clip, Keyed key) {
        int margin = clip.frames() / 2;
        int direction = Keyed.below(key.of("direction").at(0), 8);
        direction = direction < 4 ? direction : direction + 1; // of the nine, the middle one rests
        return new Pair(window(clip, margin, 0, 0), window(clip, margin, direction % 3 - 1, direction / 3 - 1));
    }

    private static Clip window(Clip clip, int margin, int acrossStep, int downStep) {
        int width = clip.width() - 2 * margin;
        int height = clip.height() - 2 * margin;
        byte[] rgb = new byte[3 * clip.frames() * width * height];
        for (int n = 0; n < clip.frames(); n++) {
            int left = margin + acrossStep * (n - clip.frames() / 2);
            int top = margin + downStep * (n - clip.frames() / 2);
            for (int y = 0; y < height; y++) {
                System.arraycopy(
                        clip.rgb(),
                        3 * ((n * clip.height() + top + y) * clip.width() + left),
                        rgb,
                        3 * (n * height + y) * width,
                        3 * width);
            }
        }
        return new Clip(clip.frames(), height, width, clip.fps(), rgb);
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
