package org.lethe.study;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;

/** The state that the batches of one process share: the data, loaded once, and the failure to write a record. */
final class Place<D> {
    private final DataFolders folders;
    private final Map<DataSource<D>, Loaded> loaded = new HashMap<>();
    private final AtomicReference<@Nullable LetheException> stopped = new AtomicReference<>();

    /** Data of a source; the thread that loads it holds its monitor. */
    private final class Loaded {
        private int batches;
        private @Nullable D data;
    }

    Place(DataFolders folders) {
        this.folders = folders;
    }

    /** A batch will need this data. */
    synchronized void expect(DataSource<D> source) {
        loaded.computeIfAbsent(source, s -> new Loaded()).batches++;
    }

    /** The data; the first caller loads it. */
    D load(DataSource<D> source) {
        Loaded here;
        synchronized (this) {
            here = loaded.computeIfAbsent(source, s -> new Loaded());
        }
        synchronized (here) {
            D data = here.data;
            if (data == null) {
                data = source.load(folders);
                here.data = data;
            }
            return data;
        }
    }

    /** A batch no longer needs this data; after the last batch it is released. */
    synchronized void release(DataSource<D> source) {
        Optional.ofNullable(loaded.get(source)).ifPresent(here -> {
            if (--here.batches <= 0) {
                loaded.remove(source);
            }
        });
    }

    /** Writes a record. A failure stops the run, because the next record could not be written either. */
    void written(Runnable write) {
        try {
            write.run();
        } catch (LetheException e) {
            if (e.code() == LetheException.Code.STORAGE) {
                stopped.compareAndSet(null, e);
            }
            throw e;
        }
    }

    boolean stopped() {
        return stopped.get() != null;
    }

    /** Throws the failure that stopped the run, if there is one. */
    void failed() {
        LetheException e = stopped.get();
        if (e != null) {
            throw e;
        }
    }
}
