package org.lethe.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser, where one is installed. */
class BrowserTest {
    /** Three trade-offs, and the bars of four audits of three models. */
    private static final int CHARTS = 3 + 4 * 3;

    /** Of three models and three requests, the rows before once, and after each of six methods; one method failed at one model. */
    private static final int PICTURES = 3 * 3 * (1 + 6) - 3;

    @TempDir
    Path folder;

    @Test
    void everyChartIsDrawnWithoutAnErrorAndNothingIsFetched() throws Exception {
        Report report = Report.of(SampleRuns.cure4rec());
        Seen seen = open(report.html());
        assertEquals(CHARTS, seen.charts());
        assertEquals(PICTURES, seen.pictures());
        assertEquals(List.of(), seen.complaints());
        assertEquals(List.of(), seen.fetched());
    }

    @Test
    void picturesOfEveryKindAreDrawnWithoutAnErrorAndNothingIsFetched() throws Exception {
        Seen seen = open(
                Report.of(SampleRuns.pictures(5, 6), SampleRuns.leftOut(5, 4)).html());
        assertEquals(
                1 + 2 + 1 + 5, seen.charts(), "a trade-off, the bars of two audits, lines in one chart, and in five");
        assertEquals(5, seen.pictures(), "a heat map for each method");
        assertEquals(List.of(), seen.complaints());
        assertEquals(List.of(), seen.fetched());
    }

    @Test
    void nothingRunsOffThePageInAWideOrANarrowWindow() throws Exception {
        Files.writeString(
                folder.resolve("pictures.html"),
                Report.of(SampleRuns.pictures(10, 12), SampleRuns.leftOut(5, 4)).html());
        Files.writeString(
                folder.resolve("block.html"),
                Report.of(SampleRuns.block(17, 16), SampleRuns.leftOut(17, 16)).html());
        Files.writeString(
                folder.resolve("methods.html"), Report.of(SampleRuns.cure4rec()).html());
        Files.writeString(folder.resolve("wide.html"), "<!doctype html><body><div style=\"width:9999px\">wide</div>");
        open("""
                <!doctype html><body><script>
                for (const page of ['pictures', 'block', 'wide', 'methods']) for (const width of page === 'methods' ? [390, 1000] : [390, 1240]) {
                  const frame = document.createElement('iframe');
                  frame.style = `border:0;height:900px;width:${width}px`;
                  frame.onload = () => setTimeout(() => {
                    const root = frame.contentDocument.documentElement;
                    root.querySelectorAll('details').forEach(d => d.open = true);
                    const images = [...frame.contentDocument.images].filter(i => i.naturalWidth > 0).length;
                    const said = document.createElement('p');
                    const off = root.scrollWidth > root.clientWidth;
                    const cut = [...root.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth).length;
                    said.textContent = `${page} at ${width}: ${off ? 'runs off' : 'fits'}, ${images} images`
                      + (width < 400 || page === 'methods' ? `, ${cut} tables cut` : '');
                    document.body.append(said);
                  }, 500);
                  frame.src = page + '.html';
                  document.body.append(frame);
                }
                </script></body>
                """);
        List<String> said = Pattern.compile("<p>(.*?)</p>")
                .matcher(Files.readString(folder.resolve("dom.html")))
                .results()
                .map(r -> r.group(1))
                .sorted()
                .toList();
        assertEquals(
                List.of(
                        "block at 1240: fits, 0 images",
                        "block at 390: fits, 0 images, 0 tables cut",
                        "methods at 1000: fits, 0 images, 0 tables cut",
                        "methods at 390: fits, 0 images, 0 tables cut",
                        "pictures at 1240: fits, 21 images",
                        "pictures at 390: fits, 21 images, 0 tables cut",
                        "wide at 1240: runs off, 0 images",
                        "wide at 390: runs off, 0 images, 0 tables cut"),
                said);
    }

    @Test
    void aPageThatFetchesOrFailsIsSeenToDoSo() throws Exception {
        Seen seen =
                open("<!doctype html><img src=\"http://lethe.invalid/x.png\"><script>throw new Error('lost')</script>");
        assertEquals(0, seen.charts());
        assertTrue(seen.complaints().toString().contains("lost"));
        assertEquals(List.of("http://lethe.invalid/x.png"), seen.fetched());
    }

    private record Seen(long charts, long pictures, List<String> complaints, List<String> fetched) {}

    private Seen open(String html) throws Exception {
        Optional<Path> browser = browser();
        assumeTrue(browser.isPresent(), "no Chromium on the PATH: the page was not opened in a browser");
        Path page = Files.writeString(folder.resolve("report.html"), html);
        Path log = folder.resolve("log.txt");
        Path dom = folder.resolve("dom.html");
        Path net = folder.resolve("net.json");
        List<String> command = new ArrayList<>(List.of(browser.get().toString()));
        command.addAll(List.of(
                "--headless",
                "--allow-file-access-from-files",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking"));
        command.addAll(List.of("--disable-component-update", "--disable-sync", "--disable-default-apps"));
        command.addAll(List.of("--user-data-dir=" + folder.resolve("profile"), "--log-net-log=" + net));
        command.addAll(List.of("--enable-logging=stderr", "--window-size=1280,2000", "--virtual-time-budget=4000"));
        command.addAll(List.of(
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--dump-dom",
                page.toUri().toString()));
        Process process = new ProcessBuilder(command)
                .redirectOutput(dom.toFile())
                .redirectError(log.toFile())
                .start();
        try {
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the browser did not end");
        } finally {
            process.destroyForcibly();
        }
        return new Seen(
                count("<svg ", dom),
                count("<canvas ", dom),
                Files.readAllLines(log).stream()
                        .filter(l -> l.contains("CONSOLE"))
                        .toList(),
                fetched(net));
    }

    private static long count(String tag, Path dom) throws IOException {
        return Pattern.compile(tag).matcher(Files.readString(dom)).results().count();
    }

    /** Addresses the page asked for; a browser's own requests to its makers have no origin. */
    private static List<String> fetched(Path net) throws IOException {
        List<String> urls = new ArrayList<>();
        for (JsonNode event : new ObjectMapper().readTree(net.toFile()).get("events")) {
            String url = event.at("/params/url").asText();
            JsonNode from = event.at("/params/initiator");
            if (url.startsWith("http") && from.isTextual() && !from.textValue().equals("not an origin")) {
                urls.add(url);
            }
        }
        return urls;
    }

    private static Optional<Path> browser() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
