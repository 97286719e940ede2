package org.lethe.image;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Env;
import org.lethe.image.diffusion.Convolution;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;

/**
 * A small network that tells the styles of a gallery apart, whose inner values also serve as features and for a perceptual distance.
 *
 * <p>Three convolutions of 3 × 3 with {@value #W1}, {@value #W2} and {@value #W3} channels, SiLU after each, half the size after the
 * first two; a linear map of the means and the largest values over all places gives {@value #FEATURES} features, and another one, after SiLU, the styles. It learns from the training works of all styles, the one
 * apart included, with a little noise, since painted pictures have some. It is trained once for a gallery, with a seed of its own: every model of a study is
 * judged by the same judge.
 *
 * <p>The perceptual distance is that of Zhang et al. 2018 without learned weights, on this network and not on VGG: values are not
 * comparable with LPIPS.
 */
public final class Judge implements Judging, Perceptual {
    private static final int W1 = 32;
    private static final int W2 = 48;
    private static final int W3 = 64;
    private static final int FEATURES = 12; // fewer than the pictures of a cell, as a distance of samples wants it
    private static final int STEPS_EACH = 14; // passes over the works
    private static final int BATCH = 32;
    private static final int MOST_STEPS = 1500;
    private static final int FEWEST_STEPS = 800;
    private static final double NOISE = 0.05;
    private static final long SEED = 1;
    private static final double TINY = 1e-10;

    private final List<String> styles;
    private final SmallNetwork network;

    private Judge(List<String> styles, SmallNetwork network) {
        this.styles = styles;
        this.network = network;
    }

    /** The judge of a gallery, trained by the first caller. */
    public static Judge of(Gallery gallery, Env env) {
        return gallery.derived(Judge.class, () -> trained(gallery, env.with(SEED)));
    }

    private static Map<String, long[]> shapes(int styles) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("one.weight", new long[] {W1, 3, 3, 3});
        shapes.put("one.bias", new long[] {W1});
        shapes.put("two.weight", new long[] {W2, W1, 3, 3});
        shapes.put("two.bias", new long[] {W2});
        shapes.put("three.weight", new long[] {W3, W2, 3, 3});
        shapes.put("three.bias", new long[] {W3});
        shapes.put("features.weight", new long[] {FEATURES, 2 * W3});
        shapes.put("features.bias", new long[] {FEATURES});
        shapes.put("style.weight", new long[] {styles, FEATURES});
        shapes.put("style.bias", new long[] {styles});
        return shapes;
    }

    private static Judge trained(Gallery gallery, Env env) {
        List<String> styles = gallery.styles();
        List<Work> works = gallery.filtered(w -> w.part() == Work.Part.TRAINING);
        int steps = Math.clamp((long) STEPS_EACH * works.size() / BATCH, FEWEST_STEPS, MOST_STEPS);
        return new Judge(
                styles,
                SmallNetwork.trained(
                        "judge",
                        shapes(styles.size()),
                        Map.of(),
                        steps,
                        1e-4,
                        tensors -> new Lesson(works, styles, tensors),
                        env));
    }

    private record Lesson(List<Work> works, List<String> styles, Map<String, Tensor> tensors)
            implements Training.Objective<List<Work>> {
        @Override
        public String name() {
            return "judge";
        }

        @Override
        public List<Work> batch(long step, int part, Keyed key) {
            return IntStream.range(0, BATCH)
                    .mapToObj(n -> works.get(Keyed.below(key.at(n), works.size())))
                    .toList();
        }

        @Override
        public Tensor loss(List<Work> batch, Keyed key) {
            Tensor pictures = Sampler.batch(batch.stream().map(Work::picture).toList());
            Tensor strength = Tensors.of(uniform(key.of("strength"), batch.size()), batch.size(), 1, 1, 1);
            Tensor noise = Sampler.normal(key.of("noise"), pictures.shape());
            Tensor seen = pictures.add(noise.mul(strength));
            int[] labels =
                    batch.stream().mapToInt(w -> styles.indexOf(w.style())).toArray();
            return torch.cross_entropy_loss(
                    logits(tensors, pooled(tensors, layers(tensors, seen))),
                    Tensors.of(labels, labels.length).to(ScalarType.Long));
        }

        private static float[] uniform(Keyed key, int count) {
            float[] drawn = new float[count];
            for (int n = 0; n < count; n++) {
                drawn[n] = (float) (NOISE * Keyed.unit(key.at(n)));
            }
            return drawn;
        }
    }

    /** The values after each convolution. */
    private static List<Tensor> layers(Map<String, Tensor> tensors, Tensor pictures) {
        Tensor one =
                torch.silu(convolved(tensors, "one", pictures.mul(new Scalar(2)).sub(new Scalar(1))));
        Tensor two = torch.silu(convolved(tensors, "two", torch.avg_pool2d(one, 2)));
        Tensor three = torch.silu(convolved(tensors, "three", torch.avg_pool2d(two, 2)));
        return List.of(one, two, three);
    }

    private static Tensor convolved(Map<String, Tensor> tensors, String name, Tensor in) {
        return Convolution.of(
                in,
                SmallNetwork.at(tensors, name + ".weight"),
                new TensorOptional(SmallNetwork.at(tensors, name + ".bias")),
                1,
                1);
    }

    private static Tensor pooled(Map<String, Tensor> tensors, List<Tensor> layers) {
        Tensor last = layers.getLast();
        return linear(
                tensors,
                "features",
                torch.cat(new TensorVector(last.mean(2, 3), last.amax(new long[] {2, 3}, false)), 1));
    }

    private static Tensor logits(Map<String, Tensor> tensors, Tensor features) {
        return linear(tensors, "style", torch.silu(features));
    }

    private static Tensor linear(Map<String, Tensor> tensors, String name, Tensor in) {
        return torch.linear(
                in,
                SmallNetwork.at(tensors, name + ".weight"),
                new TensorOptional(SmallNetwork.at(tensors, name + ".bias")));
    }

    /** Share of the test works of a gallery whose style it names. */
    public double accuracy(Gallery gallery) {
        List<Work> held = gallery.filtered(w -> w.part() == Work.Part.TEST);
        List<String> said = predicted(held.stream().map(Work::picture).toList());
        return IntStream.range(0, held.size())
                .mapToDouble(n -> held.get(n).style().equals(said.get(n)) ? 1 : 0)
                .average()
                .orElse(Double.NaN);
    }

    /** The styles, in the order of probabilities. */
    public List<String> styles() {
        return styles;
    }

    /** The likeliest style of each picture. */
    @Override
    public List<String> predicted(List<Bitmap> pictures) {
        return probabilities(pictures).stream()
                .map(p -> {
                    int best = 0;
                    for (int s = 1; s < p.length; s++) {
                        best = p[s] > p[best] ? s : best;
                    }
                    return styles.get(best);
                })
                .toList();
    }

    /** The probability of each style for each picture. */
    public List<float[]> probabilities(List<Bitmap> pictures) {
        return network.rows(
                pictures,
                (tensors, some) ->
                        torch.softmax(logits(tensors, pooled(tensors, layers(tensors, Sampler.batch(some)))), 1));
    }

    /** {@value #FEATURES} features of each picture. */
    @Override
    public List<float[]> features(List<Bitmap> pictures) {
        return network.rows(pictures, (tensors, some) -> pooled(tensors, layers(tensors, Sampler.batch(some))));
    }

    /** Σ over layers of the mean over places of ‖φ(x) − φ(y)‖², with values of length 1 at each place. */
    @Override
    public Tensor distance(Tensor pictures, Tensor others) {
        return Tensors.within(() -> {
            Map<String, Tensor> tensors = network.opened();
            List<Tensor> own = layers(tensors, pictures);
            List<Tensor> other = layers(tensors, others);
            Tensor[] terms = IntStream.range(0, own.size())
                    .mapToObj(n -> unit(own.get(n))
                            .sub(unit(other.get(n)))
                            .square()
                            .sum(1)
                            .mean(1, 2))
                    .toArray(Tensor[]::new);
            return torch.stack(new TensorVector(terms), 0).sum(0);
        });
    }

    private static Tensor unit(Tensor layer) {
        Tensor length = layer.square().sum(new long[] {1}, true, new ScalarTypeOptional());
        return layer.div(length.clamp(new ScalarOptional(new Scalar(TINY)), new ScalarOptional())
                .sqrt());
    }
}
