package org.lethe.tables;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.lethe.DataFolders;
import org.lethe.LetheException;

/** Finding the files of a data set, and saying so well where they are not. */
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

    /** SHA-256 over the names and bytes of some files, in hex. */
    public static String digest(List<Path> files) {
        MessageDigest digest = sha256();
        byte[] block = new byte[1 << 16];
        for (Path file : files) {
            digest.update((file.getFileName() + "\n").getBytes(StandardCharsets.UTF_8));
            try (InputStream in = Files.newInputStream(file)) {
                for (int n = in.read(block); n >= 0; n = in.read(block)) {
                    digest.update(block, 0, n);
                }
            } catch (IOException e) {
                throw new LetheException(LetheException.Code.STORAGE, file + ": cannot be read: " + e.getMessage(), e);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
