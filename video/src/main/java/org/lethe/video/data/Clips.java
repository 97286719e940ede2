package org.lethe.video.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.image.Bitmap;
import org.lethe.image.Pictures;
import org.lethe.study.Storage;
import org.lethe.video.BrokenClip;
import org.lethe.video.Clip;

/**
 * Clips from files: animated GIF and folders of numbered PNG or JPEG pictures in Java, films (MP4, MKV, WebM, AVI, …) by FFmpeg.
 *
 * <p>Frames are counted by decoding them. A variable rate becomes a constant one by the moments of the frames, a noted rotation is
 * carried out, and frames are never enlarged.
 */
public final class Clips {
    private static final Set<String> PICTURES = Set.of("png", "jpg", "jpeg");
    private static final Set<String> FILMS =
            Set.of("gif", "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "ogv", "flv", "wmv", "y4m");
    private static final Pattern DIGITS = Pattern.compile("\\d+");

    /** The rate of a folder of pictures, which does not say it. */
    public static final double USUAL_FPS = 25;

    private Clips() {}

    /** Reads a clip in its own size. */
    public static Clip read(Path path) throws IOException {
        return read(path, 0);
    }

    /**
     * Reads a clip.
     *
     * @param shortSide pixels of the shorter side, where it is longer; 0 leaves frames as they are
     * @throws BrokenClip where the file is no clip, or is broken at a frame
     */
    public static Clip read(Path path, int shortSide) throws IOException {
        Check.require(shortSide >= 0, "shortSide", shortSide, "at least 0");
        if (Files.isDirectory(path)) {
            return pictures(path, shortSide);
        }
        if (!Files.isRegularFile(path)) {
            throw new LetheException(LetheException.Code.DATA, path + ": there is no such file or folder");
        }
        if (Files.size(path) == 0) {
            throw BrokenClip.whole(path, "is empty");
        }
        byte[] head = new byte[6];
        try (var in = Files.newInputStream(path)) {
            int count = in.readNBytes(head, 0, head.length);
            if (count == head.length && GifFile.is(head)) {
                return GifFile.decode(bytes(path), path, shortSide);
            }
        }
        try {
            return FilmFile.read(path, shortSide);
        } catch (NoClassDefFoundError | UnsatisfiedLinkError missing) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    path + ": films are read by FFmpeg, whose libraries are not here (org.bytedeco:ffmpeg); expected"
                            + " them, a GIF file, or a folder of PNG or JPEG pictures",
                    missing);
        }
    }

    /**
     * Parts of a long film.
     *
     * @param seconds length that the file says it has
     * @param fps frames a second that it says it has
     * @param parts of one length, spread evenly
     */
    public record Windows(double seconds, double fps, List<Clip> parts) {
        public Windows {
            parts = List.copyOf(parts);
        }
    }

    /**
     * Parts of a long film, which is read at these places alone; nothing where the file is no film, is no longer than is said, or has no
     * places to jump to. What is broken between the parts is not seen.
     *
     * @param shortSide pixels of the shorter side, where it is longer
     * @param count of parts
     * @param frames of each
     * @param fps frames a second in a part, at most as many as the film has
     * @param longest seconds of a film that is better read whole
     * @throws BrokenClip where the film is broken at one of these places
     */
    public static Optional<Windows> windows(Path path, int shortSide, int count, int frames, double fps, double longest)
            throws IOException {
        String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
        if (!Files.isRegularFile(path) || Files.size(path) == 0 || name.endsWith(".gif")) {
            return Optional.empty();
        }
        try {
            return FilmFile.windows(path, shortSide, count, frames, fps, longest);
        } catch (NoClassDefFoundError | UnsatisfiedLinkError missing) {
            return Optional.empty(); // reading it whole says what is missing
        }
    }

    private static byte[] bytes(Path path) throws IOException {
        if (Files.size(path) > 1_000_000_000) {
            throw BrokenClip.whole(path, "has " + Files.size(path) + " bytes, expected at most 1,000,000,000 of a GIF");
        }
        return Files.readAllBytes(path);
    }

    /** Whether a folder holds pictures, which are the frames of one clip. */
    public static boolean isSequence(Path folder) throws IOException {
        return Files.isDirectory(folder) && !named(folder, PICTURES).isEmpty();
    }

    /** The clips of a folder by their names' endings, sorted. */
    public static List<Path> inFolder(Path folder) throws IOException {
        return named(folder, FILMS);
    }

    private static List<Path> named(Path folder, Set<String> endings) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> {
                        String name = String.valueOf(f.getFileName()).toLowerCase(Locale.ROOT);
                        return !name.startsWith(".") && endings.contains(name.substring(name.lastIndexOf('.') + 1));
                    })
                    .filter(Files::isRegularFile)
                    .sorted(Comparator.comparing(Clips::padded))
                    .toList();
        }
    }

    /** A name whose numbers have the same length, so that frame-9 comes before frame-10. */
    private static String padded(Path file) {
        return DIGITS.matcher(String.valueOf(file.getFileName()))
                .replaceAll(m -> "0".repeat(Math.max(0, 20 - m.group().length())) + m.group());
    }

    private static Clip pictures(Path folder, int shortSide) throws IOException {
        Frames frames = new Frames(folder, shortSide);
        for (Path file : named(folder, PICTURES)) {
            Bitmap picture;
            try {
                picture = Pictures.read(file);
            } catch (LetheException e) {
                throw BrokenClip.at(folder, frames.count(), "cannot be read: " + e.getMessage());
            }
            frames.add(picture.bytes(), picture.width(), picture.height(), Double.NaN);
        }
        return frames.clip(USUAL_FPS);
    }

    /** Writes a clip to a film or an animated GIF, by the ending of its name: .mp4, .mkv or .gif. The file is there whole or not at all. */
    public static void write(Path file, Clip clip) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        if (name.endsWith(".gif")) {
            GifWriter.write(file, clip);
        } else if (name.endsWith(".mp4")) {
            FilmWriter.write(file, clip, FilmWriter.Coding.SMALL);
        } else if (name.endsWith(".mkv")) {
            FilmWriter.write(file, clip, FilmWriter.Coding.LOSSLESS);
        } else {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    file + ": the name does not say what is to be written; expected .gif, .mp4 or .mkv");
        }
    }

    /** Writes a clip as numbered PNG pictures into a new folder, {@code 00000.png} and so on. */
    public static void writePictures(Path folder, Clip clip) throws IOException {
        if (Files.exists(folder)) {
            throw new LetheException(LetheException.Code.STORAGE, folder + " exists, expected a new folder");
        }
        Files.createDirectories(folder);
        for (int n = 0; n < clip.frames(); n++) {
            Storage.write(folder.resolve("%05d.png".formatted(n)), Pictures.png(clip.frame(n)));
        }
    }
}
