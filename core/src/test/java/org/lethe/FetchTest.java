package org.lethe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FetchTest {
    @TempDir
    Path folder;

    private final byte[] bytes = new byte[200_000];
    private final AtomicInteger sent = new AtomicInteger();
    private HttpServer server;

    FetchTest() throws IOException {
        for (int k = 0; k < bytes.length; k++) {
            bytes[k] = (byte) (k * 31 + k / 251);
        }
        System.arraycopy("PK\3\4".getBytes(StandardCharsets.US_ASCII), 0, bytes, 0, 4);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    @BeforeEach
    void serve() {
        server.createContext("/set.zip", exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            int from = range == null ? 0 : Integer.parseInt(range.substring(6, range.length() - 1));
            byte[] rest = Arrays.copyOfRange(bytes, from, bytes.length);
            if (range != null) {
                exchange.getResponseHeaders()
                        .add("Content-Range", "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
            }
            sent.addAndGet(rest.length);
            exchange.sendResponseHeaders(range == null ? 200 : 206, rest.length);
            exchange.getResponseBody().write(rest);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private URI address(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    private String sha256() {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private Fetch fetch(Optional<String> sha256) {
        return new Fetch(address("/set.zip"), sha256, "public domain");
    }

    @Test
    void theFileComesOnceAndWhole() throws IOException {
        Path file = folder.resolve("deep/set.zip");
        assertEquals(sha256(), fetch(Optional.of(sha256())).to(file, Progress.NONE));
        assertArrayEquals(bytes, Files.readAllBytes(file));
        fetch(Optional.of(sha256())).to(file, Progress.NONE);
        assertEquals(bytes.length, sent.get());
    }

    @Test
    void anInterruptedFetchGoesOnWhereItStopped() throws IOException {
        Path file = folder.resolve("set.zip");
        Files.write(folder.resolve("set.zip.part"), Arrays.copyOf(bytes, 150_000));
        fetch(Optional.of(sha256())).to(file, Progress.NONE);
        assertArrayEquals(bytes, Files.readAllBytes(file));
        assertEquals(50_000, sent.get());
        assertFalse(Files.exists(folder.resolve("set.zip.part")));
    }

    @Test
    void aWrongChecksumKeepsNothing() {
        Path file = folder.resolve("set.zip");
        LetheException e = assertThrows(
                LetheException.class, () -> fetch(Optional.of("0".repeat(64))).to(file, Progress.NONE));
        assertEquals(LetheException.Code.NETWORK, e.code());
        assertTrue(e.getMessage().contains("expected 0000"), e.getMessage());
        assertFalse(Files.exists(file));
        assertFalse(Files.exists(folder.resolve("set.zip.part")));
    }

    @Test
    void anUnknownChecksumIsTrustedOnFirstUseOnly() throws IOException {
        Path file = folder.resolve("set.zip");
        fetch(Optional.empty()).to(file, Progress.NONE);
        assertEquals(
                sha256(), Files.readString(folder.resolve("set.zip.sha256")).strip());
        Files.delete(file);
        bytes[7]++;
        LetheException e =
                assertThrows(LetheException.class, () -> fetch(Optional.empty()).to(file, Progress.NONE));
        assertTrue(e.getMessage().contains("expected"), e.getMessage());
    }

    @Test
    void aPageInPlaceOfTheFileIsNotKeptNorItsChecksum() throws IOException {
        Path file = folder.resolve("set.zip");
        byte[] good = bytes.clone();
        for (String page : List.of("<!DOCTYPE html><p>Please log in", "\n <html><p>Please log in", "Please log in")) {
            byte[] start = page.getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(start, 0, bytes, 0, start.length);
            LetheException e = assertThrows(
                    LetheException.class, () -> fetch(Optional.empty()).to(file, Progress.NONE));
            assertEquals(LetheException.Code.NETWORK, e.code());
            assertTrue(e.getMessage().contains("not with the file"), e.getMessage());
            try (var left = Files.list(folder)) {
                assertEquals(0, left.count());
            }
            System.arraycopy(good, 0, bytes, 0, good.length);
        }
        assertEquals(sha256(), fetch(Optional.empty()).to(file, Progress.NONE));
    }

    @Test
    @Timeout(20)
    void aPublisherThatFallsSilentIsLeft() throws IOException {
        CountDownLatch asked = new CountDownLatch(1);
        server.createContext("/silent.zip", exchange -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write(bytes, 0, 10);
            exchange.getResponseBody().flush();
            asked.countDown(); // and never ends
        });
        Fetch silent = new Fetch(address("/silent.zip"), Optional.empty(), "");
        LetheException e = assertThrows(
                LetheException.class,
                () -> silent.to(folder.resolve("silent.zip"), Progress.NONE, Duration.ofMillis(300), 1 << 20));
        assertEquals(0, asked.getCount());
        assertEquals(LetheException.Code.NETWORK, e.code());
        assertTrue(e.getMessage().contains("nothing came for 0.3 s"), e.getMessage());
        assertTrue(e.getMessage().contains("fetch again to go on"), e.getMessage());
    }

    @Test
    @Timeout(20)
    void aPublisherThatNeverEndsIsCutOff() throws IOException {
        server.createContext("/endless.zip", exchange -> {
            exchange.sendResponseHeaders(200, 0); // no length is said
            try (OutputStream out = exchange.getResponseBody()) {
                while (true) {
                    out.write(bytes);
                }
            } catch (IOException e) {
                exchange.close(); // the reader has gone
            }
        });
        Fetch endless = new Fetch(address("/endless.zip"), Optional.empty(), "");
        Path file = folder.resolve("endless.zip");
        LetheException e = assertThrows(
                LetheException.class, () -> endless.to(file, Progress.NONE, Duration.ofSeconds(10), 1 << 20));
        assertTrue(e.getMessage().contains("more than the 1048576 bytes"), e.getMessage());
        assertFalse(Files.exists(folder.resolve("endless.zip.part")));
        LetheException said = assertThrows(
                LetheException.class,
                () -> fetch(Optional.empty())
                        .to(folder.resolve("set.zip"), Progress.NONE, Duration.ofSeconds(10), 1000));
        assertTrue(said.getMessage().contains("has 200000 bytes, expected at most 1000"), said.getMessage());
    }

    @Test
    void aMissingFileAndADeadServerAreSaidPlainly() {
        Fetch gone = new Fetch(address("/other.zip"), Optional.empty(), "");
        LetheException missing =
                assertThrows(LetheException.class, () -> gone.to(folder.resolve("other.zip"), Progress.NONE));
        assertTrue(missing.getMessage().contains("answered 404"), missing.getMessage());
        server.stop(0);
        LetheException dead = assertThrows(
                LetheException.class, () -> fetch(Optional.empty()).to(folder.resolve("set.zip"), Progress.NONE));
        assertEquals(LetheException.Code.NETWORK, dead.code());
        assertTrue(dead.getMessage().contains("cannot be reached"), dead.getMessage());
    }
}
