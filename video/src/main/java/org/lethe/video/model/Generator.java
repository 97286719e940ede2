package org.lethe.video.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Safetensors;
import org.lethe.image.Sampler;
import org.lethe.numerics.Keyed;
import org.lethe.study.Words;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;
import org.lethe.video.Clip;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.flow.Measure;

/**
 * A diffusion transformer that makes a clip of a first frame; {@link MotionTransformer} trains it.
 *
 * <p>The network says what the clean clip is, from which follows what is predicted; before any training it makes clips that stand still.
 *
 * <p>With guidance w for a score, its part of the prediction is pressed: f + (w_o − 1)(f − f without the score of objects) + (w_c − 1)(f − f without
 * that of the camera), where f knows both.
 */
public final class Generator extends VideoModel {
    static final String ARCHITECTURE = "motion-transformer";
    private static final int BATCH = 16;
    private static final double FPS = 8;
    private static final double FIRST_WEIGHT = 0.5; // of frame 0 in the loss
    private static final double BLUR = -3; // mean of log σ of the noise on the first frame in training
    private static final double IMAGE_DROPPED = 0.05;
    private static final Measure.Score UNPRESSED = new Measure.Score(1, 1);

    private final VideoTransformer.Shape shape;
    private final Prediction prediction;
    private final boolean clamp;
    private final double averaging;
    private final Optional<Injection> injection;
    private final Measure.Score guidance;
    private final Map<String, Safetensors.Tensor> weights;

    private Generator(
            VideoTransformer.Shape shape,
            Prediction prediction,
            boolean clamp,
            double averaging,
            Optional<Injection> injection,
            Measure.Score guidance,
            Map<String, Safetensors.Tensor> weights) {
        this.shape = shape;
        this.prediction = prediction;
        this.clamp = clamp;
        this.averaging = averaging;
        this.injection = injection;
        this.guidance = guidance;
        this.weights = new TreeMap<>(weights);
    }

    /** A generator that knows no scores, trained from first weights by chance. */
    static Generator trained(
            VideoTransformer.Shape shape,
            Prediction prediction,
            boolean clamp,
            double averaging,
            Lesson lesson,
            MotionClips data,
            Env env) {
        Generator fresh = new Generator(shape, prediction, clamp, averaging, Optional.empty(), UNPRESSED, Map.of());
        return fresh.learned(Optional.empty(), lesson, List.of(), data, env);
    }

    /** Number of weights. */
    public long parameters() {
        return weights.values().stream()
                .mapToLong(t -> t.shape().stream().reduce(1L, (a, b) -> a * b))
                .sum();
    }

    @Override
    public int size() {
        return shape.size();
    }

    @Override
    public VideoModel taught(Lesson lesson, List<Measure.Score> scores, MotionClips data, Env env) {
        Check.require(
                scores.size() == data.train().size(),
                "scores",
                scores.size(),
                "one for each of " + data.train().size());
        return learned(Optional.of(lesson.injection()), lesson, scores, data, env);
    }

    private Generator learned(
            Optional<Injection> how, Lesson lesson, List<Measure.Score> scores, MotionClips data, Env env) {
        Clip sample = data.train().getFirst().clip();
        Check.require(
                sample.frames() == shape.frames() && sample.height() == shape.size() && sample.width() == shape.size(),
                "clips",
                sample.frames() + " x " + sample.height() + " x " + sample.width(),
                shape.frames() + " x " + shape.size() + " x " + shape.size() + ", as the model has");
        Devices.ready(Device.CPU);
        Env here = env.with(Device.CPU);
        try (var _ = new PointerScope()) {
            VideoTransformer network = new VideoTransformer(shape, how);
            network.draw(here.random("motion transformer").of("weights"), here.workers());
            fill(network);
            Parameters all = network.parameters();
            all.train(_ -> true);
            Training.of(lesson.steps())
                    .with(
                            new UpdateRule.AdamW(lesson.learningRate(), 0.9, 0.99, 1e-8, 0.01, false),
                            new Schedule.Cosine(Math.min(100, lesson.steps() / 10), 0.05))
                    .withAveraging(averaging)
                    .run(all, new Objective(network, how.isPresent(), lesson, scores, data), here);
            Map<String, Safetensors.Tensor> made = new LinkedHashMap<>();
            all.all()
                    .forEach((name, tensor) ->
                            made.put(name, Safetensors.Tensor.of(Tensors.floats(tensor.detach()), tensor.shape())));
            return new Generator(shape, prediction, clamp, averaging, how, lesson.guidance(), made);
        }
    }

    /** Gives a network the weights that are known, under their names; what is new stays as it was drawn. */
    private void fill(VideoTransformer network) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Parameters own = network.parameters();
            weights.forEach((name, tensor) -> {
                if (own.all().containsKey(name)) {
                    own.tensor(name).copy_(Tensors.of(tensor));
                }
            });
        }
    }

    /** A batch of clips and what is told of them. */
    private record Batch(Tensor clean, VideoTransformer.Told told) {}

    private final class Objective implements Training.Objective<Batch> {
        private final VideoTransformer network;
        private final boolean scored;
        private final Lesson lesson;
        private final List<Measure.Score> scores;
        private final MotionClips data;

        Objective(
                VideoTransformer network, boolean scored, Lesson lesson, List<Measure.Score> scores, MotionClips data) {
            this.network = network;
            this.scored = scored;
            this.lesson = lesson;
            this.scores = scores;
            this.data = data;
        }

        @Override
        public String name() {
            return scored ? "steering" : "generator";
        }

        @Override
        public Batch batch(long step, int part, Keyed key) {
            List<Clip> clips = new ArrayList<>();
            float[] object = new float[lesson.batch()];
            float[] camera = new float[lesson.batch()];
            for (int n = 0; n < lesson.batch(); n++) {
                int at = Keyed.below(key.of("clip").at(n), data.train().size());
                clips.add(data.train().get(at).clip());
                Measure.Score score = scored ? scores.get(at) : new Measure.Score(Double.NaN, Double.NaN);
                object[n] =
                        told(score.object(), lesson.dropped(), key.of("object").at(n));
                camera[n] =
                        told(score.camera(), lesson.dropped(), key.of("camera").at(n));
            }
            return new Batch(signed(TadaNet.batch(clips)), new VideoTransformer.Told(object, camera));
        }

        @Override
        public Tensor loss(Batch batch, Keyed key) {
            int count = lesson.batch();
            float[] times = new float[count];
            float[] blur = new float[count];
            float[] shown = new float[count];
            for (int n = 0; n < count; n++) {
                times[n] = (float) prediction.drawn(key.of("times"), n);
                blur[n] = (float)
                        StrictMath.exp(BLUR + Keyed.normal(key.of("blur").at(n)));
                shown[n] = Keyed.unit(key.of("shown").at(n)) < IMAGE_DROPPED ? 0 : 1;
            }
            Tensor noise = Sampler.normal(key.of("noise"), batch.clean.shape());
            Tensor first = batch.clean.select(1, 0);
            first = first.add(Sampler.normal(key.of("first"), first.shape()).mul(Tensors.of(blur, count, 1, 1, 1)))
                    .mul(Tensors.of(shown, count, 1, 1, 1));
            Tensor said = predicted(network, prediction.noised(batch.clean, noise, times), first, times, batch.told);
            float[] weight = new float[shape.frames()];
            Arrays.fill(weight, 1);
            weight[0] = (float) FIRST_WEIGHT;
            return said.sub(prediction.target(batch.clean, noise, times))
                    .square()
                    .mul(Tensors.of(weight, 1, shape.frames(), 1, 1, 1))
                    .mean();
        }
    }

    /** A score as it is told in training: left out in a share of the draws. */
    static float told(double score, double dropped, long drawn) {
        return Keyed.unit(drawn) < dropped ? Float.NaN : (float) score;
    }

    private static Tensor signed(Tensor values) {
        return values.mul(new Scalar(2)).sub(new Scalar(1));
    }

    @Override
    public List<Clip> animate(List<Shot> shots, Env env) {
        Devices.ready(Device.CPU);
        List<Clip> clips = new ArrayList<>();
        for (Shot shot : shots) {
            Check.require(
                    shot.first().width() == shape.size() && shot.first().height() == shape.size(),
                    "first frame",
                    shot.first().width() + " x " + shot.first().height(),
                    shape.size() + " x " + shape.size() + ", as the model has");
        }
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                Progress.Step bar = env.progress().begin("clips", shots.size())) {
            VideoTransformer network = new VideoTransformer(shape, injection);
            fill(network);
            for (int from = 0; from < shots.size(); from += BATCH) {
                List<Shot> some = shots.subList(from, Math.min(shots.size(), from + BATCH));
                try (var _ = new PointerScope()) {
                    clips.addAll(made(network, some));
                }
                bar.advance(some.size());
            }
        }
        return clips;
    }

    private List<Clip> made(VideoTransformer network, List<Shot> shots) {
        int count = shots.size();
        Tensor[] noises = new Tensor[count];
        float[] object = new float[count];
        float[] camera = new float[count];
        for (int n = 0; n < count; n++) {
            noises[n] = Sampler.normal(shots.get(n).noise(), 1, shape.frames(), 3, shape.size(), shape.size());
            object[n] = (float) shots.get(n).asked().object();
            camera[n] = (float) shots.get(n).asked().camera();
        }
        Tensor noise = torch.cat(new TensorVector(noises), 0);
        Tensor first = signed(Sampler.batch(shots.stream().map(Shot::first).toList())); // [clips, 3, size, size]
        Tensor made = prediction.made(noise, (noisy, time) -> {
            float[] times = new float[count];
            Arrays.fill(times, (float) time);
            Tensor at = clamp ? clamped(noisy, first, noise, time) : noisy;
            VideoTransformer.Told told = new VideoTransformer.Told(object, camera);
            return injection.isPresent()
                    ? pressed(told, guidance, t -> predicted(network, at, first, times, t))
                    : predicted(network, at, first, times, told);
        });
        float[] values = Tensors.floats(clamp ? clamped(made, first, noise, 0) : made);
        List<Clip> clips = new ArrayList<>();
        int plane = shape.size() * shape.size();
        int each = shape.frames() * 3 * plane;
        for (int n = 0; n < count; n++) {
            byte[] rgb = new byte[each];
            for (int i = 0; i < each; i++) {
                int frame = i / (3 * plane);
                int channel = i / plane % 3;
                float value = (values[n * each + i] + 1) / 2 * 255;
                rgb[frame * 3 * plane + 3 * (i % plane) + channel] = (byte) Math.clamp(Math.round(value), 0, 255);
            }
            clips.add(new Clip(shape.frames(), shape.size(), shape.size(), FPS, rgb));
        }
        return clips;
    }

    private Tensor predicted(
            VideoTransformer network, Tensor noisy, Tensor first, float[] times, VideoTransformer.Told told) {
        Tensor clean = network.predicted(noisy, first, times, told);
        return prediction.predicted(noisy, clean, times);
    }

    /** What is predicted by what is told. */
    interface Telling {
        /** The prediction. */
        Tensor of(VideoTransformer.Told told);
    }

    /** f + (w_o − 1)(f − f without the score of objects) + (w_c − 1)(f − f without that of the camera); a guidance of 1 costs no call. */
    static Tensor pressed(VideoTransformer.Told told, Measure.Score guidance, Telling f) {
        float[] nothing = new float[told.object().length];
        Arrays.fill(nothing, Float.NaN);
        Tensor both = f.of(told);
        Tensor pressed = both;
        if (guidance.object() != 1) {
            Tensor without = f.of(new VideoTransformer.Told(nothing, told.camera()));
            pressed = pressed.add(both.sub(without).mul(new Scalar(guidance.object() - 1)));
        }
        if (guidance.camera() != 1) {
            Tensor without = f.of(new VideoTransformer.Told(told.object(), nothing));
            pressed = pressed.add(both.sub(without).mul(new Scalar(guidance.camera() - 1)));
        }
        return pressed;
    }

    /** The same with the first frame as it is at this time. */
    private Tensor clamped(Tensor noisy, Tensor first, Tensor noise, double time) {
        Tensor known = first.unsqueeze(1)
                .mul(new Scalar(prediction.signal(time)))
                .add(noise.narrow(1, 0, 1).mul(new Scalar(prediction.noise(time))));
        return torch.cat(new TensorVector(known, noisy.narrow(1, 1, shape.frames() - 1L)), 1);
    }

    @Override
    public void save(Path file, Map<String, String> provenance) throws IOException {
        Map<String, String> words = new HashMap<>(provenance);
        words.put("architecture", ARCHITECTURE);
        words.put("width", Integer.toString(shape.width()));
        words.put("blocks", Integer.toString(shape.blocks()));
        words.put("heads", Integer.toString(shape.heads()));
        words.put("size", Integer.toString(shape.size()));
        words.put("frames", Integer.toString(shape.frames()));
        words.put("carried", Boolean.toString(shape.carried()));
        words.put("prediction", Words.full(prediction));
        words.put("clamp", Boolean.toString(clamp));
        words.put("averaging", Double.toString(averaging));
        words.put(
                "injection",
                injection.map(i -> i.name().toLowerCase(Locale.ROOT)).orElse("none"));
        words.put("guidance", guidance.object() + "," + guidance.camera());
        Safetensors.write(file, weights, words);
    }

    /** Reads one that {@link #save} wrote. */
    static Generator load(Safetensors read, Path file) {
        Map<String, String> words = read.metadata();
        VideoTransformer.Shape shape = new VideoTransformer.Shape(
                number(file, words, "width"),
                number(file, words, "blocks"),
                number(file, words, "heads"),
                number(file, words, "size"),
                number(file, words, "frames"),
                Boolean.parseBoolean(words.get("carried")));
        if (shape.width() % shape.heads() != 0
                || shape.size() % VideoTransformer.PATCH != 0
                || shape.frames() % VideoTransformer.FRAMES != 0) {
            throw wrong(file, "has the shape " + shape + ", expected heads that divide the width, and whole patches");
        }
        String said = Optional.ofNullable(words.get("injection")).orElse("");
        Optional<Injection> injection = said.equals("none")
                ? Optional.empty()
                : Arrays.stream(Injection.values())
                        .filter(i -> i.name().toLowerCase(Locale.ROOT).equals(said))
                        .findFirst();
        if (injection.isEmpty() && !said.equals("none")) {
            throw wrong(file, "injection is \"" + said + "\", expected none or a way in which scores enter");
        }
        String[] pressed = Optional.ofNullable(words.get("guidance")).orElse("").split(",", -1);
        Map<String, Safetensors.Tensor> weights = new LinkedHashMap<>();
        try (var _ = new PointerScope()) {
            new VideoTransformer(shape, injection).parameters().all().forEach((name, tensor) -> {
                read.require(name, tensor.shape());
                weights.put(name, Safetensors.Tensor.of(read.floats(name), tensor.shape()));
            });
        }
        try {
            return new Generator(
                    shape,
                    Words.read(
                            Optional.ofNullable(words.get("prediction")).orElse(""),
                            List.of(new Prediction.RectifiedFlow(), new Prediction.V()),
                            List.of()),
                    Boolean.parseBoolean(words.get("clamp")),
                    Double.parseDouble(
                            Optional.ofNullable(words.get("averaging")).orElse("")),
                    injection,
                    new Measure.Score(Double.parseDouble(pressed[0]), Double.parseDouble(pressed[pressed.length - 1])),
                    weights);
        } catch (NumberFormatException e) {
            throw wrong(file, "has a number in its header that is none: " + e.getMessage());
        }
    }

    private static int number(Path file, Map<String, String> words, String name) {
        String text = Optional.ofNullable(words.get(name)).orElse("");
        if (!text.matches("[1-9]\\d{0,3}")) {
            throw wrong(file, name + " is \"" + text + "\", expected a whole number from 1 to 9,999");
        }
        return Integer.parseInt(text);
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }
}
