package org.lethe.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.image.data.PlantedPictures;

final class DualEncoderTest {
    private static final Gallery PLANTED = new PlantedPictures(8, 4, 4, 4, "", 1).load(new DataFolders(List.of()));
    private static final DualEncoder ENCODER = DualEncoder.of(PLANTED, Env.seeded(5));

    @Test
    void picturesOfPairsItNeverSawFindTheirOwnPrompt() {
        List<Work> test = PLANTED.filtered(w -> w.part() == Work.Part.TEST);
        List<String> prompts = test.stream().map(Work::prompt).distinct().toList();
        assertEquals(16, prompts.size());
        List<float[]> texts = ENCODER.texts(prompts);
        List<float[]> pictures =
                ENCODER.pictures(test.stream().map(Work::picture).toList());
        int right = 0;
        for (int n = 0; n < test.size(); n++) {
            int best = 0;
            for (int t = 1; t < texts.size(); t++) {
                best = dot(pictures.get(n), texts.get(t)) > dot(pictures.get(n), texts.get(best)) ? t : best;
            }
            right += prompts.get(best).equals(test.get(n).prompt()) ? 1 : 0;
        }
        assertTrue(right > test.size() / 2, right + " of " + test.size() + ", where chance is 1 of 16");
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    @Test
    void placesHaveLengthOneAndAPictureIsLikeItself() {
        List<Bitmap> some = PLANTED.works().stream().limit(5).map(Work::picture).toList();
        for (double likeness : ENCODER.likeness(some, some)) {
            assertEquals(1, likeness, 1e-5);
        }
        for (float[] text : ENCODER.texts(List.of("a red circle", "a painting in the style of flat"))) {
            assertEquals(1, dot(text, text), 1e-5);
        }
        assertEquals(
                0,
                dot(
                        ENCODER.texts(List.of("hippopotamus")).getFirst(),
                        ENCODER.texts(List.of("red")).getFirst()));
    }

    @Test
    void theSeedOfTheStudyDoesNotMatter() {
        DualEncoder other = DualEncoder.of(new Gallery("again", PLANTED.works(), ""), Env.seeded(6));
        assertArrayEquals(
                ENCODER.texts(List.of("a red circle")).getFirst(),
                other.texts(List.of("a red circle")).getFirst());
        assertThrows(IllegalArgumentException.class, () -> ENCODER.agreement(List.of(), List.of("a red circle")));
    }
}
