package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page of the manual that is carried out in a folder: the scripts and studies that it shows, and the commands under the mark
 * {@code run}.
 *
 * @param text of the page
 * @param folder where its files are
 * @param folders words of commands that name a folder
 */
record ManualPage(String text, Path folder, Set<String> folders) {
    private static final Pattern FILE =
            Pattern.compile("<!-- (?:file|study): (\\S+) -->\n```\\w+\n(.*?)```", Pattern.DOTALL);
    private static final Pattern RUN = Pattern.compile("<!-- run -->\n```\n(.*?)```", Pattern.DOTALL);
    private static final Pattern WORD = Pattern.compile("\"[^\"]*\"|\\S+");
    private static final Pattern FILE_NAME = Pattern.compile("[\\w-]+\\.(?:jsonl|csv|txt|yaml)");

    /** A page, whose files are written to a folder. */
    static ManualPage of(String page, Path folder, String... folders) throws IOException {
        String text = Files.readString(Path.of("../docs/tasks").resolve(page));
        Matcher file = FILE.matcher(text);
        while (file.find()) {
            Files.writeString(folder.resolve(file.group(1)), file.group(2));
        }
        return new ManualPage(text, folder, Set.of(folders));
    }

    /** Runs a script of the page. */
    void script(String name) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", name)
                .directory(folder.toFile())
                .inheritIO()
                .start();
        assertEquals(0, process.waitFor(), name);
    }

    /** The commands of the page that begin with some words, with the paths of the folder, in their order. */
    List<List<String>> commands(String start) {
        List<List<String>> commands = new ArrayList<>();
        Matcher block = RUN.matcher(text);
        while (block.find()) {
            block.group(1)
                    .lines()
                    .filter(line -> line.startsWith("./lethe " + start))
                    .map(line -> WORD.matcher(line.substring("./lethe ".length()))
                            .results()
                            .map(word -> placed(word.group().replace("\"", "")))
                            .toList())
                    .forEach(commands::add);
        }
        assertTrue(!commands.isEmpty(), start);
        return commands;
    }

    private String placed(String word) {
        return folders.contains(word) || FILE_NAME.matcher(word).matches()
                ? folder.resolve(word).toString()
                : word;
    }

    /** Runs a study of the page, made smaller by replacements, and returns its findings. */
    String findings(String study, String... replacements) throws IOException {
        Path file = folder.resolve(study + ".yaml");
        String small = Files.readString(file).replace("[1, 2, 3]", "[1]");
        for (int n = 0; n < replacements.length; n += 2) {
            assertTrue(small.contains(replacements[n]), replacements[n]);
            small = small.replace(replacements[n], replacements[n + 1]);
        }
        Matcher name = Pattern.compile("(?<=: )[\\w-]+\\.jsonl").matcher(small);
        Files.writeString(
                file,
                name.replaceAll(
                        m -> Matcher.quoteReplacement(folder.resolve(m.group()).toString())));
        Typed run = Typed.lethe(
                "run",
                file.toString(),
                "--quiet",
                "--runs",
                folder.resolve("runs").toString());
        assertEquals(Lethe.DONE, run.code(), run.err());
        return Files.readString(folder.resolve("runs").resolve(study).resolve("findings.csv"));
    }

    /** The names in the first column of the tables between two parts of the page. */
    List<String> names(String from, String to) {
        String part = text.substring(text.indexOf(from), text.indexOf(to));
        List<String> names = new ArrayList<>();
        Matcher row = Pattern.compile("(?m)^\\| (`[^|]*) \\|").matcher(part);
        while (row.find()) {
            Matcher name = Pattern.compile("`([^`]+)`").matcher(row.group(1));
            while (name.find()) {
                names.add(name.group(1));
            }
        }
        return names;
    }
}
