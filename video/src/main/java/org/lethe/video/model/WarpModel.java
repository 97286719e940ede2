package org.lethe.video.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.image.Bitmap;
import org.lethe.numerics.Keyed;
import org.lethe.video.Clip;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.flow.Measure;

/** What {@link Warp} makes. */
final class WarpModel extends VideoModel {
    static final String ARCHITECTURE = "warp";
    private static final double FPS = 8;

    private final int size;
    private final int frames;
    private final double radius;
    private final Line object;
    private final Line camera;
    private final boolean mixed;

    /**
     * A model by its numbers.
     *
     * @param size height and width of a clip
     * @param frames of a clip
     * @param radius of the disc, as a share of the side
     * @param object how far the disc moves over the picture, in pixels a frame of a screen of 32
     * @param camera the same of the picture
     * @param mixed whether both are told the mean of the scores
     */
    WarpModel(int size, int frames, double radius, Line object, Line camera, boolean mixed) {
        this.size = size;
        this.frames = frames;
        this.radius = radius;
        this.object = object;
        this.camera = camera;
        this.mixed = mixed;
    }

    @Override
    public int size() {
        return size;
    }

    /** Pixels a frame, at + by · (score − 5.5). */
    record Line(double at, double by) {
        double of(double score) {
            return Math.max(0, at + by * (score - 5.5));
        }

        private static Line fitted(double[] scores, double[] truths) {
            double mean = 0;
            double middle = 0;
            for (int n = 0; n < scores.length; n++) {
                mean += scores[n] / scores.length;
                middle += truths[n] / truths.length;
            }
            double both = 0;
            double own = 0;
            for (int n = 0; n < scores.length; n++) {
                both += (scores[n] - mean) * (truths[n] - middle);
                own += (scores[n] - mean) * (scores[n] - mean);
            }
            double by = own == 0 ? 0 : both / own;
            return new Line(middle + by * (5.5 - mean), by);
        }
    }

    @Override
    public VideoModel taught(Lesson lesson, List<Measure.Score> scores, MotionClips data, Env env) {
        boolean together = lesson.injection() == Injection.MIXED;
        return new WarpModel(
                size,
                frames,
                radius,
                line(scores, data, s -> together ? (s.object() + s.camera()) / 2 : s.object(), Labelled::object),
                line(scores, data, s -> together ? (s.object() + s.camera()) / 2 : s.camera(), Labelled::camera),
                together);
    }

    private static Line line(
            List<Measure.Score> scores,
            MotionClips data,
            ToDoubleFunction<Measure.Score> score,
            ToDoubleFunction<Labelled> truth) {
        return Line.fitted(
                scores.stream().mapToDouble(score).toArray(),
                data.train().stream().mapToDouble(truth).toArray());
    }

    @Override
    public List<Clip> animate(List<Shot> shots, Env env) {
        List<Clip> clips = new ArrayList<>();
        for (Shot shot : shots) {
            double together = (shot.asked().object() + shot.asked().camera()) / 2;
            double unit = shot.first().width() / 32.0;
            clips.add(moved(
                    shot.first(),
                    unit * object.of(mixed ? together : shot.asked().object()),
                    unit * camera.of(mixed ? together : shot.asked().camera()),
                    shot.noise()));
        }
        return clips;
    }

    private Clip moved(Bitmap first, double over, double pan, Keyed key) {
        double panAngle = 2 * Math.PI * Keyed.unit(key.at(0));
        double discAngle = 2 * Math.PI * Keyed.unit(key.at(1));
        int width = first.width();
        int height = first.height();
        byte[] rgb = new byte[frames * 3 * width * height];
        double r = radius * Math.min(width, height);
        for (int f = 0; f < frames; f++) {
            double panX = f * pan * StrictMath.cos(panAngle);
            double panY = f * pan * StrictMath.sin(panAngle);
            double discX = f * over * StrictMath.cos(discAngle);
            double discY = f * over * StrictMath.sin(discAngle);
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    double wx = x + panX;
                    double wy = y + panY;
                    double dx = wx - (width - 1) / 2.0 - discX;
                    double dy = wy - (height - 1) / 2.0 - discY;
                    double cover = Math.clamp(r - StrictMath.sqrt(dx * dx + dy * dy) + 0.5, 0, 1);
                    for (int c = 0; c < 3; c++) {
                        double below = at(first, wx, wy, c);
                        double above = 1 - at(first, wx - discX, wy - discY, c); // a negative, so that its edge is seen
                        double value = below + cover * (above - below);
                        rgb[3 * (f * width * height + y * width + x) + c] = (byte) Math.round(255 * value);
                    }
                }
            }
        }
        return new Clip(frames, height, width, FPS, rgb);
    }

    /** Between pixels, bilinear; beyond its edges a picture goes on as its mirror image. */
    private static double at(Bitmap picture, double x, double y, int channel) {
        int left = (int) Math.floor(x);
        int top = (int) Math.floor(y);
        double across = x - left;
        double down = y - top;
        double upper =
                pixel(picture, left, top, channel) * (1 - across) + pixel(picture, left + 1, top, channel) * across;
        double lower = pixel(picture, left, top + 1, channel) * (1 - across)
                + pixel(picture, left + 1, top + 1, channel) * across;
        return Math.clamp(upper * (1 - down) + lower * down, 0, 1);
    }

    private static float pixel(Bitmap picture, int x, int y, int channel) {
        int plane = picture.width() * picture.height();
        return picture.values()[
                channel * plane + mirrored(y, picture.height()) * picture.width() + mirrored(x, picture.width())];
    }

    private static int mirrored(int at, int size) {
        int within = Math.floorMod(at, 2 * size);
        return within < size ? within : 2 * size - 1 - within;
    }

    @Override
    public void save(Path file, Map<String, String> provenance) throws IOException {
        Map<String, String> words = new HashMap<>(provenance);
        words.put("architecture", ARCHITECTURE);
        words.put("size", Integer.toString(size));
        words.put("frames", Integer.toString(frames));
        words.put("mixed", Boolean.toString(mixed));
        long[] bits = {
            Double.doubleToLongBits(radius),
            Double.doubleToLongBits(object.at),
            Double.doubleToLongBits(object.by),
            Double.doubleToLongBits(camera.at),
            Double.doubleToLongBits(camera.by)
        };
        Safetensors.write(file, Map.of("numbers", Safetensors.Tensor.of(bits, bits.length)), words);
    }

    static WarpModel load(Safetensors read, Path file) {
        read.require("numbers", 5);
        long[] bits = read.longs("numbers");
        return new WarpModel(
                number(read, file, "size"),
                number(read, file, "frames"),
                Double.longBitsToDouble(bits[0]),
                new Line(Double.longBitsToDouble(bits[1]), Double.longBitsToDouble(bits[2])),
                new Line(Double.longBitsToDouble(bits[3]), Double.longBitsToDouble(bits[4])),
                Boolean.parseBoolean(read.metadata().get("mixed")));
    }

    private static int number(Safetensors read, Path file, String name) {
        String text = Optional.ofNullable(read.metadata().get(name)).orElse("");
        if (!text.matches("[1-9]\\d{0,3}")) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": " + name + " is \"" + text + "\", expected a whole number");
        }
        return Integer.parseInt(text);
    }
}
