package org.lethe;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * SHA-256 over the names and bytes of files, in hex; those of large files are remembered in the user's cache.
 *
 * <p>A remembered digest is valid as long as path, size and time of the last change are the same. A file that changed
 * less than two seconds ago may change again within one tick of its clock, so it is hashed and not remembered. A cache
 * that is missing, broken or cannot be written costs time and is never an error.
 */
public final class FileDigest {
    /** Hashing this many bytes takes a few milliseconds, as long as looking them up. */
    private static final long SMALL = 1 << 20;

    private static final long SETTLED_MILLIS = 2_000;

    private FileDigest() {}

    /** The digest of some files together, in the order given; a {@code LetheException} where one cannot be read. */
    public static String of(List<Path> files) {
        return of(files, DataFolders.cache().resolve("digests"));
    }

    static String of(List<Path> files, Path cache) {
        StringBuilder key = new StringBuilder();
        long bytes = 0;
        long changed = 0;
        for (Path file : files) {
            try {
                Path real = file.toRealPath();
                BasicFileAttributes facts = Files.readAttributes(real, BasicFileAttributes.class);
                bytes += facts.size();
                changed = Math.max(changed, facts.lastModifiedTime().toMillis());
                key.append(file.getFileName())
                        .append('\n')
                        .append(real)
                        .append('\n')
                        .append(facts.size())
                        .append('\n')
                        .append(facts.lastModifiedTime())
                        .append('\n');
            } catch (IOException e) {
                throw unreadable(file, e);
            }
        }
        boolean remembered = bytes >= SMALL && System.currentTimeMillis() - changed > SETTLED_MILLIS;
        if (!remembered) {
            return hashed(files);
        }
        Path note = cache.resolve(hex(sha256(), key.toString()));
        return read(note).orElseGet(() -> {
            String digest = hashed(files);
            write(note, digest);
            return digest;
        });
    }

    private static Optional<String> read(Path note) {
        try {
            String digest = Files.readString(note);
            return digest.matches("[0-9a-f]{64}") ? Optional.of(digest) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static void write(Path note, String digest) {
        try {
            Files.createDirectories(note.getParent());
            Path part = Files.createTempFile(note.getParent(), "", ".part");
            try {
                Files.writeString(part, digest);
                Files.move(part, note, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            return; // the next one hashes again
        }
    }

    private static String hashed(List<Path> files) {
        MessageDigest digest = sha256();
        byte[] block = new byte[1 << 16];
        for (Path file : files) {
            digest.update((file.getFileName() + "\n").getBytes(StandardCharsets.UTF_8));
            try (InputStream in = Files.newInputStream(file)) {
                for (int n = in.read(block); n >= 0; n = in.read(block)) {
                    digest.update(block, 0, n);
                }
            } catch (IOException e) {
                throw unreadable(file, e);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static LetheException unreadable(Path file, IOException e) {
        return new LetheException(LetheException.Code.STORAGE, file + ": cannot be read: " + e.getMessage(), e);
    }

    private static String hex(MessageDigest digest, String text) {
        return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
