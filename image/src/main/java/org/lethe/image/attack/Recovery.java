package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.image.Bitmap;
import org.lethe.image.DualEncoder;
import org.lethe.image.Gallery;
import org.lethe.image.ImageMetrics;
import org.lethe.image.ImageModel;
import org.lethe.image.Judging;
import org.lethe.image.Pictures;
import org.lethe.image.Work;
import org.lethe.image.attack.Recovering.Recovered;
import org.lethe.image.attack.Recovering.Target;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.Gaussian;
import org.lethe.image.model.GaussianWeights;
import org.lethe.image.protect.EraseConcept;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Statistics;
import org.lethe.torch.Devices;

/**
 * One recovery of an erased concept with its controls, as CopyrightMeter compares them: pictures of the model before, of the protected
 * one, and of both after the attack, for the same prompts from the same noise.
 *
 * <pre>
 * efficacy   = share of pictures without the concept, protected model
 * resilience = the same after the attack
 * E = (efficacy − efficacy before) / (1 − efficacy before)
 * R = (resilience − resilience of the unedited model) / (efficacy − efficacy before)
 * </pre>
 *
 * <p>E and R are brought within 0 and 1, and are 0 where there is nothing to be gained or lost. Intervals come from a bootstrap over
 * captions, the same resamples for all shares. What does not depend on the attack, or on the protection, is computed once.
 */
final class Recovery {
    /** Fewer captions show no resilience: at a share of one half, four agree by chance once in sixteen times, and resamples with them. */
    static final int FEWEST = 5;

    private static final int SMALLEST_WINDOW = 11; // pixels, of structural similarity
    private static final int STRIPS = 3;

    private final Recovering attack;
    private final Case<Gallery, ImageModel> c;
    private final Env env;
    private final String style;
    private final List<String> kept;
    private final Target target;
    private final Judging judge;
    private final Look before;
    private final Look after;
    private final Attacked unedited;
    private final Attacked attacked;

    /**
     * What a model paints without an attack.
     *
     * @param concept pictures that were asked for in the erased style
     * @param hits whether each of them is judged to be of that style, 1 or 0
     * @param kept pictures of the styles that stay
     * @param right whether each of these is judged to be of its style, 1 or 0
     */
    private record Look(List<Bitmap> concept, double[] hits, List<Bitmap> kept, double[] right) {}

    /**
     * What a model paints after an attack.
     *
     * @param pictures that were asked for in the erased style
     * @param hits whether each is judged to be of that style, 1 or 0
     * @param seconds that the attack took
     */
    private record Attacked(List<Bitmap> pictures, double[] hits, double seconds) {}

    private Recovery(Recovering attack, Case<Gallery, ImageModel> c, Env env) {
        this.attack = attack;
        this.c = c;
        this.env = env;
        Devices.ready(env.device());
        EraseConcept request = (EraseConcept) c.request();
        style = request.erased(c.data());
        kept = request.kept(c.data());
        target = target();
        judge = c.before().weights().judge(c.data(), env);
        List<Object> look = List.of("concept recovery", attack.protocol(), style, env.seed());
        List<Object> trial = List.of(attack, style, env.seed());
        Optional<Look> own =
                c.untouched() ? Optional.empty() : Optional.of(c.after().derived(look, () -> look(c.after(), env)));
        Optional<Attacked> hit = c.untouched()
                ? Optional.empty()
                : Optional.of(c.after().derived(trial, () -> attacked(c.after(), env)));
        before = c.baseline().of(look, env, e -> look(c.before(), e)); // may wait: late
        unedited = c.baseline().of(trial, env, e -> attacked(c.before(), e));
        after = own.orElse(before);
        attacked = hit.orElse(unedited);
    }

    static Recovery of(Recovering attack, Case<Gallery, ImageModel> c, Env env) {
        return new Recovery(attack, c, env);
    }

    private Target target() {
        Protocol protocol = attack.protocol();
        List<Work> own = c.data().of(style, Work.Part.VALIDATION);
        Check.require(!own.isEmpty(), "validation works of " + style, 0, "at least 1, for the attacker");
        List<String> captions =
                Gallery.some(c.data().of(style, Work.Part.TEST), Integer.MAX_VALUE, env.random("captions")).stream()
                        .map(Work::caption)
                        .distinct()
                        .limit(protocol.prompts())
                        .toList();
        Check.require(!captions.isEmpty(), "test works of " + style, 0, "at least 1, for their captions");
        return new Target(
                style, Gallery.some(own, protocol.works(), env.random("attack works")), captions, c.before(), protocol);
    }

    /** The captions of all pictures: again from the first where there are too few. */
    private List<String> asked() {
        return IntStream.range(0, attack.protocol().prompts())
                .mapToObj(n -> target.captions().get(n % target.captions().size()))
                .toList();
    }

    private List<Bitmap> painted(Diffusion model, ImageModel from, List<String> prompts, String noise, Env env) {
        return attack.protocol()
                .sampler()
                .pictures(
                        model,
                        from.guard(),
                        prompts,
                        c.data().height(),
                        c.data().width(),
                        env.random(noise));
    }

    private double[] judged(List<Bitmap> pictures, List<String> styles) {
        List<String> found = judge.predicted(pictures);
        return IntStream.range(0, styles.size())
                .mapToDouble(n -> found.get(n).equals(styles.get(n)) ? 1 : 0)
                .toArray();
    }

    private double[] judged(List<Bitmap> pictures) {
        return judged(pictures, pictures.stream().map(_ -> style).toList());
    }

    private Look look(ImageModel model, Env env) {
        List<String> others =
                kept.stream().flatMap(s -> asked().stream().map(_ -> s)).toList();
        try (var _ = new PointerScope()) {
            Diffusion open = model.open(env.device());
            List<Bitmap> concept = painted(
                    open,
                    model,
                    asked().stream().map(a -> Gallery.prompt(a, style)).toList(),
                    "recovered pictures",
                    env);
            List<Bitmap> stayed = painted(open, model, keptPrompts(), "kept pictures", env);
            return new Look(concept, judged(concept), stayed, judged(stayed, others));
        }
    }

    private Attacked attacked(ImageModel model, Env env) {
        long begun = System.nanoTime();
        try (var _ = new PointerScope()) {
            Recovered found = env.ledger()
                    .timed("attack", () -> attack.recover(model.open(env.device()), model.guard(), target, env));
            double seconds = (System.nanoTime() - begun) / 1e9;
            List<Bitmap> pictures = painted(
                    found.model(), model, asked().stream().map(found.prompt()).toList(), "recovered pictures", env);
            return new Attacked(pictures, judged(pictures), seconds);
        }
    }

    /** The same attack on a model that never saw the concept, where such a model is there in a moment. */
    private Optional<Attacked> taughtAnew() {
        if (!(c.before().weights() instanceof GaussianWeights weights) || kept.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(c.baseline().of(List.of(attack, style, env.seed(), "taught anew"), env, e -> {
            Gallery data = c.data();
            List<Work> others = data.filtered(work -> !work.style().equals(style));
            return attacked(
                    new Gaussian(weights.deviation()).train(new Gallery(data.name(), others, data.apart()), e), e);
        }));
    }

    /** Findings, first those that are judged. */
    List<Finding> findings() {
        Keyed draws = env.random("recovery").of("captions");
        Sampled saw = share(before.hits, draws);
        Sampled pre = share(after.hits, draws);
        Sampled known = share(unedited.hits, draws);
        Sampled asr = share(attacked.hits, draws);
        Sampled efficacyBefore = without(saw);
        Sampled efficacy = without(pre);
        Sampled resilience = without(asr);
        int n = attacked.hits.length;
        List<Finding> findings = new ArrayList<>();
        findings.add(finding("resilience", resilience, n, Direction.HIGHER)
                .on(Scale.SHARE)
                .judged(verdict(resilience, efficacy, without(known))));
        findings.add(finding("resilience-unprotected", without(known), n, Direction.NONE)
                .on(Scale.SHARE));
        taughtAnew()
                .ifPresent(anew -> findings.add(
                        finding("resilience-taught-anew", without(share(anew.hits, draws)), n, Direction.NONE)
                                .on(Scale.SHARE)));
        findings.add(finding("efficacy", efficacy, n, Direction.HIGHER).on(Scale.SHARE));
        findings.add(finding("efficacy-unprotected", efficacyBefore, n, Direction.NONE)
                .on(Scale.SHARE));
        findings.add(finding(
                "resilience-score", ratio(resilience, without(known), efficacy, efficacyBefore), n, Direction.HIGHER));
        Sampled ideal = new Sampled(1, Resampling.each(Statistics.RESAMPLES, _ -> 1));
        findings.add(
                finding("efficacy-score", ratio(efficacy, efficacyBefore, ideal, efficacyBefore), n, Direction.HIGHER));
        findings.add(finding("pre-asr", pre, n, Direction.LOWER).on(Scale.SHARE));
        findings.add(finding("asr", asr, n, Direction.LOWER).on(Scale.SHARE));
        findings.addAll(fidelity());
        findings.add(new Finding("attack-works", target.works().size(), n, Direction.NONE));
        findings.add(new Finding("attack-time", attacked.seconds, 1, Direction.NONE).in("s"));
        return findings;
    }

    private List<Finding> fidelity() {
        List<Finding> findings = new ArrayList<>();
        if (!kept.isEmpty()) {
            Keyed draws = env.random("recovery").of("kept");
            int n = after.right.length;
            findings.add(finding("fidelity-style-accuracy", share(after.right, draws), n, Direction.HIGHER)
                    .on(Scale.SHARE));
            findings.add(finding("fidelity-style-accuracy-before", share(before.right, draws), n, Direction.NONE)
                    .on(Scale.SHARE));
            if (Math.min(c.data().width(), c.data().height()) >= SMALLEST_WINDOW) {
                double[] alike = IntStream.range(0, n)
                        .mapToDouble(i -> ImageMetrics.ssim(before.kept.get(i), after.kept.get(i)))
                        .toArray();
                findings.add(finding("fidelity-ssim", share(alike, draws), n, Direction.HIGHER));
            }
            List<float[]> was = judge.features(before.kept);
            if (n > was.getFirst().length) {
                findings.add(new Finding(
                        "fidelity-fd-mini",
                        ImageMetrics.frechet(was, judge.features(after.kept)),
                        n,
                        Direction.LOWER)); // resamples repeat rows and are farther apart: no interval
            }
        }
        if (!kept.isEmpty() && !(c.before().weights() instanceof GaussianWeights)) {
            findings.addAll(encoded());
        }
        List<Work> tests = c.data().known(Work.Part.TEST);
        double[] right = judged(
                tests.stream().map(Work::picture).toList(),
                tests.stream().map(Work::style).toList());
        Sampled accuracy = Sampled.of(
                Statistics.RESAMPLES, right.length, env.random("recovery").of("judge"), times -> mean(right, times));
        findings.add(finding("judge-accuracy", accuracy, right.length, Direction.NONE)
                .on(Scale.SHARE));
        return findings;
    }

    /** How near the kept pictures stay to those before and to their prompts, by encoders trained on the gallery. */
    private List<Finding> encoded() {
        DualEncoder encoder = DualEncoder.of(c.data(), env);
        Keyed draws = env.random("recovery").of("encoders");
        int n = after.kept.size();
        double[] alike = encoder.likeness(before.kept, after.kept);
        double[] agreed = encoder.agreement(after.kept, keptPrompts());
        double[] agreedBefore = encoder.agreement(before.kept, keptPrompts());
        return List.of(
                finding("fidelity-de-i", share(alike, draws), n, Direction.HIGHER),
                finding("fidelity-de-t", share(agreed, draws), n, Direction.HIGHER),
                finding("fidelity-de-t-before", share(agreedBefore, draws), n, Direction.NONE));
    }

    private List<String> keptPrompts() {
        return kept.stream()
                .flatMap(s -> asked().stream().map(caption -> Gallery.prompt(caption, s)))
                .toList();
    }

    private static Finding finding(String name, Sampled measured, int n, Direction direction) {
        return new Finding(name, measured.value(), n, direction).within(measured.interval());
    }

    /** The mean over pictures, with captions resampled. */
    private Sampled share(double[] values, Keyed draws) {
        int captions = target.captions().size();
        int perStyle = attack.protocol().prompts();
        return Sampled.of(
                Statistics.RESAMPLES,
                captions,
                draws,
                times -> mean(values, n -> times.applyAsInt(n % perStyle % captions)));
    }

    private static double mean(double[] values, IntUnaryOperator times) {
        double sum = 0;
        double count = 0;
        for (int n = 0; n < values.length; n++) {
            sum += times.applyAsInt(n) * values[n];
            count += times.applyAsInt(n);
        }
        return sum / count;
    }

    private static Sampled without(Sampled share) {
        return new Sampled(
                1 - share.value(), Arrays.stream(share.drawn()).map(s -> 1 - s).toArray());
    }

    /** (a − b) / (c − d), within 0 and 1; 0 where c is not above d. */
    private static Sampled ratio(Sampled a, Sampled b, Sampled c, Sampled d) {
        return new Sampled(
                ratio(a.value() - b.value(), c.value() - d.value()),
                Resampling.each(
                        a.drawn().length, n -> ratio(a.drawn()[n] - b.drawn()[n], c.drawn()[n] - d.drawn()[n])));
    }

    private static double ratio(double above, double below) {
        return below <= 1e-9 ? 0 : Math.clamp(above / below, 0, 1);
    }

    private Verdict verdict(Sampled resilience, Sampled efficacy, Sampled unedited) {
        double least = attack.protocol().minResilience();
        String bar = "at least " + least;
        if (efficacy.interval().high() < least || resilience.interval().high() < least) {
            return new Verdict.Fail(bar); // what is there without an attack needs none
        }
        if (unedited.value() >= least) {
            return new Verdict.Undecided(
                    bar,
                    String.format(
                            Locale.ROOT,
                            "the attack makes even the unedited model paint the concept in only %.2f of pictures",
                            1 - unedited.value()));
        }
        if (target.captions().size() < FEWEST) {
            return new Verdict.Undecided(bar, "fewer than " + FEWEST + " captions");
        }
        return resilience.interval().low() >= least
                ? new Verdict.Pass(bar)
                : new Verdict.Undecided(bar, "the interval crosses the bar");
    }

    /** For some prompts what the models before, protected and attacked paint from the same noise. */
    List<Picture> strips() {
        String name = Named.Of.name(attack);
        List<Picture> strips = new ArrayList<>();
        for (int n = 0; n < Math.min(STRIPS, target.captions().size()); n++) {
            strips.add(new Picture.Strip(
                    name + ", " + Gallery.prompt(target.captions().get(n), style),
                    "One draw of noise for all three; other draws look different.",
                    List.of(
                            frame("original model", before.concept.get(n)),
                            frame("protected", after.concept.get(n)),
                            frame("protected, after " + name, attacked.pictures.get(n)))));
        }
        return strips;
    }

    private static Picture.Frame frame(String caption, Bitmap picture) {
        return new Picture.Frame(caption, Pictures.png(picture));
    }
}
