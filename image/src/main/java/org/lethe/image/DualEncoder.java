package org.lethe.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.diffusion.ClipTokenizer;
import org.lethe.image.diffusion.Convolution;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * Two small networks that place pictures and texts in one space, as CLIP does (Radford et al. 2021): the cosine of two pictures is DE-I,
 * that of a picture and a text DE-T. Values are not comparable with CLIP-I and CLIP-T.
 *
 * <p>Pictures go through three convolutions, of which the means over areas are mapped; a text is the mean of the vectors of its words.
 * Both learn from the training works of all styles under their prompts, by the contrastive loss
 *
 * <pre>L = ½ (CE(s·P Tᵀ) + CE(s·T Pᵀ)), s = 10, on batches of different prompts</pre>
 *
 * <p>with a seed of their own, once for a gallery. Words that no training work has are passed over.
 */
public final class DualEncoder {
    private static final int[] WIDTHS = {16, 32, 64};
    private static final int CELLS = 2; // means along each side before the map
    private static final int DIMS = 32;
    private static final int BATCH = 32;
    private static final int BLOCK = 128;
    private static final int FEWEST_STEPS = 300;
    private static final int MOST_STEPS = 800;
    private static final double SCALE = 10;
    private static final double TINY = 1e-8;
    private static final long SEED = 3;
    private static final Map<Gallery, DualEncoder> KNOWN = new WeakHashMap<>();

    private final ClipTokenizer tokenizer;
    private final int words;
    private final Map<String, float[]> weights;

    private DualEncoder(ClipTokenizer tokenizer, int words, Map<String, float[]> weights) {
        this.tokenizer = tokenizer;
        this.words = words;
        this.weights = weights;
    }

    /** The encoders of a gallery, trained by the first caller. */
    public static DualEncoder of(Gallery gallery, Env env) {
        synchronized (KNOWN) {
            DualEncoder known = KNOWN.get(gallery);
            if (known == null) {
                known = trained(gallery, env.with(SEED).with(Device.CPU));
                KNOWN.put(gallery, known);
            }
            return known;
        }
    }

    private static Map<String, long[]> shapes(int words) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (int n = 0; n < WIDTHS.length; n++) {
            shapes.put("conv." + n + ".weight", new long[] {WIDTHS[n], n == 0 ? 3 : WIDTHS[n - 1], 3, 3});
            shapes.put("conv." + n + ".bias", new long[] {WIDTHS[n]});
        }
        shapes.put("picture.weight", new long[] {DIMS, (long) WIDTHS[WIDTHS.length - 1] * CELLS * CELLS});
        shapes.put("words.weight", new long[] {words, DIMS});
        shapes.put("text.weight", new long[] {DIMS, DIMS});
        return shapes;
    }

    private static DualEncoder trained(Gallery gallery, Env env) {
        Devices.ready(Device.CPU);
        Map<String, List<Work>> byPrompt = new LinkedHashMap<>();
        gallery.filtered(w -> w.part() == Work.Part.TRAINING)
                .forEach(w -> byPrompt.computeIfAbsent(w.prompt(), _ -> new ArrayList<>())
                        .add(w));
        List<String> words = ClipTokenizer.wordsOf(List.copyOf(byPrompt.keySet()));
        ClipTokenizer tokenizer = ClipTokenizer.ofWords(words);
        Map<String, float[]> weights = new LinkedHashMap<>();
        try (var _ = new PointerScope()) {
            Map<String, Tensor> made = new LinkedHashMap<>();
            shapes(words.size()).forEach((name, shape) -> made.put(name, torch.zeros(shape)));
            Parameters parameters = Parameters.of(made);
            parameters.draw(
                    env.random("dual encoder"),
                    (name, _) -> name.equals("words.weight")
                            ? Optional.of(Initial.normal(0, 1))
                            : name.endsWith(".weight") ? Optional.of(Initial.KAIMING_UNIFORM) : Optional.empty(),
                    env.workers());
            parameters.train(_ -> true);
            int steps = Math.clamp(8L * gallery.works().size() / BATCH, FEWEST_STEPS, MOST_STEPS);
            Training.of(steps)
                    .with(new UpdateRule.AdamW(3e-3, 1e-2), new Schedule.Cosine(20, 0))
                    .run(parameters, new Lesson(List.copyOf(byPrompt.values()), tokenizer, words.size(), made), env);
            made.forEach((name, tensor) -> weights.put(name, Tensors.floats(tensor.detach())));
        }
        return new DualEncoder(tokenizer, words.size(), weights);
    }

    private record Lesson(List<List<Work>> byPrompt, ClipTokenizer tokenizer, int words, Map<String, Tensor> tensors)
            implements Training.Objective<List<Work>> {
        @Override
        public String name() {
            return "dual encoder";
        }

        @Override
        public List<Work> batch(long step, int part, Keyed key) {
            return IntStream.range(0, byPrompt.size())
                    .boxed()
                    .sorted(Comparator.comparingLong((Integer n) -> key.at(n)).thenComparing(n -> n))
                    .limit(BATCH)
                    .map(n -> byPrompt.get(n)
                            .get(Keyed.below(
                                    key.of("work").at(n), byPrompt.get(n).size())))
                    .toList();
        }

        @Override
        public Tensor loss(List<Work> batch, Keyed key) {
            Tensor pictures = seen(
                    tensors, Sampler.batch(batch.stream().map(Work::picture).toList()));
            Tensor texts = read(
                    tensors, tokenizer, words, batch.stream().map(Work::prompt).toList());
            Tensor cosines = pictures.matmul(texts.t()).mul(new Scalar(SCALE)); // [batch, batch]
            Tensor own = torch.arange(new Scalar(batch.size())).to(ScalarType.Long);
            return torch.cross_entropy_loss(cosines, own)
                    .add(torch.cross_entropy_loss(cosines.t(), own))
                    .mul(new Scalar(0.5));
        }
    }

    private static Tensor of(Map<String, Tensor> tensors, String name) {
        return Optional.ofNullable(tensors.get(name)).orElseThrow();
    }

    private static Tensor seen(Map<String, Tensor> tensors, Tensor pictures) {
        return Tensors.within(() -> {
            Tensor x = pictures.mul(new Scalar(2)).sub(new Scalar(1));
            for (int n = 0; n < WIDTHS.length; n++) {
                x = torch.silu(Convolution.of(
                        x,
                        of(tensors, "conv." + n + ".weight"),
                        new TensorOptional(of(tensors, "conv." + n + ".bias")),
                        n == 0 ? 1 : 2,
                        1));
            }
            x = torch.adaptive_avg_pool2d(x, CELLS, CELLS).flatten(1, -1);
            return unit(torch.linear(x, of(tensors, "picture.weight")));
        });
    }

    private static Tensor read(Map<String, Tensor> tensors, ClipTokenizer tokenizer, int words, List<String> texts) {
        return Tensors.within(() -> {
            float[] shares = new float[texts.size() * words]; // of each word in each text
            for (int n = 0; n < texts.size(); n++) {
                int[] ids = IntStream.of(tokenizer.ids(texts.get(n)))
                        .filter(id -> id < words)
                        .toArray();
                for (int id : ids) {
                    shares[n * words + id] += 1f / ids.length;
                }
            }
            Tensor mean = Tensors.of(shares, texts.size(), words).matmul(of(tensors, "words.weight"));
            return unit(torch.linear(mean, of(tensors, "text.weight")));
        });
    }

    private static Tensor unit(Tensor rows) {
        return rows.div(rows.square().sum(1).add(new Scalar(TINY)).sqrt().unsqueeze(1));
    }

    /** The places of pictures in the common space, of length one. */
    public List<float[]> pictures(List<Bitmap> pictures) {
        return rows(pictures, (tensors, some) -> seen(tensors, Sampler.batch(some)));
    }

    /** The places of texts in the common space, of length one; a text without a known word lies at zero. */
    public List<float[]> texts(List<String> texts) {
        return rows(texts, (tensors, some) -> read(tensors, tokenizer, words, some));
    }

    private interface Encoder<T> {
        Tensor of(Map<String, Tensor> tensors, List<T> some);
    }

    private <T> List<float[]> rows(List<T> all, Encoder<T> encoder) {
        List<float[]> rows = new ArrayList<>();
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            Map<String, long[]> shapes = shapes(words);
            weights.forEach((name, values) -> tensors.put(
                    name,
                    Tensors.of(values, Optional.ofNullable(shapes.get(name)).orElseThrow())));
            for (int from = 0; from < all.size(); from += BLOCK) {
                List<T> some = all.subList(from, Math.min(all.size(), from + BLOCK));
                try (var _ = new PointerScope()) {
                    float[] values = Tensors.floats(encoder.of(tensors, some));
                    for (int n = 0; n < some.size(); n++) {
                        rows.add(Arrays.copyOfRange(values, n * DIMS, (n + 1) * DIMS));
                    }
                }
            }
        }
        return rows;
    }

    /** DE-I of pairs of pictures: the cosine of their places. */
    public double[] likeness(List<Bitmap> pictures, List<Bitmap> others) {
        return cosines(pictures(pictures), pictures(others));
    }

    /** DE-T of pictures and texts, pair by pair: the cosine of their places. */
    public double[] agreement(List<Bitmap> pictures, List<String> texts) {
        return cosines(pictures(pictures), texts(texts));
    }

    private static double[] cosines(List<float[]> one, List<float[]> other) {
        Check.require(one.size() == other.size(), "pairs", other.size(), "as many as " + one.size());
        return IntStream.range(0, one.size())
                .mapToDouble(n -> {
                    double sum = 0;
                    for (int i = 0; i < DIMS; i++) {
                        sum += (double) one.get(n)[i] * other.get(n)[i];
                    }
                    return sum;
                })
                .toArray();
    }
}
