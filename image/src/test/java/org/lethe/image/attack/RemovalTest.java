package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.lethe.Case;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Verdict;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Mark;
import org.lethe.image.Work;
import org.lethe.image.protect.Detector;
import org.lethe.image.protect.MarkPictures;
import org.lethe.numerics.Keyed;

/** With a pattern that is added to pictures, and a detector that correlates. */
class RemovalTest {
    private static final int SIDE = 16;
    private static final Gallery GALLERY = Painted.gallery(SIDE, 40);
    private static final MarkPictures REQUEST = new MarkPictures(32);
    private static final Mark MARK = new Mark("pattern", Map.of(), Map.of());

    /** Gives pictures back as they came. */
    @Named("idle")
    private record Idle(Removal removal) implements MarkRemoval {
        @Override
        public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
            return pictures;
        }
    }

    private static double sign(int i) {
        return Keyed.unit(Keyed.seed(11).at(i)) < 0.5 ? -1 : 1;
    }

    private static Bitmap marked(Bitmap picture) {
        float[] values = picture.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.round(Math.clamp(values[i] * 255 + 12 * sign(i), 0, 255)) / 255f;
        }
        return new Bitmap(picture.width(), picture.height(), values);
    }

    private static List<Detector.Detection> detect(List<Bitmap> pictures) {
        List<Detector.Detection> all = new ArrayList<>();
        for (Bitmap picture : pictures) {
            double score = 0;
            for (int i = 0; i < picture.values().length; i++) {
                score += picture.values()[i] * sign(i);
            }
            all.add(new Detector.Detection(score, OptionalDouble.empty(), OptionalDouble.of(0.75)));
        }
        return all;
    }

    private static Case<Gallery, ImageModel> marked() {
        ImageModel before = Painted.model(GALLERY);
        List<Work> works = GALLERY.known(Work.Part.TEST).subList(0, 32);
        List<Work> shown = works.stream().map(w -> w.with(marked(w.picture()))).toList();
        ImageModel after = before.with(new ImageModel.Published(works, shown, true, Optional.of(MARK)));
        return new Case<>(GALLERY, REQUEST, before, after, before);
    }

    private static List<Finding> findings(MarkRemoval attack, Case<Gallery, ImageModel> c) {
        return new RemovalTrial(attack, c, Painted.ENV, (_, _) -> RemovalTest::detect).findings();
    }

    private static double value(List<Finding> findings, String name) {
        return Painted.finding(findings, name).value();
    }

    private static Verdict verdict(List<Finding> findings) {
        return Painted.finding(findings, "resilience").verdict().orElseThrow();
    }

    @Test
    void aMarkIsFoundUntilItIsBlurredAway() {
        Case<Gallery, ImageModel> c = marked();
        List<Finding> idle = findings(new Idle(new Removal()), c);
        assertInstanceOf(Verdict.Pass.class, verdict(idle));
        assertEquals(1, value(idle, "resilience"));
        assertEquals(1, value(idle, "resilience-score"));
        assertEquals(1, value(idle, "auc-attacked"));
        assertEquals(0.75, value(idle, "bit-accuracy"));
        assertEquals(2 * (16 + 80), value(idle, "calibration-pictures"));
        assertTrue(value(idle, "fidelity-psnr") > 26);
        List<Finding> blurred = findings(new Blur(3, new Removal()), c);
        assertEquals(1, value(blurred, "efficacy"));
        assertInstanceOf(Verdict.Fail.class, verdict(blurred));
        assertTrue(value(blurred, "resilience-score") < 0.3);
    }

    @Test
    void doingNothingMarksNothing() {
        ImageModel before = Painted.model(GALLERY);
        List<Finding> findings = findings(new Blur(), new Case<>(GALLERY, REQUEST, before, before, before));
        assertInstanceOf(Verdict.Fail.class, verdict(findings));
        assertEquals(0, value(findings, "resilience"));
        assertEquals(0, value(findings, "efficacy"));
        assertEquals(0, value(findings, "resilience-score"));
    }

    @Test
    void tooFewUnmarkedPicturesSetNoThreshold() {
        List<Finding> findings =
                findings(new Idle(new Removal(0.001, Removal.Threshold.CALIBRATED, 50, 5, 1, 0.5)), marked());
        Verdict.Undecided undecided = assertInstanceOf(Verdict.Undecided.class, verdict(findings));
        assertEquals(
                "100 unmarked pictures set no threshold for 0.001 of false alarms, expected at least 1000",
                undecided.why());
    }

    @Test
    void aMethodWithoutATestHasNoTheory() {
        List<Finding> findings =
                findings(new Idle(new Removal(0.01, Removal.Threshold.THEORY, 50, 5, 1, 0.5)), marked());
        assertInstanceOf(Verdict.Undecided.class, verdict(findings));
        assertTrue(findings.stream().noneMatch(f -> f.name().startsWith("detected-by-test")));
    }

    @Test
    void aQuantileIsAScore() {
        double[] scores = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        assertEquals(9, RemovalTrial.quantile(scores, 0.9));
        assertEquals(10, RemovalTrial.quantile(scores, 0.95));
        assertEquals(1, RemovalTrial.quantile(scores, 0));
        assertEquals(Double.POSITIVE_INFINITY, RemovalTrial.quantile(new double[0], 0.9));
    }

    @Test
    void stripsShowTheMarkAndTheAttack() {
        List<Picture> strips =
                new RemovalTrial(new Blur(), marked(), Painted.ENV, (_, _) -> RemovalTest::detect).strips();
        assertEquals(2, strips.size());
        assertEquals(3, ((Picture.Strip) strips.getFirst()).frames().size());
    }

    @Test
    void generatedPicturesAreComparedWithGeneratedOnes() {
        Case<Gallery, ImageModel> c = marked();
        ImageModel.Published works = c.after().published().orElseThrow();
        List<Work> other = works.original().stream()
                .map(w -> new Work(w.id() + "-made", w.picture(), "", w.style(), "", w.part()))
                .toList();
        ImageModel after = c.before().with(new ImageModel.Published(other, works.shown(), false, Optional.of(MARK)));
        List<Bitmap> seen = new ArrayList<>();
        new RemovalTrial(
                        new Idle(new Removal(0.01, Removal.Threshold.CALIBRATED, 50, 5, 1, 0.5)),
                        new Case<>(GALLERY, REQUEST, c.before(), after, c.before()),
                        Painted.ENV,
                        (_, _) -> pictures -> {
                            seen.addAll(pictures);
                            return detect(pictures);
                        })
                .findings();
        // each of 32 marked, 16 unmarked and 50 for calibration twice, and none of those is a work
        assertEquals(2 * (32 + 16 + 50), seen.size());
        List<Work> validation = GALLERY.known(Work.Part.VALIDATION);
        assertTrue(validation.stream()
                .noneMatch(w -> seen.stream().anyMatch(p -> Painted.largest(p, w.picture()) == 0)));
    }

    @Test
    void efficacyDoesNotDependOnTheAttack() {
        Case<Gallery, ImageModel> c = marked();
        assertEquals(
                value(findings(new Blur(2, new Removal()), c), "efficacy"),
                value(findings(new Brightness(4, new Removal()), c), "efficacy"));
    }
}
