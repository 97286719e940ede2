package org.lethe.image.data;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.image.Bitmap;
import org.lethe.image.Pictures;
import org.lethe.laws.Fuzz;

/** Tables of captions against changed files. */
@Timeout(3600)
class CaptionsFuzzTest {
    private static final int SIDE = 8;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @Test
    void captions() throws IOException {
        StringBuilder rows = new StringBuilder("file\tcaption\tstyle\tgroup\tsplit\n");
        for (int n = 0; n < 4; n++) {
            Pictures.write(folder.resolve("p" + n + ".png"), new Bitmap(SIDE, SIDE, new float[3 * SIDE * SIDE]));
            rows.append("p" + n + ".png\ta \u00e9 " + n + "\ts" + n % 2 + "\tg\t" + (n == 0 ? "test" : "train") + "\n");
        }
        Fuzz.Outcome outcome = new Fuzz(
                        "captions .tsv",
                        folder.resolve("captions.tsv"),
                        List.of(rows.toString().getBytes(StandardCharsets.UTF_8)),
                        f -> new PictureFolder(folder.toString()).load(new DataFolders(List.of())))
                .run(1000);
        assertTrue(outcome.refused() > 0, outcome + ": changes that no reader minds test nothing");
    }
}
