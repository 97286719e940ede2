package org.lethe.study;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserPrincipal;
import java.time.Instant;
import java.util.Comparator;
import java.util.stream.Stream;
import org.lethe.LetheException;

/**
 * A folder for temporary files of one batch, with a lock beside it that the system takes back when the process dies. The
 * next one that is made removes what killed processes of the same user left behind.
 *
 * @param folder the folder
 * @param lock the file that says whether somebody uses it
 * @param held the lock on that file
 */
record Scratch(Path folder, Path lock, FileChannel held) implements AutoCloseable {
    private static final String START = "lethe-";
    private static final String END = ".lock";

    /** In the usual folder for temporary files. */
    static Scratch make() {
        return make(Path.of(System.getProperty("java.io.tmpdir")));
    }

    static Scratch make(Path parent) {
        try {
            while (true) {
                Path lock = Files.createTempFile(parent, own(), END);
                FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE);
                // Between these lines somebody who cleans up may have taken it for one that is left.
                if (channel.tryLock() != null && Files.exists(lock)) {
                    sweep(parent, Files.getOwner(lock));
                    return new Scratch(Files.createDirectory(folder(lock)), lock, channel);
                }
                channel.close();
            }
        } catch (IOException e) {
            throw new LetheException(
                    LetheException.Code.STORAGE, "the folder for temporary files cannot be written: " + e, e);
        }
    }

    /** How the names of this process begin: a container gives the same number to one process after the other. */
    private static String own() {
        ProcessHandle own = ProcessHandle.current();
        return START + own.pid() + "-"
                + own.info().startInstant().map(Instant::toEpochMilli).orElse(0L) + "-";
    }

    private static Path folder(Path lock) {
        String name = lock.getFileName().toString();
        return lock.resolveSibling(name.substring(0, name.length() - END.length()));
    }

    private static void sweep(Path parent, UserPrincipal owner) throws IOException {
        try (DirectoryStream<Path> locks = Files.newDirectoryStream(parent, START + "*" + END)) {
            for (Path lock : locks) {
                if (lock.getFileName().toString().startsWith(own())) {
                    continue; // to close a file gives back every lock that this process has on it
                }
                try (FileChannel channel =
                        FileChannel.open(lock, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
                    if (Files.getOwner(lock, LinkOption.NOFOLLOW_LINKS).equals(owner) && channel.tryLock() != null) {
                        if (Files.isDirectory(folder(lock), LinkOption.NOFOLLOW_LINKS)
                                && Files.getOwner(folder(lock), LinkOption.NOFOLLOW_LINKS)
                                        .equals(owner)) {
                            delete(folder(lock));
                        }
                        Files.deleteIfExists(lock);
                    }
                } catch (OverlappingFileLockException | IOException e) {
                    // in use, another user's, or removed by somebody else just now
                }
            }
        }
    }

    @Override
    public void close() {
        try {
            delete(folder);
            Files.deleteIfExists(lock);
            held.close();
        } catch (IOException e) {
            throw Storage.refused(folder, "cannot be deleted", e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
