package org.lethe.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
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
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

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
public final class Judge implements Perceptual {
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
    private static final Map<Gallery, Judge> KNOWN = new WeakHashMap<>();

    private final List<String> styles;
    private final Map<String, float[]> weights;
    private final double accuracy;

    private Judge(List<String> styles, Map<String, float[]> weights, double accuracy) {
        this.styles = styles;
        this.weights = weights;
        this.accuracy = accuracy;
    }

    /** The judge of a gallery, trained by the first caller. */
    public static Judge of(Gallery gallery, Env env) {
        synchronized (KNOWN) {
            Judge known = KNOWN.get(gallery);
            if (known == null) {
                known = trained(gallery, env.with(SEED));
                KNOWN.put(gallery, known);
            }
            return known;
        }
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
        Map<String, float[]> weights = new LinkedHashMap<>();
        try (var _ = new PointerScope()) {
            Map<String, Tensor> made = new LinkedHashMap<>();
            shapes(styles.size()).forEach((name, shape) -> made.put(name, torch.zeros(shape)));
            Parameters parameters = Parameters.of(made);
            parameters.draw(
                    env.random("judge"),
                    (name, _) -> name.endsWith(".weight") ? Optional.of(Initial.KAIMING_UNIFORM) : Optional.empty(),
                    env.workers());
            parameters.train(_ -> true);
            int steps = Math.clamp((long) STEPS_EACH * works.size() / BATCH, FEWEST_STEPS, MOST_STEPS);
            Training.of(steps)
                    .with(new UpdateRule.AdamW(3e-3, 1e-4), new Schedule.Cosine(20, 0))
                    .run(parameters, new Lesson(works, styles, made), env);
            made.forEach((name, tensor) -> weights.put(name, Tensors.floats(tensor.detach())));
        }
        Judge judge = new Judge(styles, weights, 0);
        List<Work> held = gallery.filtered(w -> w.part() == Work.Part.TEST);
        List<String> said = judge.predicted(held.stream().map(Work::picture).toList());
        long right = IntStream.range(0, held.size())
                .filter(n -> held.get(n).style().equals(said.get(n)))
                .count();
        return new Judge(styles, weights, held.isEmpty() ? Double.NaN : (double) right / held.size());
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
        return Convolution.of(in, at(tensors, name + ".weight"), new TensorOptional(at(tensors, name + ".bias")), 1, 1);
    }

    private static Tensor at(Map<String, Tensor> tensors, String name) {
        return Optional.ofNullable(tensors.get(name)).orElseThrow();
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
        return torch.linear(in, at(tensors, name + ".weight"), new TensorOptional(at(tensors, name + ".bias")));
    }

    private Map<String, Tensor> opened() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shapes(styles.size())
                .forEach((name, shape) -> tensors.put(
                        name, Tensors.of(Optional.ofNullable(weights.get(name)).orElseThrow(), shape)));
        return tensors;
    }

    /** Share of the test works of the gallery whose style it names. */
    public double accuracy() {
        return accuracy;
    }

    /** The styles, in the order of probabilities. */
    public List<String> styles() {
        return styles;
    }

    /** The likeliest style of each picture. */
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
        return rows(
                pictures,
                (tensors, batch) -> torch.softmax(logits(tensors, pooled(tensors, layers(tensors, batch))), 1));
    }

    /** {@value #FEATURES} features of each picture. */
    public List<float[]> features(List<Bitmap> pictures) {
        return rows(pictures, (tensors, batch) -> pooled(tensors, layers(tensors, batch)));
    }

    private interface Look {
        Tensor at(Map<String, Tensor> tensors, Tensor batch);
    }

    private List<float[]> rows(List<Bitmap> pictures, Look look) {
        List<float[]> rows = new ArrayList<>();
        for (int from = 0; from < pictures.size(); from += BATCH) {
            List<Bitmap> some = pictures.subList(from, Math.min(pictures.size(), from + BATCH));
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                Tensor found = look.at(opened(), Sampler.batch(some));
                float[] flat = Tensors.floats(found);
                int width = flat.length / some.size();
                for (int n = 0; n < some.size(); n++) {
                    rows.add(Arrays.copyOfRange(flat, n * width, (n + 1) * width));
                }
            }
        }
        return rows;
    }

    /** Σ over layers of the mean over places of ‖φ(x) − φ(y)‖², with values of length 1 at each place. */
    @Override
    public Tensor distance(Tensor pictures, Tensor others) {
        return Tensors.within(() -> {
            Map<String, Tensor> tensors = opened();
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
