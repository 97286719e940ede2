package org.lethe.video.annotate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.video.Clip;
import org.lethe.video.annotate.Answers.Answer;
import org.lethe.video.annotate.Answers.Line;
import org.lethe.video.annotate.Answers.Question;
import org.lethe.video.data.Clips;

/** The page that shows two clips and asks two questions; it talks to this machine alone. */
final class AnnotationServer implements AutoCloseable {
    private static final double SECONDS = 4; // of a clip that are shown
    private static final int SHORT_SIDE = 240;
    private static final double FPS = 10;
    private static final double REPEATED = 0.1;
    private static final int LONGEST_BODY = 10_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<Path> clips;
    private final Path to;
    private final Path base;
    private final String voter;
    private final List<Showing> showings;
    private final List<Set<Question>> open = new ArrayList<>();
    private final Map<Integer, byte[]> shown = new LinkedHashMap<>();
    private final CountDownLatch done = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;

    /** A pair on the screen; clips by their places in the list. */
    record Showing(int pair, boolean repeat, int left, int right) {}

    AnnotationServer(List<Path> clips, Path to, String voter, int pairs, int port, Keyed key) throws IOException {
        this.clips = List.copyOf(clips);
        this.to = to;
        this.base = Optional.ofNullable(to.toAbsolutePath().getParent()).orElseThrow();
        this.voter = voter;
        showings = showings(clips.size(), pairs, voter, key);
        showings.forEach(_ -> open.add(EnumSet.allOf(Question.class)));
        for (Line line : Answers.open(to).lines()) {
            for (int n = 0; n < showings.size(); n++) {
                Showing s = showings.get(n);
                if (line.voter().equals(voter) && line.pair() == s.pair && line.repeat() == s.repeat) {
                    if (!line.left().equals(name(s.left)) || !line.right().equals(name(s.right))) {
                        throw new LetheException(
                                LetheException.Code.DATA,
                                to + ": pair " + s.pair
                                        + " shows other clips than those of this folder, number of pairs and"
                                        + " seed; expected them unchanged, or a new file");
                    }
                    open.get(n).remove(line.question());
                }
            }
        }
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answered);
        if (next().isEmpty()) {
            done.countDown();
        }
        server.start();
    }

    /** Every voter sees the same pairs, in an order and on sides of their own; a tenth of them come again, with sides changed by chance. */
    static List<Showing> showings(int clips, int pairs, String voter, Keyed key) {
        List<int[]> drawn = new ArrayList<>();
        Keyed which = key.of("pairs");
        List<Integer> all = new ArrayList<>();
        for (int n = 0; n < clips * (clips - 1) / 2; n++) {
            all.add(n);
        }
        all.sort(Comparator.comparingLong(which::at));
        for (int n : all.subList(0, Math.min(pairs, all.size()))) {
            int other = (int) ((1 + Math.sqrt(1 + 8.0 * n)) / 2);
            other -= other * (other - 1) / 2 > n ? 1 : 0;
            drawn.add(new int[] {n - other * (other - 1) / 2, other});
        }
        Keyed own = key.of("voter").of(voter);
        List<Showing> showings = new ArrayList<>();
        for (int p = 0; p < drawn.size(); p++) {
            showings.add(showing(p, false, drawn.get(p), own.of("side").at(p)));
        }
        Keyed order = own.of("order");
        showings.sort(Comparator.comparingLong(s -> order.at(s.pair)));
        int again = (int) Math.round(REPEATED * drawn.size());
        for (int n = 0; n < again; n++) {
            Showing first = showings.get(n);
            showings.add(showing(
                    first.pair, true, drawn.get(first.pair), own.of("again").at(first.pair)));
        }
        return List.copyOf(showings);
    }

    private static Showing showing(int pair, boolean repeat, int[] both, long chance) {
        boolean changed = Keyed.unit(chance) < 0.5;
        return new Showing(pair, repeat, both[changed ? 1 : 0], both[changed ? 0 : 1]);
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    int total() {
        return showings.size();
    }

    /** How many pairs have both answers. */
    synchronized int complete() {
        return (int) open.stream().filter(Set::isEmpty).count();
    }

    /** Waits until every question is answered. */
    void await() throws InterruptedException {
        done.await();
    }

    private String name(int clip) {
        return base.relativize(clips.get(clip).toAbsolutePath()).toString().replace('\\', '/');
    }

    private synchronized Optional<Integer> next() {
        for (int n = 0; n < open.size(); n++) {
            if (!open.get(n).isEmpty()) {
                return Optional.of(n);
            }
        }
        return Optional.empty();
    }

    private void answered(HttpExchange exchange) throws IOException {
        try (exchange) {
            String host = String.valueOf(exchange.getRequestHeaders().getFirst("Host"));
            if (!host.matches("(127\\.0\\.0\\.1|localhost):\\d+")) {
                send(
                        exchange,
                        403,
                        "text/plain",
                        "this page is for this machine alone".getBytes(StandardCharsets.UTF_8));
                return;
            }
            String path = exchange.getRequestURI().getPath();
            boolean get = exchange.getRequestMethod().equals("GET");
            if (get && path.equals("/")) {
                send(exchange, 200, "text/html; charset=utf-8", page());
            } else if (get && path.equals("/state")) {
                send(exchange, 200, "application/json", JSON.writeValueAsBytes(state()));
            } else if (get && path.matches("/clip/\\d{1,7}")) {
                clip(exchange, Integer.parseInt(path.substring("/clip/".length())));
            } else if (!get && path.equals("/answer")) {
                answer(exchange);
            } else {
                send(exchange, 404, "text/plain", "there is no such page".getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private static byte[] page() throws IOException {
        try (InputStream in = Optional.ofNullable(AnnotationServer.class.getResourceAsStream("page.html"))
                .orElseThrow()) {
            return in.readAllBytes();
        }
    }

    private synchronized Map<String, Object> state() {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("done", complete());
        state.put("total", total());
        next().ifPresent(n -> {
            Showing s = showings.get(n);
            state.put("showing", n);
            state.put("left", s.left);
            state.put("right", s.right);
            state.put("open", open.get(n).stream().map(Question::words).toList());
        });
        return state;
    }

    private void clip(HttpExchange exchange, int number) throws IOException {
        if (number >= clips.size()) {
            send(exchange, 404, "text/plain", "there is no such clip".getBytes(StandardCharsets.UTF_8));
            return;
        }
        send(exchange, 200, "image/gif", gif(number));
    }

    private synchronized byte[] gif(int number) throws IOException {
        byte[] known = shown.get(number);
        if (known != null) {
            return known;
        }
        Clip clip = shown(clips.get(number), SHORT_SIDE, FPS);
        Path file = Files.createTempFile("lethe-clip", ".gif");
        try {
            Clips.write(file, clip);
            byte[] made = Files.readAllBytes(file);
            shown.put(number, made);
            return made;
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** The beginning of a clip, which is what people see, and what is learned from. */
    static Clip shown(Path file, int shortSide, double fps) throws IOException {
        Clip clip = Clips.read(file, shortSide);
        Clip slow = clip.every(Math.max(1, (int) Math.round(clip.fps() / fps)));
        return slow.part(0, Math.min(slow.frames(), Math.max(1, (int) Math.round(SECONDS * slow.fps()))));
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readNBytes(LONGEST_BODY);
        Optional<Line> line;
        try {
            line = line(JSON.readTree(body));
        } catch (IOException | IllegalArgumentException e) {
            line = Optional.empty();
        }
        if (line.isEmpty()) {
            send(exchange, 400, "text/plain", "expected showing, question and answer".getBytes(StandardCharsets.UTF_8));
            return;
        }
        send(exchange, 200, "application/json", JSON.writeValueAsBytes(state()));
        if (next().isEmpty()) {
            done.countDown();
        }
    }

    /** Keeps an answer, unless the question has one: a second click of the same changes nothing. */
    private synchronized Optional<Line> line(JsonNode told) throws IOException {
        int n = told.path("showing").asInt(-1);
        if (n < 0 || n >= showings.size()) {
            return Optional.empty();
        }
        Question question = Question.valueOf(told.path("question").asText().toUpperCase(Locale.ROOT));
        Answer answer = Answer.valueOf(told.path("answer").asText().toUpperCase(Locale.ROOT));
        Showing s = showings.get(n);
        Line line = new Line(voter, s.pair, s.repeat, name(s.left), name(s.right), question, answer);
        if (open.get(n).contains(question)) {
            Answers.append(to, line);
            open.get(n).remove(question);
        }
        return Optional.of(line);
    }

    private static void send(HttpExchange exchange, int code, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        exchange.getResponseHeaders()
                .set(
                        "Content-Security-Policy",
                        "default-src 'none'; img-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; script-src"
                                + " 'unsafe-inline'; frame-ancestors 'none'");
        exchange.sendResponseHeaders(code, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
