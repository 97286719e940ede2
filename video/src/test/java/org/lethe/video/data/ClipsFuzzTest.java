package org.lethe.video.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.LetheException;
import org.lethe.image.Pictures;
import org.lethe.laws.Fuzz;
import org.lethe.numerics.Keyed;
import org.lethe.video.Clip;
import org.lethe.video.annotate.Answers;

/** Readers of clips and pictures against changed files. */
@Timeout(3600)
class ClipsFuzzTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private static Clip noise(int frames, int height, int width) {
        byte[] rgb = new byte[frames * height * width * 3];
        Keyed key = Keyed.seed(3).of("fuzz");
        for (int n = 0; n < rgb.length; n++) {
            rgb[n] = (byte) (key.at(n / 12) & 0xE0);
        }
        return new Clip(frames, height, width, 10, rgb);
    }

    private void fuzz(String name, String file, int usual, byte[] seed, Fuzz.Reader reader) throws IOException {
        Fuzz.Outcome outcome = new Fuzz(name, folder.resolve(file), List.of(seed), reader).run(usual);
        assertTrue(outcome.refused() > 0, outcome + ": changes that no reader minds test nothing");
    }

    @Test
    void animations() throws IOException {
        Path file = folder.resolve("seed.gif");
        GifWriter.write(file, noise(3, 12, 16));
        fuzz("animations .gif", "a.gif", 2000, Files.readAllBytes(file), f -> Clips.read(f, 8));
    }

    @Test
    void pictures() throws IOException {
        for (String kind : List.of("png", "jpg")) {
            BufferedImage image = new BufferedImage(16, 12, BufferedImage.TYPE_INT_RGB);
            for (int n = 0; n < 16 * 12; n++) {
                image.setRGB(n % 16, n / 16, n * 7919);
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ImageIO.write(image, kind, out);
            fuzz("pictures ." + kind, "p." + kind, 1000, out.toByteArray(), Pictures::read);
        }
    }

    @Test
    void films() throws IOException {
        Path file = folder.resolve("seed.mp4");
        FilmWriter.write(file, noise(4, 16, 16), FilmWriter.Coding.SMALL);
        fuzz("films .mp4", "f.mp4", 200, Files.readAllBytes(file), f -> Clips.read(f, 8));
    }

    @Test
    void answersOfPeople() throws IOException {
        String lines = """
                voter,pair,repeat,left,right,question,answer
                "a, é",0,false,x.gif,y.gif,object,left
                b,1,true,y.gif,x.gif,camera,same
                """;
        fuzz("answers .csv", "answers.csv", 2000, lines.getBytes(StandardCharsets.UTF_8), Answers::read);
    }

    @Test
    void answersThatAreNotUtf8AreRefusedInWords() throws IOException {
        String lines = "voter,pair,repeat,left,right,question,answer\né,0,false,x.gif,y.gif,object,left\n";
        Path file = Files.writeString(folder.resolve("answers.csv"), lines, StandardCharsets.ISO_8859_1);
        LetheException refused = assertThrows(LetheException.class, () -> Answers.read(file));
        assertEquals(file + ": is not UTF-8 text; expected the file in UTF-8", refused.getMessage());
    }
}
