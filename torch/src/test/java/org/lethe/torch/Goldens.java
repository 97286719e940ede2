package org.lethe.torch;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Known answers of the reference libraries, in {@code $LETHE_DATA} or beside the checkout; tests are skipped without them. */
final class Goldens {
    private Goldens() {}

    static Path of(String name) {
        Optional<Path> found = Stream.of(
                        Optional.ofNullable(System.getenv("LETHE_DATA")).orElse(""),
                        "../shared/data",
                        "../../shared/data")
                .filter(s -> !s.isBlank())
                .map(s -> Path.of(s).resolve("goldens").resolve(name))
                .filter(Files::exists)
                .findFirst();
        Assumptions.assumeTrue(found.isPresent(), "the golden files are not here: set LETHE_DATA to their folder");
        return found.orElseThrow();
    }
}
