package org.lethe.image.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.lethe.Safetensors;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/** Known answers of the reference libraries, in {@code $LETHE_DATA} or beside the checkout; tests are skipped without them. */
final class Goldens implements AutoCloseable {
    private static final Map<String, Integer> COMPARED = new TreeMap<>();
    private static final Map<String, Double> WORST = new TreeMap<>();

    private final Safetensors file;
    private final String folder;

    private Goldens(Safetensors file, String folder) {
        this.file = file;
        this.folder = folder;
    }

    /** A folder or file of the shared data. */
    static Path data(String name) {
        Optional<Path> found = Stream.of(
                        Optional.ofNullable(System.getenv("LETHE_DATA")).orElse(""),
                        "../shared/data",
                        "../../shared/data")
                .filter(s -> !s.isBlank())
                .map(s -> Path.of(s).resolve(name))
                .filter(Files::exists)
                .findFirst();
        Assumptions.assumeTrue(found.isPresent(), "the shared data is not here: set LETHE_DATA to its folder");
        return found.orElseThrow();
    }

    /** A folder or file of golden answers. */
    static Path of(String name) {
        return data("goldens").resolve(name);
    }

    static Goldens open(Path file) {
        try {
            return new Goldens(Safetensors.open(file), String.valueOf(file.getName(file.getNameCount() - 2)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A golden file inside a folder of the golden answers. */
    static Goldens in(String folder) {
        return open(of(folder).resolve("golden.safetensors"));
    }

    /** How many tensors were compared so far, by folder, and the largest difference. */
    static String counted() {
        return "golden tensors compared: " + COMPARED + ", largest differences " + WORST;
    }

    /** Values of a file of JSON beside the tensors. */
    static JsonNode json(String name) {
        try {
            return new JsonMapper().readTree(of(name).toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Names and shapes of a full-size model are those of the reference. */
    static void sameShapes(String name, Map<String, long[]> found) {
        JsonNode golden = json("shapes/" + name + ".json");
        Map<String, String> expected = new TreeMap<>();
        golden.path("shapes")
                .properties()
                .forEach(e -> expected.put(e.getKey(), e.getValue().toString().replace(" ", "")));
        Map<String, String> own = new TreeMap<>();
        long size = 0;
        for (Map.Entry<String, long[]> e : found.entrySet()) {
            own.put(e.getKey(), Arrays.toString(e.getValue()).replace(" ", ""));
            size += Arrays.stream(e.getValue()).reduce(1, (a, b) -> a * b);
        }
        Assertions.assertEquals(expected, own, name);
        Assertions.assertEquals(golden.path("parameters").asLong(), size, name);
        COMPARED.merge("shapes", own.size(), Integer::sum);
    }

    /** A tensor of floats in the current scope. */
    Tensor tensor(String name) {
        return Tensors.of(file.floats(name), shape(name));
    }

    /** All gradients of a loss, of which parameters before a group norm have pure noise. */
    int sameGradients(String prefix, Parameters parameters, double tolerance) {
        int there = 0;
        for (Map.Entry<String, Tensor> e : parameters.distinct().entrySet()) {
            if (has(prefix + e.getKey())) {
                same("gradient", prefix + e.getKey(), e.getValue().grad(), tolerance);
                there++;
            }
        }
        int expected = 0;
        for (String key : names()) {
            expected += key.startsWith(prefix) ? 1 : 0;
        }
        Assertions.assertEquals(expected, there, "gradients of " + prefix);
        return there;
    }

    Iterable<String> names() {
        return file.entries().keySet();
    }

    boolean has(String name) {
        return file.entries().containsKey(name);
    }

    long[] shape(String name) {
        return file.require(name).shape().stream().mapToLong(Long::longValue).toArray();
    }

    float[] floats(String name) {
        return file.floats(name);
    }

    long[] longs(String name) {
        return file.longs(name);
    }

    /** Whole numbers as a tensor of the current scope. */
    Tensor ids(String name) {
        int[] values = Arrays.stream(file.longs(name)).mapToInt(v -> (int) v).toArray();
        return Tensors.of(values, shape(name)).to(ScalarType.Long);
    }

    /** Requires a tensor to be as in the file: |a − b| ≤ tolerance · max(1, largest). Returns the largest difference. */
    double same(String what, String name, Tensor found, double tolerance) {
        return same(what, name, Tensors.floats(found.detach().to(ScalarType.Float)), tolerance, _ -> true, 0);
    }

    /** The same at places that pass, and within another bound at the others. */
    double same(String what, String name, float[] found, double tolerance, IntPredicate strict, double otherwise) {
        float[] expected = file.floats(name);
        Assertions.assertEquals(expected.length, found.length, what + " " + name);
        float largest = 0;
        for (float v : expected) {
            largest = Math.max(largest, Math.abs(v));
        }
        double bound = tolerance * Math.max(1, largest);
        double worst = 0;
        for (int n = 0; n < expected.length; n++) {
            double off = Math.abs(expected[n] - found[n]);
            double allowed = strict.test(n) ? bound : Math.max(bound, otherwise);
            if (!(off <= allowed)) {
                Assertions.fail(what + ": " + name + "[" + n + "] is " + found[n] + ", expected " + expected[n]);
            }
            worst = Math.max(worst, strict.test(n) ? off : 0);
        }
        COMPARED.merge(folder, 1, Integer::sum);
        WORST.merge(folder, worst / Math.max(1, largest), Math::max);
        return worst;
    }

    @Override
    public void close() {
        file.close();
    }
}
