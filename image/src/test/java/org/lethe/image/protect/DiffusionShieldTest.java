package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.image.ImageModel;
import org.lethe.image.Mark;
import org.lethe.image.Pictures;
import org.lethe.image.Work;
import org.lethe.image.model.Gaussian;
import org.lethe.torch.Devices;

class DiffusionShieldTest {
    private static final int SIDE = 32;

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static DiffusionShield shield(double epsilon, int steps) {
        return new DiffusionShield(4, 4, epsilon, steps, 4, 2, .8 / 255, 5e-3, 16, false);
    }

    private static double accuracy(Mark mark, List<Bitmap> pictures) {
        try (var _ = new PointerScope()) {
            return Detectors.of(mark, TierZero.model()).detect(pictures).stream()
                    .mapToDouble(d -> d.bitAccuracy().orElseThrow())
                    .average()
                    .orElseThrow();
        }
    }

    @Test
    void symbolsAreReadFromMarkedPicturesAndNotFromOthers() {
        try (var _ = new PointerScope()) {
            DiffusionShield shield = shield(8 / 255.0, 100);
            Env env = Env.seeded(1);
            Mark mark = shield.key(TierZero.model(), TierZero.pictures(24, "lessons", SIDE), SIDE, SIDE, env);
            List<Bitmap> works = TierZero.pictures(12, "works", SIDE);
            List<Bitmap> marked = shield.mark(TierZero.model(), mark, works, env);
            for (int n = 0; n < works.size(); n++) {
                float[] before = works.get(n).values();
                float[] after = marked.get(n).values();
                for (int i = 0; i < before.length; i++) {
                    assertTrue(Math.abs(after[i] - before[i]) <= 8 / 255.0 + 1e-6);
                }
                Bitmap again = Pictures.decode(Pictures.png(marked.get(n)), "a picture");
                assertEquals(0, ImageMetrics.meanSquaredError(marked.get(n), again));
                for (int i = 0; i < after.length; i++) {
                    assertEquals(after[i], again.values()[i], 1e-6, "on 8-bit levels");
                }
            }
            assertTrue(accuracy(mark, marked) >= .99, "accuracy " + accuracy(mark, marked));
            assertEquals(.25, accuracy(mark, works), .05, "symbol 0 everywhere, in a balanced string");
            Map<String, String> words = new HashMap<>(mark.words());
            words.put(
                    "string",
                    new StringBuilder(mark.words().getOrDefault("string", ""))
                            .reverse()
                            .toString());
            Mark wrong = new Mark(mark.method(), words, mark.tensors());
            assertTrue(accuracy(wrong, marked) < .6, "another string: " + accuracy(wrong, marked));
        }
    }

    @Test
    void withoutPatchesSymbolsAreReadByChance() {
        try (var _ = new PointerScope()) {
            DiffusionShield shield = shield(0, 10);
            Env env = Env.seeded(1);
            Mark mark = shield.key(TierZero.model(), TierZero.pictures(24, "lessons", SIDE), SIDE, SIDE, env);
            List<Bitmap> marked = shield.mark(TierZero.model(), mark, TierZero.pictures(30, "works", SIDE), env);
            double sd = Math.sqrt(.25 * .75 / (16 * 30));
            assertEquals(.25, accuracy(mark, marked), 3 * sd);
        }
    }

    @Test
    void theRequestPublishesTwinsThatNoModelLearnsFrom() {
        Env env = Env.seeded(3);
        Gaussian learner = new Gaussian();
        ImageModel model = learner.train(TierZero.gallery(16), env);
        ImageModel.Published published = shield(8 / 255.0, 3)
                .fulfil(model, new MarkPictures(4), learner, TierZero.gallery(16), env)
                .published()
                .orElseThrow();
        assertTrue(published.twins());
        assertEquals(4, published.shown().size());
        for (int n = 0; n < 4; n++) {
            assertEquals(
                    published.original().get(n).id(), published.shown().get(n).id());
            assertEquals(Work.Part.TEST, published.original().get(n).part());
        }
        assertTrue(String.valueOf(assertThrows(
                                IllegalArgumentException.class,
                                () -> shield(8 / 255.0, 3)
                                        .fulfil(model, new MarkPictures(500), learner, TierZero.gallery(16), env))
                        .getMessage())
                .startsWith("pictures is 500, expected at most 48"));
    }

    @Test
    void aGridThatDoesNotDivideThePictureSaysSo() {
        DiffusionShield five = new DiffusionShield(5, 4, .03, 1, 4, 1, .003, 2e-3, 16, false);
        try (var _ = new PointerScope()) {
            assertTrue(String.valueOf(assertThrows(
                                    IllegalArgumentException.class,
                                    () -> five.key(
                                            TierZero.model(),
                                            TierZero.pictures(2, "few", SIDE),
                                            SIDE,
                                            SIDE,
                                            Env.seeded(1)))
                            .getMessage())
                    .startsWith("grid is 5, expected a divisor"));
        }
    }
}
