package org.lethe.study;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.lethe.LetheException;

/** Writes files whole or not at all, and puts errors of the disk into words. */
public final class Storage {
    private Storage() {}

    /** How temporary names end; a killed run may leave one behind, the next run removes it. */
    static final String TEMPORARY = ".tmp";

    /** One writer at a time for a path: two cells may have the same picture, and so the same file. */
    private static final List<Object> LOCKS =
            Stream.generate(Object::new).limit(64).toList();

    /** Something that writes a file. */
    @FunctionalInterface
    public interface Writer {
        /** Writes to a temporary path. */
        void write(Path temporary) throws IOException;
    }

    /** Writes bytes to a temporary name, forces them to the disk, and renames. */
    public static void write(Path file, byte[] bytes) {
        write(file, temporary -> {
            try (FileChannel channel =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }
        });
    }

    /** The same for a file that its owner alone can read, from its first byte on. */
    public static void writePrivately(Path file, byte[] bytes) {
        boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] owner = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        write(file, temporary -> {
            Files.createFile(temporary, owner);
            Files.write(temporary, bytes, StandardOpenOption.WRITE);
        });
    }

    /** Lets {@code writer} write to a temporary name, forces that to the disk, and renames. */
    public static void write(Path file, Writer writer) {
        synchronized (LOCKS.get(Math.floorMod(file.hashCode(), LOCKS.size()))) {
            alone(file, writer);
        }
    }

    private static void alone(Path file, Writer writer) {
        Path temporary = file.resolveSibling(file.getFileName() + TEMPORARY);
        try {
            try {
                Files.deleteIfExists(temporary); // what a killed run left, or a link that leads elsewhere
                writer.write(temporary);
                try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                    channel.force(true);
                }
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw refused(file, "cannot be written", e);
        }
    }

    /** The exception for an error of the disk. */
    public static LetheException refused(Path file, String what, IOException e) {
        return new LetheException(LetheException.Code.STORAGE, file + " " + what + ": " + reason(e), e);
    }

    private static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException denied -> "permission denied";
            case FileAlreadyExistsException taken -> taken.getFile() + " is in the way";
            case NoSuchFileException missing -> "there is no such file or folder";
            case FileSystemException f -> f.getReason() == null ? f.getClass().getSimpleName() : f.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }
}
