package org.lethe.tables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;

final class ColumnsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private Path text(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }

    /** All rows of some columns, as text. */
    private static List<List<String>> read(Path file, String... columns) {
        Columns open = Columns.open(file);
        open.require(columns);
        List<List<String>> rows = new ArrayList<>();
        List<Columns.Want> wanted = Stream.of(columns)
                .map(c -> new Columns.Want(c, Columns.As.TEXT))
                .toList();
        try (Columns.Rows found = open.rows(wanted)) {
            while (found.next()) {
                List<String> row = new ArrayList<>();
                for (int c = 0; c < columns.length; c++) {
                    row.add(found.text(c));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    private static String refused(Path file, String... columns) {
        return assertThrows(LetheException.class, () -> read(file, columns)).getMessage();
    }

    private void refuses(String name, String content, String... expected) throws IOException {
        String message = refused(text(name, content), "a");
        for (String words : expected) {
            assertTrue(message.contains(words), message);
        }
    }

    /** Fields written by RFC 4180 are read back unchanged, whatever they hold. */
    @Test
    void anyFieldsComeBack() throws IOException {
        Keyed random = Keyed.seed(20_260);
        String alphabet = "ab1 ,;\t|\"\\'\n:é€𝄞";
        int[] letters = alphabet.codePoints().toArray();
        for (int trial = 0; trial < 200; trial++) {
            Keyed here = random.of("trial" + trial);
            List<List<String>> rows = new ArrayList<>();
            StringBuilder file = new StringBuilder("x,y,z\r\n");
            for (int r = 0; r < 5; r++) {
                List<String> row = new ArrayList<>();
                for (int c = 0; c < 3; c++) {
                    StringBuilder field = new StringBuilder();
                    int length = Keyed.below(here.at(r, 100 * c + 99), 6);
                    for (int k = 0; k < length; k++) {
                        field.appendCodePoint(letters[Keyed.below(here.at(r, 100 * c + k), letters.length)]);
                    }
                    row.add(field.toString());
                    file.append(c == 0 ? "" : ",")
                            .append('"')
                            .append(field.toString().replace("\"", "\"\""))
                            .append('"');
                }
                rows.add(row);
                file.append(r % 2 == 0 ? "\n" : "\r\n");
            }
            assertEquals(rows, read(text("any.csv", file.toString()), "x", "y", "z"), file.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void linesEndInAnyWay(String end) throws IOException {
        String content = String.join(end, "a,b", "1,2", "", "3,4", "");
        assertEquals(List.of(List.of("1"), List.of("3")), read(text("e.csv", content), "a"));
    }

    @Test
    void lineEndsMayBeMixedAndBlankLinesStandAnywhere() throws IOException {
        assertEquals(
                List.of(List.of("1", "2"), List.of("3", "4")),
                read(text("m.csv", "\n  \r\na,b\r\n1,2\n\r\n3,4"), "a", "b"));
    }

    @Test
    void manyRowsCrossTheBoundsOfTheBuffer() throws IOException {
        StringBuilder content = new StringBuilder("a,b\r\n");
        for (int n = 0; n < 30_000; n++) {
            content.append(n).append(",\"").append("x".repeat(n % 37)).append("\"\r\n");
        }
        content.append("last,\"").append("y".repeat(200_000)).append('"');
        List<List<String>> rows = read(text("long.csv", content.toString()), "a", "b");
        assertEquals(30_001, rows.size());
        for (int n = 0; n < 30_000; n++) {
            assertEquals(List.of("" + n, "x".repeat(n % 37)), rows.get(n));
        }
        assertEquals(200_000, rows.getLast().get(1).length());
    }

    @Test
    void namesInQuotationMarksMayHoldAnything() throws IOException {
        Path file = text("q.csv", "\uFEFF\"us,er\",\"it\"\"em\",USER,user\n1,2,3,4\n");
        assertEquals(List.of(List.of("1", "2", "3", "4")), read(file, "us,er", "it\"em", "USER", "user"));
    }

    @Test
    void aColumnWithoutANameIsLeftAlone() throws IOException {
        assertEquals(List.of(List.of("7")), read(text("i.csv", ",a\n0,7\n"), "a"));
    }

    @Test
    void aBadLineIsNamedWithTheReason() throws IOException {
        refuses("ragged.csv", "a,b,c\n1,2,3\n1,2\n", "ragged.csv:3: ", "expected 3 fields (a, b, c)", "found 2");
        refuses("open.csv", "a,b\n1,2\n3,\"x\n4,5\n", "open.csv:3: ", "no other one ends it");
        refuses("back.csv", "a,b\n1,2\n3,\"x \\\"y\\\" z\"\n", "back.csv:3: ", "a backslash does not escape");
        refuses("semi.csv", "\"a\";\"b\"\n\"1\";\"2\"\n", "semi.csv:1: ", "the separator looks like \";\"");
        refuses("plain.csv", "x;y\n1;2\n", "has no column \"a\"", "the separator looks like \";\"");
        refuses("zero.csv", "a\n1\0\n", "zero.csv:2: ", "zero byte");
        refuses("twice.csv", "a,b,a\n1,2,3\n", "two columns are called \"a\"");
        refuses("case.csv", "A,b\n1,2\n", "did you mean \"A\"?");
        refuses("odd.txt", "a\n1\n", "expected an ending .csv");
        Path latin = folder.resolve("latin.csv");
        Files.write(latin, "a,b\n1,x\n2,é\n".getBytes(StandardCharsets.ISO_8859_1));
        String message = refused(latin, "a");
        assertTrue(message.contains("latin.csv:3: is not UTF-8"), message);
    }

    @Test
    void aRowOfSeveralLinesIsNamedByItsFirst() throws IOException {
        Path file = text("lines.csv", "a,b\n1,\"one\ntwo\"\n\n2,x\n");
        List<String> places = new ArrayList<>();
        try (Columns.Rows rows = Columns.open(file).rows(List.of(new Columns.Want("b", Columns.As.NUMBER)))) {
            while (rows.next()) {
                places.add(rows.wrong(0, "a number").getMessage());
            }
        }
        assertTrue(places.get(0).contains("lines.csv:2: expected a number in column \"b\""), places.get(0));
        assertTrue(places.get(1).contains("lines.csv:5: "), places.get(1));
    }

    @Test
    void noControlCharacterOfAFileReachesAMessage() throws IOException {
        String message = refused(text("c.csv", "a\u001b[31m,b\n1,2\n"), "x");
        assertTrue(message.contains("a\\u001b[31m") && !message.contains("\u001b"), message);
    }

    @Test
    void placeholdersAreNotTheFile() throws IOException {
        String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
        String page = "\n<!DOCTYPE html>\n<html></html>\n";
        for (String name : new String[] {"p.csv", "p.parquet"}) {
            assertTrue(refused(text(name, pointer), "a").contains("Git LFS pointer"));
            assertTrue(refused(text(name, page), "a").contains("HTML page"));
        }
    }

    private void parquet(Path file, String select) throws SQLException {
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            statement.execute("COPY (" + select + ") TO '" + file.toString().replace("'", "''") + "' (FORMAT parquet)");
        }
    }

    /** A name is a name, never a pattern, and a folder says nothing about the file. */
    @Test
    void namesOfFilesAndFoldersMeanNothing() throws IOException, SQLException {
        Path odd = folder.resolve("a=9");
        Files.createDirectories(odd);
        int n = 0;
        for (String name : new String[] {"x[1]", "x*", "x?", "it's", "a b"}) {
            n++;
            parquet(odd.resolve(name + ".parquet"), "SELECT " + n + " AS a");
            assertEquals(List.of(List.of("" + n)), read(odd.resolve(name + ".parquet"), "a"), name);
            Path csv = text("a=9/" + name + ".csv", "a\n" + n + "\n");
            assertEquals(List.of(List.of("" + n)), read(csv, "a"), name);
        }
        parquet(odd.resolve("x1.parquet"), "SELECT 0 AS a");
        assertEquals(List.of(List.of("1")), read(odd.resolve("x[1].parquet"), "a"));
    }

    @Test
    void bytesWithoutATypeAreText() throws SQLException {
        Path file = folder.resolve("b.parquet");
        parquet(file, "SELECT encode('José') AS a");
        assertEquals(List.of(List.of("José")), read(file, "a"));
    }

    private static Entities ids(String... ids) {
        Ids all = new Ids();
        for (String id : ids) {
            all.add(id);
        }
        return all.entities(all.keys());
    }

    @Test
    void idsAreWholeNumbersOnlyIfAllAre() {
        assertEquals("7", ids("7", "12").id(0));
        assertEquals("12", ids("7.0", "12.0").id(1)); // as pandas writes a column with a gap
        for (String[] mixed :
                new String[][] {{"7", "x"}, {"7", "8.0"}, {"7.0", "8"}, {"7.0", "x"}, {"1", "007"}, {"x", "7"}, {"1.5"}
                }) {
            Entities names = ids(mixed);
            for (int n = 0; n < mixed.length; n++) {
                assertEquals(mixed[n], names.id(n));
            }
        }
        Ids twice = new Ids();
        twice.add(5);
        twice.add("x");
        twice.add(5);
        assertEquals(twice.keys()[0], twice.keys()[2]);
    }

    private static long[] times(String... texts) {
        Times times = new Times();
        for (String text : texts) {
            assertTrue(times.add(text), text);
        }
        return times.all();
    }

    @Test
    void timesAreMicrosecondsWhateverTheColumnHolds() {
        long[] seconds = times("1500000000", "2020-01-01 00:00:10", "2020-01-01", "1.5e9", "1500000000.000");
        assertEquals(
                List.of(
                        1_500_000_000_000_000L,
                        1_577_836_810_000_000L,
                        1_577_836_800_000_000L,
                        1_500_000_000_000_000L,
                        1_500_000_000_000_000L),
                list(seconds));
        assertEquals(
                List.of(1_500_000_000_010_000L, 1_500_000_000_000_000L, -250_000L),
                list(times("1500000000.01", "1500000000", "-0.25")));
        long[] iso = times("2020-09-01 11:27:43.100", "2020-09-01T11:27:43.150Z", "2020-09-01 11:27:43,2");
        assertEquals(50_000, iso[1] - iso[0]);
        assertEquals(50_000, iso[2] - iso[1]);
        long[] offsets = times("2009-05-01T12:00:00+00:00", "2009-05-01T12:30:00+01:00", "2009-05-01T13:30:00-0030");
        assertEquals(-1_800_000_000L, offsets[1] - offsets[0]);
        assertEquals(7_200_000_000L, offsets[2] - offsets[0]);
    }

    /** Two files about one data set give times that can be compared. */
    @Test
    void numbersThatCountThousandthsAreSoBySize() {
        for (String[] same : new String[][] {
            {"1500000000", "1500000001.5"},
            {"1500000000000", "1500000001500"},
            {"1500000000000.25", "1500000001500"},
            {"1500000000000000", "1500000001500000"},
            {"1500000000000000000", "1500000001500000000"},
            {"2017-07-14 02:40:00", "2017-07-14 04:40:01.5+02:00"},
            {"2017-07-14 02:40:00", "1500000001500"}
        }) {
            long[] found = times(same);
            assertEquals(1_500_000_001_500_000L, found[1], same[1]);
            assertTrue(Math.abs(found[0] - 1_500_000_000_000_000L) <= 250, same[0]);
        }
        assertEquals(
                List.of(99_999_999_999L * 1000, 100_000_000_000L * 1000), list(times("99999999999", "100000000000")));
    }

    @Test
    void whatIsNoTimeIsNone() {
        for (String no : new String[] {"", "soon", "2020-13-01", "2020-01-01 25:00", "0x10", "NaN", "1e300"}) {
            assertFalse(new Times().add(no), no);
        }
    }

    private static List<Long> list(long[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    /** A message may end up in a record or a log, and any field may be the id of a person. */
    @Test
    void noMessageSaysWhatStandsInARow() throws IOException {
        for (String text : List.of(
                "canary1,canary2,3\n",
                "a,b\n\"canary1\"canary2,3\n",
                "a,b\n\"canary1,3\n",
                "a,b\ncanary1\n",
                "a,b\ncanary1,canary2,canary3\n",
                "a,b\ncanary1,\n")) {
            LetheException e = assertThrows(LetheException.class, () -> {
                Columns columns = Columns.open(text("c.csv", text));
                columns.require("a", "b");
                try (Columns.Rows rows = columns.rows(
                        List.of(new Columns.Want("a", Columns.As.ID), new Columns.Want("b", Columns.As.ID)))) {
                    while (rows.next()) {
                        rows.id(0, new Ids());
                        rows.id(1, new Ids());
                    }
                }
            });
            assertFalse(e.getMessage().contains("canary"), e.getMessage());
        }
        try (TextRows rows =
                TextRows.open(text("c.dat", "canary1::canary2::canary3\n"), "::", StandardCharsets.UTF_8)) {
            assertTrue(rows.next());
            for (Runnable read : List.<Runnable>of(
                    () -> rows.whole(0, "user"), () -> rows.dense(1, "item"), () -> rows.number(2, "stars"))) {
                String message = assertThrows(LetheException.class, read::run).getMessage();
                assertTrue(message.contains("c.dat:1: expected a") && !message.contains("canary"), message);
            }
        }
    }

    @Test
    void brokenParquetIsSaidInWordsWithoutWhatStandsThere() throws IOException, SQLException {
        Path latin = folder.resolve("latin.parquet");
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            statement.execute("COPY (SELECT 'canary\\xE4'::BLOB AS a) TO '" + latin + "' (FORMAT parquet)");
        }
        assertEquals(latin + ": holds text that is not UTF-8, or is damaged", refused(latin, "a"));
        Path cut = folder.resolve("cut.parquet");
        byte[] whole = Files.readAllBytes(latin);
        for (int length : new int[] {1, 8, whole.length - 1}) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertEquals(cut + ": is no Parquet file, or is cut off", refused(cut, "a"));
        }
    }
}
