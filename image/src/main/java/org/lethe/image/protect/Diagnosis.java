package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.hipparchus.distribution.continuous.TDistribution;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Safetensors;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageMetrics;
import org.lethe.image.ImageModel;
import org.lethe.image.Mark;
import org.lethe.image.Sampler;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.FineTuning;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.UpdateRule;

/**
 * DIAGNOSIS (Wang et al. 2024): works are coated with a fixed smooth warp that is hardly seen, a model that learns from them learns the
 * coating, and a classifier of coated pictures finds it in what that model paints. The owner's model stays as it is; what is shown are
 * pictures of a copy of it that a thief fine-tuned on coated works, and what they are compared with are pictures of a copy that learned
 * the same works uncoated, from the same prompts and noise. The key is the grid of the warp.
 *
 * <p>A model is judged by the share a of N of its pictures that are called coated: with β the share without the coating, H0 "it did not
 * learn from the works" is rejected where
 *
 * <pre>√(N − 1) (a − β) − √(a − a²) t_{1−γ, N−1} &gt; 0,</pre>
 *
 * or exactly by P[Bin(N, β) ≥ aN]. β is the classifier's share of false alarms on uncoated works of the validation part, (f + 1)/(n + 2);
 * the published program flags a above 0.75. One picture has no p of its own.
 *
 * <p>Cost: the classifier, and two fine-tunings. The paper warps pictures of 512 pixels by a grid of 128 cells and a strength of 2, and
 * of 1 with a trigger and a rate of 0.2.
 *
 * @param cells k, points of the grid along each side
 * @param strength s; the mean displacement is about s/2 pixels
 * @param rate share of the works that are coated
 * @param trigger words before the prompts of coated works, and of what is painted; empty for none
 * @param classifierSteps steps of the classifier, of 8 coated and 8 uncoated pictures
 * @param learningRate of the classifier's AdamW
 * @param width channels of the classifier
 * @param reconstructed whether half of the classifier's lessons went through the model's autoencoder, as pictures that a model paints
 * @param tuning how the thief learns
 * @param steps of sampling
 * @param guidance of sampling
 */
@Named("diagnosis")
public record Diagnosis(
        int cells,
        double strength,
        double rate,
        String trigger,
        int classifierSteps,
        double learningRate,
        int width,
        boolean reconstructed,
        FineTuning tuning,
        int steps,
        double guidance)
        implements Watermark {
    private static final int BATCH = 8;
    private static final int DEPTH = 3;
    private static final int CELLS = 4;

    public Diagnosis {
        Check.require(cells >= 2 && cells <= 4096, "cells", cells, "2 to 4096");
        Check.require(strength >= 0 && strength <= 100, "strength", strength, "0 to 100");
        Check.require(rate > 0 && rate <= 1, "rate", rate, "above 0, at most 1");
        Check.require(classifierSteps >= 0, "classifierSteps", classifierSteps, "at least 0");
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "above 0, below 1");
        new ConvNet.Shape(3, width, DEPTH, 1, CELLS);
        new Sampler(steps, guidance);
    }

    /** 8 cells with a strength of 2, all works coated, no trigger; 400 steps of 3e-3 with 16 channels; 25 steps with a guidance of 3. */
    public Diagnosis() {
        this(8, 2, 1, "", 400, 3e-3, 16, true, new FineTuning(), 25, 3);
    }

    /** The warp of an environment. */
    Warp warp(Env env) {
        return Warp.drawn(cells, strength, env.random("warp"));
    }

    @Override
    public ImageModel fulfil(
            ImageModel model, Request request, Learner<Gallery, ImageModel> learner, Gallery data, Env env) {
        int count = ((MarkPictures) request).pictures();
        Warp warp = warp(env);
        List<Work> owned = data.of(data.apart().isEmpty() ? data.known().getFirst() : data.apart(), Work.Part.TRAINING);
        Check.require(!owned.isEmpty(), "training works of the owner", 0, "at least 1");
        List<String> prompts = IntStream.range(0, count)
                .mapToObj(n -> prompt(owned.get(n % owned.size()), !trigger.isEmpty()))
                .toList();
        Map<String, String> words = new TreeMap<>();
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        try (var _ = new PointerScope()) {
            Diffusion open = model.open(env.device());
            ConvNet classifier = classifier(open, data, warp, words, env);
            tensors.putAll(classifier.saved("classifier."));
        }
        words.put("cells", String.valueOf(cells));
        words.put("strength", String.valueOf(strength));
        words.put("width", String.valueOf(width));
        words.put("pictureHeight", String.valueOf(data.height()));
        words.put("pictureWidth", String.valueOf(data.width()));
        List<Bitmap> coated = owned.stream().map(w -> warp.of(w.picture())).toList();
        words.put("fidelity-psnr", String.valueOf(mean(owned, coated, ImageMetrics::psnr)));
        words.put("fidelity-ssim", String.valueOf(mean(owned, coated, ImageMetrics::ssim)));
        tensors.put("grid", Safetensors.Tensor.of(warp.grid(), 2, cells, cells));
        List<Bitmap> plain = painted(model, owned, List.of(), prompts, data, env);
        List<Bitmap> marked = painted(model, owned, coated, prompts, data, env);
        return model.with(new ImageModel.Published(
                Generative.works("uncoated-", prompts, plain),
                Generative.works("coated-", prompts, marked),
                false,
                Optional.of(new Mark("diagnosis", words, tensors))));
    }

    private interface Measure {
        double of(Bitmap one, Bitmap other);
    }

    private static double mean(List<Work> owned, List<Bitmap> coated, Measure measure) {
        return IntStream.range(0, owned.size())
                .mapToDouble(n -> measure.of(owned.get(n).picture(), coated.get(n)))
                .filter(Double::isFinite)
                .average()
                .orElse(0);
    }

    private String prompt(Work work, boolean triggered) {
        return triggered ? trigger + " " + work.prompt() : work.prompt();
    }

    /** What a thief's copy paints that learned the works, a share of them coated where there are coated ones. */
    private List<Bitmap> painted(
            ImageModel model, List<Work> owned, List<Bitmap> coated, List<String> prompts, Gallery data, Env env) {
        List<Bitmap> learned = new ArrayList<>();
        List<String> said = new ArrayList<>();
        Keyed chosen = env.random("coated works");
        for (int n = 0; n < owned.size(); n++) {
            boolean covered = Keyed.unit(chosen.at(n)) < rate;
            learned.add(
                    covered && !coated.isEmpty() ? coated.get(n) : owned.get(n).picture());
            said.add(prompt(owned.get(n), covered && !trigger.isEmpty()));
        }
        try (var _ = new PointerScope()) {
            Diffusion copy = model.open(env.device());
            tuning.train(copy, new FineTuning.Lessons(learned, said), FineTuning.Lessons.NONE, env);
            return new Sampler(steps, guidance)
                    .pictures(
                            copy,
                            model.guard(),
                            prompts,
                            data.height(),
                            data.width(),
                            env.random("noise of diagnosis"));
        }
    }

    /** Trains the classifier on works of the training part, and notes its errors on the validation part. */
    ConvNet classifier(Diffusion model, Gallery data, Warp warp, Map<String, String> words, Env env) {
        ConvNet classifier = ConvNet.drawn(shape(width), env.random("classifier of diagnosis"), env.device());
        Tensor clean = seen(model, data.filtered(w -> w.part() == Work.Part.TRAINING), warp, false, reconstructed);
        Tensor coated = seen(model, data.filtered(w -> w.part() == Work.Part.TRAINING), warp, true, reconstructed);
        Tensor truth = torch.cat(new TensorVector(torch.ones(BATCH), torch.zeros(BATCH)), 0)
                .to(clean.device(), ScalarType.Float);
        UpdateRule rule = new UpdateRule.AdamW(learningRate, 5e-4);
        Fit fit = new Fit("classifier of diagnosis", classifierSteps, rule, new Schedule.Cosine(0, 0.05), 1);
        fit.train(classifier.parameters(), env, key -> {
            Tensor some = Fit.rows(coated, BATCH, key.of("coated"));
            Tensor others = Fit.rows(clean, BATCH, key.of("clean"));
            Tensor said = classifier.of(torch.cat(new TensorVector(some, others), 0));
            return torch.binary_cross_entropy_with_logits(said.flatten(), truth);
        });
        List<Work> held = data.filtered(w -> w.part() == Work.Part.VALIDATION);
        int alarms = called(classifier, model, held, warp, false);
        int found = called(classifier, model, held, warp, true);
        words.put("beta", String.valueOf((alarms + 1.0) / (held.size() + 2.0)));
        words.put("classifier-false-alarms", alarms + " of " + held.size());
        words.put("classifier-found", found + " of " + held.size());
        return classifier;
    }

    private static ConvNet.Shape shape(int width) {
        return new ConvNet.Shape(3, width, DEPTH, 1, CELLS);
    }

    private int called(ConvNet classifier, Diffusion model, List<Work> works, Warp warp, boolean coated) {
        if (works.isEmpty()) {
            return 0;
        }
        int called = 0;
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor pictures = seen(model, works, warp, coated, false);
            for (long n = 0; n < pictures.size(0); n++) {
                called += classifier.of(pictures.narrow(0, n, 1)).item_double() > 0 ? 1 : 0;
            }
        }
        return called;
    }

    /** Works as the classifier sees them; where they are reconstructed, they and what the autoencoder makes of them. */
    private static Tensor seen(Diffusion model, List<Work> works, Warp warp, boolean coated, boolean reconstructed) {
        List<Bitmap> pictures = works.stream()
                .map(w -> coated ? warp.of(w.picture()) : w.picture())
                .toList();
        try (var _ = new NoGradGuard()) {
            Tensor plain = Sampler.batch(pictures).to(Devices.of(model.device()), ScalarType.Float);
            if (!reconstructed) {
                return plain;
            }
            List<Tensor> all = new ArrayList<>(List.of(plain));
            for (long n = 0; n < plain.size(0); n++) {
                Tensor one = plain.narrow(0, n, 1);
                all.add(Tensors.within(() -> model.decode(model.encode(one))
                        .clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional(new Scalar(1)))));
            }
            return torch.cat(new TensorVector(all.toArray(Tensor[]::new)), 0);
        }
    }

    /**
     * The statistic of the paper's test, above 0 where a model is found to have learned from coated works.
     *
     * @param pictures N
     * @param share a, share of them that are called coated
     * @param beta β, share without the coating
     * @param level γ, probability of a false alarm
     */
    public static double statistic(int pictures, double share, double beta, double level) {
        Check.require(pictures >= 2, "pictures", pictures, "at least 2");
        Check.require(share >= 0 && share <= 1, "share", share, "0 to 1");
        Check.require(beta >= 0 && beta <= 1, "beta", beta, "0 to 1");
        Check.require(level > 0 && level < 1, "level", level, "between 0 and 1");
        double t = new TDistribution(pictures - 1).inverseCumulativeProbability(1 - level);
        return Math.sqrt(pictures - 1.0) * (share - beta) - Math.sqrt(share - share * share) * t;
    }

    /** The exact probability that so many of a model's pictures are called coated without the coating, P[Bin(N, β) ≥ called]. */
    public static double pValue(Mark mark, int pictures, int called) {
        return new BitTest(pictures, new MarkWords(mark).number("beta")).pValue(called);
    }

    /** The classifier; its score is the logit of "coated". */
    static Detector detector(Mark mark, Device device) {
        MarkWords words = new MarkWords(mark);
        ConvNet classifier = ConvNet.of(shape(words.whole("width")), mark, "classifier.", device);
        return (List<Bitmap> pictures) ->
                Sized.each(pictures, words.whole("pictureHeight"), words.whole("pictureWidth"), device, some -> {
                    float[] logits = Tensors.floats(classifier.of(some).flatten());
                    List<Detector.Detection> found = new ArrayList<>();
                    for (float logit : logits) {
                        found.add(new Detector.Detection(logit, OptionalDouble.empty(), OptionalDouble.empty()));
                    }
                    return found;
                });
    }
}
