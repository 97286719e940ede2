package org.lethe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.study.Studies;
import org.lethe.study.Study;

class DataCommandTest {
    private static final Path PAGE = Path.of("../docs/tasks/use-your-own-data.md");
    private static final Pattern ADDED = Pattern.compile(
            "```\\n\\./lethe (data add [^\\n]*)\\n```.*?```yaml\\n(data: [^\\n]*)\\n```", Pattern.DOTALL);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    /** Six users with six items each, the columns as given; every third line has the rating −1. */
    private Path file(String name, String header) throws IOException {
        StringBuilder csv = new StringBuilder(header).append('\n');
        for (int row = 0; row < 36; row++) {
            csv.append(row / 6 + ",film " + row % 6 + "," + (row % 3 == 0 ? -1 : row % 5) + "\n");
        }
        return Files.writeString(folder.resolve(name), csv);
    }

    private static Typed add(Path file, String... options) {
        List<String> words = new ArrayList<>(List.of("data", "add", file.toString()));
        words.addAll(List.of(options));
        return Typed.lethe(words);
    }

    @Test
    void addSaysWhatWasReadAndWhatWasDropped() throws IOException {
        Path file = file("seen.csv", "user,item,rating");
        Files.writeString(file, Files.readString(file) + "0,film 1,4\n");
        Typed added = add(file, "--users", "user", "--items", "item", "--value", "rating");
        assertEquals(Lethe.DONE, added.code(), added.err());
        List<String> lines =
                added.out().lines().map(l -> l.replaceAll(" +", " ")).toList();
        assertTrue(lines.contains("rows 37"), added.out());
        assertTrue(lines.contains("all 6 users, 4 items, 24 interactions"), added.out());
        assertTrue(lines.contains("dropped 12 rows with rating below the threshold of 0.0"), added.out());
        assertTrue(lines.contains("repeated 1 rows whose user and item stand in another row"), added.out());
    }

    @Test
    void aFileWithoutNamesOfColumnsIsAddedByItsFormat() throws IOException {
        StringBuilder rows = new StringBuilder();
        for (int row = 0; row < 36; row++) {
            rows.append(row / 6 + "\t" + row % 6 + "\t4\t" + (880_000_000 + row) + "\n");
        }
        Path file = Files.writeString(folder.resolve("u.data"), rows);
        Typed bare = add(file);
        assertEquals(Lethe.MISTAKE, bare.code(), bare.err());
        assertTrue(bare.err().contains("--format movielens"), bare.err());
        assertEquals(Lethe.MISTAKE, add(file, "--users", "0").code());
        Typed added = add(file, "--format", "movielens");
        assertEquals(Lethe.DONE, added.code(), added.err());
        assertTrue(added.out().replaceAll(" +", " ").contains("all 6 users, 6 items, 36 interactions"), added.out());
        assertTrue(added.out().endsWith("data: [{file: {path: " + file + ", format: movielens}}]\n"), added.out());
    }

    private Path rated() throws IOException {
        StringBuilder csv = new StringBuilder("user,item,rating\nd,1,5\na,9,5\na,4,1\n");
        for (String user : List.of("a", "b", "c", "e")) {
            for (int item = 1; item <= 3; item++) {
                csv.append(user).append(',').append(item).append(",5\n");
            }
        }
        return Files.writeString(folder.resolve("rated.csv"), csv);
    }

    @Test
    void addTakesPeopleAThresholdAndACore() throws IOException {
        Path file = rated();
        Path people = Files.writeString(folder.resolve("people.csv"), "who,gender\na,f\nb,m\nc,f\nz,m\n");
        Typed added = Typed.lethe(
                ("data add " + file + " --users user --items item --value rating --threshold 2 --core 3 --people "
                                + people + " --person-id who")
                        .split(" "));
        assertEquals(Lethe.DONE, added.code(), added.err());
        List<String> lines =
                added.out().lines().map(l -> l.replaceAll(" +", " ")).toList();
        for (String line : List.of(
                "rows 15",
                "all 5 users, 4 items, 14 interactions",
                "dropped 1 rows with rating below the threshold of 2.0",
                "core drops 1 users, 1 items, 2 interactions, so that each user and item left has at least 3",
                "people gender (2 labels)",
                "unknown 2 users without a row in the file of people",
                "strangers 1 ids in the file of people without interactions")) {
            assertTrue(lines.contains(line), added.out());
        }
        assertEquals(
                "data: [{file: {path: " + file + ", users: user, items: item, value: rating, people: " + people
                        + ", personId: who, threshold: 2, core: 3}}]",
                lines.getLast());
    }

    private static void refuses(Path file, String options, int code, String message) {
        Typed added = Typed.lethe(("data add " + file + " --users user --items item " + options).split(" "));
        assertEquals(code, added.code(), added.err());
        assertTrue(added.err().contains(message), added.err());
    }

    @Test
    void optionsThatDoNotFitAreErrorsInWords() throws IOException {
        Path file = rated();
        refuses(file, "--core=-1", Lethe.MISTAKE, "core is -1, expected at least 0");
        refuses(file, "--value rating --threshold=four", Lethe.MISTAKE, "threshold is \"four\"");
        refuses(file, "--threshold 4", Lethe.MISTAKE, "threshold is 4.0, expected value");
        refuses(file, "--person-id who", Lethe.MISTAKE, "personId is who, expected people");
        refuses(file, "--people " + folder.resolve("no.csv"), Lethe.SURROUNDINGS, "no.csv: no such file");
        Path people = Files.writeString(folder.resolve("people.csv"), "who,gender\na,f\n");
        refuses(file, "--people " + people, Lethe.SURROUNDINGS, "has no column \"id\" (personId)");
    }

    @Test
    void thePageShowsTheLinesThatAddPrints() throws IOException {
        Files.writeString(folder.resolve("interactions.csv"), CommandsTest.interactions());
        Files.writeString(folder.resolve("people.csv"), CommandsTest.people());
        Matcher shown = ADDED.matcher(Files.readString(PAGE));
        int found = 0;
        while (shown.find()) {
            Typed added = Typed.lethe(shown.group(1)
                    .replaceAll("\\b(interactions|people)\\.csv", folder + "/$1.csv")
                    .split(" "));
            assertEquals(Lethe.DONE, added.code(), added.err());
            assertEquals(
                    shown.group(2),
                    added.out().replace(folder + "/", "").lines().toList().getLast());
            found++;
        }
        assertEquals(2, found);
    }

    @Test
    void thePageSaysHowBadRowsAreRefused() throws IOException {
        String page = Files.readString(PAGE);
        Path file = folder.resolve("interactions.csv");
        for (String[] bad :
                new String[][] {{"7,,4", "expected an id in column \"item\""}, {"7,3,", "a finite number"}}) {
            Files.writeString(file, "user,item,rating\n7,1,4\n" + bad[0] + "\n");
            Typed added = add(file, "--users", "user", "--items", "item", "--value", "rating");
            String message = added.err().replace(folder + "/", "").strip();
            assertTrue(message.contains(bad[1]) && page.contains(message), message);
        }
    }

    @Test
    void whatIsInANameOfPeopleDoesNotMatter() throws IOException {
        Path file = rated();
        Path people = Files.writeString(
                folder.resolve("p\"e, o: [p] {l}\u001b#.csv"),
                "\"us,er\u001b: #\",\"gen\u001bder\nof \"\"user\"\"\",rating\na,f,1\nb,m\u001b[2J,2\nc,f,1\n");
        Typed added = add(
                file,
                "--users",
                "user",
                "--items",
                "item",
                "--people",
                people.toString(),
                "--person-id",
                "us,er\u001b: #");
        assertEquals(Lethe.DONE, added.code(), added.err());
        assertEquals(Printable.lines(added.out()), added.out());
        assertTrue(added.out().contains("gen\\u001bder\\u000aof \"user\" (2 labels), rating (2 labels)"), added.out());
        String line = added.out().lines().reduce((first, last) -> last).orElseThrow();
        assertTrue(parsed(line)
                .data()
                .getFirst()
                .load(new DataFolders(List.of()))
                .toString()
                .contains("5 users"));
    }

    private static Study<?, ?> parsed(String line) {
        return Study.parse("study.yaml", """
                study: mine
                subject: recsys
                %s
                model: [bpr]
                request: [forget-users]
                method: [retrain]
                audit: [utility]
                seeds: [1]
                """.formatted(line), Studies.subjects());
    }

    @Test
    @Timeout(20)
    void presenceIsToldWithoutReading() throws IOException {
        Path gowalla = Files.createDirectories(folder.resolve("recsys/gowalla-lightgcn"));
        for (String name : List.of("train.txt", "test.txt")) {
            try (RandomAccessFile file =
                    new RandomAccessFile(gowalla.resolve(name).toFile(), "rw")) {
                file.setLength(1L << 40); // to hash it takes an hour
            }
        }
        for (String command : List.of("data list", "doctor")) {
            List<String> words = new ArrayList<>(List.of(command.split(" ")));
            words.addAll(List.of("--data", folder.toString()));
            Typed output = Typed.lethe(words);
            assertEquals(Lethe.DONE, output.code(), output.err());
            assertTrue(output.out().matches("(?s).*planted +generated\n.*gowalla +found\n.*"), output.out());
        }
        Files.write(gowalla.resolve("test.txt"), new byte[0]);
        assertTrue(
                Typed.lethe("data", "list", "--data", folder.toString()).out().matches("(?s).*gowalla +not here\n.*"));
    }

    @Test
    void whatIsInANameDoesNotMatter() throws IOException {
        for (String[] named : new String[][] {
            {"q\".csv", "user,\"it\"\"em\",rating", "user", "it\"em"},
            {"a, b: [c] {d}.csv", "\"us,er\",\"it\"\"em\",rating", "us,er", "it\"em"},
            {"back\\slash.csv", "u\\n,#item,\"title, with year\"", "u\\n", "#item"},
            {"esc\u001b\t\n.csv", "\"- u\u001b\u009b\",null,rating", "- u\u001b\u009b", "null"},
            {"*.csv", "benutzer ü,🧀,rating", "benutzer ü", "🧀"},
        }) {
            Path file = file(named[0], named[1]);
            Typed added = add(file, "--users", named[2], "--items", named[3]);
            assertEquals(Lethe.DONE, added.code(), added.err());
            String line = added.out().lines().reduce((first, last) -> last).orElseThrow();
            assertTrue(line.startsWith("data: [{file: {path: "), line);
            assertEquals(Printable.lines(added.out()), added.out());
            Object read = parsed(line).data().getFirst().load(new DataFolders(List.of()));
            assertTrue(added.out().contains(read.toString()), added.out());
        }
    }

    private Path zip(String... names) throws IOException {
        Path zip = folder.resolve("some.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (String name : names) {
                out.putNextEntry(new ZipEntry(name));
                out.write(name.getBytes(StandardCharsets.UTF_8));
            }
        }
        return zip;
    }

    private List<String> unpacked(Path zip) throws IOException {
        Path cache = Files.createDirectories(folder.resolve("home/cache"));
        try {
            DataCommand.unpack(zip, cache);
        } finally {
            try (Stream<Path> files = Files.walk(folder.resolve("home"))) {
                List<String> found = files.filter(f -> !f.equals(folder.resolve("home")) && !f.equals(cache))
                        .map(f -> cache.relativize(f).toString())
                        .sorted()
                        .toList();
                Files.writeString(folder.resolve("found"), String.join(" ", found));
            }
        }
        return List.of(Files.readString(folder.resolve("found")).split(" "));
    }

    @Test
    void aZipIsUnpackedWholeOrNotAtAll() throws IOException {
        assertEquals(List.of("a", "a/deep", "a/deep/b.txt", "c.txt"), unpacked(zip("a/", "a/deep/b.txt", "c.txt")));
        assertEquals("c.txt", Files.readString(folder.resolve("home/cache/c.txt")));
        assertEquals(List.of("a", "a/deep", "a/deep/b.txt", "c.txt"), unpacked(zip("c.txt")));
        byte[] whole = Files.readAllBytes(zip("first.txt", "second.txt"));
        for (String[] names : new String[][] {
            {"."},
            {"./."},
            {"first.txt", "../outside.txt"},
            {"first.txt", "/outside.txt"},
            {"first.txt", "a/../."},
            {"first.txt", "first.txt/second.txt"},
            {"first.txt/second.txt", "first.txt"},
            {"first.txt", "nul\0.txt"},
            {}
        }) {
            refusesToUnpack(zip(names));
        }
        Path file = folder.resolve("other.zip");
        refusesToUnpack(Files.write(file, Arrays.copyOf(whole, 60)));
        refusesToUnpack(Files.write(file, new byte[0]));
        refusesToUnpack(Files.writeString(file, "<html>log in first</html>"));
    }

    private void refusesToUnpack(Path zip) throws IOException {
        LetheException e = assertThrows(LetheException.class, () -> unpacked(zip));
        assertEquals(LetheException.Code.DATA, e.code());
        assertTrue(e.getMessage().startsWith(zip + ": "), e.getMessage());
        assertEquals("a a/deep a/deep/b.txt c.txt", Files.readString(folder.resolve("found")));
    }
}
