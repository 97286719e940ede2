package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Case;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.ImageMetrics;
import org.lethe.image.ImageModel;
import org.lethe.image.Judging;
import org.lethe.image.Pictures;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.FineTuning;
import org.lethe.image.protect.ProtectWorks;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.torch.Devices;

/**
 * One purification with its controls, as CopyrightMeter compares them: imitators that learn from an artist's works as they were, as they
 * are published, and from both after the attack, paint the same prompts from the same noise.
 *
 * <p>Efficacy is the share of pictures by the imitator of the published works that are <em>not</em> judged to be the artist's;
 * resilience is the same after the attack. What does not depend on the attack, or on the protection, is computed once.
 */
final class ImitationTrial {
    private static final int STRIPS = 2;

    private final Purification attack;
    private final Imitation settings;
    private final Case<Gallery, ImageModel> c;
    private final Env env;
    private final String artist;
    private final ImageModel.Published published;
    private final Judging judge;
    private final Attacked shown;
    private final List<Bitmap> imitated;
    private final List<Bitmap> protect;
    private final List<Bitmap> attacked;
    private final List<Bitmap> bareAttacked;

    /**
     * Works after the attack.
     *
     * @param pictures in their order
     * @param seconds for each
     */
    private record Attacked(List<Bitmap> pictures, double seconds) {}

    ImitationTrial(Purification attack, Case<Gallery, ImageModel> c, Env env) {
        this.attack = attack;
        this.settings = attack.imitation();
        this.c = c;
        this.env = env;
        Devices.ready(env.device());
        ProtectWorks request = (ProtectWorks) c.request();
        artist = request.artist(c.data());
        published = c.after().published().orElseGet(() -> {
            List<Work> works = request.chosen(c.data(), env);
            return new ImageModel.Published(works, works, true, Optional.empty());
        });
        judge = c.before().weights().judge(c.data(), env);
        List<Bitmap> original = published.original().stream().map(Work::picture).toList();
        List<Bitmap> open = published.shown().stream().map(Work::picture).toList();
        List<String> works = published.original().stream().map(Work::id).toList();
        Object learn = List.of("imitation", settings, request, works, env.seed());
        Object purify = List.of("purification", attack, request, works, env.seed());
        // no results of the case in steps of the baseline, which other cases wait for
        Attacked bare = c.baseline().of(List.of(purify, "works"), env, e -> purified(original, e));
        imitated = c.baseline().of(learn, env, e -> painted(original, e));
        bareAttacked = c.baseline().of(List.of(purify, "imitation"), env, e -> painted(bare.pictures, e));
        if (c.untouched()) {
            shown = bare;
            protect = imitated;
            attacked = bareAttacked;
        } else {
            shown = own(List.of(purify, "works"), () -> purified(open, env));
            protect = own(learn, () -> painted(open, env));
            attacked = own(List.of(purify, "imitation"), () -> painted(shown.pictures, env));
        }
    }

    private <T> T own(Object key, Supplier<T> maker) {
        return c.after().derived(key, maker);
    }

    private Attacked purified(List<Bitmap> pictures, Env env) {
        long begun = System.nanoTime();
        try (var _ = new PointerScope()) {
            List<Bitmap> pure = attack.attack(pictures, Tools.of(c.data(), c.before(), env), env);
            return new Attacked(pure, (System.nanoTime() - begun) / 1e9 / pictures.size());
        }
    }

    /** What an imitator paints that learned from works. */
    private List<Bitmap> painted(List<Bitmap> works, Env env) {
        try (var _ = new PointerScope()) {
            Diffusion model = c.before().open(env.device());
            FineTuning.Lessons prior = FineTuning.Lessons.NONE;
            if (settings.priorWeight() > 0) {
                String plain = Gallery.prompt("", "");
                prior = FineTuning.Lessons.of(
                        made(model, works.stream().map(_ -> plain).toList(), "prior", env), plain);
            }
            List<String> prompts =
                    published.original().stream().map(this::prompt).toList();
            settings.learning().train(model, new FineTuning.Lessons(works, prompts), prior, env);
            return made(model, asked(), "imitations", env);
        }
    }

    private List<Bitmap> made(Diffusion model, List<String> prompts, String noise, Env env) {
        return settings.sampler()
                .pictures(
                        model,
                        new Guard.None(),
                        prompts,
                        c.data().height(),
                        c.data().width(),
                        env.random("imitation").of(noise));
    }

    private String prompt(Work work) {
        return Gallery.prompt(settings.captions() ? work.caption() : "", settings.word());
    }

    /** The prompts of all pictures: with captions, those of other works of the artist, again from the first. */
    private List<String> asked() {
        List<Work> tests = c.data().of(artist, Work.Part.TEST);
        List<Work> subjects = tests.isEmpty() ? published.original() : tests;
        return IntStream.range(0, settings.pictures())
                .mapToObj(n -> prompt(subjects.get(n % subjects.size())))
                .toList();
    }

    /** The share of pictures that are not judged to be the artist's. */
    private Sampled kept(List<Bitmap> pictures) {
        double[] kept = judge.predicted(pictures).stream()
                .mapToDouble(style -> style.equals(artist) ? 0 : 1)
                .toArray();
        return PicturePairs.mean(kept, draws().of("pictures"));
    }

    private Keyed draws() {
        return env.random("imitation").of("resamples");
    }

    List<Finding> findings() {
        int n = settings.pictures();
        Scores scores = new Scores(kept(protect), kept(imitated), kept(attacked), kept(bareAttacked));
        List<Finding> findings = new ArrayList<>(scores.findings(
                n,
                scores.verdict(settings.minResilience(), n, "the imitator already fails on works after the attack")));
        findings.addAll(likeness());
        List<Bitmap> original = published.original().stream().map(Work::picture).toList();
        List<Bitmap> open = published.shown().stream().map(Work::picture).toList();
        findings.addAll(PicturePairs.findings("fidelity", original, open, draws().of("works")));
        findings.add(new Finding("fidelity-largest", largest(original, open), original.size(), Direction.LOWER));
        findings.addAll(PicturePairs.findings("attack", open, shown.pictures, draws().of("works")));
        judgeAccuracy().ifPresent(findings::add);
        try (var _ = new PointerScope()) {
            findings.addAll(attack.more(published, Tools.of(c.data(), c.before(), env)));
        }
        findings.add(new Finding("attack-time", shown.seconds, original.size(), Direction.NONE).in("s"));
        return findings;
    }

    /** How near the imitators' pictures are to the artist's works in the features of the judge. */
    private List<Finding> likeness() {
        List<float[]> works = judge.features(c.data().filtered(w -> w.style().equals(artist)).stream()
                .map(Work::picture)
                .toList());
        float[] centre = new float[works.getFirst().length];
        for (float[] work : works) {
            for (int i = 0; i < centre.length; i++) {
                centre[i] += work[i] / works.size();
            }
        }
        List<Finding> findings = new ArrayList<>();
        record Imitator(String name, List<Bitmap> pictures, Direction similar, Direction far) {}
        for (Imitator imitator : List.of(
                new Imitator("original", imitated, Direction.NONE, Direction.NONE),
                new Imitator("protected", protect, Direction.LOWER, Direction.HIGHER),
                new Imitator("attacked", attacked, Direction.LOWER, Direction.HIGHER),
                new Imitator("attacked-original", bareAttacked, Direction.NONE, Direction.NONE))) {
            List<float[]> features = judge.features(imitator.pictures);
            double[] alike =
                    features.stream().mapToDouble(f -> cosine(f, centre)).toArray();
            findings.add(PicturePairs.finding(
                    "similarity-" + imitator.name,
                    PicturePairs.mean(alike, draws().of("pictures")),
                    alike.length,
                    imitator.similar));
            int dims = centre.length;
            if (features.size() > dims && works.size() >= features.size()) {
                // equal sizes, since the bias depends on them; resamples repeat rows and are farther apart: no interval
                findings.add(new Finding(
                        "fd-mini-" + imitator.name,
                        ImageMetrics.frechet(features, works.subList(0, features.size())),
                        features.size(),
                        imitator.far));
            }
        }
        return findings;
    }

    private static double cosine(float[] a, float[] b) {
        double product = 0;
        double left = 0;
        double right = 0;
        for (int i = 0; i < a.length; i++) {
            product += (double) a[i] * b[i];
            left += (double) a[i] * a[i];
            right += (double) b[i] * b[i];
        }
        return product / Math.max(Math.sqrt(left * right), 1e-12);
    }

    /** The largest change of a value in levels of 255. */
    private static double largest(List<Bitmap> original, List<Bitmap> changed) {
        double largest = 0;
        for (int n = 0; n < original.size(); n++) {
            for (int i = 0; i < original.get(n).values().length; i++) {
                largest = Math.max(
                        largest,
                        Math.abs(original.get(n).values()[i] - changed.get(n).values()[i]) * 255.0);
            }
        }
        return largest;
    }

    private Optional<Finding> judgeAccuracy() {
        List<Work> tests = c.data().filtered(w -> w.part() == Work.Part.TEST);
        if (tests.isEmpty()) {
            return Optional.empty();
        }
        List<String> found = judge.predicted(tests.stream().map(Work::picture).toList());
        double[] right = IntStream.range(0, tests.size())
                .mapToDouble(n -> found.get(n).equals(tests.get(n).style()) ? 1 : 0)
                .toArray();
        return Optional.of(PicturePairs.finding(
                "judge-accuracy", PicturePairs.mean(right, draws().of("judge")), right.length, Direction.NONE));
    }

    /** Some works as they were, as published and after the attack, and what the imitators of each paint from one draw of noise. */
    List<Picture> strips() {
        String name = Named.Of.name(attack);
        List<Picture> strips = new ArrayList<>();
        for (int n = 0; n < Math.min(STRIPS, published.original().size()); n++) {
            int paint = n % settings.pictures();
            strips.add(new Picture.Strip(
                    name + ", " + published.original().get(n).caption(),
                    "A work, and pictures by imitators of all works from one draw of noise; other draws look different.",
                    List.of(
                            frame("original", published.original().get(n).picture()),
                            frame("published", published.shown().get(n).picture()),
                            frame("after " + name, shown.pictures.get(n)),
                            frame("imitator of originals", imitated.get(paint)),
                            frame("imitator of published", protect.get(paint)),
                            frame("imitator after " + name, attacked.get(paint)))));
        }
        return strips;
    }

    private static Picture.Frame frame(String caption, Bitmap picture) {
        return new Picture.Frame(caption, Pictures.png(picture));
    }
}
