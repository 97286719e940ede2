package org.lethe.study;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;

/** What the batches of one process share: data that is loaded once, and the news that a record could not be written. */
final class Place<D> {
    private final DataFolders folders;
    private final Map<DataSource<D>, Loaded> loaded = new HashMap<>();
    private final AtomicReference<@Nullable LetheException> stopped = new AtomicReference<>();

    /** Data of a source; its monitor is held while somebody loads it. */
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

    /** The data, loaded by whoever asks first. */
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

    /** A batch is done with this data; the last one lets it go. */
    synchronized void release(DataSource<D> source) {
        Optional.ofNullable(loaded.get(source)).ifPresent(here -> {
            if (--here.batches <= 0) {
                loaded.remove(source);
            }
        });
    }

    /** Writes a record; where that fails, the next one could not be written either, so that everything stops. */
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

    /** Throws what stopped the run, if anything did. */
    void failed() {
        LetheException e = stopped.get();
        if (e != null) {
            throw e;
        }
    }
}
