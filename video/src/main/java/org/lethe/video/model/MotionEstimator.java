package org.lethe.video.model;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.study.RunFolder;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;
import org.lethe.transport.Line;
import org.lethe.video.Clip;
import org.lethe.video.flow.Measure;

/**
 * A trained estimator of motion: two scores from 1 to 10, of which 1 is the stillest and 10 the liveliest of the clips that it learnt from.
 *
 * <p>Raw scores are calibrated by the transport of their training distribution to the uniform one, which on a line is the quantile map.
 */
public final class MotionEstimator {
    private static final String ARCHITECTURE = "tada-motion-estimator";
    static final String RESOURCE = "/org/lethe/video/motion-estimator.safetensors";
    static final String SHA256 = "0f12e9dbe515acb9006681fca71ecea27112c33aa06eb6794e7ccdff99ac95f5";
    private static final int BATCH = 32;
    private static final int KNOTS = 201;

    private final List<Integer> widths;
    private final List<Integer> strides;
    private final int heads;
    private final Map<String, Safetensors.Tensor> weights;
    private final float[][] knots; // of each head, raw scores at even shares of the training clips

    private MotionEstimator(
            List<Integer> widths,
            List<Integer> strides,
            int heads,
            Map<String, Safetensors.Tensor> weights,
            float[][] knots) {
        this.widths = List.copyOf(widths);
        this.strides = List.copyOf(strides);
        this.heads = heads;
        this.weights = new TreeMap<>(weights);
        this.knots = knots;
    }

    /** An estimator of a trained network, calibrated by clips. */
    static MotionEstimator of(
            List<Integer> widths, List<Integer> strides, int heads, Parameters network, List<Clip> calibration) {
        Map<String, Safetensors.Tensor> weights = new LinkedHashMap<>();
        network.all()
                .forEach((name, tensor) ->
                        weights.put(name, Safetensors.Tensor.of(Tensors.floats(tensor.detach()), tensor.shape())));
        MotionEstimator raw = new MotionEstimator(widths, strides, heads, weights, new float[heads][]);
        float[] scores = raw.raw(calibration);
        float[][] knots = new float[heads][KNOTS];
        for (int h = 0; h < heads; h++) {
            double[] own = new double[calibration.size()];
            for (int n = 0; n < own.length; n++) {
                own[n] = scores[n * heads + h];
            }
            Line line = Line.of(own);
            for (int k = 0; k < KNOTS; k++) {
                knots[h][k] = (float) line.quantile(k / (KNOTS - 1.0));
            }
        }
        return new MotionEstimator(widths, strides, heads, weights, knots);
    }

    /** Number of weights. */
    public long parameters() {
        return weights.values().stream()
                .mapToLong(t -> t.shape().stream().reduce(1L, (a, b) -> a * b))
                .sum();
    }

    /** The estimator that comes with Lethe: {@code video train-estimator} made it, as its header says. */
    public static MotionEstimator shipped() {
        return Shipped.ESTIMATOR;
    }

    /** Read once. */
    private static final class Shipped {
        private static final MotionEstimator ESTIMATOR = read();

        private static MotionEstimator read() {
            try (InputStream resource = Optional.ofNullable(MotionEstimator.class.getResourceAsStream(RESOURCE))
                    .orElseThrow()) {
                return verified(resource, SHA256);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Reads an estimator whose digest is known, and refuses any other. */
    static MotionEstimator verified(InputStream in, String sha256) throws IOException {
        Path copy = Files.createTempFile("lethe-estimator", ".safetensors");
        try {
            Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
            String found = RunFolder.sha256(copy);
            if (!found.equals(sha256)) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        "the shipped estimator has the SHA-256 " + found + ", expected " + sha256
                                + "; the file was altered");
            }
            return load(copy);
        } finally {
            Files.deleteIfExists(copy);
        }
    }

    /** Scores before calibration, head by head for each clip; clips have one size. */
    float[] raw(List<Clip> clips) {
        return outputs(clips, heads, TadaNet::scores);
    }

    /** What the heads read of each clip: the mean and the largest of each channel. Clips have one size. */
    public List<float[]> features(List<Clip> clips) {
        int width = 2 * widths.getLast();
        float[] all = outputs(clips, width, TadaNet::features);
        List<float[]> rows = new ArrayList<>();
        for (int n = 0; n < clips.size(); n++) {
            rows.add(Arrays.copyOfRange(all, n * width, (n + 1) * width));
        }
        return rows;
    }

    private float[] outputs(List<Clip> clips, int each, BiFunction<TadaNet, Tensor, Tensor> of) {
        Devices.ready(Device.CPU);
        float[] all = new float[clips.size() * each];
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            TadaNet net = new TadaNet(widths, strides, heads);
            Parameters own = net.parameters();
            weights.forEach((name, tensor) -> own.tensor(name).detach().copy_(Tensors.of(tensor)));
            for (int from = 0; from < clips.size(); from += BATCH) {
                List<Clip> some = clips.subList(from, Math.min(clips.size(), from + BATCH));
                try (var _ = new PointerScope()) {
                    float[] part = Tensors.floats(of.apply(net, TadaNet.batch(some)));
                    System.arraycopy(part, 0, all, from * each, part.length);
                }
            }
        }
        return all;
    }

    /** The scores of clips of one size. */
    public List<Measure.Score> scores(List<Clip> clips) {
        for (Clip clip : clips) {
            Check.require(clip.frames() >= 4, "frames", clip.frames(), "at least 4");
        }
        float[] raw = raw(clips);
        List<Measure.Score> scores = new ArrayList<>();
        for (int n = 0; n < clips.size(); n++) {
            double object = calibrated(0, raw[n * heads]);
            double camera = heads == 1 ? object : calibrated(1, raw[n * heads + 1]);
            scores.add(new Measure.Score(object, camera));
        }
        return scores;
    }

    /** The scores of one clip. */
    public Measure.Score score(Clip clip) {
        return scores(List.of(clip)).getFirst();
    }

    private double calibrated(int head, float raw) {
        Check.require(Float.isFinite(raw), "score", raw, "a finite number");
        float[] at = knots[head];
        int found = Arrays.binarySearch(at, raw);
        double place = found >= 0 ? found : -found - 1;
        if (found < 0 && place > 0 && place < at.length) {
            int above = (int) place;
            place = above - 1 + (double) (raw - at[above - 1]) / (at[above] - at[above - 1]);
        }
        return 1 + 9 * Math.clamp(place / (at.length - 1), 0, 1);
    }

    /** Writes it as safetensors. */
    public void save(Path file, Map<String, String> provenance) throws IOException {
        Map<String, Safetensors.Tensor> all = new LinkedHashMap<>(weights);
        for (int h = 0; h < heads; h++) {
            all.put("calibration." + h, Safetensors.Tensor.of(knots[h], KNOTS));
        }
        Map<String, String> words = new HashMap<>(provenance);
        words.put("architecture", ARCHITECTURE);
        words.put("widths", joined(widths));
        words.put("strides", joined(strides));
        words.put("heads", Integer.toString(heads));
        Safetensors.write(file, all, words);
    }

    private static String joined(List<Integer> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /** Reads one that {@link #save} wrote. */
    public static MotionEstimator load(Path file) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            Map<String, String> words = read.metadata();
            if (!ARCHITECTURE.equals(words.get("architecture"))) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": architecture is " + words.get("architecture") + ", expected " + ARCHITECTURE);
            }
            List<Integer> widths = numbers(file, words, "widths");
            List<Integer> strides = numbers(file, words, "strides");
            int heads = numbers(file, words, "heads").getFirst();
            if (widths.size() != strides.size() || widths.size() < 2 || heads > 2) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": has " + widths.size() + " widths, " + strides.size() + " strides and " + heads
                                + " heads, expected as many strides as widths, and 1 or 2 heads");
            }
            Map<String, Safetensors.Tensor> weights = new LinkedHashMap<>();
            try (var _ = new PointerScope()) {
                new TadaNet(widths, strides, heads).parameters().all().forEach((name, tensor) -> {
                    read.require(name, tensor.shape());
                    weights.put(name, Safetensors.Tensor.of(read.floats(name), tensor.shape()));
                });
            }
            float[][] knots = new float[heads][];
            for (int h = 0; h < heads; h++) {
                read.require("calibration." + h, KNOTS);
                knots[h] = read.floats("calibration." + h);
                for (int k = 1; k < KNOTS; k++) {
                    if (!(knots[h][k] >= knots[h][k - 1])) {
                        throw new LetheException(
                                LetheException.Code.DATA, file + ": calibration." + h + " does not grow at " + k);
                    }
                }
            }
            return new MotionEstimator(widths, strides, heads, weights, knots);
        }
    }

    private static List<Integer> numbers(Path file, Map<String, String> words, String name) {
        String text = Optional.ofNullable(words.get(name)).orElse("");
        if (!text.matches("[1-9]\\d{0,3}(,[1-9]\\d{0,3}){0,15}")) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": " + name + " is \"" + text + "\", expected numbers");
        }
        return Arrays.stream(text.split(",")).map(Integer::valueOf).toList();
    }
}
