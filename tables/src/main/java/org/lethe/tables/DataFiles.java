package org.lethe.tables;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.lethe.DataFolders;
import org.lethe.LetheException;

/** Finds the files of a data set, and explains what is missing where they are not there. */
public final class DataFiles {
    private DataFiles() {}

    /** The folder of a data set: {@code SUBJECT/NAME} or {@code NAME} in one of the folders. */
    public static Path folder(DataFolders folders, String subject, String name, String remedy) {
        return folders.find(subject + "/" + name, name)
                .filter(Files::isDirectory)
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.DATA,
                        "data " + name + " is in none of the folders "
                                + folders.folders().stream().map(Path::toString).collect(Collectors.joining(", "))
                                + " (looked for " + subject + "/" + name + " and " + name + "); " + remedy));
    }

    /** The first of some names that is a file in a folder, each also with {@code .gz}. */
    public static Optional<Path> file(Path folder, String... names) {
        for (String name : names) {
            for (String ending : List.of("", ".gz")) {
                Path file = folder.resolve(name + ending);
                if (Files.isRegularFile(file)) {
                    return Optional.of(file);
                }
            }
        }
        return Optional.empty();
    }

    /** The same, where there must be one. */
    public static Path needed(Path folder, String remedy, String... names) {
        return file(folder, names)
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.DATA,
                        folder + ": expected a file " + String.join(" or ", names) + ", found none; " + remedy));
    }

    /** Refuses files that only stand in for the real one: a Git LFS pointer, or a web page. */
    static void refusePlaceholder(Path file) {
        String start;
        try (InputStream in = Files.newInputStream(file)) {
            start = new String(in.readNBytes(200), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, file + ": cannot be read: " + e.getMessage(), e);
        }
        if (start.startsWith("version https://git-lfs.github.com/spec/")) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": this is a Git LFS pointer, not the file; `git lfs pull` fetches the file itself");
        }
        String markup = start.strip().toLowerCase(Locale.ROOT);
        if (markup.startsWith("<!doctype html") || markup.startsWith("<html")) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": this is an HTML page, not the file; the download gave a page instead");
        }
    }
}
