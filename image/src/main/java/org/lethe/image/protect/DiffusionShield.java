package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Safetensors;
import org.lethe.image.Bitmap;
import org.lethe.image.Mark;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Optimiser;
import org.lethe.torch.Tensors;
import org.lethe.torch.UpdateRule;

/**
 * DiffusionShield (Cui et al. 2023), in pixels: a string of symbols, one for each block of a picture, the same in all pictures of an
 * owner, so that a model that learns from them paints it too. Symbol 0 changes nothing, symbol b adds a patch w_b to its block,
 * |w_b| ≤ ε with pixels from 0 to 1. Patches are whole 8-bit levels, so that |x' − x| ≤ ε holds in a PNG.
 *
 * <p>Patches and a small network that reads them learn together. A step draws symbols, adds the patches to pictures of the training
 * part, distorts them by blur, noise and brightness, and follows the cross-entropy of the network's reading: the network by Adam, the
 * patches by signs,
 *
 * <pre>w ← clip(w − a · sign ∂CE/∂w, −ε, ε).</pre>
 *
 * <p>Read, m of k symbols agree; p = P[Bin(k, 1/B) ≥ m]. The string has every symbol equally often, so that a reader that always says
 * the same is right in 1/B. The published program of the latent form reports pairs of bits, of which half are right by chance; this
 * one counts symbols.
 *
 * <p>Cost: steps × (1 + patchSteps) passes of the network, before the first picture; nothing to mark.
 *
 * @param grid blocks along each side, a divisor of the picture's sides
 * @param base B, symbols
 * @param epsilon ε, on the scale from 0 to 1
 * @param steps batches
 * @param batch pictures of a batch
 * @param patchSteps steps of the patches in each batch
 * @param patchRate a, on the scale from 0 to 1
 * @param learningRate of the network
 * @param width channels of the network
 * @param distorted whether pictures are distorted before they are read
 */
@Named("diffusion-shield")
public record DiffusionShield(
        int grid,
        int base,
        double epsilon,
        int steps,
        int batch,
        int patchSteps,
        double patchRate,
        double learningRate,
        int width,
        boolean distorted)
        implements PostHoc {
    public DiffusionShield {
        Check.require(grid >= 1, "grid", grid, "at least 1");
        Check.require(base >= 2 && base <= 16, "base", base, "2 to 16");
        Check.require(epsilon >= 0 && epsilon <= 1, "epsilon", epsilon, "0 to 1");
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(patchSteps >= 1, "patchSteps", patchSteps, "at least 1");
        Check.require(patchRate > 0 && patchRate <= 1, "patchRate", patchRate, "above 0, at most 1");
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "above 0, below 1");
        shape(width, base);
    }

    /** A grid of 4, four symbols, 8/255; 200 batches of 8 pictures, 2 steps of 0.8/255, 5e-3, 16 channels, distorted. */
    public DiffusionShield() {
        this(4, 4, 8 / 255.0, 200, 8, 2, 0.8 / 255, 5e-3, 16, true);
    }

    @Override
    public Mark key(Diffusion model, List<Bitmap> lessons, int height, int width, Env env) {
        Check.require(
                height % grid == 0 && width % grid == 0 && height / grid >= 3 && width / grid >= 3,
                "grid",
                grid,
                "a divisor of the sides of a picture, " + height + " x " + width + ", with blocks of 3 pixels or more");
        Check.require(!lessons.isEmpty(), "pictures to learn from", 0, "at least 1");
        int high = height / grid;
        int wide = width / grid;
        try (var _ = new PointerScope()) {
            ConvNet reader =
                    ConvNet.drawn(shape(this.width, base), env.random("reader of diffusion-shield"), env.device());
            Tensor patches = Sampler.normal(env.random("patches"), base, 3, high, wide)
                    .sign()
                    .mul(new Scalar(epsilon / 2));
            patches.narrow(0, 0, 1).zero_();
            Tensor learned = patches.to(Devices.of(env.device()), ScalarType.Float);
            learn(Sampler.batch(lessons), learned, reader, env);
            float[] values = Tensors.floats(learned);
            for (int i = 0; i < values.length; i++) { // towards zero, to whole levels
                values[i] = Math.signum(values[i]) * (int) (Math.abs(values[i]) * 255 + 1e-3) / 255;
            }
            Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>(reader.saved("reader."));
            tensors.put("patches", Safetensors.Tensor.of(values, base, 3, high, wide));
            return new Mark(
                    "diffusion-shield",
                    Map.of(
                            "string", string(env.random("string")),
                            "grid", String.valueOf(grid),
                            "base", String.valueOf(base),
                            "width", String.valueOf(this.width),
                            "pictureHeight", String.valueOf(height),
                            "pictureWidth", String.valueOf(width)),
                    tensors);
        }
    }

    private static ConvNet.Shape shape(int width, int base) {
        return new ConvNet.Shape(3, width, 2, base, 3);
    }

    /** Every symbol equally often, as far as that goes, in an order by the key. */
    private String string(Keyed key) {
        List<Integer> places =
                new ArrayList<>(IntStream.range(0, grid * grid).boxed().toList());
        Collections.sort(places, (a, b) -> Long.compare(key.at(a), key.at(b)));
        int[] symbols = new int[places.size()];
        for (int n = 0; n < symbols.length; n++) {
            symbols[places.get(n)] = n % base;
        }
        return IntStream.of(symbols).mapToObj(s -> Integer.toHexString(s)).collect(Collectors.joining());
    }

    /** Trains reader and patches in place. */
    private void learn(Tensor pictures, Tensor patches, ConvNet reader, Env env) {
        Tensor lessons = pictures.to(patches.device(), ScalarType.Float);
        reader.parameters().train(_ -> true);
        Optimiser optimiser =
                new Optimiser(new UpdateRule.AdamW(learningRate, 5e-4), reader.parameters(), Optimiser.MATRICES);
        try (Progress.Step bar = env.progress().begin("diffusion-shield", steps)) {
            for (int step = 0; step < steps; step++) {
                Keyed key = env.random("batches of diffusion-shield").of(step);
                try (var _ = new PointerScope()) {
                    loss(lessons, patches, reader, key).backward();
                }
                optimiser.step(1);
                optimiser.dropGradients();
                for (int turn = 0; turn < patchSteps; turn++) {
                    try (var _ = new PointerScope()) {
                        move(patches, loss -> loss(lessons, loss, reader, key));
                    }
                    optimiser.dropGradients();
                }
                bar.advance(1);
            }
        }
        reader.parameters().train(_ -> false);
    }

    /** One step of the patches against a loss. */
    private void move(Tensor patches, Function<Tensor, Tensor> loss) {
        Tensor own = patches.clone().set_requires_grad(true);
        loss.apply(own).backward();
        Tensor moved = own.detach()
                .sub(own.grad().sign().mul(new Scalar(patchRate)))
                .clamp(new ScalarOptional(new Scalar(-epsilon)), new ScalarOptional(new Scalar(epsilon)));
        moved.narrow(0, 0, 1).zero_();
        patches.copy_(moved);
    }

    private Tensor loss(Tensor lessons, Tensor patches, ConvNet reader, Keyed key) {
        Tensor some = Fit.rows(lessons, batch, key.of("rows"));
        int[] symbols = new int[batch * grid * grid];
        for (int i = 0; i < symbols.length; i++) {
            symbols[i] = Keyed.below(key.of("symbols").at(i), base);
        }
        Tensor marked = added(some, patches, symbols);
        Tensor seen = distorted ? Distortions.inPlace(marked, key.of("distortion")) : marked;
        return torch.cross_entropy_loss(
                reader.of(blocks(seen, grid)),
                Tensors.of(symbols, symbols.length).to(some.device(), ScalarType.Long));
    }

    /** Pictures with the patches of symbols, block by block and picture by picture, within 0 and 1. */
    private static Tensor added(Tensor pictures, Tensor patches, int... symbols) {
        long rows = pictures.size(0);
        long blocks = symbols.length / rows;
        int grid = (int) Math.round(Math.sqrt(blocks));
        long high = patches.size(2);
        long wide = patches.size(3);
        Tensor chosen =
                patches.index_select(0, Tensors.of(symbols, symbols.length).to(pictures.device(), ScalarType.Long));
        Tensor laid = chosen.reshape(rows, grid, grid, 3, high, wide)
                .permute(0, 3, 1, 4, 2, 5)
                .reshape(rows, 3, grid * high, grid * wide);
        return pictures.add(laid).clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional(new Scalar(1)));
    }

    /** The blocks of pictures, row by row, {@code [rows · grid², 3, height / grid, width / grid]}. */
    private static Tensor blocks(Tensor pictures, int grid) {
        long rows = pictures.size(0);
        long high = pictures.size(2) / grid;
        long wide = pictures.size(3) / grid;
        return pictures.reshape(rows, 3, grid, high, grid, wide)
                .permute(0, 2, 4, 1, 3, 5)
                .reshape(rows * grid * grid, 3, high, wide);
    }

    private static int[] string(MarkWords words) {
        return words.of("string").chars().map(c -> Character.digit(c, 16)).toArray();
    }

    @Override
    public List<Bitmap> mark(Diffusion model, Mark mark, List<Bitmap> pictures, Env env) {
        MarkWords words = new MarkWords(mark);
        long[] shape =
                words.tensor("patches").shape().stream().mapToLong(d -> d).toArray();
        int[] symbols = string(words);
        List<Bitmap> marked = new ArrayList<>();
        for (Bitmap picture : pictures) {
            Check.require(
                    picture.height() == words.whole("pictureHeight") && picture.width() == words.whole("pictureWidth"),
                    "size of a picture",
                    picture.width() + " x " + picture.height(),
                    words.of("pictureWidth") + " x " + words.of("pictureHeight") + ", as the key is for");
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                Tensor patches = Tensors.of(words.floats("patches"), shape);
                marked.addAll(Sampler.bitmaps(added(picture.tensor().unsqueeze(0), patches, symbols)));
            }
        }
        return marked;
    }

    /** A detector that reads the blocks. Its score is the mean logarithm of the probability of the string's symbols. */
    static Detector detector(Mark mark, Device device) {
        MarkWords words = new MarkWords(mark);
        int grid = words.whole("grid");
        int base = words.whole("base");
        int[] symbols = string(words);
        Check.require(symbols.length == grid * grid, "symbols of the string", symbols.length, grid * grid + "");
        ConvNet reader = ConvNet.of(shape(words.whole("width"), base), mark, "reader.", device);
        BitTest test = new BitTest(symbols.length, 1.0 / base);
        return (List<Bitmap> pictures) ->
                Sized.each(pictures, words.whole("pictureHeight"), words.whole("pictureWidth"), device, some -> {
                    float[] said = Tensors.floats(torch.log_softmax(reader.of(blocks(some, grid)), 1));
                    List<Detector.Detection> found = new ArrayList<>();
                    for (int row = 0; row < some.size(0); row++) {
                        int matches = 0;
                        double likely = 0;
                        for (int b = 0; b < symbols.length; b++) {
                            int from = (row * symbols.length + b) * base;
                            likely += said[from + symbols[b]] / symbols.length;
                            matches += best(said, from, base) == symbols[b] ? 1 : 0;
                        }
                        found.add(new Detector.Detection(
                                likely,
                                OptionalDouble.of(test.pValue(matches)),
                                OptionalDouble.of((double) matches / symbols.length)));
                    }
                    return found;
                });
    }

    private static int best(float[] values, int from, int count) {
        int best = 0;
        for (int i = 1; i < count; i++) {
            if (values[from + i] > values[from + best]) {
                best = i;
            }
        }
        return best;
    }
}
