package org.lethe.image;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.Progress;
import org.lethe.study.Storage;

/**
 * The pictures of a folder, one by one in the order of their names, and the folder for what becomes of them.
 *
 * <p>A picture is read on 8-bit levels. A file that is no picture, or that an action refuses, is {@linkplain #left() named} with the reason,
 * and the others go on; so are folders inside the folder. Hidden files are passed over. A disk that cannot be written, a number that is not
 * finite and a setting that does not fit end the work, since the other pictures would fare no better. Results are PNG files, each written whole or not at all.
 */
public final class PictureFiles {
    private static final int LONGEST_NAME = 251; // bytes that file systems allow, less what a temporary name adds

    private static final int MOST_REASONS = 5;

    private final Path folder;
    private final List<Path> files;
    private final List<Left> left = new ArrayList<>();
    private final Map<Path, String> taken = new HashMap<>();

    private PictureFiles(Path folder, List<Path> files) {
        this.folder = folder;
        this.files = files;
    }

    /**
     * A file that was left as it is.
     *
     * @param file its name
     * @param why in a sentence
     */
    public record Left(String file, String why) {}

    /**
     * A picture that was read.
     *
     * @param name of its file
     * @param bitmap on 8-bit levels
     */
    public record Read(String name, Bitmap bitmap) {}

    /** What is done with a picture. */
    @FunctionalInterface
    public interface Action {
        /** Does it. */
        void accept(Read picture) throws IOException;
    }

    /** The files of a folder, or one file. */
    public static PictureFiles of(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new LetheException(
                    LetheException.Code.DATA, path + " is not there, expected a picture or a folder of pictures");
        }
        List<Path> files = List.of(path);
        if (Files.isDirectory(path)) {
            try (Stream<Path> there = Files.list(path)) {
                files = there.filter(f -> !name(f).startsWith("."))
                        .sorted(Comparator.comparing(PictureFiles::name))
                        .toList();
            }
        }
        if (files.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA, path + " has no files, expected pictures in PNG or JPEG");
        }
        return new PictureFiles(path, files);
    }

    /** How many there are, those that will be left among them. */
    public int count() {
        return files.size();
    }

    /** Files that were left so far, in the order of their names. */
    public List<Left> left() {
        return List.copyOf(left);
    }

    /** Reads each picture and does something with it; the step advances by one for each file. */
    public void each(Progress.Step progress, Action action) throws IOException {
        for (Path file : files) {
            String name = name(file);
            try {
                if (!Files.isRegularFile(file)) {
                    throw new LetheException(
                            LetheException.Code.DATA,
                            Files.isDirectory(file)
                                    ? "is a folder, whose pictures are left out; give it by itself"
                                    : "is no file, or a link that leads nowhere");
                }
                Bitmap read = Pictures.read(file);
                action.accept(new Read(name, Bitmap.of(read.bytes(), read.width(), read.height())));
            } catch (LetheException e) {
                if (e.code() != LetheException.Code.DATA) {
                    throw e;
                }
                leave(name, brief(file, e.getMessage()));
            } catch (IllegalArgumentException e) { // as where it is too small for a method
                leave(name, brief(file, String.valueOf(e.getMessage())));
            } catch (IOException e) {
                leave(
                        name,
                        brief(file, Storage.refused(file, "cannot be read", e).getMessage()));
            }
            progress.advance(1);
        }
    }

    /** Names a file that is left for a reason outside {@link #each}. */
    public void leave(String name, String why) {
        left.add(new Left(name, why));
    }

    /** What is said of a file, without its path in front. */
    private static String brief(Path file, String said) {
        for (String end : List.of(": ", " ")) {
            if (said.startsWith(file + end)) {
                return said.substring((file + end).length());
            }
        }
        return said;
    }

    /** Refuses to go on where nothing was done with any picture. */
    public void requireSome(boolean any, String done) {
        if (!any) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    folder + ": no file could be " + done
                            + left.stream()
                                    .limit(MOST_REASONS)
                                    .map(l -> "\n" + Printable.text(l.file) + ": " + l.why)
                                    .collect(Collectors.joining())
                            + (left.size() > MOST_REASONS ? "\nand " + (left.size() - MOST_REASONS) + " more" : ""));
        }
    }

    /**
     * The file for the result of a picture: its name with the end of PNG. Refuses a second picture of the same name, as {@code a.jpg}
     * beside {@code a.png}, and a name that is too long to be written safely.
     */
    public Path result(Path to, String name) {
        int dot = name.lastIndexOf('.');
        Path result = to.resolve((dot < 1 ? name : name.substring(0, dot)) + ".png");
        int bytes = name(result).getBytes(StandardCharsets.UTF_8).length;
        Check.require(bytes <= LONGEST_NAME, "bytes of its name", bytes, "at most " + LONGEST_NAME);
        String other = taken.putIfAbsent(result, name);
        Check.require(other == null, "its result", name(result), "a name that is not that of " + other + " too");
        return result;
    }

    /** Writes a result, and says how far the work has come where the disk refuses it. */
    public void write(Path result, Bitmap picture) {
        try {
            Pictures.write(result, picture);
        } catch (LetheException e) {
            throw new LetheException(
                    e.code(), e.getMessage() + "; the pictures before it are written, the others are not", e);
        }
    }

    /** Refuses a folder for results that has something in it, before any work is done. */
    public static void requireNew(Path to) throws IOException {
        if (!Files.exists(to)) {
            return;
        }
        if (!Files.isDirectory(to)) {
            throw new LetheException(
                    LetheException.Code.STUDY, "--to is " + to + ", which is a file; expected a new folder");
        }
        try (Stream<Path> there = Files.list(to)) {
            if (there.findAny().isPresent()) {
                throw new LetheException(
                        LetheException.Code.STUDY, "--to is " + to + ", which is not empty; expected a new folder");
            }
        }
    }

    /** Makes the folder for results, and refuses one that cannot be written before a picture is worked on. */
    public static void create(Path to) {
        try {
            Files.createDirectories(to);
        } catch (IOException e) {
            throw Storage.refused(to, "cannot be made", e);
        }
        if (!Files.isWritable(to)) {
            throw new LetheException(
                    LetheException.Code.STORAGE,
                    to + " cannot be written: it belongs to somebody else, or is read-only");
        }
    }

    /** Prints the files that were left, below a line that says what did not happen to them. */
    public static void print(PrintWriter out, String heading, List<Left> left) {
        if (!left.isEmpty()) {
            out.printf("%n%s:%n", heading);
            left.forEach(l -> out.println(Printable.text(l.file) + ": " + l.why));
        }
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }
}
