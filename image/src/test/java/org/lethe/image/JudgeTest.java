package org.lethe.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.image.data.PlantedPictures;
import org.lethe.torch.Tensors;

class JudgeTest {
    private static final Gallery GALLERY = new PlantedPictures().load(new DataFolders(List.of()));
    private static final Judge JUDGE = Judge.of(GALLERY, Env.seeded(7));

    @Test
    void tellsTheStylesOfUnseenWorksApart() {
        assertTrue(JUDGE.accuracy(GALLERY) >= 0.85, "accuracy " + JUDGE.accuracy(GALLERY));
        List<Work> tests = GALLERY.filtered(w -> w.part() == Work.Part.TEST);
        List<float[]> found =
                JUDGE.probabilities(tests.stream().map(Work::picture).toList());
        for (float[] each : found) {
            double sum = 0;
            for (float p : each) {
                sum += p;
            }
            assertEquals(1, sum, 1e-5);
        }
    }

    @Test
    void doesNotDependOnTheSeedOfTheStudy() {
        Judge again = Judge.of(new Gallery("again", GALLERY.works(), GALLERY.apart()), Env.seeded(8));
        List<Bitmap> some = List.of(GALLERY.works().getFirst().picture());
        assertArrayEquals(JUDGE.features(some).getFirst(), again.features(some).getFirst());
    }

    @Test
    void distanceIsZeroForEqualPicturesAndGrowsWithTheNoise() {
        try (var _ = new PointerScope()) {
            Tensor works = Sampler.batch(
                    GALLERY.works().stream().limit(6).map(Work::picture).toList());
            assertArrayEquals(new float[6], Tensors.floats(JUDGE.distance(works, works)), 1e-6f);
            Tensor noise = Sampler.normal(Env.seeded(1).random("noise"), works.shape());
            double before = 0;
            for (double strength : new double[] {0.01, 0.05, 0.2}) {
                Tensor moved = works.add(noise.mul(new Scalar(strength)));
                double far = JUDGE.distance(works, moved).sum().item_double();
                assertTrue(far > before, strength + ": " + far + " after " + before);
                before = far;
            }
        }
    }

    @Test
    void distanceHasAGradient() {
        try (var _ = new PointerScope()) {
            Tensor works = Sampler.batch(
                    GALLERY.works().stream().limit(2).map(Work::picture).toList());
            Tensor moved = works.add(Sampler.normal(Env.seeded(1).random("noise"), works.shape())
                            .mul(new Scalar(0.1)))
                    .detach();
            moved.set_requires_grad(true);
            JUDGE.distance(works, moved).sum().backward();
            float[] gradient = Tensors.floats(moved.grad());
            float largest = 0;
            for (float g : gradient) {
                largest = Math.max(largest, Math.abs(g));
            }
            assertTrue(largest > 1e-6, Arrays.toString(Arrays.copyOf(gradient, 4)));
        }
    }
}
