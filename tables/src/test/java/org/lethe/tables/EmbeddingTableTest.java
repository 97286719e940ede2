package org.lethe.tables;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.numerics.Keyed;

final class EmbeddingTableTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private Path text(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    private static byte[] npy(int version, String header, byte[] data) throws IOException {
        byte[] text = (header + "\n").getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
        ByteBuffer length = ByteBuffer.allocate(version == 1 ? 2 : 4).order(ByteOrder.LITTLE_ENDIAN);
        if (version == 1) {
            length.putShort((short) text.length);
        } else {
            length.putInt(text.length);
        }
        out.write(length.array());
        out.write(text);
        out.write(data);
        return out.toByteArray();
    }

    private static byte[] floats(float... values) {
        ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return data.array();
    }

    private static byte[] doubles(double... values) {
        ByteBuffer data = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        data.asDoubleBuffer().put(values);
        return data.array();
    }

    private String refused(Path file) {
        return assertThrows(LetheException.class, () -> EmbeddingTable.read(file, "id", ""))
                .getMessage();
    }

    @Test
    void everyFormatHoldsTheSameTable() throws IOException, SQLException {
        float[] rows = {1, 2.5f, -3, 4, 0, 6e-3f};
        Path csv = text("u.csv", "id,a,b\n7,1,2.5\n9,-3,4\n8,0,0.006\n");
        Path tsv = text("u.tsv", "id\ta\tb\n7\t1\t2.5\n9\t-3\t4\n8\t0\t0.006\n");
        Path wide = folder.resolve("wide.parquet");
        Path lists = folder.resolve("lists.parquet");
        Path arrays = folder.resolve("arrays.parquet");
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            String values = "(VALUES (7, 1.0::FLOAT, 2.5::FLOAT), (9, -3.0, 4.0), (8, 0.0, 0.006)) t(id, a, b)";
            statement.execute("COPY (SELECT * FROM " + values + ") TO '" + wide + "' (FORMAT parquet)");
            statement.execute("COPY (SELECT id, [a, b] AS e FROM " + values + ") TO '" + lists + "' (FORMAT parquet)");
            statement.execute(
                    "COPY (SELECT id, [a, b]::FLOAT[2] AS e FROM " + values + ") TO '" + arrays + "' (FORMAT parquet)");
        }
        Path safe = folder.resolve("u.safetensors");
        Safetensors.write(
                safe,
                Map.of(
                        "users", Safetensors.Tensor.of(rows, 3, 2),
                        "ids", Safetensors.Tensor.of(new long[] {7, 9, 8}, 3)),
                Map.of());
        for (Path file : new Path[] {csv, tsv, wide, lists, arrays, safe}) {
            EmbeddingTable table = EmbeddingTable.read(file, "id", "");
            assertEquals(2, table.width(), file.toString());
            assertArrayEquals(rows, table.rows(), file.toString());
            assertEquals("9", table.entities().id(1), file.toString());
        }
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
        for (int version = 1; version <= 3; version++) {
            Path npy = Files.write(folder.resolve(version + ".npy"), npy(version, header, floats(rows)));
            assertArrayEquals(rows, EmbeddingTable.read(npy, "id", "").rows());
        }
        byte[] eight = npy(1, header.replace("<f4", "<f8"), doubles(1, 2.5, -3, 4, 0, 0.006));
        EmbeddingTable table = EmbeddingTable.read(Files.write(folder.resolve("d.npy"), eight), "id", "");
        assertArrayEquals(rows, table.rows());
        assertEquals("2", table.entities().id(2)); // numbered from 0
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'descr': '!O', 'fortran_order': False, 'shape': (3, 2), } | carry code",
                "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3, 2), } | carry code",
                "{'descr': '>f4', 'fortran_order': False, 'shape': (3, 2), } | little-endian",
                "{'descr': '<i8', 'fortran_order': False, 'shape': (3, 2), } | '<f4'",
                "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), } | fortran_order",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), } | 1 dimensions",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2, 1), } | 3 dimensions",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), } | after it come 24 bytes",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 2), } | whole number",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000, 4000000000), } | at most",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2), } | at least 1 x 1",
                "{'fortran_order': False, 'shape': (3, 2), } | no descr",
            })
    void otherArraysAreRefusedByName(String header, String expected) throws IOException {
        Path file = Files.write(folder.resolve("x.npy"), npy(1, header.replace('!', '|'), floats(1, 2, 3, 4, 5, 6)));
        String message = refused(file);
        assertTrue(message.startsWith(file.toString()) && message.contains(expected), message);
    }

    @Test
    void picklesAndOtherCarriersOfCodeAreRefused() throws IOException {
        Path pickle = Files.write(folder.resolve("p.npy"), new byte[] {(byte) 0x80, 4, (byte) 0x95, 0, 0, 0, 0, 0, 0});
        assertTrue(refused(pickle).contains("pickle"));
        for (String name : new String[] {"a.pkl", "a.pt", "a.npz"}) {
            assertTrue(refused(text(name, "x")).contains("carry code"));
        }
        assertTrue(refused(text("a.json", "{}")).contains(".csv"));
        assertTrue(refused(folder.resolve("nowhere.csv")).contains("no such file"));
    }

    /** Cut, lying and random files: an error that names the file, never anything else. */
    @Test
    void brokenArraysAreRefused() throws IOException {
        byte[] whole = npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", floats(1, 2, 3, 4, 5, 6));
        Keyed random = Keyed.seed(1);
        int refused = 0;
        for (int trial = 0; trial < 300; trial++) {
            byte[] bytes = Arrays.copyOf(whole, trial < whole.length ? trial : whole.length);
            if (trial >= whole.length) {
                bytes[Keyed.below(random.at(trial), whole.length)] =
                        (byte) random.of("byte").at(trial);
            }
            Path file = Files.write(folder.resolve("b.npy"), bytes);
            try {
                assertEquals(6, EmbeddingTable.read(file, "id", "").rows().length);
            } catch (LetheException e) {
                refused++;
                assertTrue(e.getMessage().contains("b.npy"), e.getMessage());
            }
        }
        assertTrue(refused >= whole.length, "only " + refused + " refused");
    }

    @Test
    void numbersThatAreNoneNameTheirPlace() throws IOException {
        assertTrue(refused(text("n.csv", "id,a\n1,2\n2,NaN\n")).contains("n.csv:3"));
        assertTrue(refused(text("e.csv", "id,a\n1,\n")).contains("e.csv:2"));
        String blue = refused(text("w.csv", "id,a\n1,blue\n"));
        assertTrue(blue.contains("w.csv:2: expected a finite number in column \"a\""), blue);
        Path npy = Files.write(
                folder.resolve("nan.npy"),
                npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", floats(1, 2, Float.NaN, 4)));
        assertTrue(refused(npy).contains("row 2: number 1 is NaN"), refused(npy));
    }

    @Test
    void columnsThatAreNotWhatTheyShouldBeAreNamed() throws IOException, SQLException {
        assertTrue(refused(text("i.csv", "user,a\n1,2\n")).contains("no column \"id\", expected one of user, a"));
        assertTrue(refused(text("o.csv", "id\n1\n")).contains("0 columns of numbers"));
        assertTrue(refused(text("t.csv", "id,a\n1,2\n1,3\n")).contains("rows 1 and 2 have the same id"));
        Path ragged = folder.resolve("r.parquet");
        Path words = folder.resolve("w.parquet");
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            statement.execute("COPY (SELECT * FROM (VALUES (1, [1.0]), (2, [1.0, 2.0])) t(id, e)) TO '" + ragged
                    + "' (FORMAT parquet)");
            statement.execute("COPY (SELECT 1 AS id, 'x' AS e) TO '" + words + "' (FORMAT parquet)");
        }
        assertTrue(refused(ragged).contains("lists of 1 to 2"), refused(ragged));
        assertTrue(refused(words).contains("is VARCHAR"), refused(words));
        Path two = folder.resolve("two.safetensors");
        Safetensors.write(
                two,
                Map.of(
                        "users", Safetensors.Tensor.of(new float[] {1, 2}, 1, 2),
                        "items", Safetensors.Tensor.of(new float[] {1, 2}, 1, 2)),
                Map.of());
        assertTrue(refused(two).contains("say which"), refused(two));
    }

    @Test
    void attributesFindTheirRowsById() throws IOException {
        EmbeddingTable table = EmbeddingTable.read(text("u.csv", "id,a\nx,1\ny,2\nz,3\n"), "id", "");
        EmbeddingTable.Described described = table.with(text("a.csv", "gender,id\nf,z\n,y\nm,q\n"), "id", "gender");
        assertEquals(1, described.unknown()); // x
        assertEquals(1, described.strangers()); // q
        Entities.Categorical gender = described.table().entities().categorical("gender");
        assertArrayEquals(new int[] {-1, -1, gender.labels().indexOf("f")}, gender.codes());
        String message = assertThrows(
                        LetheException.class, () -> table.with(text("b.csv", "id,gender\n1,f\n"), "id", "gender"))
                .getMessage();
        assertTrue(message.contains("none of its 1 ids"), message);
        assertTrue(refused(table, text("e.csv", "id,gender\n"), "gender").contains("e.csv: has no rows"));
        assertTrue(assertThrows(LetheException.class, () -> table.with(text("c.csv", "id,age\nx,f\n"), "id", "gender"))
                .getMessage()
                .contains("no column \"gender\""));
    }

    @Test
    void manyNumbersAreANumberAndFewAreLabels() throws IOException {
        StringBuilder users = new StringBuilder("id,a\n");
        StringBuilder ages = new StringBuilder("id,age,band\n");
        for (int u = 0; u < 60; u++) {
            users.append(u).append(',').append(u).append('\n');
            ages.append(u)
                    .append(',')
                    .append(u == 3 ? "" : "" + (20 + u))
                    .append(',')
                    .append(u % 3)
                    .append('\n');
        }
        EmbeddingTable table = EmbeddingTable.read(text("u.csv", users.toString()), "id", "");
        Path file = text("a.csv", ages.toString());
        Entities.Attribute age =
                table.with(file, "id", "age").table().entities().attributes().get("age");
        assertTrue(age instanceof Entities.Numeric n && Double.isNaN(n.values()[3]) && n.values()[10] == 30);
        assertEquals(
                3,
                table.with(file, "id", "band")
                        .table()
                        .entities()
                        .categorical("band")
                        .labels()
                        .size());
    }

    /** Ids of equal hash are few unless somebody chose them; then the time must still be about linear. */
    @Test
    @Timeout(10)
    void idsOfEqualHashLoadLikeOthers() {
        int n = 1 << 16;
        String[] ids = new String[n];
        Arrays.setAll(ids, k -> {
            StringBuilder id = new StringBuilder();
            for (int bit = 0; bit < 16; bit++) {
                id.append((k >> bit & 1) == 0 ? "Aa" : "BB");
            }
            return id.toString();
        });
        assertEquals(
                n,
                new EmbeddingTable("t", Entities.ofNames(ids), 1, new float[n])
                        .entities()
                        .size());
        ids[n - 1] = ids[7];
        LetheException e = assertThrows(
                LetheException.class, () -> new EmbeddingTable("t", Entities.ofNames(ids), 1, new float[n]));
        assertEquals("t: rows 8 and 65536 have the same id, expected one row for each user", e.getMessage());
    }

    private String refused(EmbeddingTable table, Path attributes, String attribute) {
        return assertThrows(LetheException.class, () -> table.with(attributes, "id", attribute))
                .getMessage();
    }

    /** Rows without ids count from 0; attributes that count from 1 would give each row its neighbour's label. */
    @Test
    void idsThatCountFromOneDoNotFitRowsWithoutIds() throws IOException {
        EmbeddingTable table = new EmbeddingTable("u.npy", Entities.numbered(3), 1, new float[] {1, 2, 3});
        String message = refused(table, text("one.csv", "id,gender\n1,f\n2,m\n3,f\n"), "gender");
        assertTrue(message.contains("1 of its 3 ids is no row of u.npy") && message.contains("from 0 to 2"), message);
        for (String ids : List.of("id,gender\n1,f\n2,m\n", "id,gender\n2,m\n", "id,age\n1,3\n")) {
            String near = refused(table, text("near.csv", ids), ids.substring(3, ids.indexOf('\n')));
            assertTrue(near.contains("near.csv: has no id 0") && near.contains("may count from 1"), near);
        }
        assertEquals(
                1,
                table.with(text("some.csv", "id,gender\n0,\n2,m\n"), "id", "gender")
                        .unknown());
        assertEquals(
                0,
                table.with(text("zero.csv", "id,gender\n0,f\n2,m\n1,f\n"), "id", "gender")
                        .unknown());
    }

    @Test
    void theAttributeIsNoNumberOfTheEmbeddings() throws IOException {
        EmbeddingTable table = EmbeddingTable.read(text("u.csv", "id,d0,sex\n1,0.5,0\n2,0.25,1\n"), "id", "");
        assertTrue(refused(table, text("a.csv", "id,sex\n1,0\n2,1\n"), "sex").contains("is the attribute itself"));
    }

    @Test
    void anIndexIsNoNumberOfTheEmbeddings() throws IOException {
        for (String index : new String[] {"", "__index_level_0__", "Unnamed: 0"}) {
            Path file = text("u.csv", index + ",id,d0\n1000,1,0.5\n1001,2,0.25\n");
            assertTrue(refused(file).contains("looks like an index"), refused(file));
            assertTrue(index.isEmpty()
                    || EmbeddingTable.read(file, index, "").entities().id(0).equals("1000"));
        }
    }

    @Test
    void anIdHasOneValueOfAnAttribute() throws IOException {
        EmbeddingTable table = EmbeddingTable.read(text("u.csv", "id,d0\n1,0.5\n2,0.25\n"), "id", "");
        String message = refused(table, text("two.csv", "id,gender\n1,f\n2,m\n1,m\n"), "gender");
        assertTrue(message.contains("two.csv:4: ") && message.contains("two.csv:2"), message);
        assertTrue(message.contains("\"m\"") && message.contains("\"f\""), message);
        EmbeddingTable.Described same = table.with(text("same.csv", "id,gender\n1,f\n2,m\n1,f\n"), "id", "gender");
        assertEquals(0, same.strangers());
        assertEquals(0, same.unknown());
    }

    @Test
    void wordsForMissingValuesAreNoLabels() throws IOException {
        EmbeddingTable table = EmbeddingTable.read(text("u.csv", "id,d0\n1,0.5\n2,0.25\n3,1\n"), "id", "");
        Entities described = table.with(text("a.csv", "id,gender\n1,nan\n2,m\n3,f\n"), "id", "gender")
                .table()
                .entities();
        assertEquals(List.of("f", "m"), described.categorical("gender").labels());
        assertEquals(-1, described.categorical("gender").codes()[0]);
        StringBuilder ages = new StringBuilder("id,age\n1,unknown\n");
        for (int n = 2; n < 40; n++) {
            ages.append(n).append(',').append(20 + n).append('\n');
        }
        String message = refused(table, text("ages.csv", ages.toString()), "age");
        assertTrue(message.contains("ages.csv:2: ") && message.contains("\"unknown\""), message);
    }

    @Test
    void idsWrittenAsFloatsAreTheSameIds() throws IOException {
        EmbeddingTable table = EmbeddingTable.read(text("u.csv", "id,d0\n1,0.5\n2,0.25\n"), "id", "");
        assertEquals(
                0,
                table.with(text("a.csv", "id,gender\n1.0,f\n2.0,m\n"), "id", "gender")
                        .unknown());
        String message = refused(table, text("b.csv", "id,gender\nu1,f\nu2,m\n"), "gender");
        assertTrue(message.contains("\"a9\" and \"9\"") && !message.contains("u1"), message);
    }

    @Test
    void listsInTextAreRows() throws IOException {
        float[] rows = {0.5f, -1e-3f, 3, 4};
        for (String lists : new String[] {
            "1,\"[0.5, -1e-3]\"\n2,\"[3,4]\"\n", "1,[0.5 -1e-3]\n2,\"[ 3.\n 4. ]\"\n",
        }) {
            assertArrayEquals(
                    rows,
                    EmbeddingTable.read(text("l.csv", "id,e\n" + lists), "id", "")
                            .rows());
        }
        assertTrue(refused(text("r.csv", "id,e\n1,[1 2]\n2,[1]\n")).contains("r.csv:3: expected a list of 2 numbers"));
        assertTrue(refused(text("o.csv", "id,e\n1,[1 x]\n")).contains("o.csv:2: expected a finite number"));
    }

    @Test
    void theColumnThatDoesNotBelongIsNamed() throws SQLException {
        Path file = folder.resolve("u.parquet");
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            statement.execute("COPY (SELECT 1 AS id, [0.5, 0.25] AS v, TIMESTAMP '2020-01-01' AS updated) TO '" + file
                    + "' (FORMAT parquet)");
        }
        assertTrue(refused(file).contains("column \"updated\" is TIMESTAMP"), refused(file));
    }

    @Test
    void tensorsThatAreNoTableAreListed() throws IOException {
        Path flat = folder.resolve("flat.safetensors");
        Safetensors.write(flat, Map.of("bias", Safetensors.Tensor.of(new float[] {1, 2}, 2)), Map.of());
        assertTrue(refused(flat).contains("has no table of two dimensions; tensors: bias [2]"), refused(flat));
        Path pointer = text("p.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        assertTrue(refused(pointer).contains("Git LFS pointer"), refused(pointer));
        assertTrue(refused(text("p.npy", "<!DOCTYPE html>\n<html></html>")).contains("HTML page"));
    }

    @Test
    void constantColumnsAreCounted() {
        assertEquals(1, new EmbeddingTable("t", Entities.numbered(2), 2, new float[] {1, 5, 2, 5}).constantColumns());
    }

    @ParameterizedTest
    @CsvSource({"u.csv", "u.tsv", "u.parquet", "u.safetensors", "u.npy"})
    void whatIsWrittenReadsTheSame(String name) throws IOException {
        Keyed random = Keyed.seed(7);
        float[] rows = new float[400_000]; // more than one block of .npy
        for (int n = 0; n < rows.length; n++) {
            rows[n] = (float) (Keyed.normal(random.at(n)) * Math.pow(10, n % 61 - 30));
        }
        long[] ids = new long[100_000];
        Arrays.setAll(ids, n -> ids.length - n);
        EmbeddingTable written =
                new EmbeddingTable("t", Entities.ofNumbers(ids), 4, rows, List.of("a", "select", "c c", "d"));
        Path file = folder.resolve(name);
        EmbeddingFile.of(file, "who", "").write(written);
        EmbeddingTable read = EmbeddingTable.read(file, "who", "");
        assertArrayEquals(rows, read.rows());
        assertEquals(name.endsWith("npy") ? "2" : "99998", read.entities().id(2));
        if (name.startsWith("u.c") || name.endsWith("parquet")) {
            assertEquals(written.columns(), read.columns());
        }
    }

    @Test
    void idsOfAnyKindAndListsComeBack() throws IOException {
        Entities names = Entities.ofNames(new String[] {"007", "a \"b\"", "c,\td", "Ωm"});
        float[] rows = {1, 2, 3, 4, 5, 6, 7, 8};
        for (String name : new String[] {"i.csv", "i.tsv", "i.parquet"}) {
            Path file = folder.resolve(name);
            EmbeddingFile.of(file, "id", "").write(new EmbeddingTable("t", names, 2, rows, List.of("e")));
            EmbeddingTable read = EmbeddingTable.read(file, "id", "");
            assertArrayEquals(rows, read.rows());
            for (int u = 0; u < 4; u++) {
                assertEquals(names.id(u), read.entities().id(u));
            }
            assertEquals(name.endsWith("parquet") ? List.of("e") : List.of("d0", "d1"), read.columns());
        }
        EmbeddingFile safe = EmbeddingFile.of(folder.resolve("i.safetensors"), "id", "");
        String refused = assertThrows(LetheException.class, () -> safe.write(new EmbeddingTable("t", names, 2, rows)))
                .getMessage();
        assertTrue(!refused.contains("007") && refused.contains(".csv"), refused);
        assertTrue(Files.notExists(safe.path()));
        assertThrows(LetheException.class, () -> EmbeddingFile.of(folder.resolve("i.json"), "id", ""));
        assertThrows(LetheException.class, () -> EmbeddingFile.of(folder.resolve("none/i.csv"), "id", ""));
    }
}
