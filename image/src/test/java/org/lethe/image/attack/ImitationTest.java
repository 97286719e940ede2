package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Case;
import org.lethe.DoNothing;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Verdict;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;
import org.lethe.image.protect.EraseConcept;
import org.lethe.image.protect.MarkPictures;
import org.lethe.image.protect.ProtectWorks;

/** On a gallery of normal styles, whose imitator moves the mean of what it paints. */
class ImitationTest {
    private static final Gallery GALLERY = Painted.gallery(12, 12);
    private static final ProtectWorks REQUEST = new ProtectWorks("apart", 8);
    private static final Imitation SETTINGS = new Imitation(60, 4, 0.05, 0, "sks", false, 24, 10, 1, 0.5);

    /** Knows nothing, or the works as they were. */
    @Named("restoring")
    private record Restoring(List<Work> works, Imitation imitation) implements Purification {
        @Override
        public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
            return works.isEmpty()
                    ? pictures
                    : works.stream().map(Work::picture).toList();
        }
    }

    private static ImageModel.Published published() {
        List<Work> works = REQUEST.chosen(GALLERY, Painted.ENV);
        List<Work> other = GALLERY.of("bold", Work.Part.TRAINING);
        List<Work> shown = IntStream.range(0, works.size())
                .mapToObj(n -> works.get(n).with(other.get(n).picture()))
                .toList();
        return new ImageModel.Published(works, shown, true, Optional.empty());
    }

    private static Case<Gallery, ImageModel> swapped() {
        ImageModel before = Painted.model(GALLERY);
        return new Case<>(GALLERY, REQUEST, before, before.with(published()), before);
    }

    private static double value(List<Finding> findings, String name) {
        return Painted.finding(findings, name).value();
    }

    private static Verdict verdict(List<Finding> findings) {
        return Painted.finding(findings, "resilience").verdict().orElseThrow();
    }

    @Test
    void doingNothingProtectsNothing() {
        ImageModel before = Painted.model(GALLERY);
        Case<Gallery, ImageModel> c = new Case<>(GALLERY, REQUEST, before, before, before);
        for (Purification attack :
                List.of(new Jpeg(75, Jpeg.Chroma.HALVED, SETTINGS), new Restoring(List.of(), SETTINGS))) {
            List<Finding> findings = attack.examine(c, Painted.ENV);
            assertInstanceOf(Verdict.Fail.class, verdict(findings));
            assertTrue(value(findings, "efficacy") < 0.2, "the imitator learns the style");
            assertEquals(0, value(findings, "resilience-score"));
            assertEquals(0, value(findings, "efficacy-score"));
            assertEquals(value(findings, "resilience"), value(findings, "resilience-unprotected"));
        }
    }

    @Test
    void worksOfAnotherStyleAreResilientUntilTheAttackRestoresThem() {
        Case<Gallery, ImageModel> c = swapped();
        List<Finding> jpeg = new Jpeg(75, Jpeg.Chroma.HALVED, SETTINGS).examine(c, Painted.ENV);
        assertInstanceOf(Verdict.Pass.class, verdict(jpeg));
        assertTrue(value(jpeg, "efficacy-score") > 0.9);
        assertTrue(value(jpeg, "resilience-score") > 0.9);
        assertTrue(value(jpeg, "fidelity-psnr") < 30);
        assertTrue(value(jpeg, "attack-ssim") > 0.5);
        List<Work> originals = REQUEST.chosen(GALLERY, Painted.ENV);
        List<Finding> restored = new Restoring(originals, SETTINGS).examine(c, Painted.ENV);
        assertInstanceOf(Verdict.Fail.class, verdict(restored));
        assertEquals(0, value(restored, "resilience-score"));
        assertEquals(value(jpeg, "efficacy"), value(restored, "efficacy"));
    }

    @Test
    void anAttackThatRuinsWorksLeavesNothingToProtect() {
        List<Finding> ruined = new Restoring(
                        GALLERY.of("calm", Work.Part.TRAINING).subList(0, 8), SETTINGS)
                .examine(swapped(), Painted.ENV);
        assertTrue(value(ruined, "resilience-unprotected") > 0.9);
        assertInstanceOf(Verdict.Fail.class, verdict(ruined));
    }

    @Test
    void theSameSeedGivesTheSameFindings() {
        Jpeg attack = new Jpeg(50, Jpeg.Chroma.FULL, SETTINGS);
        assertEquals(lasting(attack.examine(swapped(), Painted.ENV)), lasting(attack.examine(swapped(), Painted.ENV)));
    }

    private static List<Finding> lasting(List<Finding> findings) {
        return findings.stream().filter(f -> !f.ofTheMachine()).toList();
    }

    @Test
    void stripsShowWorksAndImitators() {
        List<Picture> pictures = new Jpeg(75, Jpeg.Chroma.HALVED, SETTINGS).pictures(swapped(), Painted.ENV);
        assertEquals(2, pictures.size());
        Picture.Strip strip = (Picture.Strip) pictures.getFirst();
        assertEquals(
                List.of(
                        "original",
                        "published",
                        "after jpeg",
                        "imitator of originals",
                        "imitator of published",
                        "imitator after jpeg"),
                strip.frames().stream().map(Picture.Frame::caption).toList());
    }

    @Test
    void otherRequestsAreUnsuited() {
        Jpeg jpeg = new Jpeg();
        assertEquals(Optional.empty(), jpeg.unsuited(REQUEST, new DoNothing<>()));
        assertEquals(
                Optional.of("jpeg strips what protect-works adds to works, not what mark-pictures changes"),
                jpeg.unsuited(new MarkPictures(), new DoNothing<>()));
        assertEquals(
                Optional.of("blur removes what mark-pictures puts into pictures, not what erase-concept changes"),
                new Blur().unsuited(new EraseConcept(), new DoNothing<>()));
    }
}
