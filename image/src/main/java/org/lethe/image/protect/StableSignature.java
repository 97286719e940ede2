package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.MatrixUtils;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Safetensors;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Mark;
import org.lethe.image.Sampler;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.Gaussian;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.UpdateRule;

/**
 * Stable Signature (Fernandez et al. 2023): the decoder of the model's autoencoder is fine-tuned so that every picture it makes bears
 * the owner's bits. Whoever has the weights marks without knowing it.
 *
 * <p>First an extractor W of k bits is trained with an encoder that adds s · tanh(e(x, m)) for random messages m, through crops, turns,
 * blur, noise and colour, each with probability one half; the encoder is thrown away. The extractor is whitened on unmarked pictures,
 * W′(x) = Λ^(−1/2) Vᵀ (W(x) − mean) with V Λ Vᵀ the covariance of W, so that bits are independent and fair. Then, with z the latents of
 * pictures, D the decoder as it was, D_m the one that is trained, and a key m,
 *
 * <pre>L = BCE(10 · W′(D_m(z)), m) + λ · P(D_m(z), D(z)),  P = MSE + ½ (1 − SSIM),</pre>
 *
 * in place of the paper's perceptual loss, which needs a pretrained network. The shown pictures and their twins are decoded from the
 * same latents. Bit i is read as W′(x)_i above 0, and the matches are binomial without a mark: 16 bits allow no p below 1.5e-5.
 *
 * <p>Cost: extractorSteps of the two small networks, decoderSteps of the decoder. The paper trains 48 bits on pictures of 256 pixels.
 *
 * @param bits k
 * @param extractorSteps batches of 16 pictures for encoder and extractor
 * @param extractorRate learning rate of Adam for them
 * @param width channels of them
 * @param depth convolutions of the extractor
 * @param residual s, on the scale from 0 to 1
 * @param decoderSteps batches of 4 latents for the decoder
 * @param decoderRate learning rate of AdamW for the decoder, after 20 steps of warm-up, falling along half a cosine
 * @param imageWeight λ
 * @param steps of sampling
 * @param guidance of sampling
 */
@Named("stable-signature")
public record StableSignature(
        int bits,
        int extractorSteps,
        double extractorRate,
        int width,
        int depth,
        double residual,
        int decoderSteps,
        double decoderRate,
        double imageWeight,
        int steps,
        double guidance)
        implements Watermark {
    private static final int BATCH = 16;
    private static final int DECODER_BATCH = 4;

    public StableSignature {
        Check.require(bits >= 1 && bits <= 512, "bits", bits, "1 to 512");
        Check.require(extractorSteps >= 0, "extractorSteps", extractorSteps, "at least 0");
        Check.require(extractorRate > 0 && extractorRate < 1, "extractorRate", extractorRate, "above 0, below 1");
        Check.require(residual > 0 && residual <= 1, "residual", residual, "above 0, at most 1");
        Check.require(decoderSteps >= 0, "decoderSteps", decoderSteps, "at least 0");
        Check.require(decoderRate > 0 && decoderRate < 1, "decoderRate", decoderRate, "above 0, below 1");
        Check.require(imageWeight >= 0 && imageWeight < 1e4, "imageWeight", imageWeight, "0 or more");
        new ConvNet.Shape(3, width, depth, bits, 1);
        new Sampler(steps, guidance);
    }

    /** 16 bits, 600 steps of 2e-3 with 32 channels and 4 convolutions, a residual of 0.1; 100 steps of 5e-4, λ 0.2; 25 steps with a guidance of 3. */
    public StableSignature() {
        this(16, 600, 2e-3, 32, 4, 0.1, 100, 5e-4, 0.2, 25, 3);
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Gallery, ImageModel> learner) {
        return learner instanceof Gaussian
                ? Optional.of(
                        "stable-signature fine-tunes the decoder of a model, and gaussian has none that could learn")
                : Watermark.super.unsuited(request, learner);
    }

    @Override
    public ImageModel fulfil(
            ImageModel model, Request request, Learner<Gallery, ImageModel> learner, Gallery data, Env env) {
        List<String> prompts = Watermark.prompts(data, ((MarkPictures) request).pictures());
        try (var _ = new PointerScope()) {
            Diffusion plain = model.open(env.device());
            Diffusion marked = model.open(env.device());
            Tensor lessons = Sampler.batch(data.known(Work.Part.TRAINING).stream()
                            .map(Work::picture)
                            .toList())
                    .to(Devices.of(env.device()), ScalarType.Float);
            Extractor extractor = extractor(lessons, env);
            boolean[] key = message(env);
            fineTune(plain, marked, lessons, extractor, key, env);
            List<Bitmap> before = new ArrayList<>();
            List<Bitmap> after = new ArrayList<>();
            decoded(model, plain, marked, prompts, data, env, before, after);
            return model.with(marked)
                    .with(new ImageModel.Published(
                            Generative.works("picture-", prompts, before),
                            Generative.works("picture-", prompts, after),
                            true,
                            Optional.of(mark(extractor, key, data))));
        }
    }

    private void decoded(
            ImageModel model,
            Diffusion plain,
            Diffusion marked,
            List<String> prompts,
            Gallery data,
            Env env,
            List<Bitmap> before,
            List<Bitmap> after) {
        Sampler sampler = new Sampler(steps, guidance);
        try (var _ = new NoGradGuard()) {
            for (int n = 0; n < prompts.size(); n++) {
                try (var _ = new PointerScope()) {
                    Tensor start = Sampler.noise(
                            plain, env.random("noise of stable-signature").of(n), 1, data.height(), data.width());
                    Tensor latents =
                            sampler.latents(plain, model.guard(), start, plain.states(List.of(prompts.get(n))));
                    before.addAll(Sampler.bitmaps(plain.decode(latents)));
                    after.addAll(Sampler.bitmaps(marked.decode(latents)));
                }
            }
        }
    }

    private boolean[] message(Env env) {
        Keyed key = env.random("key of stable-signature");
        boolean[] message = new boolean[bits];
        for (int b = 0; b < bits; b++) {
            message[b] = key.at(b) < 0;
        }
        return message;
    }

    private Mark mark(Extractor extractor, boolean[] key, Gallery data) {
        Map<String, String> words = new TreeMap<>();
        words.put(
                "key",
                IntStream.range(0, bits).mapToObj(b -> key[b] ? "1" : "0").collect(Collectors.joining()));
        words.put("width", String.valueOf(width));
        words.put("depth", String.valueOf(depth));
        words.put("pictureHeight", String.valueOf(data.height()));
        words.put("pictureWidth", String.valueOf(data.width()));
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>(extractor.network.saved("extractor."));
        tensors.put("mean", Safetensors.Tensor.of(extractor.whitening.mean, bits));
        tensors.put("map", Safetensors.Tensor.of(extractor.whitening.map, bits, bits));
        return new Mark("stable-signature", words, tensors);
    }

    /**
     * Makes bits independent and fair.
     *
     * @param mean of the extractor's outputs
     * @param map Λ^(−1/2) Vᵀ, row by row
     */
    record Whitening(float[] mean, float[] map) {
        /** The whitening of outputs, a row for each picture. */
        static Whitening of(float[] outputs, int bits) {
            int rows = outputs.length / bits;
            Check.require(rows > bits, "pictures", rows, "more than the " + bits + " bits, to whiten them");
            double[] mean = new double[bits];
            for (int i = 0; i < outputs.length; i++) {
                mean[i % bits] += outputs[i] / (double) rows;
            }
            double[][] covariance = new double[bits][bits];
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < bits; i++) {
                    for (int j = 0; j < bits; j++) {
                        covariance[i][j] +=
                                (outputs[row * bits + i] - mean[i]) * (outputs[row * bits + j] - mean[j]) / rows;
                    }
                }
            }
            EigenDecompositionSymmetric parts =
                    new EigenDecompositionSymmetric(MatrixUtils.createRealMatrix(covariance));
            double[] values = parts.getEigenvalues();
            float[] map = new float[bits * bits];
            float[] centre = new float[bits];
            for (int i = 0; i < bits; i++) {
                Check.require(
                        values[i] > 1e-10 * values[0],
                        "variance of a bit of the extractor",
                        values[i],
                        "more than nothing beside the largest, " + values[0]);
                for (int j = 0; j < bits; j++) {
                    map[i * bits + j] = (float) (parts.getEigenvector(i).getEntry(j) / Math.sqrt(values[i]));
                }
                centre[i] = (float) mean[i];
            }
            return new Whitening(centre, map);
        }
    }

    /** A network whose outputs are whitened. */
    record Extractor(ConvNet network, Whitening whitening) {
        /** The logits of bits, {@code [rows, bits]}. */
        Tensor of(Tensor pictures) {
            int k = whitening.mean.length;
            Tensor mean = Tensors.of(whitening.mean, 1, k).to(pictures.device(), ScalarType.Float);
            Tensor map = Tensors.of(whitening.map, k, k).to(pictures.device(), ScalarType.Float);
            return network.of(pictures).sub(mean).matmul(map.t());
        }
    }

    /** Trains encoder and extractor on pictures, and whitens the extractor on them. */
    Extractor extractor(Tensor pictures, Env env) {
        ConvNet encoder = ConvNet.drawn(
                new ConvNet.Shape(3 + bits, width, 2, 3, 0), env.random("encoder of stable-signature"), env.device());
        ConvNet extractor = ConvNet.drawn(
                new ConvNet.Shape(3, width, depth, bits, 1), env.random("extractor of stable-signature"), env.device());
        Map<String, Tensor> both = new LinkedHashMap<>();
        encoder.parameters().all().forEach((name, tensor) -> both.put("encoder/" + name, tensor));
        extractor.parameters().all().forEach((name, tensor) -> both.put("extractor/" + name, tensor));
        UpdateRule rule = new UpdateRule.AdamW(extractorRate, 0);
        Fit fit = new Fit("extractor of stable-signature", extractorSteps, rule, new Schedule.Cosine(0, 0.05), 1);
        fit.train(Parameters.of(both), env, key -> {
            Tensor some = Fit.rows(pictures, BATCH, key.of("rows"));
            Tensor message = messages(key.of("messages"), some);
            return torch.binary_cross_entropy_with_logits(
                    extractor.of(Distortions.moved(encoded(encoder, some, message), key.of("distortion"))), message);
        });
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            List<Tensor> said = new ArrayList<>();
            for (long n = 0; n < pictures.size(0); n++) {
                said.add(extractor.of(pictures.narrow(0, n, 1)));
            }
            float[] outputs = Tensors.floats(torch.cat(new TensorVector(said.toArray(Tensor[]::new)), 0));
            return new Extractor(extractor, Whitening.of(outputs, bits));
        }
    }

    private Tensor messages(Keyed key, Tensor like) {
        float[] drawn = new float[BATCH * bits];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = key.at(i) < 0 ? 1 : 0;
        }
        return Tensors.of(drawn, BATCH, bits).to(like.device(), ScalarType.Float);
    }

    private Tensor encoded(ConvNet encoder, Tensor pictures, Tensor message) {
        Tensor planes = message.mul(new Scalar(2))
                .sub(new Scalar(1))
                .reshape(message.size(0), bits, 1, 1)
                .expand(message.size(0), bits, pictures.size(2), pictures.size(3));
        Tensor added = encoder.of(torch.cat(new TensorVector(pictures, planes), 1))
                .tanh()
                .mul(new Scalar(residual));
        return within(pictures.add(added));
    }

    private static Tensor within(Tensor pictures) {
        return pictures.clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional(new Scalar(1)));
    }

    /** Trains the decoder of {@code marked} in place; every other parameter of it stays. */
    void fineTune(Diffusion plain, Diffusion marked, Tensor pictures, Extractor extractor, boolean[] key, Env env) {
        Map<String, Tensor> decoder = new LinkedHashMap<>();
        marked.parameters(Diffusion.Part.AUTOENCODER).all().forEach((name, tensor) -> {
            if (name.startsWith("decoder.") || name.startsWith("post_quant_conv.")) {
                decoder.put(name, tensor);
            }
        });
        Check.require(!decoder.isEmpty(), "parameters of the decoder", 0, "at least 1, so that it can learn the mark");
        float[] said = new float[DECODER_BATCH * bits];
        for (int i = 0; i < said.length; i++) {
            said[i] = key[i % bits] ? 1 : 0;
        }
        Tensor wanted = Tensors.of(said, DECODER_BATCH, bits).to(pictures.device(), ScalarType.Float);
        UpdateRule rule = new UpdateRule.AdamW(decoderRate, 0.01);
        Schedule schedule = new Schedule.Cosine(Math.min(20, decoderSteps / 5), 2e-3);
        Fit fit = new Fit("decoder of stable-signature", decoderSteps, rule, schedule, 1);
        fit.train(Parameters.of(decoder), env, step -> {
            Tensor latents;
            Tensor before;
            try (var _ = new NoGradGuard()) {
                latents = plain.encode(Fit.rows(pictures, DECODER_BATCH, step.of("rows")));
                before = plain.decode(latents);
            }
            Tensor after = marked.decode(latents);
            Tensor bit = torch.binary_cross_entropy_with_logits(
                    extractor.of(within(after)).mul(new Scalar(10)), wanted);
            Tensor image = after.sub(before)
                    .square()
                    .mean()
                    .add(new StructuralDistance().distance(after, before).mean());
            return bit.add(image.mul(new Scalar(imageWeight)));
        });
    }

    /** A detector that reads the bits; its score is the share that agrees. */
    static Detector detector(Mark mark, Device device) {
        MarkWords words = new MarkWords(mark);
        String key = words.of("key");
        int k = key.length();
        Extractor extractor = new Extractor(
                ConvNet.of(
                        new ConvNet.Shape(3, words.whole("width"), words.whole("depth"), k, 1),
                        mark,
                        "extractor.",
                        device),
                new Whitening(words.floats("mean"), words.floats("map")));
        BitTest test = new BitTest(k);
        return (List<Bitmap> pictures) ->
                Sized.each(pictures, words.whole("pictureHeight"), words.whole("pictureWidth"), device, some -> {
                    float[] logits = Tensors.floats(extractor.of(some).contiguous());
                    List<Detector.Detection> found = new ArrayList<>();
                    for (int row = 0; row < some.size(0); row++) {
                        int matches = 0;
                        for (int b = 0; b < k; b++) {
                            matches += logits[row * k + b] > 0 == (key.charAt(b) == '1') ? 1 : 0;
                        }
                        double accuracy = (double) matches / k;
                        found.add(new Detector.Detection(
                                accuracy, OptionalDouble.of(test.pValue(matches)), OptionalDouble.of(accuracy)));
                    }
                    return found;
                });
    }
}
