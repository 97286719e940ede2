package org.lethe.image.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Pictures;
import org.lethe.image.Work;
import org.lethe.numerics.Keyed;
import org.lethe.tables.Columns;

/**
 * The user's own pictures: a folder of PNG and JPEG files, each brought to the same size.
 *
 * <p>Without {@code captions.tsv} each sub-folder is a style and the words of a file's name are its caption: {@code
 * monet/water-lilies.png}. With it, rows have the columns {@code file}, {@code caption} and {@code style}, and optionally
 * {@code group} and {@code split} (train, val or test), named in the first row. Without splits, captions are dealt out by chance, all
 * works of a caption to the same part. Of a picture the largest square in its middle is kept.
 *
 * @param path of the folder: absolute, from the current folder, or in a data folder
 * @param size height and width in pixels that pictures are brought to
 * @param apart style that no model learns; empty for none
 * @param validation share of the captions that settings are chosen by; unused with splits
 * @param test share of the captions that results are judged by; unused with splits
 * @param seed seed of the dealing
 */
@Named("picture-folder")
public record PictureFolder(String path, int size, String apart, double validation, double test, long seed)
        implements DataSource<Gallery> {
    private static final String CAPTIONS = "captions.tsv";
    private static final List<String> COLUMNS = List.of("file", "caption", "style", "group", "split");
    private static final int MOST = 200_000;

    public PictureFolder {
        Check.require(size >= 8 && size <= 2048 && size % 8 == 0, "size", size, "a multiple of 8 from 8 to 2048");
        Check.require(validation >= 0 && validation < 1, "validation", validation, "at least 0 and below 1");
        Check.require(test >= 0 && validation + test < 1, "test", test, "at least 0, and below 1 with validation");
    }

    /** No folder yet. */
    public PictureFolder() {
        this("");
    }

    /** A folder at 32 x 32 pixels, a tenth each for validation and tests. */
    public PictureFolder(String path) {
        this(path, 32, "", 0.1, 0.1, 1);
    }

    /** What is said of a file. */
    private record Row(Path file, String id, String caption, String style, String group, Optional<Work.Part> part) {}

    @Override
    public Gallery load(DataFolders folders) {
        Path folder = folder(folders);
        List<Row> rows = rows(folder);
        Map<String, Work.Part> dealt =
                dealt(rows.stream().map(Row::caption).distinct().toList());
        List<Work> works = new ArrayList<>();
        for (Row row : rows) {
            try {
                works.add(new Work(
                        row.id,
                        squared(Pictures.read(row.file), size),
                        row.caption,
                        row.style,
                        row.group,
                        row.part.orElseGet(() ->
                                Optional.ofNullable(dealt.get(row.caption)).orElseThrow())));
            } catch (IOException e) {
                throw new LetheException(
                        LetheException.Code.STORAGE, row.file + ": cannot be read: " + e.getMessage(), e);
            }
        }
        try {
            return new Gallery("picture-folder", works, apart);
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, folder + ": " + e.getMessage(), e);
        }
    }

    private Map<String, Work.Part> dealt(List<String> captions) {
        Keyed key = Keyed.seed(seed).of("parts");
        List<String> order = captions.stream()
                .sorted(Comparator.comparingLong(
                                (String caption) -> key.of(caption).at(0))
                        .thenComparing(caption -> caption))
                .toList();
        int tested = count(test, order.size());
        int chosen = count(validation, order.size());
        Map<String, Work.Part> parts = new HashMap<>();
        for (int n = 0; n < order.size(); n++) {
            parts.put(
                    order.get(n),
                    n < tested ? Work.Part.TEST : n < tested + chosen ? Work.Part.VALIDATION : Work.Part.TRAINING);
        }
        return parts;
    }

    /** At least one where a share is asked for and there are enough. */
    private static int count(double share, int of) {
        return share == 0 || of < 3 ? 0 : Math.max(1, (int) Math.round(share * of));
    }

    private static List<Row> rows(Path folder) {
        Path table = folder.resolve(CAPTIONS);
        try {
            List<Row> rows = Files.isRegularFile(table) ? told(table) : found(folder);
            if (rows.isEmpty()) {
                throw wrong(
                        folder,
                        "has no pictures, expected sub-folders of PNG and JPEG files, one for each style, or "
                                + CAPTIONS);
            }
            if (rows.size() > MOST) {
                throw wrong(folder, "has " + rows.size() + " pictures, expected at most 200,000");
            }
            return rows;
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, folder + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static List<Row> found(Path folder) throws IOException {
        List<Row> rows = new ArrayList<>();
        for (Path style : listed(folder)) {
            if (!Files.isDirectory(style)) {
                continue;
            }
            String name = name(style);
            for (Path file : listed(style)) {
                if (!picture(file)) {
                    continue;
                }
                String stem = name(file).replaceFirst("\\.[^.]*$", "");
                rows.add(new Row(
                        file,
                        name + "/" + name(file),
                        words(stem),
                        name.strip().replace(' ', '-'),
                        "",
                        Optional.empty()));
            }
        }
        return rows;
    }

    private static String words(String stem) {
        return stem.toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N}]+", " ")
                .replaceAll(" \\d+ ?$", "") // the number of a series
                .strip();
    }

    private static List<Path> listed(Path folder) throws IOException {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.filter(p -> !name(p).startsWith("."))
                    .sorted(Comparator.comparing(PictureFolder::name))
                    .toList();
        }
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    private static boolean picture(Path file) {
        String lower = name(file).toLowerCase(Locale.ROOT);
        return Files.isRegularFile(file)
                && (lower.endsWith(".png") || lower.endsWith(".jpg") || lower.endsWith(".jpeg"));
    }

    private static List<Row> told(Path table) {
        Columns columns = Columns.separated(table, "\t");
        columns.require("file", "caption", "style");
        List<String> names = columns.names();
        for (String column : names) {
            if (!COLUMNS.contains(column)) {
                throw wrong(
                        table, "has the column \"" + column + "\", expected " + String.join(", ", COLUMNS) + " alone");
            }
        }
        List<String> present = COLUMNS.stream().filter(names::contains).toList();
        columns.require(present.toArray(String[]::new));
        Path folder = table.resolveSibling("").toAbsolutePath().normalize();
        List<Row> rows = new ArrayList<>();
        try (Columns.Rows read = columns.rows(
                present.stream().map(c -> new Columns.Want(c, Columns.As.TEXT)).toList())) {
            while (read.next()) {
                Map<String, String> row = new HashMap<>();
                for (int c = 0; c < present.size(); c++) {
                    row.put(present.get(c), read.text(c).strip());
                }
                String name = row.getOrDefault("file", "");
                Path file = folder.resolve(name).normalize();
                if (!file.startsWith(folder) || !Files.isRegularFile(file)) {
                    throw read.wrong(
                            present.indexOf("file"), "a file in the folder of the table, not \"" + name + "\"");
                }
                String style = row.getOrDefault("style", "");
                if (style.isEmpty() || style.contains(" ")) {
                    throw read.wrong(present.indexOf("style"), "one word, not \"" + style + "\"");
                }
                rows.add(new Row(
                        file,
                        name,
                        row.getOrDefault("caption", ""),
                        style,
                        row.getOrDefault("group", ""),
                        Optional.ofNullable(row.get("split"))
                                .map(split -> part(split)
                                        .orElseThrow(() -> read.wrong(
                                                present.indexOf("split"),
                                                "train, val or test, not \"" + split + "\"")))));
            }
        }
        return rows;
    }

    /** The part that a table calls train, val or test. */
    static Optional<Work.Part> part(String split) {
        return switch (split) {
            case "train" -> Optional.of(Work.Part.TRAINING);
            case "val" -> Optional.of(Work.Part.VALIDATION);
            case "test" -> Optional.of(Work.Part.TEST);
            default -> Optional.empty();
        };
    }

    /** The largest square in the middle, brought to a size: a pixel is the mean over its area. On 256 levels. */
    public static Bitmap squared(Bitmap picture, int size) {
        int side = Math.min(picture.width(), picture.height());
        Bitmap square = picture.crop((picture.width() - side) / 2, (picture.height() - side) / 2, side, side);
        float[] wide = new float[3 * side * size];
        double scale = (double) side / size;
        for (int row = 0; row < 3 * side; row++) {
            for (int x = 0; x < size; x++) {
                wide[row * size + x] = (float) mean(square.values(), row * side, 1, side, x * scale, (x + 1) * scale);
            }
        }
        float[] values = new float[3 * size * size];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < size; y++) {
                for (int x = 0; x < size; x++) {
                    double mean = mean(wide, c * side * size + x, size, side, y * scale, (y + 1) * scale);
                    values[(c * size + y) * size + x] = (float) Math.clamp(mean, 0.0, 1.0);
                }
            }
        }
        Bitmap made = new Bitmap(size, size, values);
        return Bitmap.of(made.bytes(), size, size);
    }

    /** The mean of a line of cells between two places on it. */
    private static double mean(float[] values, int start, int stride, int cells, double from, double to) {
        double sum = 0;
        for (int i = (int) from; i < Math.min(cells, Math.ceil(to - 1e-9)); i++) {
            sum += (Math.min(i + 1, to) - Math.max(i, from)) * values[start + i * stride];
        }
        return sum / (to - from);
    }

    private Path folder(DataFolders folders) {
        if (path.isBlank()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "picture-folder.path is \"" + path + "\", expected the path of a folder");
        }
        Path here = Path.of(path);
        return Files.isDirectory(here)
                ? here
                : folders.find(path)
                        .filter(Files::isDirectory)
                        .orElseThrow(() -> new LetheException(
                                LetheException.Code.DATA,
                                "picture-folder.path: " + path + " is neither a folder here nor in one of the folders "
                                        + folders.folders()));
    }

    @Override
    public List<Path> files(DataFolders folders) {
        Path folder = folder(folders);
        Path table = folder.resolve(CAPTIONS);
        return Stream.concat(
                        Files.isRegularFile(table) ? Stream.of(table) : Stream.empty(),
                        rows(folder).stream().map(Row::file))
                .toList();
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }
}
