package org.lethe.recsys.shop;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.lethe.LetheException;

/** The right to change a folder, which one writer has at a time. */
final class Hold implements AutoCloseable {
    private final FileChannel channel;
    private final FileLock lock;

    @SuppressWarnings("NullAway") // tryLock gives null where another process has it
    Hold(Path folder) throws IOException {
        channel = FileChannel.open(folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock got = null;
        try {
            got = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // another Shop of this process
        }
        if (got == null) {
            channel.close();
            throw new LetheException(
                    LetheException.Code.STORAGE,
                    folder + " is being changed by another process, expected one at a time");
        }
        lock = got;
    }

    void require() {
        if (!lock.isValid()) {
            throw new IllegalStateException("the lock is gone");
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
