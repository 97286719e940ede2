package org.lethe.text.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.lethe.Safetensors;
import org.lethe.torch.Tensors;

/** Known answers of the reference libraries, in {@code $LETHE_DATA} or beside the checkout; tests are skipped without them. */
final class Goldens implements AutoCloseable {
    private static int compared;

    private final Safetensors file;

    private Goldens(Safetensors file) {
        this.file = file;
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
            return new Goldens(Safetensors.open(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many tensors were compared so far. */
    static int compared() {
        return compared;
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
        int[] values =
                java.util.Arrays.stream(file.longs(name)).mapToInt(v -> (int) v).toArray();
        return Tensors.of(values, shape(name)).to(ScalarType.Long);
    }

    /** Requires a tensor to be as in the file: |a − b| ≤ tolerance · max(1, largest). Returns the largest difference. */
    double same(String what, String name, Tensor found, double tolerance) {
        return same(what, name, Tensors.floats(found.detach().to(ScalarType.Float)), tolerance, _ -> true, 0);
    }

    /** The same at places that pass, and within another bound at the others. */
    double same(
            String what,
            String name,
            float[] found,
            double tolerance,
            java.util.function.IntPredicate strict,
            double otherwise) {
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
        compared++;
        return worst;
    }

    @Override
    public void close() {
        file.close();
    }
}
