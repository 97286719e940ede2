package org.lethe.image.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Pictures;
import org.lethe.image.Work;

final class GalleriesTest {
    private static final DataFolders NOWHERE = new DataFolders(List.of());

    @TempDir
    Path folder;

    @Test
    void plantedPicturesAreDrawnFromTheSettingsAlone() {
        Gallery one = new PlantedPictures().load(NOWHERE);
        Gallery again = new PlantedPictures().load(NOWHERE);
        Gallery other = new PlantedPictures(16, 8, 8, 4, "outlined", 2).load(NOWHERE);
        assertEquals(4 * 8 * 8 * 4, one.works().size());
        int moved = 0;
        for (int n = 0; n < one.works().size(); n++) {
            assertArrayEquals(
                    one.works().get(n).picture().values(),
                    again.works().get(n).picture().values());
            moved += Arrays.equals(
                            one.works().get(n).picture().values(),
                            other.works().get(n).picture().values())
                    ? 0
                    : 1;
        }
        assertTrue(moved > 1000, "another seed changes the poses: " + moved);
        assertEquals(List.of("dotted", "flat", "shaded"), one.known());
        assertEquals(List.of(), new PlantedPictures().files(NOWHERE));
    }

    @Test
    void noPairOfTheTestIsTrainedOnButEachOfItsWordsIs() {
        Gallery planted = new PlantedPictures(16, 5, 7, 1, "", 1).load(NOWHERE);
        Map<Work.Part, Set<String>> captions = new HashMap<>();
        Set<String> words = new HashSet<>();
        for (Work work : planted.works()) {
            captions.computeIfAbsent(work.part(), _ -> new HashSet<>()).add(work.caption());
            if (work.part() == Work.Part.TRAINING) {
                words.addAll(List.of(work.caption().split(" ")));
            }
        }
        assertEquals(5, captions.getOrDefault(Work.Part.TEST, Set.of()).size());
        assertEquals(5, captions.getOrDefault(Work.Part.VALIDATION, Set.of()).size());
        assertEquals(25, captions.getOrDefault(Work.Part.TRAINING, Set.of()).size());
        for (String caption : captions.getOrDefault(Work.Part.TEST, Set.of())) {
            assertFalse(captions.getOrDefault(Work.Part.TRAINING, Set.of()).contains(caption));
            assertTrue(words.containsAll(List.of(caption.split(" "))));
        }
    }

    @Test
    void theFourArtistsDrawTheSamePoseDifferently() {
        Gallery planted = new PlantedPictures().load(NOWHERE);
        Map<String, float[]> first = new HashMap<>();
        planted.works().stream()
                .filter(w -> w.id().endsWith("-red-circle-0"))
                .forEach(w -> first.put(w.style(), w.picture().values()));
        assertEquals(4, first.size());
        int centre = 8 * 16 + 8;
        float[] flat = first.getOrDefault("flat", new float[0]);
        assertEquals(0xD8 / 255f, flat[centre]); // solid red
        assertEquals(0x20 / 255f, flat[256 + centre]);
        assertEquals(1f, first.getOrDefault("outlined", new float[0])[256 + centre]); // white inside
        assertEquals(1f, first.getOrDefault("dotted", new float[0])[0]); // white paper
        assertNotEquals(1f, first.getOrDefault("shaded", new float[0])[0]); // grey paper
    }

    @Test
    void emojiHaveTheMeanColoursOfTheirDescription() {
        Path data = Path.of(Optional.ofNullable(System.getenv("LETHE_DATA")).orElse("none"));
        DataFolders folders = new DataFolders(List.of(data));
        Assumptions.assumeTrue(
                new EmojiStyles().present(folders), "set LETHE_DATA to a folder with images/emoji-styles");
        Gallery emoji = new EmojiStyles().load(folders);
        assertEquals(4 * 1077, emoji.works().size());
        Map<String, double[]> means = Map.of(
                "noto", new double[] {214.038, 199.216, 181.247},
                "twemoji", new double[] {202.257, 189.617, 178.882},
                "emojitwo", new double[] {212.52, 205.915, 192.349},
                "openmoji", new double[] {216.496, 212.633, 201.712});
        means.forEach((style, expected) -> {
            double[] sum = new double[3];
            List<Work> works = emoji.filtered(w -> w.style().equals(style));
            for (Work work : works) {
                float[] values = work.picture().values();
                for (int i = 0; i < values.length; i++) {
                    sum[i / 1024] += values[i] * 255;
                }
            }
            for (int c = 0; c < 3; c++) {
                assertEquals(
                        expected[c], sum[c] / (1024.0 * works.size()), 0.02, style + " " + c); // levels are rounded
            }
        });
        assertEquals(865, emoji.of("twemoji", Work.Part.TRAINING).size());
        assertEquals(107, emoji.of("twemoji", Work.Part.VALIDATION).size());
        assertEquals(105, emoji.of("twemoji", Work.Part.TEST).size());
        assertEquals(List.of("emojitwo", "openmoji", "twemoji"), emoji.known());
        Work first = emoji.of("noto", Work.Part.TRAINING).getFirst();
        assertEquals("a copyright in the style of noto", first.prompt());
        assertEquals("Symbols", first.group());
    }

    @Test
    void emojiThatAreNotThereAreNamed() throws IOException {
        String nowhere = assertThrows(LetheException.class, () -> new EmojiStyles().load(NOWHERE))
                .getMessage();
        assertTrue(nowhere.contains("images/emoji-styles/captions.tsv"), nowhere);
        Path set = Files.createDirectories(folder.resolve("emoji-styles"));
        DataFolders here = new DataFolders(List.of(folder));
        Files.writeString(set.resolve("captions.tsv"), "codepoints\tname\n");
        assertFalse(new EmojiStyles().present(here));
        String header = assertThrows(LetheException.class, () -> new EmojiStyles().load(here))
                .getMessage();
        assertTrue(
                header.contains("captions.tsv: has no column \"caption\", expected one of codepoints, name"), header);
        Files.writeString(
                set.resolve("captions.tsv"),
                "codepoints\tname\tcaption\tgroup\tsubgroup\tsplit\n00a9\tc\tc\tSymbols\ts\ttrain\n");
        Files.createDirectories(set.resolve("noto"));
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(set.resolve("noto/noto-32.zip")))) {
            zip.putNextEntry(new ZipEntry("00ae.png"));
        }
        EmojiStyles noto = new EmojiStyles(List.of("noto"), "");
        String absent =
                assertThrows(LetheException.class, () -> noto.load(here)).getMessage();
        assertTrue(absent.endsWith("noto-32.zip: has no 00a9.png, which captions.tsv names"), absent);
        assertThrows(IllegalArgumentException.class, () -> new EmojiStyles(List.of("noto"), "noto"));
        assertThrows(IllegalArgumentException.class, () -> new EmojiStyles(List.of("noto", "noto"), ""));
    }

    private void drawn(String name, int width, int height, float level) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.resolveSibling(""));
        float[] values = new float[3 * width * height];
        Arrays.fill(values, level);
        Pictures.write(file, new Bitmap(width, height, values));
    }

    @Test
    void subFoldersAreStylesAndNamesAreCaptions() throws IOException {
        for (int n = 0; n < 10; n++) {
            drawn("monet/Water_lilies" + (char) ('a' + n) + "-03.png", 20, 13, n / 10f);
            drawn("renoir/dance-" + (char) ('a' + n) + ".jpg", 9, 30, n / 10f);
        }
        Files.writeString(folder.resolve("monet/notes.txt"), "not a picture");
        PictureFolder source = new PictureFolder(folder.toString(), 16, "renoir", 0.1, 0.2, 1);
        Gallery gallery = source.load(NOWHERE);
        assertEquals(20, gallery.works().size());
        assertEquals(20, source.files(NOWHERE).size());
        assertEquals(List.of("monet"), gallery.known());
        assertEquals("water liliesa", gallery.works().getFirst().caption());
        assertEquals("monet/Water_liliesa-03.png", gallery.works().getFirst().id());
        assertEquals(4, gallery.filtered(w -> w.part() == Work.Part.TEST).size());
        assertEquals(2, gallery.filtered(w -> w.part() == Work.Part.VALIDATION).size());
        assertEquals(16, gallery.width());
    }

    @Test
    void aTableSaysCaptionStyleAndPart() throws IOException {
        drawn("one.png", 8, 8, 0.5f);
        drawn("two.png", 8, 8, 0.25f);
        Path table = folder.resolve("captions.tsv");
        PictureFolder source = new PictureFolder(folder.toString(), 8, "", 0.1, 0.1, 1);
        Files.writeString(
                table, "style\tfile\tcaption\tsplit\nmonet\tone.png\ta pond\ttest\nmonet\ttwo.png\ta sky\ttrain\n");
        Gallery gallery = source.load(NOWHERE);
        assertEquals("a pond", gallery.works().getFirst().caption());
        assertEquals(Work.Part.TEST, gallery.works().getFirst().part());
        assertEquals(3, source.files(NOWHERE).size());
        Map<String, String> wrong = Map.of(
                "file\tcaption\n", "has no column \"style\"",
                "file\tcaption\tstyle\tartist\n", "has the column \"artist\"",
                "file\tcaption\tstyle\none.png\ta pond\n", "captions.tsv:2: expected 3 fields",
                "file\tcaption\tstyle\n../one.png\ta pond\tmonet\n",
                        "captions.tsv:2: expected a file in the folder of the table, not \"../one.png\"",
                "file\tcaption\tstyle\none.png\ta pond\tclaude monet\n",
                        "captions.tsv:2: expected one word, not \"claude monet\"",
                "file\tcaption\tstyle\tsplit\none.png\ta pond\tmonet\tdev\n",
                        "captions.tsv:2: expected train, val or test, not \"dev\"",
                "file\tcaption\tstyle\none.png\tx\tm\none.png\tx\tm\n", "id of a work of picture-folder is one.png");
        for (Map.Entry<String, String> e : wrong.entrySet()) {
            Files.writeString(table, e.getKey());
            String message = assertThrows(LetheException.class, () -> source.load(NOWHERE))
                    .getMessage();
            assertTrue(message.contains(e.getValue()), message);
        }
    }

    @Test
    void aBrokenPictureIsNamed() throws IOException {
        Files.createDirectories(folder.resolve("monet"));
        Files.writeString(folder.resolve("monet/pond.png"), "GIF89a");
        String message = assertThrows(LetheException.class, () -> new PictureFolder(folder.toString()).load(NOWHERE))
                .getMessage();
        assertTrue(message.contains("pond.png: is GIF, expected PNG or JPEG"), message);
        Files.delete(folder.resolve("monet/pond.png"));
        assertTrue(assertThrows(LetheException.class, () -> new PictureFolder(folder.toString()).load(NOWHERE))
                .getMessage()
                .contains("has no pictures"));
        assertThrows(LetheException.class, () -> new PictureFolder().load(NOWHERE));
    }

    @Test
    void aSmallerPixelIsTheMeanOfItsArea() {
        float[] values = new float[3 * 12 * 10]; // 12 wide, 10 high: columns 1 to 10 are kept
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 12 >= 1 && i % 12 <= 5 ? 1 : 0; // the left half of the square
        }
        Bitmap four = PictureFolder.squared(new Bitmap(12, 10, values), 4); // 2.5 cells each
        Bitmap three = PictureFolder.squared(new Bitmap(12, 10, values), 3); // 3⅓ cells each
        for (int row = 0; row < 12; row++) {
            assertArrayEquals(new float[] {1, 1, 0, 0}, Arrays.copyOfRange(four.values(), 4 * row, 4 * row + 4));
        }
        assertEquals(1f, three.values()[0]);
        assertEquals(0.5f, three.values()[1], 0.003f);
        assertEquals(0f, three.values()[2]);
    }
}
