package org.lethe;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file of a publisher: its address and what is known of its bytes. Only fetching uses the network, and it happens
 * only when a user asks for it.
 *
 * <p>An interrupted fetch leaves {@code NAME.part} and goes on from there. The file gets its name only once its checksum
 * is right. Where the publisher's checksum is not known, the one of the first fetch is written to {@code NAME.sha256} and
 * every later fetch must agree with it.
 *
 * @param address where the publisher keeps the file
 * @param sha256 its checksum in hex, where known
 * @param licence what one may do with it, in a few words
 */
public record Fetch(URI address, Optional<String> sha256, String licence) {
    /** How long a publisher may send nothing. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** More bytes than any known set has. */
    private static final long LARGEST = 8L << 30;

    public Fetch {
        sha256.ifPresent(s -> Check.require(s.matches("[0-9a-f]{64}"), "sha256", s, "64 hex digits"));
    }

    /** Fetches the file to a path, unless it is there with the right bytes. Returns its checksum. */
    public String to(Path file, Progress progress) throws IOException {
        return to(file, progress, PATIENCE, LARGEST);
    }

    /** The same with other limits on silence and on size. */
    String to(Path file, Progress progress, Duration patience, long largest) throws IOException {
        Path note = beside(file, ".sha256");
        Optional<String> expected = sha256;
        if (expected.isEmpty() && Files.exists(note)) {
            expected = Optional.of(
                    Files.readString(note, StandardCharsets.US_ASCII).strip());
        }
        if (Files.exists(file)) {
            String found = digest(file);
            if (expected.isEmpty() || expected.get().equals(found)) {
                return found;
            }
        }
        Files.createDirectories(file.toAbsolutePath().getParent());
        Path part = beside(file, ".part");
        download(part, progress, patience, largest);
        requireNoPage(part);
        String found = digest(part);
        if (expected.isPresent() && !expected.get().equals(found)) {
            Files.delete(part);
            throw trouble("has SHA-256 " + found + ", expected " + expected.get()
                    + "; the file was not kept: it was changed by the publisher or on the way");
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        if (sha256.isEmpty()) {
            Files.writeString(note, found + "\n", StandardCharsets.US_ASCII);
        }
        return found;
    }

    /** A captive portal answers everything with a page of its own; its checksum must not become the expected one. */
    private void requireNoPage(Path part) throws IOException {
        byte[] start = new byte[512];
        int read;
        try (InputStream in = Files.newInputStream(part)) {
            read = in.readNBytes(start, 0, start.length);
        }
        String path = String.valueOf(address.getPath()).toLowerCase(Locale.ROOT);
        String text = new String(start, 0, read, StandardCharsets.ISO_8859_1);
        String markup = text.strip().toLowerCase(Locale.ROOT);
        String mark =
                path.endsWith(".zip") ? "PK" : path.endsWith(".gz") || path.endsWith(".tgz") ? "\u001f\u008b" : "";
        boolean page = markup.startsWith("<!doctype html") || markup.startsWith("<html");
        if (page || !text.startsWith(mark)) {
            Files.delete(part);
            throw trouble("answered with " + (page ? "a web page" : "something that is no such archive")
                    + ", not with the file; the file was not kept. A network that asks for a login first does so");
        }
    }

    private void download(Path part, Progress progress, Duration patience, long largest) throws IOException {
        long have = Files.exists(part) ? Files.size(part) : 0;
        HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(patience);
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-");
        }
        try (HttpClient client = HttpClient.newBuilder()
                .connectTimeout(patience)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build()) {
            HttpResponse<InputStream> response =
                    client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                int status = response.statusCode();
                if (status == 416 && have > 0) {
                    return; // everything is there already; the checksum decides
                }
                if (status != 200 && status != 206) {
                    throw trouble("answered " + status + ", expected 200"
                            + (status == 404 ? "; the publisher no longer keeps the file there" : ""));
                }
                boolean goesOn = status == 206
                        && response.headers()
                                .firstValue("Content-Range")
                                .filter(range -> range.startsWith("bytes " + have + "-"))
                                .isPresent();
                if (status == 206 && !goesOn) {
                    throw trouble("answered with another part of the file than asked for");
                }
                long length =
                        response.headers().firstValueAsLong("Content-Length").orElse(-1);
                long most = largest - (goesOn ? have : 0);
                if (length > most) {
                    throw trouble("has " + length + " bytes, expected at most " + most);
                }
                copy(body, part, goesOn, length, progress, patience, most);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LetheException(LetheException.Code.NETWORK, address + ": the fetch was interrupted", e);
        } catch (IOException e) {
            throw new LetheException(
                    LetheException.Code.NETWORK,
                    address + ": cannot be reached, or broke off: "
                            + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage())
                            + "; fetch again to go on, or put the file in a data folder yourself",
                    e);
        }
    }

    private void copy(
            InputStream body, Path part, boolean goesOn, long length, Progress progress, Duration patience, long most)
            throws IOException {
        // The timeout of a request covers the head of the answer only, so somebody else must watch the body.
        try (OutputStream out =
                        goesOn ? Files.newOutputStream(part, StandardOpenOption.APPEND) : Files.newOutputStream(part);
                Silence silence = Silence.watch(body, patience);
                Progress.Step step = progress.begin("fetch " + address, Math.max(0, length))) {
            byte[] block = new byte[1 << 16];
            long copied = 0;
            for (int n = silence.read(block); n >= 0; n = silence.read(block)) {
                copied += n;
                if (copied > most) {
                    Files.delete(part);
                    throw trouble("sends more than the " + most + " bytes expected at most");
                }
                out.write(block, 0, n);
                step.advance(n);
            }
        }
    }

    /** Closes a stream from which nothing has come for too long, which ends the read that waits for it. */
    private record Silence(InputStream body, Duration patience, AtomicLong heard, AtomicBoolean over, Thread watch)
            implements AutoCloseable {
        static Silence watch(InputStream body, Duration patience) {
            AtomicLong heard = new AtomicLong(System.nanoTime());
            AtomicBoolean over = new AtomicBoolean();
            Thread watch = Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        long left = patience.toNanos() - (System.nanoTime() - heard.get());
                        if (left <= 0) {
                            over.set(true);
                            body.close();
                            return;
                        }
                        Thread.sleep(Duration.ofNanos(left));
                    }
                } catch (InterruptedException | IOException e) {
                    Thread.currentThread().interrupt(); // the copy has ended, or the stream has
                }
            });
            return new Silence(body, patience, heard, over, watch);
        }

        int read(byte[] block) throws IOException {
            try {
                int n = body.read(block);
                if (!over.get()) {
                    heard.set(System.nanoTime());
                    return n;
                }
            } catch (IOException e) {
                if (!over.get()) {
                    throw e;
                }
            }
            throw new IOException("nothing came for " + patience.toMillis() / 1000.0 + " s");
        }

        @Override
        public void close() {
            watch.interrupt();
        }
    }

    private LetheException trouble(String message) {
        return new LetheException(LetheException.Code.NETWORK, address + ": " + message);
    }

    private static Path beside(Path file, String ending) {
        return file.resolveSibling(file.getFileName() + ending);
    }

    private static String digest(Path file) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
        byte[] block = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(block); n >= 0; n = in.read(block)) {
                digest.update(block, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
