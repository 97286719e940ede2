package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Mark;
import org.lethe.image.Work;
import org.lethe.image.data.PlantedPictures;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.FineTuning;
import org.lethe.image.model.Gaussian;
import org.lethe.torch.Devices;

class DiagnosisTest {
    private static final DataFolders NOWHERE = new DataFolders(List.of(Path.of("nowhere")));

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static Diagnosis diagnosis(int classifierSteps) {
        return new Diagnosis(8, 2, 1, "", classifierSteps, 3e-3, 16, false, new FineTuning(3, 4, 1e-3, false, 0), 5, 1);
    }

    @Test
    void theStatisticOfThePaper() {
        assertEquals(.547, Diagnosis.statistic(50, .9, .75, .05), 5e-4);
        assertEquals(-.321, Diagnosis.statistic(50, .8, .75, .05), 5e-4);
        assertTrue(Diagnosis.statistic(50, .75, .75, .05) < 0);
    }

    @Test
    void theClassifierTellsCoatedWorksThatItNeverSaw() {
        Gallery planted = new PlantedPictures(16, 6, 6, 3, "shaded", 1).load(NOWHERE);
        Env env = Env.seeded(1);
        Diagnosis diagnosis = diagnosis(300);
        Warp warp = diagnosis.warp(env);
        try (var _ = new PointerScope()) {
            Diffusion model = TierZero.model();
            Map<String, String> words = new TreeMap<>();
            ConvNet classifier = diagnosis.classifier(model, planted, warp, words, env);
            words.put("width", "16");
            words.put("pictureHeight", "16");
            words.put("pictureWidth", "16");
            Mark mark = new Mark("diagnosis", words, classifier.saved("classifier."));
            List<Work> test = planted.filtered(w -> w.part() == Work.Part.TEST);
            List<Bitmap> clean = test.stream().map(Work::picture).toList();
            List<Bitmap> coated = clean.stream().map(warp::of).toList();
            double right = 0;
            for (Detector.Detection found : Detectors.of(mark, model).detect(clean)) {
                right += found.score() < 0 ? 1 : 0;
            }
            for (Detector.Detection found : Detectors.of(mark, model).detect(coated)) {
                right += found.score() > 0 ? 1 : 0;
            }
            assertTrue(right / (2 * test.size()) > .95, "accuracy " + right / (2 * test.size()) + " " + words);
            assertTrue(Double.parseDouble(words.getOrDefault("beta", "")) < .2, words.toString());
            assertTrue(Diagnosis.pValue(mark, 20, 19) < 1e-6);
            assertTrue(Diagnosis.pValue(mark, 20, 0) == 1);
        }
    }

    @Test
    void theRequestPublishesWhatTwoThievesPaint() {
        Gaussian learner = new Gaussian();
        Gallery data = TierZero.gallery(16);
        ImageModel model = learner.train(data, Env.seeded(1));
        ImageModel result = diagnosis(2).fulfil(model, new MarkPictures(3), learner, data, Env.seeded(1));
        ImageModel.Published published = result.published().orElseThrow();
        Mark mark = published.mark().orElseThrow();
        assertEquals(3, published.shown().size());
        assertEquals(3, published.original().size());
        assertTrue(!published.twins());
        assertSame(model.weights(), result.weights(), "the owner's model stays");
        assertArrayEquals(
                diagnosis(2).warp(Env.seeded(1)).grid(), new MarkWords(mark).floats("grid"), "the grid is the key");
        assertTrue(Double.parseDouble(mark.words().getOrDefault("fidelity-psnr", "")) > 20);
        try (var _ = new PointerScope()) {
            List<Detector.Detection> found = Detectors.of(mark, result.open(Device.CPU))
                    .detect(published.shown().stream().map(Work::picture).toList());
            assertEquals(3, found.size());
            assertTrue(found.stream().allMatch(d -> d.pValue().isEmpty() && Double.isFinite(d.score())));
        }
    }
}
