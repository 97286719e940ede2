package org.lethe.federated.network;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lethe.LetheException;
import org.lethe.federated.SiteTable;
import org.lethe.federated.balance.FairMaps;

/**
 * What a server writes down after every round, so that it goes on at the same round after a crash: a file a round, the last three
 * of them. A file is written under another name, synced and renamed; its SHA-256 stands at its end.
 */
final class WriteAhead {
    private static final int KEPT = 3;
    private static final int SHA = 32;
    private static final int MAGIC = 0x4C544857; // LTHW

    private final Path folder;

    /**
     * The state between two rounds.
     *
     * @param run number of the federation
     * @param settings digest of all settings
     * @param round that comes next
     * @param sites names, by number
     * @param rows training rows of each
     * @param agreement what rows are encoded by
     * @param weights that the next round begins with
     * @param maps state of the transport rounds, where there is one
     * @param norms of the accepted updates of the last rounds
     * @param faults of each site
     * @param accepted numbers of the clients and tasks of the last round
     * @param counts of decisions at the end, by group, label and prediction; empty before
     */
    record State(
            long run,
            String settings,
            int round,
            List<String> sites,
            int[] rows,
            SiteTable.Agreement agreement,
            float[] weights,
            Optional<FairMaps.State> maps,
            List<double[]> norms,
            int[] faults,
            long[] accepted,
            long[] counts) {}

    WriteAhead(Path folder) {
        this.folder = folder;
    }

    void write(State state) throws IOException {
        byte[] body = bytes(state);
        Files.createDirectories(folder);
        store(folder.resolve(name(state.round)), body);
        List<Path> all = files();
        for (Path old : all.subList(Math.min(KEPT, all.size()), all.size())) {
            Files.deleteIfExists(old);
        }
    }

    /** Whole or not at all, and on the disk when this returns. */
    static void store(Path file, byte[] body) throws IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try (FileChannel out = FileChannel.open(
                part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            for (ByteBuffer rest : List.of(ByteBuffer.wrap(body), ByteBuffer.wrap(Wire.sha256(body)))) {
                while (rest.hasRemaining()) {
                    out.write(rest);
                }
            }
            out.force(true);
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Path parent = file.toAbsolutePath().getParent();
        if (parent != null) {
            try (FileChannel directory = FileChannel.open(parent, StandardOpenOption.READ)) {
                directory.force(true); // or the name may be lost, though the file is not
            }
        }
    }

    /** The bytes of a stored file, where its checksum holds. */
    static Optional<byte[]> stored(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        if (all.length < SHA) {
            return Optional.empty();
        }
        byte[] body = Arrays.copyOf(all, all.length - SHA);
        return Arrays.equals(Wire.sha256(body), Arrays.copyOfRange(all, body.length, all.length))
                ? Optional.of(body)
                : Optional.empty();
    }

    private static String name(int round) {
        return String.format(Locale.ROOT, "round-%08d.state", round);
    }

    /** Newest first. */
    private List<Path> files() throws IOException {
        List<Path> found = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, "round-*.state")) {
                all.forEach(found::add);
            }
        }
        found.sort(Comparator.comparing(Path::toString).reversed());
        return found;
    }

    /** The newest state whose checksum holds; none where nothing was written yet. */
    Optional<State> read(String settings) throws IOException {
        List<Path> all = files();
        for (Path file : all) {
            Optional<byte[]> body = stored(file);
            if (body.isPresent()) {
                State state;
                try {
                    state = state(body.get());
                } catch (Wire.Malformed | IllegalArgumentException e) {
                    throw wrong(file + ": " + e.getMessage());
                }
                if (!state.settings.equals(settings)) {
                    throw new LetheException(
                            LetheException.Code.STUDY,
                            folder + " holds a federation with other settings, expected the same or an empty folder");
                }
                return Optional.of(state);
            }
        }
        if (!all.isEmpty()) {
            throw wrong(folder + ": the checksum of none of " + all.size() + " states holds");
        }
        return Optional.empty();
    }

    private static LetheException wrong(String what) {
        return new LetheException(LetheException.Code.STORAGE, what);
    }

    private static byte[] bytes(State s) {
        Wire.Writer to = new Wire.Writer()
                .number(MAGIC)
                .small(Message.VERSION)
                .wide(s.run)
                .text(s.settings)
                .number(s.round)
                .texts(s.sites)
                .numbers(s.rows);
        Message.put(to, s.agreement);
        to.floats(s.weights).flag(s.maps.isPresent());
        s.maps.ifPresent(
                m -> to.doubles(m.before()).list(m.last(), Wire.Writer::doubles).numbers(m.ages()));
        return to.list(s.norms, Wire.Writer::doubles)
                .numbers(s.faults)
                .wides(s.accepted)
                .wides(s.counts)
                .bytes();
    }

    private static State state(byte[] body) {
        Wire.Reader from = new Wire.Reader(body);
        if (from.number() != MAGIC) {
            throw new Wire.Malformed("expected the state of a federation");
        }
        int version = from.small();
        if (version != Message.VERSION) {
            throw new Wire.Malformed("its version is " + version + ", expected " + Message.VERSION);
        }
        State state = new State(
                from.wide(),
                from.text(),
                from.number(),
                from.texts(),
                from.numbers(),
                Message.agreement(from),
                from.floats(),
                from.flag()
                        ? Optional.of(
                                new FairMaps.State(from.doubles(), from.list(Wire.Reader::doubles), from.numbers()))
                        : Optional.empty(),
                from.list(Wire.Reader::doubles),
                from.numbers(),
                from.wides(),
                from.wides());
        from.end();
        return state;
    }
}
