package org.lethe.image.diffusion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.torch.Tensors;

/**
 * CLIP (Radford et al. 2021): texts and pictures in one space, in which the cosine says how well they fit.
 *
 * <p>Scores are exp(logit_scale) · cosine.
 */
public final class Clip {
    /**
     * The shape of both towers.
     *
     * @param text the text tower, with its projection
     * @param vision the picture tower
     * @param projection width of the shared space
     */
    public record Config(ClipText.Config text, ClipVision.Config vision, int projection) {
        public Config {
            Check.require(projection >= 1, "projection_dim", projection, "at least 1");
            Check.require(
                    text.projection() == projection,
                    "projection_dim",
                    text.projection(),
                    "that of both, " + projection);
        }

        /** Reads {@code config.json}. */
        public static Config read(Path path) throws IOException {
            return ConfigFile.read(path, Config::of);
        }

        /** The shape that the text of a configuration describes. */
        public static Config parse(String json, String where) {
            return ConfigFile.parse(json, where, Config::of);
        }

        private static Config of(ConfigFile file) {
            file.oneOf("model_type", "clip", "clip");
            int projection = file.whole("projection_dim", 512);
            return new Config(
                    ClipText.Config.of(file.object("text_config"), projection),
                    ClipVision.Config.of(file.object("vision_config")),
                    projection);
        }
    }

    /**
     * How a picture becomes the input of the picture tower: shortest side to a size, the middle cut out, values shifted and scaled.
     *
     * @param side of the square
     * @param mean of each channel
     * @param deviation of each channel
     */
    public record Preprocessing(int side, List<Double> mean, List<Double> deviation) {
        public Preprocessing {
            mean = List.copyOf(mean);
            deviation = List.copyOf(deviation);
            Check.require(side >= 1, "size", side, "at least 1");
            Check.require(mean.size() == 3, "image_mean", mean, "three numbers");
            Check.require(
                    deviation.size() == 3 && deviation.stream().allMatch(d -> d > 0),
                    "image_std",
                    deviation,
                    "three numbers above 0");
        }

        /** The values of OpenAI's models. */
        public Preprocessing() {
            this(224, List.of(0.48145466, 0.4578275, 0.40821073), List.of(0.26862954, 0.26130258, 0.27577711));
        }

        /** Reads {@code preprocessor_config.json}. */
        public static Preprocessing read(Path file) throws IOException {
            return ConfigFile.read(file, Preprocessing::of);
        }

        private static Preprocessing of(ConfigFile file) {
            for (String step : List.of("do_resize", "do_center_crop", "do_normalize", "do_rescale", "do_convert_rgb")) {
                file.only(step, true);
            }
            file.only("resample", 3);
            double scale = file.number("rescale_factor", 1 / 255.0);
            Check.require(Math.abs(scale * 255 - 1) < 1e-6, "rescale_factor", scale, "1/255");
            int side = size(file, "size", "shortest_edge");
            int crop = size(file, "crop_size", "height");
            Check.require(crop == side, "crop_size", crop, side + ", the size of the shortest side");
            Preprocessing usual = new Preprocessing();
            return new Preprocessing(
                    side, file.numbers("image_mean", usual.mean), file.numbers("image_std", usual.deviation));
        }

        /** A size is a number in older files and an object in newer ones. */
        private static int size(ConfigFile file, String field, String within) {
            if (!file.has(field)) {
                return 224;
            }
            try {
                return file.whole(field, 224);
            } catch (IllegalArgumentException _) {
                return file.object(field).whole(within, 224);
            }
        }

        /**
         * The input of the tower, {@code [1, 3, side, side]}, of a picture of bytes, row by row, three a pixel.
         *
         * <p>Bicubic with antialiasing (a = −1/2) on 8-bit values, rounded to 8 bits after each direction, as Pillow does.
         */
        public Tensor of(byte[] pixels, int width, int height) {
            Check.require(
                    width >= 1 && height >= 1 && pixels.length == 3L * width * height,
                    "pixels",
                    pixels.length,
                    "3 · " + width + " · " + height);
            int shortest = Math.min(width, height);
            int wide = (int) ((long) width * side / shortest);
            int high = (int) ((long) height * side / shortest);
            int[][] planes = new int[3][width * height];
            for (int i = 0; i < pixels.length; i++) {
                planes[i % 3][i / 3] = pixels[i] & 0xFF;
            }
            float[] out = new float[3 * side * side];
            int left = (wide - side) / 2;
            int top = (high - side) / 2;
            for (int c = 0; c < 3; c++) {
                int[] across = resized(planes[c], width, height, wide);
                int[] down = transposed(resized(transposed(across, wide, height), height, wide, high), high, wide);
                for (int y = 0; y < side; y++) {
                    for (int x = 0; x < side; x++) {
                        double value = down[(top + y) * wide + left + x] / 255.0;
                        out[(c * side + y) * side + x] = (float) ((value - mean.get(c)) / deviation.get(c));
                    }
                }
            }
            return Tensors.of(out, 1, 3, side, side);
        }

        private static int[] transposed(int[] plane, int width, int height) {
            int[] turned = new int[plane.length];
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    turned[x * height + y] = plane[y * width + x];
                }
            }
            return turned;
        }

        /** Rows of another width. */
        private static int[] resized(int[] plane, int width, int height, int wide) {
            double scale = (double) width / wide;
            double stretch = Math.max(1, scale);
            double reach = 2 * stretch;
            int[] out = new int[wide * height];
            for (int x = 0; x < wide; x++) {
                double centre = (x + 0.5) * scale;
                int from = Math.max(0, (int) (centre - reach + 0.5));
                int to = Math.min(width, (int) (centre + reach + 0.5));
                double[] weights = new double[to - from];
                double sum = 0;
                for (int i = 0; i < weights.length; i++) {
                    weights[i] = cubic((from + i - centre + 0.5) / stretch);
                    sum += weights[i];
                }
                for (int y = 0; y < height; y++) {
                    double value = 0;
                    for (int i = 0; i < weights.length; i++) {
                        value += weights[i] * plane[y * width + from + i];
                    }
                    out[y * wide + x] = (int) Math.max(0, Math.min(255, Math.floor(value / sum + 0.5)));
                }
            }
            return out;
        }

        private static double cubic(double at) {
            double a = -0.5;
            double x = Math.abs(at);
            if (x < 1) {
                return ((a + 2) * x - (a + 3)) * x * x + 1;
            }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
        }
    }

    private final Config config;
    private final Layers layers;
    private final ClipText text;
    private final ClipVision vision;
    private final Layers.Layer projection;
    private final Supplier<Tensor> scale;

    private Clip(Config config, Layers layers) {
        this.config = config;
        this.layers = layers;
        text = new ClipText(config.text, layers);
        vision = new ClipVision(config.vision, layers);
        projection = layers.linearWithoutBias("visual_projection", config.vision.dims(), config.projection);
        scale = layers.tensor("logit_scale");
    }

    /** A model with weights of zero, to be loaded or drawn. */
    public Clip(Config config, Device device, ScalarType type) {
        this(config, new Layers());
        layers.allocate(device, type);
    }

    /** Reads a folder with {@code config.json} and weights. */
    public static Clip load(Path folder, Device device, ScalarType type) throws IOException {
        Clip clip = new Clip(Config.read(folder), device, type);
        clip.layers.load(
                folder, name -> name.endsWith(".embeddings.position_ids") ? Optional.empty() : Optional.of(name));
        return clip;
    }

    /** The names and shapes of all tensors, without making any. */
    public static Map<String, long[]> shapes(Config config) {
        return new Clip(config, new Layers()).layers.shapes();
    }

    /** The shape. */
    public Config config() {
        return config;
    }

    /** The layers with their tensors. */
    public Layers layers() {
        return layers;
    }

    /** The text tower. */
    public ClipText text() {
        return text;
    }

    /** The picture tower. */
    public ClipVision vision() {
        return vision;
    }

    /** Pictures in the shared space, not of length 1, {@code [batch, projection]}. */
    public Tensor projected(ClipVision.Encoding encoding) {
        return projection.of(encoding.pooled());
    }

    /** Pictures in the shared space, of length 1, {@code [batch, projection]}. */
    public Tensor pictures(Tensor pixels) {
        return unit(projected(vision.encode(pixels)));
    }

    /** Texts in the shared space, of length 1, {@code [batch, projection]}. */
    public Tensor texts(Tensor ids, Optional<Tensor> mask) {
        return unit(text.projected(text.encode(ids, mask)));
    }

    /** The scores of all pictures and texts, {@code [pictures, texts]}, of what {@link #pictures} and {@link #texts} gave. */
    public Tensor scores(Tensor pictures, Tensor texts) {
        return pictures.mm(texts.t()).mul(scale.get().exp());
    }

    private static Tensor unit(Tensor vectors) {
        return vectors.div(vectors.norm(new ScalarOptional(new Scalar(2)), new long[] {1}, true));
    }
}
