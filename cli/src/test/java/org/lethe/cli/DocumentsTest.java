package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lethe.Tool;
import org.lethe.study.Explained;
import org.lethe.study.Options;
import org.lethe.study.Tools;

/**
 * What the manual shows is what is compiled: code between a {@code snippet} mark and the end of its block is a file of
 * the tests, or, after {@code FILE#part}, what stands there between two lines {@code // part}. The reference is what the
 * catalogue says. {@code -Dlethe.write=true} writes both anew.
 */
class DocumentsTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern SNIPPET =
            Pattern.compile("<!-- snippet: (\\S+) -->\n```java\n(.*?)```", Pattern.DOTALL);

    @Test
    void snippetsAreCompiledCode() throws IOException {
        int snippets = 0;
        for (String page : List.of(
                "README.md",
                "CONTRIBUTING.md",
                "docs/add-a-subject.md",
                "docs/tasks/run-your-own-recommender.md",
                "docs/tasks/use-from-java.md")) {
            String text = Files.readString(ROOT.resolve(page));
            Matcher matcher = SNIPPET.matcher(text);
            StringBuilder renewed = new StringBuilder();
            while (matcher.find()) {
                String code = code(matcher.group(1));
                matcher.appendReplacement(
                        renewed,
                        Matcher.quoteReplacement(
                                "<!-- snippet: " + matcher.group(1) + " -->\n```java\n" + code + "```"));
                snippets++;
            }
            compare(ROOT.resolve(page), text, matcher.appendTail(renewed).toString());
        }
        assertEquals(15, snippets);
    }

    @Test
    void theLibraryExampleOfTheReadmeRuns() {
        assertFalse(LibraryExample.example().isEmpty());
    }

    @Test
    void theReferenceIsWhatTheCatalogueSays() throws IOException {
        StringBuilder text =
                new StringBuilder("# Reference\n\nGenerated from the code: names and settings as in a study file.\n");
        Catalogue all = Catalogue.installed();
        for (String kind : Catalogue.KINDS) {
            text.append("\n## ").append(kind).append('\n');
            for (Catalogue.Entry entry : all.of(kind).entries()) {
                Explained e = Explained.of(entry.value());
                text.append("\n### ")
                        .append(e.name())
                        .append("\n\n")
                        .append(e.text())
                        .append('\n');
                e.exactness()
                        .ifPresent(x -> text.append("\nPromise: ").append(x).append(".\n"));
                if (!e.settings().isEmpty()) {
                    text.append("\n| setting | default | type | |\n|---|---|---|---|\n");
                    e.settings()
                            .forEach(s -> text.append("| `%s` | %s | %s | %s |\n"
                                    .formatted(s.name(), cell(s.standard()), cell(s.type()), cell(s.text()))));
                }
            }
        }
        text.append("\n## tools\n\nJobs outside studies: `lethe` and the words of the tool.\n");
        for (Tools.Listed listed : Tools.listed()) {
            Tool<?> tool = listed.prototype();
            text.append("\n### ")
                    .append(listed.words())
                    .append("\n\n")
                    .append(Explained.of(tool).text())
                    .append("\n\n| option | default | type | |\n|---|---|---|---|\n");
            Options.of(tool)
                    .forEach(o -> text.append("| `%s` | %s | %s | %s |\n"
                            .formatted(
                                    o.name(),
                                    o.required() ? "required" : cell(o.standard()),
                                    cell(o.type()),
                                    cell(o.text()))));
        }
        Path page = ROOT.resolve("docs/reference.md");
        compare(page, Files.exists(page) ? Files.readString(page) : "", text.toString());
    }

    @Test
    void linksOfTheManualLeadSomewhere() throws IOException {
        try (Stream<Path> pages = Files.walk(ROOT.resolve("docs"))) {
            for (Path page : Stream.concat(pages, Stream.of(ROOT.resolve("README.md")))
                    .filter(p -> p.toString().endsWith(".md"))
                    .toList()) {
                Matcher link = Pattern.compile("\\]\\((?!https?:)([^)#]+)").matcher(Files.readString(page));
                while (link.find()) {
                    assertTrue(
                            Files.exists(page.resolveSibling(link.group(1)).normalize()),
                            page + " points to " + link.group(1));
                }
            }
        }
    }

    private static void compare(Path page, String is, String should) throws IOException {
        if (Boolean.getBoolean("lethe.write")) {
            Files.writeString(page, should);
        } else {
            assertEquals(should, is, page + " is out of date: run this test with -Dlethe.write=true");
        }
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    /** The file of the tests, or the marked part of it, less the indentation. */
    private static String code(String snippet) throws IOException {
        String[] place = snippet.split("#", 2);
        String text = Files.readString(ROOT.resolve(place[0]));
        if (place.length == 1) {
            return text;
        }
        String[] parts = text.split("(?m)^ *// " + Pattern.quote(place[1]) + "\n", -1);
        assertEquals(3, parts.length, snippet + " is not marked where it begins and where it ends");
        return parts[1].stripTrailing().stripIndent() + "\n";
    }
}
