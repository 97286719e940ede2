package org.lethe.recsys.shop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.lethe.LetheException;
import org.lethe.study.Storage;

/**
 * The folder of a shop on the disk: versions, of which one is current, each with a seal of its history.
 *
 * <p>A version is written beside the current one. Then one renaming makes it current, and what is no longer kept is deleted. Killed at
 * any point, the folder has the old version or the new one.
 *
 * @param folder where it is
 */
record VersionFolder(Path folder) {
    private static final String CURRENT = "current";
    private static final String KEY = "key";
    private static final String SEAL = "seal";
    private static final String UNFINISHED = ".unfinished";

    /** Refuses a folder that has something in it. */
    void requireNew() throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            if (all.iterator().hasNext()) {
                throw new LetheException(
                        LetheException.Code.STORAGE, folder + " is there already and not empty, expected a new folder");
            }
        }
    }

    /** The right to change the folder. */
    Hold hold() throws IOException {
        return new Hold(folder);
    }

    /** The place of something unfinished, which the next change deletes. */
    Path unfinished(String name) {
        return folder.resolve(name + UNFINISHED);
    }

    /** The current version, whose history is as it was sealed. */
    Version read() throws IOException {
        Path now = folder.resolve(CURRENT);
        if (!Files.isRegularFile(now)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    folder + ": has no file \"" + CURRENT + "\", expected a folder that lethe recsys train made");
        }
        String name = Files.readString(now).strip();
        if (!name.matches("v[1-9][0-9]{0,8}") || !Files.isDirectory(folder.resolve(name))) {
            throw new LetheException(
                    LetheException.Code.DATA, now + ": says \"" + name + "\", expected a version here");
        }
        Version version = Version.read(folder.resolve(name));
        Path history = folder.resolve(name).resolve("history.jsonl");
        History.read(version.history(), history.toString()); // a broken chain is said at once
        String seal = Files.isRegularFile(folder.resolve(name).resolve(SEAL))
                ? Files.readString(folder.resolve(name).resolve(SEAL)).strip()
                : "";
        if (!seal.equals(hmac(History.last(version.history())))) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    history + ": its last line is not the one that was sealed: it was changed or cut since");
        }
        return version;
    }

    /** Deletes old versions whose time is over, unless another process changes the folder just now or it may not be written. */
    void sweep() throws IOException {
        boolean over;
        try (Stream<Path> all = Files.list(folder)) {
            over = all.map(path -> path.resolve("delete-after")).anyMatch(Files::isRegularFile);
        }
        if (!over || !Files.isWritable(folder)) {
            return;
        }
        try (Hold hold = hold()) {
            hold.require();
            clean(false);
        } catch (LetheException e) {
            // the process that changes it sweeps too
        }
    }

    /** Writes a version with one more event, and makes it current. */
    Version write(Version next, History.Event event, Hold hold) throws IOException {
        hold.require();
        int number = next.history().size() + 1;
        Path place = folder.resolve("v" + number);
        Path unfinished = unfinished("v" + number);
        delete(unfinished);
        delete(place); // what a crash left between the renaming of the folder and that of "current"
        next.write(unfinished);
        Version.Digests digests = Version.Digests.of(unfinished);
        Version whole =
                next.with(History.with(next.history(), event.numbered(number, digests, History.last(next.history()))));
        whole.writeHistory(unfinished);
        Storage.write(
                unfinished.resolve(SEAL),
                (hmac(History.last(whole.history())) + "\n").getBytes(StandardCharsets.US_ASCII));
        Files.move(unfinished, place, StandardCopyOption.ATOMIC_MOVE);
        Storage.write(folder.resolve(CURRENT), (place.getFileName() + "\n").getBytes(StandardCharsets.UTF_8));
        return whole;
    }

    /**
     * Deletes what is no longer kept.
     *
     * @param number of the current version
     * @param keep how long the version before it stays
     * @param erased whether every older version holds what was taken out of it
     */
    void retire(int number, Shop.Keep keep, boolean erased) throws IOException {
        if (number > 1 && !keep.time().isZero()) {
            Path old = folder.resolve("v" + (number - 1));
            if (Files.isDirectory(old)) {
                Storage.write(
                        old.resolve("delete-after"),
                        Instant.now(Clock.systemUTC())
                                .plus(keep.time())
                                .toString()
                                .getBytes(StandardCharsets.UTF_8));
            }
        }
        clean(erased && keep.time().isZero());
    }

    /** Deletes what is neither current nor kept for a time that is not over; or all but the current version. */
    private void clean(boolean all) throws IOException {
        String now = Files.isRegularFile(folder.resolve(CURRENT))
                ? Files.readString(folder.resolve(CURRENT)).strip()
                : "";
        List<Path> old = new ArrayList<>();
        try (DirectoryStream<Path> versions = Files.newDirectoryStream(folder)) {
            for (Path path : versions) {
                String name = String.valueOf(path.getFileName());
                if (name.endsWith(UNFINISHED) || name.matches("v[0-9]+") && !name.equals(now) && (all || !kept(path))) {
                    old.add(path);
                }
            }
        }
        for (Path path : old) {
            delete(path);
        }
    }

    private static boolean kept(Path version) throws IOException {
        Path until = version.resolve("delete-after");
        return Files.isRegularFile(until)
                && Instant.parse(Files.readString(until).strip()).isAfter(Instant.now(Clock.systemUTC()));
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> walk = Files.walk(path)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path each : all) {
            Files.delete(each);
        }
    }

    /**
     * HMAC-SHA256 of a text under a key that never leaves the folder: the sender of a request can be told that it was carried out, and
     * nobody can find an id by trying all.
     */
    String hmac(String text) throws IOException {
        Path file = folder.resolve(KEY);
        if (!Files.exists(file)) {
            byte[] key = new byte[32];
            new SecureRandom().nextBytes(key);
            Storage.writePrivately(file, HexFormat.of().formatHex(key).getBytes(StandardCharsets.US_ASCII));
        }
        byte[] key = HexFormat.of().parseHex(Files.readString(file).strip());
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }
}
