package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageModel;
import org.lethe.image.Perceptual;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.statistics.Auc;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * IMPRESS (Cao et al., NeurIPS 2023): an autoencoder reproduces clean pictures better than protected ones, so pixels are moved until
 * it reproduces them, not far from where they were.
 *
 * <pre>min_{x'} ‖D(E(x')) − x'‖² + α · max(d(x', x) − Δ, 0)</pre>
 *
 * <p>The first term is a mean over pixels in [−1, 1]; d is a perceptual distance. Adam with an epsilon of 1e-5, from x with noise,
 * within [−1, 1]; the code of CopyrightMeter (2024) keeps to [0, 1] instead and so loses everything darker than grey. Published values
 * against Glaze: Δ 0.1, α 0.1, noise 0.1, 3000 steps at 0.01; against PhotoGuard: α 0.01, noise 0.05, 1000 steps at 0.005. The default
 * has fewer steps.
 *
 * <p>It is also a detector: {@code reconstruction-auc} is the area under the curve of ‖D(E(x)) − x‖² between works as shown and their
 * originals, ½ where nothing was done. Cost: steps gradients of the autoencoder a picture.
 *
 * @param steps of Adam
 * @param learningRate of Adam, on the scale from −1 to 1
 * @param weight α
 * @param tolerance Δ
 * @param noise standard deviation of the noise at the start, on the scale from −1 to 1
 * @param distance perceptual, or pixel: the root of the mean squared difference on the scale from −1 to 1
 * @param imitation how it is judged
 */
@Named("impress")
public record Impress(
        int steps,
        double learningRate,
        double weight,
        double tolerance,
        double noise,
        Distance distance,
        Imitation imitation)
        implements Purification {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-5;

    /** How far pictures may move. */
    public enum Distance {
        /** By the activations of a network. */
        PERCEPTUAL,
        /** By their pixels. */
        PIXEL
    }

    public Impress {
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "above 0, below 1");
        Check.require(weight >= 0 && weight < 1e6, "weight", weight, "0 or more");
        Check.require(tolerance >= 0 && tolerance < 1e6, "tolerance", tolerance, "0 or more");
        Check.require(noise >= 0 && noise <= 1, "noise", noise, "0 to 1");
    }

    /** The published values against Glaze, with 200 steps. */
    public Impress() {
        this(200, 0.01, 0.1, 0.1, 0.1, Distance.PERCEPTUAL, new Imitation());
    }

    @Override
    public boolean readsModel() {
        return true;
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        Perceptual far = switch (distance) {
            case PIXEL -> Impress::apart;
            case PERCEPTUAL ->
                tools.perception()
                        .orElseThrow(
                                () -> new IllegalArgumentException(
                                        "distance of impress is PERCEPTUAL, expected PIXEL, since there is no perceptual network"));
        };
        return Batches.each(pictures, tools.model().device(), (batch, first) -> {
            Tensor noised =
                    Diffusion.signed(batch).add(Batches.noise(env.random("impress"), first, batch), new Scalar(noise));
            return Regeneration.unsigned(moved(tools.model(), Diffusion.signed(batch), noised, far, new ArrayList<>()));
        });
    }

    private static Tensor apart(Tensor pictures, Tensor others) {
        return pictures.sub(others)
                .mul(new Scalar(2))
                .square()
                .mean(1, 2, 3)
                .add(new Scalar(1e-12))
                .sqrt();
    }

    /**
     * Pictures in [−1, 1] after all steps.
     *
     * @param given the pictures as they were
     * @param start where the steps begin
     * @param losses gets the loss before each step
     */
    Tensor moved(Diffusion model, Tensor given, Tensor start, Perceptual far, List<Double> losses) {
        Tensor x = bounded(start.detach()).clone();
        Tensor mean = torch.zeros_like(x);
        Tensor square = torch.zeros_like(x);
        for (int step = 1; step <= steps; step++) {
            try (var _ = new PointerScope()) {
                Tensor leaf = x.detach().clone().requires_grad_(true);
                Tensor loss;
                try (var _ = new AutoGradMode(true)) {
                    loss = loss(model, leaf, given, far);
                }
                losses.add(loss.item_double());
                Tensor gradient = torch.grad(new TensorVector(loss), new TensorVector(leaf))
                        .get(0);
                try (var _ = new NoGradGuard()) {
                    mean.mul_(new Scalar(BETA1)).add_(gradient, new Scalar(1 - BETA1));
                    square.mul_(new Scalar(BETA2)).add_(gradient.square(), new Scalar(1 - BETA2));
                    Tensor root = square.div(new Scalar(1 - Math.pow(BETA2, step)))
                            .sqrt()
                            .add(new Scalar(EPSILON));
                    Tensor next = x.sub(mean.div(root), new Scalar(learningRate / (1 - Math.pow(BETA1, step))));
                    x.copy_(bounded(next));
                }
            }
        }
        return x;
    }

    private static Tensor bounded(Tensor x) {
        return x.clamp(new ScalarOptional(new Scalar(-1)), new ScalarOptional(new Scalar(1)));
    }

    private Tensor loss(Diffusion model, Tensor x, Tensor given, Perceptual far) {
        Tensor pictures = Regeneration.unsigned(x);
        Tensor loss = missed(model, pictures).sum();
        return weight == 0
                ? loss
                : loss.add(far.distance(pictures, Regeneration.unsigned(given))
                        .sub(new Scalar(tolerance))
                        .clamp_min(new Scalar(0))
                        .sum()
                        .mul(new Scalar(weight)));
    }

    /** The mean squared error of each reconstruction on the scale from −1 to 1, {@code [rows]}. */
    private static Tensor missed(Diffusion model, Tensor pictures) {
        return Diffusion.signed(model.decode(model.encode(pictures)))
                .sub(Diffusion.signed(pictures))
                .square()
                .mean(1, 2, 3);
    }

    /** ‖D(E(x)) − x‖², a mean over pixels in [−1, 1], of each picture. */
    static double[] reconstructionErrors(Diffusion model, List<Bitmap> pictures) {
        double[] errors = new double[pictures.size()];
        try (var _ = new NoGradGuard()) {
            for (int n = 0; n < errors.length; n++) {
                try (var _ = new PointerScope()) {
                    Tensor one = pictures.get(n).tensor().unsqueeze(0);
                    errors[n] = Tensors.floats(missed(model, Devices.on(one, model.device())))[0];
                }
            }
        }
        return errors;
    }

    @Override
    public List<Finding> more(ImageModel.Published published, Tools tools) {
        Auc auc = Auc.of(
                reconstructionErrors(
                        tools.model(),
                        published.shown().stream().map(Work::picture).toList()),
                reconstructionErrors(
                        tools.model(),
                        published.original().stream().map(Work::picture).toList()));
        return List.of(
                new Finding("reconstruction-auc", auc.value(), auc.positives() + (long) auc.negatives(), Direction.HALF)
                        .within(auc.interval()));
    }
}
