package org.lethe.image.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Pictures;
import org.lethe.image.Work;
import org.lethe.tables.Columns;

/**
 * 1,077 emoji of 32 x 32 pixels, each by four artists: Noto (Google, Apache-2.0), Twemoji (Twitter and jdecked, CC BY 4.0), EmojiTwo
 * (EmojiOne 2, CC BY 4.0) and OpenMoji (HfG Schwäbisch Gmünd, CC BY-SA 4.0). An artist is a style.
 *
 * <p>The caption is the name of the emoji, the group that of Unicode. An emoji is for training, validation or tests in all styles
 * alike. Transparent pixels lie on white.
 *
 * @param styles which artists, in any order
 * @param apart artist whom no model learns from; empty for none
 */
@Named("emoji-styles")
public record EmojiStyles(List<String> styles, String apart) implements DataSource<Gallery> {
    private static final List<String> COLUMNS = List.of("codepoints", "caption", "group", "split");
    private static final int SPLIT = 3;
    private static final List<String> ALL = List.of("noto", "twemoji", "emojitwo", "openmoji");
    private static final int SIZE = 32;
    private static final int LARGEST = 1 << 20; // bytes of one picture
    private static final String REMEDY = "put captions.tsv and the four folders with their zips there";

    public EmojiStyles {
        styles = List.copyOf(styles);
        Check.require(!styles.isEmpty(), "styles", styles, "at least one");
        Set<String> seen = new HashSet<>();
        for (String style : styles) {
            Check.require(
                    ALL.contains(style) && seen.add(style),
                    "styles",
                    styles,
                    "some of " + String.join(", ", ALL) + ", each once");
        }
        Check.require(
                apart.isEmpty() || (seen.contains(apart) && seen.size() >= 2),
                "apart",
                "\"" + apart + "\"",
                "one of the styles " + styles + " beside others, or nothing");
    }

    /** All four, Noto apart. */
    public EmojiStyles() {
        this(ALL, "noto");
    }

    @Override
    public Gallery load(DataFolders folders) {
        Path folder = folder(folders);
        List<String[]> rows = rows(folder.resolve("captions.tsv"));
        List<Work> works = new ArrayList<>();
        for (String style : styles) {
            Path file = zip(folder, style);
            try (ZipFile zip = new ZipFile(file.toFile())) {
                for (String[] row : rows) {
                    works.add(new Work(
                            style + "-" + row[0],
                            picture(zip, file, row[0] + ".png"),
                            row[1],
                            style,
                            row[2],
                            PictureFolder.part(row[SPLIT]).orElseThrow()));
                }
            } catch (IOException e) {
                throw new LetheException(
                        LetheException.Code.STORAGE, file + ": cannot be read as a zip: " + e.getMessage(), e);
            }
        }
        return new Gallery("emoji-styles", works, apart);
    }

    private static Bitmap picture(ZipFile zip, Path file, String name) throws IOException {
        ZipEntry entry = zip.getEntry(name);
        if (entry == null) {
            throw wrong(file, "has no " + name + ", which captions.tsv names");
        }
        byte[] bytes;
        try (InputStream in = zip.getInputStream(entry)) {
            bytes = in.readNBytes(LARGEST + 1);
        }
        if (bytes.length > LARGEST) {
            throw wrong(file, name + " has more than 1,048,576 bytes");
        }
        Bitmap picture = Pictures.decode(bytes, file + ", " + name);
        if (picture.width() != SIZE || picture.height() != SIZE) {
            throw wrong(
                    file, name + " has " + picture.width() + " x " + picture.height() + " pixels, expected 32 x 32");
        }
        return Bitmap.of(picture.bytes(), SIZE, SIZE);
    }

    /** The rows, with {@link #COLUMNS} alone. */
    private static List<String[]> rows(Path file) {
        Columns columns = Columns.separated(file, "\t");
        columns.require(COLUMNS.toArray(String[]::new));
        List<String[]> rows = new ArrayList<>();
        try (Columns.Rows read = columns.rows(
                COLUMNS.stream().map(c -> new Columns.Want(c, Columns.As.TEXT)).toList())) {
            while (read.next()) {
                String[] row = new String[COLUMNS.size()];
                for (int c = 0; c < row.length; c++) {
                    row[c] = read.text(c);
                }
                if (PictureFolder.part(row[SPLIT]).isEmpty()) {
                    throw read.wrong(SPLIT, "train, val or test, not \"" + row[SPLIT] + "\"");
                }
                rows.add(row);
            }
        }
        return rows;
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }

    private static Path zip(Path folder, String style) {
        Path file = folder.resolve(style).resolve(style + "-32.zip");
        if (!Files.isRegularFile(file)) {
            throw wrong(file, "is not there; " + REMEDY);
        }
        return file;
    }

    private static Path folder(DataFolders folders) {
        return folders.find("images/emoji-styles/captions.tsv", "emoji-styles/captions.tsv")
                .map(file -> file.resolveSibling(""))
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.DATA,
                        "data emoji-styles is in none of the folders " + folders.folders()
                                + " (looked for images/emoji-styles/captions.tsv and emoji-styles/captions.tsv); "
                                + REMEDY));
    }

    @Override
    public List<Path> files(DataFolders folders) {
        Path folder = folder(folders);
        List<Path> files = new ArrayList<>(List.of(folder.resolve("captions.tsv")));
        styles.forEach(style -> files.add(zip(folder, style)));
        return files;
    }
}
