package org.lethe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
    /** Where we are deliberately stricter than the reference. */
    private static final Set<String> STRICTER = Set.of("duplicate-key-same", "header-leading-space", "big-zero-dim");

    @TempDir
    Path folder;

    private static Path goldens() {
        Optional<Path> found = Stream.of(
                        Optional.ofNullable(System.getenv("LETHE_DATA")).orElse(""),
                        "../shared/data",
                        "../../shared/data")
                .filter(s -> !s.isBlank())
                .map(s -> Path.of(s).resolve("goldens/safetensors"))
                .filter(Files::isDirectory)
                .findFirst();
        Assumptions.assumeTrue(found.isPresent(), "the golden files are not here: set LETHE_DATA to their folder");
        return found.orElseThrow();
    }

    @Test
    void hostileFilesGetTheVerdictOfTheReferenceOrAStricterOne() throws IOException {
        Path hostile = goldens().resolve("hostile");
        JsonNode cases = new ObjectMapper()
                .readTree(hostile.resolve("verdicts.json").toFile())
                .path("cases");
        assertEquals(54, cases.size());
        List<String> wrong = new ArrayList<>();
        for (Map.Entry<String, JsonNode> c : cases.properties()) {
            boolean accepted;
            try (Safetensors file = Safetensors.open(hostile.resolve(c.getKey() + ".safetensors"))) {
                accepted = true;
                assertTrue(file.entries().size() <= 3);
            } catch (LetheException e) {
                accepted = false;
                assertTrue(e.getMessage().contains(c.getKey()), e.getMessage());
            }
            boolean expected =
                    c.getValue().path("safe_open").asText().equals("accept") && !STRICTER.contains(c.getKey());
            if (accepted != expected) {
                wrong.add(c.getKey());
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void picklesAndArchivesAreToldToCarryCode() throws IOException {
        for (String name : List.of("pickle-renamed", "zip-renamed")) {
            Path file = goldens().resolve("hostile/" + name + ".safetensors");
            LetheException e = assertThrows(LetheException.class, () -> Safetensors.open(file));
            assertTrue(e.getMessage().contains("can carry code"), e.getMessage());
        }
    }

    @Test
    void everyDtypeReadsToTheListedBytesAndValues() throws IOException {
        Path valid = goldens().resolve("valid");
        JsonNode golden =
                new ObjectMapper().readTree(valid.resolve("dtypes.json").toFile());
        Map<String, Safetensors.Tensor> copy = new LinkedHashMap<>();
        try (Safetensors file = Safetensors.open(valid.resolve("dtypes.safetensors"))) {
            assertEquals(golden.path("metadata").size(), file.metadata().size());
            assertEquals("naïve ☕", file.metadata().get("note"));
            assertEquals(golden.path("tensors").size(), file.entries().size());
            for (Map.Entry<String, JsonNode> t : golden.path("tensors").properties()) {
                String name = t.getKey();
                Safetensors.Entry entry = file.require(name);
                byte[] bytes = file.bytes(name).toArray(ValueLayout.JAVA_BYTE);
                assertEquals(
                        t.getValue().path("bytes_hex").asText(), HexFormat.of().formatHex(bytes), name);
                assertEquals(t.getValue().path("dtype").asText(), entry.dtype().name());
                assertArrayEquals(values(t.getValue().path("as_double")), read(file, name, entry), name);
                copy.put(name, new Safetensors.Tensor(entry.dtype(), entry.shape(), MemorySegment.ofArray(bytes)));
            }
            Path again = folder.resolve("again.safetensors");
            Safetensors.write(again, copy, file.metadata());
            try (Safetensors second = Safetensors.open(again)) {
                assertEquals(file.metadata(), second.metadata());
                assertEquals(file.entries().keySet(), second.entries().keySet());
                for (String name : file.entries().keySet()) {
                    assertEquals(-1, file.bytes(name).mismatch(second.bytes(name)), name);
                    assertEquals(
                            file.require(name).shape(), second.require(name).shape());
                }
            }
        }
    }

    private static double[] read(Safetensors file, String name, Safetensors.Entry entry) {
        return switch (entry.dtype()) {
            case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 -> file.doubles(name);
            case U64 -> {
                long[] longs = file.longs(name);
                double[] values = new double[longs.length];
                java.util.Arrays.setAll(values, k -> longs[k] < 0 ? longs[k] + 0x1p64 : longs[k]);
                yield values;
            }
            case I64, I32, I16, I8, U32, U16, U8, BOOL ->
                java.util.Arrays.stream(file.longs(name)).asDoubleStream().toArray();
        };
    }

    private static double[] values(JsonNode list) {
        List<Double> values = new ArrayList<>();
        flatten(list, values);
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static void flatten(JsonNode node, List<Double> into) {
        if (node.isArray()) {
            node.forEach(n -> flatten(n, into));
        } else if (node.isTextual()) {
            into.add(
                    switch (node.asText()) {
                        case "inf" -> Double.POSITIVE_INFINITY;
                        case "-inf" -> Double.NEGATIVE_INFINITY;
                        default -> Double.NaN;
                    });
        } else {
            into.add(node.isBoolean() ? (node.asBoolean() ? 1.0 : 0.0) : node.asDouble());
        }
    }

    @Test
    void whatIsWrittenIsReadBackBitByBitAndWritesTheSameFile() throws IOException {
        float[] rows = {1.5f, -0f, Float.MIN_VALUE, Float.POSITIVE_INFINITY, 3, 4};
        double[] exact = {1.0 / 3, -0.0, Double.MIN_VALUE};
        Map<String, Safetensors.Tensor> tensors = Map.of(
                "rows", Safetensors.Tensor.of(rows, 3, 2),
                "ids", Safetensors.Tensor.of(new long[] {7, -1}, 2),
                "exact", Safetensors.Tensor.of(exact, 3));
        Path one = folder.resolve("one.safetensors");
        Path two = folder.resolve("two.safetensors");
        Safetensors.write(one, tensors, Map.of("seed", "7", "method", "retrain"));
        Safetensors.write(two, new LinkedHashMap<>(tensors), Map.of("method", "retrain", "seed", "7"));
        assertEquals(-1, Files.mismatch(one, two));
        try (Safetensors file = Safetensors.open(one)) {
            assertArrayEquals(rows, file.floats("rows"));
            assertArrayEquals(new long[] {7, -1}, file.longs("ids"));
            assertArrayEquals(exact, file.doubles("exact"));
            assertEquals("7", file.metadata().get("seed"));
            assertEquals(List.of(3L, 2L), file.require("rows", 3, -1).shape());
            LetheException shape = assertThrows(LetheException.class, () -> file.require("rows", 2, 3));
            assertTrue(shape.getMessage().contains("[3, 2], expected [2, 3]"), shape.getMessage());
            LetheException none = assertThrows(LetheException.class, () -> file.require("columns"));
            assertTrue(none.getMessage().contains("columns"), none.getMessage());
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(2, left.count());
        }
    }

    @Test
    void aHeaderLengthThatLooksLikeAPickleIsNotTakenForOne() throws IOException {
        Path file = folder.resolve("padded.safetensors");
        Safetensors.write(file, Map.of(), Map.of("pad", "x".repeat(640 - 27)));
        byte[] bytes = Files.readAllBytes(file);
        assertEquals((byte) 0x80, bytes[0]);
        assertEquals(2, bytes[1]);
        try (Safetensors open = Safetensors.open(file)) {
            assertEquals(1, open.metadata().size());
        }
    }
}
