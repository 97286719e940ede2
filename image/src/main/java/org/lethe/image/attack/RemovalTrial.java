package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Case;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageMetrics;
import org.lethe.image.ImageModel;
import org.lethe.image.Judging;
import org.lethe.image.Mark;
import org.lethe.image.Pictures;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.protect.Detector;
import org.lethe.image.protect.MarkPictures;
import org.lethe.image.protect.Watermark;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Auc;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Statistics;
import org.lethe.torch.Devices;

/**
 * One removal of a watermark with its controls: the detector of a mark looks at marked and unmarked pictures, attacked and not.
 *
 * <p>Efficacy is the share of marked pictures that are found, and resilience the same after the attack. Every other unmarked picture
 * serves the calibration of the threshold; the others serve the judgement alone.
 */
final class RemovalTrial {
    private static final int STRIPS = 2;

    private final MarkRemoval attack;
    private final Removal settings;
    private final Case<Gallery, ImageModel> c;
    private final Env env;
    private final BiFunction<Mark, Diffusion, Detector> detectors;

    /** What a detector says of pictures, in their order. */
    private record Look(
            List<Detector.Detection> marked, List<Detector.Detection> unmarked, List<Detector.Detection> calibration) {
        List<Detector.Detection> all() {
            return Stream.of(marked, unmarked, calibration)
                    .flatMap(List::stream)
                    .toList();
        }
    }

    /** Pictures after the attack, what is said of them, and the seconds for each. */
    private record Attacked(List<Bitmap> marked, List<Bitmap> unmarked, Look look, double seconds) {}

    /** Pictures of one case, in three groups. */
    private record Groups(List<Bitmap> marked, List<Bitmap> unmarked, List<Bitmap> calibration) {}

    /**
     * The rule by which a picture is called marked.
     *
     * @param marked whether it is
     * @param trouble the reason why the rule does not keep the rate of false alarms, where it does not
     */
    private record Rule(Predicate<Detector.Detection> marked, Optional<String> trouble) {}

    RemovalTrial(
            MarkRemoval attack, Case<Gallery, ImageModel> c, Env env, BiFunction<Mark, Diffusion, Detector> detectors) {
        this.detectors = detectors;
        this.attack = attack;
        this.settings = attack.removal();
        this.c = c;
        this.env = env;
        Devices.ready(env.device());
    }

    private Groups groups(ImageModel.Published published) {
        List<Bitmap> original = pictures(published.original());
        List<Bitmap> calibration = new ArrayList<>(every(original, 0));
        int missing = Math.max(0, settings.unmarked() - calibration.size());
        Set<String> works = c.data().works().stream().map(Work::id).collect(Collectors.toSet());
        calibration.addAll(
                published.original().stream().allMatch(w -> works.contains(w.id()))
                        ? pictures(Gallery.some(
                                c.data().known(Work.Part.VALIDATION), missing, env.random("unmarked pictures")))
                        : generated(missing));
        return new Groups(
                pictures(published.shown()),
                every(original, 1),
                calibration.subList(0, Math.min(calibration.size(), settings.unmarked())));
    }

    /** Pictures of the public model, which has no mark. */
    private List<Bitmap> generated(int count) {
        return c.baseline().of(List.of("unmarked pictures", settings.sampler(), count, env.seed()), env, e -> {
            try (var _ = new PointerScope()) {
                return settings.sampler()
                        .pictures(
                                c.before().open(e.device()),
                                c.before().guard(),
                                Watermark.prompts(c.data(), count),
                                c.data().height(),
                                c.data().width(),
                                e.random("unmarked pictures"));
            }
        });
    }

    private static List<Bitmap> pictures(List<Work> works) {
        return works.stream().map(Work::picture).toList();
    }

    private static List<Bitmap> every(List<Bitmap> pictures, int from) {
        return IntStream.range(0, pictures.size())
                .filter(n -> n % 2 == from)
                .mapToObj(pictures::get)
                .toList();
    }

    private Look look(Mark mark, Groups groups) {
        return c.after()
                .derived(List.of("unattacked", settings, c.request(), env.seed()), () -> detected(mark, groups));
    }

    private Look detected(Mark mark, Groups groups) {
        try (var _ = new PointerScope()) {
            Detector detector = detectors.apply(mark, c.after().open(env.device()));
            return new Look(
                    detector.detect(groups.marked),
                    detector.detect(groups.unmarked),
                    detector.detect(groups.calibration));
        }
    }

    private Attacked attacked(Mark mark, Groups groups) {
        return c.after().derived(List.of("removal", attack, c.request(), env.seed()), () -> {
            List<Bitmap> all = Stream.of(groups.marked, groups.unmarked, groups.calibration)
                    .flatMap(List::stream)
                    .toList();
            long begun = System.nanoTime();
            List<Bitmap> changed;
            try (var _ = new PointerScope()) {
                changed = attack.attack(all, Tools.of(c.data(), c.before(), env), env);
            }
            double seconds = (System.nanoTime() - begun) / 1e9 / all.size();
            int marked = groups.marked.size();
            int unmarked = marked + groups.unmarked.size();
            Groups after = new Groups(
                    changed.subList(0, marked),
                    changed.subList(marked, unmarked),
                    changed.subList(unmarked, all.size()));
            return new Attacked(after.marked, after.unmarked, detected(mark, after), seconds);
        });
    }

    /**
     * The rule of the settings, from calibration pictures alone: those of all looks. Where they are too few for the rate, the largest
     * score is the threshold.
     */
    private Rule rule(Look... looks) {
        double rate = settings.falsePositiveRate();
        return switch (settings.threshold()) {
            case THEORY ->
                new Rule(
                        d -> d.pValue().isPresent() && d.pValue().getAsDouble() <= rate,
                        Arrays.stream(looks)
                                        .flatMap(l -> l.all().stream())
                                        .allMatch(d -> d.pValue().isPresent())
                                ? Optional.empty()
                                : Optional.of("the method has no test of its own, expected threshold: CALIBRATED"));
            case CALIBRATED -> {
                double[] scores = Arrays.stream(looks)
                        .flatMap(l -> l.calibration.stream())
                        .mapToDouble(Detector.Detection::score)
                        .sorted()
                        .toArray();
                double threshold = quantile(scores, 1 - rate);
                yield new Rule(
                        d -> d.score() > threshold,
                        rate * scores.length >= 1
                                ? Optional.empty()
                                : Optional.of(String.format(
                                        Locale.ROOT,
                                        "%d unmarked pictures set no threshold for %s of false alarms, expected at least %d",
                                        scores.length,
                                        rate,
                                        (int) Math.ceil(1 / rate))));
            }
        };
    }

    /** The smallest score that a share of an ascending sample does not exceed, without interpolation. */
    static double quantile(double[] ascending, double share) {
        int rank = (int) Math.ceil(share * ascending.length - 1e-9);
        return ascending.length == 0 ? Double.POSITIVE_INFINITY : ascending[Math.max(rank, 1) - 1];
    }

    private Sampled found(List<Detector.Detection> detections, Rule rule, String group) {
        return PicturePairs.mean(
                detections.stream()
                        .mapToDouble(d -> rule.marked.test(d) ? 1 : 0)
                        .toArray(),
                draws().of(group));
    }

    private Keyed draws() {
        return env.random("removal").of("resamples");
    }

    List<Finding> findings() {
        Optional<ImageModel.Published> published =
                c.after().published().filter(p -> p.mark().isPresent());
        if (published.isEmpty()) {
            return unmarked();
        }
        ImageModel.Published pictures = published.get();
        Mark mark = pictures.mark().orElseThrow();
        Groups groups = groups(pictures);
        Look look = look(mark, groups);
        Attacked after = attacked(mark, groups);
        Rule plain = rule(look); // so that efficacy is the same whatever the attack
        Rule rule = rule(look, after.look);
        int n = groups.marked.size();
        Scores scores = new Scores(
                found(look.marked, plain, "marked"),
                found(look.unmarked, plain, "unmarked"),
                found(after.look.marked, rule, "marked"),
                found(after.look.unmarked, rule, "unmarked"));
        String bar = "at least " + settings.minResilience();
        Verdict verdict = rule.trouble.isPresent()
                ? new Verdict.Undecided(bar, rule.trouble.get())
                : scores.verdict(
                        settings.minResilience(), n, "the detector calls unmarked pictures marked after the attack");
        List<Finding> findings = new ArrayList<>(scores.findings(n, verdict));
        findings.add(auc("auc", look));
        findings.add(auc("auc-attacked", after.look));
        bits(look, "bit-accuracy").ifPresent(findings::add);
        bits(after.look, "bit-accuracy-attacked").ifPresent(findings::add);
        tested(look.marked, "detected-by-test", "marked", Direction.HIGHER).ifPresent(findings::add);
        tested(after.look.marked, "detected-by-test-attacked", "marked", Direction.HIGHER)
                .ifPresent(findings::add);
        tested(after.look.unmarked, "false-alarms-by-test-attacked", "unmarked", Direction.LOWER)
                .ifPresent(findings::add);
        findings.add(new Finding(
                "calibration-pictures",
                look.calibration.size() + (double) after.look.calibration.size(),
                n,
                Direction.NONE));
        findings.addAll(fidelity(pictures));
        findings.addAll(PicturePairs.findings("attack", groups.marked, after.marked, draws().of("marked")));
        try (var _ = new PointerScope()) {
            findings.addAll(attack.more(pictures, Tools.of(c.data(), c.before(), env)));
        }
        findings.add(new Finding("attack-time", after.seconds, n, Direction.NONE).in("s"));
        return findings;
    }

    /** Nothing is found where there is no mark. */
    private List<Finding> unmarked() {
        int n = ((MarkPictures) c.request()).pictures();
        Sampled none = new Sampled(0, Resampling.each(Statistics.RESAMPLES, _ -> 0));
        return new Scores(none, none, none, none).findings(n, new Verdict.Fail("at least " + settings.minResilience()));
    }

    private static Finding auc(String name, Look look) {
        Auc auc = Auc.of(scores(look.marked), scores(look.unmarked));
        Interval interval = auc.interval();
        return new Finding(name, auc.value(), auc.positives() + (long) auc.negatives(), Direction.HIGHER)
                .on(Scale.SHARE)
                .within(interval);
    }

    private static double[] scores(List<Detector.Detection> detections) {
        return detections.stream().mapToDouble(Detector.Detection::score).toArray();
    }

    private Optional<Finding> bits(Look look, String name) {
        return share(look.marked, Detector.Detection::bitAccuracy, name, "marked", Direction.HIGHER);
    }

    private Optional<Finding> tested(
            List<Detector.Detection> detections, String name, String group, Direction direction) {
        return share(
                detections,
                d -> d.pValue().isPresent()
                        ? OptionalDouble.of(d.pValue().getAsDouble() <= settings.falsePositiveRate() ? 1 : 0)
                        : OptionalDouble.empty(),
                name,
                group,
                direction);
    }

    private Optional<Finding> share(
            List<Detector.Detection> detections,
            Function<Detector.Detection, OptionalDouble> value,
            String name,
            String group,
            Direction direction) {
        double[] values = detections.stream()
                .map(value)
                .flatMapToDouble(OptionalDouble::stream)
                .toArray();
        return values.length == detections.size() && values.length > 0
                ? Optional.of(PicturePairs.finding(
                        name, PicturePairs.mean(values, draws().of(group)), values.length, direction))
                : Optional.empty();
    }

    /** Pixel by pixel where each picture has an unmarked twin, else as samples of a distribution. */
    private List<Finding> fidelity(ImageModel.Published published) {
        List<Bitmap> original = pictures(published.original());
        List<Bitmap> marked = pictures(published.shown());
        if (published.twins()) {
            return PicturePairs.findings("fidelity", original, marked, draws().of("marked"));
        }
        Judging judge = c.before().weights().judge(c.data(), env);
        List<float[]> features = judge.features(original);
        return original.size() == marked.size() && features.size() > features.getFirst().length
                ? List.of(new Finding(
                        "fidelity-fd-mini",
                        ImageMetrics.frechet(judge.features(marked), features),
                        features.size(),
                        Direction.LOWER)) // resamples repeat rows and are farther apart: no interval
                : List.of();
    }

    /** Some pictures without and with the mark and after the attack, with what the detector says. */
    List<Picture> strips() {
        Optional<ImageModel.Published> published =
                c.after().published().filter(p -> p.mark().isPresent());
        if (published.isEmpty()) {
            return List.of();
        }
        ImageModel.Published pictures = published.get();
        Mark mark = pictures.mark().orElseThrow();
        Groups groups = groups(pictures);
        Look look = look(mark, groups);
        Attacked after = attacked(mark, groups);
        String name = Named.Of.name(attack);
        List<Picture> strips = new ArrayList<>();
        for (int n = 0; n < Math.min(STRIPS, groups.marked.size()); n++) {
            List<Picture.Frame> frames = new ArrayList<>();
            if (n < pictures.original().size()) {
                frames.add(frame(
                        pictures.twins() ? "without a mark" : "another picture, without a mark",
                        pictures.original().get(n).picture()));
            }
            frames.add(frame("marked" + said(look.marked.get(n)), groups.marked.get(n)));
            frames.add(frame("after " + name + said(after.look.marked.get(n)), after.marked.get(n)));
            strips.add(new Picture.Strip(
                    name + ", " + pictures.shown().get(n).caption(),
                    "The score is the detector's own: more means marked.",
                    frames));
        }
        return strips;
    }

    private static String said(Detector.Detection detection) {
        return String.format(Locale.ROOT, ", score %.3f", detection.score());
    }

    private static Picture.Frame frame(String caption, Bitmap picture) {
        return new Picture.Frame(caption, Pictures.png(picture));
    }
}
