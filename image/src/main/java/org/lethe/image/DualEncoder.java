package org.lethe.image;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.image.diffusion.ClipTokenizer;
import org.lethe.image.diffusion.Convolution;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Initial;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;

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
    private static final int FEWEST_STEPS = 300;
    private static final int MOST_STEPS = 800;
    private static final double SCALE = 10;
    private static final double TINY = 1e-8;
    private static final long SEED = 3;

    private final ClipTokenizer tokenizer;
    private final int words;
    private final SmallNetwork network;

    private DualEncoder(ClipTokenizer tokenizer, int words, SmallNetwork network) {
        this.tokenizer = tokenizer;
        this.words = words;
        this.network = network;
    }

    /** The encoders of a gallery, trained by the first caller. */
    public static DualEncoder of(Gallery gallery, Env env) {
        return gallery.derived(DualEncoder.class, () -> trained(gallery, env.with(SEED)));
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
        Map<String, List<Work>> byPrompt = new LinkedHashMap<>();
        gallery.filtered(w -> w.part() == Work.Part.TRAINING)
                .forEach(w -> byPrompt.computeIfAbsent(w.prompt(), _ -> new ArrayList<>())
                        .add(w));
        List<String> words = ClipTokenizer.wordsOf(List.copyOf(byPrompt.keySet()));
        ClipTokenizer tokenizer = ClipTokenizer.ofWords(words);
        int steps = Math.clamp(8L * gallery.works().size() / BATCH, FEWEST_STEPS, MOST_STEPS);
        return new DualEncoder(
                tokenizer,
                words.size(),
                SmallNetwork.trained(
                        "dual encoder",
                        shapes(words.size()),
                        Map.of("words.weight", Initial.normal(0, 1)),
                        steps,
                        1e-2,
                        tensors -> new Lesson(List.copyOf(byPrompt.values()), tokenizer, words.size(), tensors),
                        env));
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

    private static Tensor seen(Map<String, Tensor> tensors, Tensor pictures) {
        return Tensors.within(() -> {
            Tensor x = pictures.mul(new Scalar(2)).sub(new Scalar(1));
            for (int n = 0; n < WIDTHS.length; n++) {
                x = torch.silu(Convolution.of(
                        x,
                        SmallNetwork.at(tensors, "conv." + n + ".weight"),
                        new TensorOptional(SmallNetwork.at(tensors, "conv." + n + ".bias")),
                        n == 0 ? 1 : 2,
                        1));
            }
            x = torch.adaptive_avg_pool2d(x, CELLS, CELLS).flatten(1, -1);
            return unit(torch.linear(x, SmallNetwork.at(tensors, "picture.weight")));
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
            Tensor mean = Tensors.of(shares, texts.size(), words).matmul(SmallNetwork.at(tensors, "words.weight"));
            return unit(torch.linear(mean, SmallNetwork.at(tensors, "text.weight")));
        });
    }

    private static Tensor unit(Tensor rows) {
        return rows.div(rows.square().sum(1).add(new Scalar(TINY)).sqrt().unsqueeze(1));
    }

    /** The places of pictures in the common space, of length one. */
    public List<float[]> pictures(List<Bitmap> pictures) {
        return network.rows(pictures, (tensors, some) -> seen(tensors, Sampler.batch(some)));
    }

    /** The places of texts in the common space, of length one; a text without a known word lies at zero. */
    public List<float[]> texts(List<String> texts) {
        return network.rows(texts, (tensors, some) -> read(tensors, tokenizer, words, some));
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
