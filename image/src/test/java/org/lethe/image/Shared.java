package org.lethe.image;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The shared data, in {@code $LETHE_DATA} or beside the checkout; tests are skipped without it. */
public final class Shared {
    private Shared() {}

    public static Path of(String name) {
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
}
