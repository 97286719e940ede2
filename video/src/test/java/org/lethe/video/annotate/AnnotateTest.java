package org.lethe.video.annotate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.video.Labelled;
import org.lethe.video.data.Clips;
import org.lethe.video.data.FilmWriter;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.data.Texture;
import org.lethe.video.model.RankingLoss;
import org.lethe.video.model.Tada;
import org.lethe.video.steer.TrainEstimator;

class AnnotateTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CLIPS = 6;

    @TempDir
    Path folder;

    private final HttpClient client = HttpClient.newHttpClient();

    private List<Labelled> films() throws IOException {
        List<Labelled> clips = new PlantedClips(2, CLIPS, 32, 8, Texture.Kind.DRAWN, 0, 1)
                .load(new DataFolders(List.of()))
                .test();
        Path films = Files.createDirectories(folder.resolve("films"));
        for (int n = 0; n < CLIPS; n++) {
            FilmWriter.write(films.resolve(n + ".mkv"), clips.get(n).clip(), FilmWriter.Coding.LOSSLESS);
        }
        return clips;
    }

    private AnnotationServer server(String voter) throws IOException {
        return new AnnotationServer(
                Clips.inFolder(folder.resolve("films")), folder.resolve("answers.csv"), voter, 10, 0, Keyed.seed(1));
    }

    private HttpResponse<byte[]> get(AnnotationServer server, String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(server.address().resolve(path)).build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    private int post(AnnotationServer server, String body) throws Exception {
        return client.send(
                        HttpRequest.newBuilder(server.address().resolve("/answer"))
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    /** Answers by the known motion, up to a number of clicks. */
    private void answer(AnnotationServer server, List<Labelled> clips, int clicks) throws Exception {
        for (int n = 0; n < clicks; n++) {
            JsonNode state = JSON.readTree(get(server, "/state").body());
            if (!state.has("showing")) {
                return;
            }
            String question = state.get("open").get(0).asText();
            Labelled left = clips.get(state.get("left").asInt());
            Labelled right = clips.get(state.get("right").asInt());
            double gap = question.equals("object") ? left.object() - right.object() : left.camera() - right.camera();
            String answer = Math.abs(gap) < 0.1 ? "same" : gap > 0 ? "left" : "right";
            assertEquals(
                    200,
                    post(
                            server,
                            "{\"showing\": " + state.get("showing") + ", \"question\": \"" + question
                                    + "\", \"answer\": \"" + answer + "\"}"));
        }
    }

    @Test
    void everyClickIsKeptAndAKilledServerGoesOnWhereItStopped() throws Exception {
        List<Labelled> clips = films();
        Path file = folder.resolve("answers.csv");
        try (AnnotationServer server = server("anna")) {
            assertEquals(11, server.total(), "ten pairs, and one of them again");
            answer(server, clips, 7);
        }
        assertEquals(7, Answers.read(file).lines().size());
        Files.writeString(file, "anna,3,false,films/1.mk", StandardOpenOption.APPEND); // what a crash left
        try (AnnotationServer server = server("anna")) {
            assertEquals(3, server.complete());
            answer(server, clips, 1000);
            assertEquals(11, server.complete());
            server.await();
        }
        Answers answers = Answers.read(file);
        assertEquals(22, answers.lines().size());
        assertEquals(22, answers.lines().stream().distinct().count(), "no question was asked twice");
        assertEquals(OptionalDouble.of(1), answers.steadiness());
        try (AnnotationServer server = server("ben")) {
            answer(server, clips, 1000);
        }
        answers = Answers.read(file);
        assertEquals(2, answers.voters());
        assertEquals(OptionalDouble.of(1), answers.alpha(Answers.Question.OBJECT), "both follow the same truth");
        assertEquals(20, answers.agreed().size());

        Path estimator = folder.resolve("e.safetensors");
        TrainEstimator.Result trained = new TrainEstimator(
                        new PlantedClips(4, 6, 32, 8, Texture.Kind.DRAWN, 0, 1),
                        new Tada(List.of(8, 8), List.of(2, 2), 2, new RankingLoss.Logistic(), 0.5, 0, 0, 2, 4, 1e-3),
                        Optional.of(file),
                        Optional.empty(),
                        estimator)
                .run(Env.seeded(1));
        assertTrue(trained.trained() <= CLIPS && Files.size(estimator) > 0);
    }

    @Test
    void strangersAndNonsenseAreRefused() throws Exception {
        films();
        try (AnnotationServer server = server("anna")) {
            assertEquals(400, post(server, "nonsense"));
            assertEquals(400, post(server, "{\"showing\": 99, \"question\": \"object\", \"answer\": \"left\"}"));
            assertEquals(400, post(server, "{\"showing\": 0, \"question\": \"speed\", \"answer\": \"left\"}"));
            assertEquals(404, get(server, "/clip/99").statusCode());
            assertEquals(404, get(server, "/../answers.csv").statusCode());
            HttpResponse<byte[]> clip = get(server, "/clip/0");
            assertTrue(new String(clip.body(), 0, 6, StandardCharsets.US_ASCII).startsWith("GIF8"));
            assertEquals(0, server.complete());
        }
        Path wrong = folder.resolve("wrong.csv");
        Files.writeString(wrong, "voter,pair,repeat,left,right,question,answer\na,1,false,x,y,object,up\n");
        String words =
                assertThrows(LetheException.class, () -> Answers.read(wrong)).getMessage();
        assertTrue(words.endsWith("wrong.csv:2: answer is \"up\", expected one of [left, right, same]"), words);
    }

    /** Four observers and twelve units: nominal alpha 0.743 (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"). */
    @Test
    void alphaIsAsPublished() {
        String[] rows = {"123321412...", "1233224125.3", ".3332342251.", "12332441251."};
        List<List<String>> units = new ArrayList<>();
        for (int u = 0; u < 12; u++) {
            List<String> names = new ArrayList<>();
            for (String row : rows) {
                if (row.charAt(u) != '.') {
                    names.add(row.substring(u, u + 1));
                }
            }
            units.add(names);
        }
        assertEquals(0.743, Answers.alpha(units).orElseThrow(), 5e-4);
        assertEquals(OptionalDouble.empty(), Answers.alpha(List.of(List.of("a"))));
        assertEquals(1, Answers.alpha(List.of(List.of("a", "a"))).orElseThrow());
    }

    @Test
    void pairsWithoutTwoThirdsAreDropped() {
        List<Answers.Line> lines = new ArrayList<>();
        for (int v = 0; v < 3; v++) {
            lines.add(line("v" + v, 0, v < 2 ? Answers.Answer.LEFT : Answers.Answer.SAME));
            lines.add(line(
                    "v" + v,
                    1,
                    List.of(Answers.Answer.LEFT, Answers.Answer.RIGHT, Answers.Answer.SAME)
                            .get(v)));
            lines.add(line("v" + v, 2, Answers.Answer.SAME));
        }
        List<Answers.Agreed> agreed = new Answers(lines).agreed();
        assertEquals(2, agreed.size());
        assertEquals(1, agreed.get(0).order());
        assertEquals(0, agreed.get(1).order());
    }

    private static Answers.Line line(String voter, int pair, Answers.Answer answer) {
        return new Answers.Line(voter, pair, false, "a,b", "c", Answers.Question.OBJECT, answer);
    }

    @Test
    void sidesAreByChanceAndATenthComesAgain() {
        List<AnnotationServer.Showing> shown = AnnotationServer.showings(40, 200, "anna", Keyed.seed(2));
        assertEquals(220, shown.size());
        assertEquals(
                200,
                shown.stream()
                        .filter(s -> !s.repeat())
                        .map(s -> s.pair())
                        .distinct()
                        .count());
        long turned = shown.stream().filter(s -> s.left() > s.right()).count();
        assertTrue(turned > 70 && turned < 150, "of 220 by chance, 5 standard deviations: " + turned);
        assertFalse(shown.equals(AnnotationServer.showings(40, 200, "ben", Keyed.seed(2))));
    }

    /** The page in a real browser, where one is installed: it shows two clips and two questions, and says nothing wrong. */
    @Test
    void thePageAsksInABrowser() throws Exception {
        Optional<Path> browser = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(f -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(f, name)))
                .filter(Files::isExecutable)
                .findFirst();
        assumeTrue(browser.isPresent(), "no Chromium on the PATH: the page was not opened in a browser");
        films();
        try (AnnotationServer server = server("anna")) {
            Path dom = folder.resolve("dom.html");
            Path log = folder.resolve("log.txt");
            URI page = server.address();
            Process process = new ProcessBuilder(
                            browser.get().toString(),
                            "--headless=new",
                            "--no-sandbox",
                            "--disable-gpu",
                            "--disable-background-networking",
                            "--disable-dev-shm-usage",
                            "--user-data-dir=" + folder.resolve("profile"),
                            "--enable-logging=stderr",
                            "--window-size=390,900",
                            "--virtual-time-budget=4000",
                            "--dump-dom",
                            page.toString())
                    .redirectOutput(dom.toFile())
                    .redirectError(log.toFile())
                    .start();
            try {
                assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the browser did not end");
            } finally {
                process.destroyForcibly();
            }
            String seen = Files.readString(dom);
            assertTrue(seen.contains("0 of 11"), seen);
            assertTrue(seen.contains("src=\"/clip/"), seen);
            assertTrue(seen.contains("<fieldset id=\"object\" class=\"now\">"), seen);
            assertEquals(
                    List.of(),
                    Files.readAllLines(log).stream()
                            .filter(l -> l.contains("CONSOLE"))
                            .toList());
        }
    }
}
