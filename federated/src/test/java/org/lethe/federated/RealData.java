package org.lethe.federated;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.lethe.DataFolders;

/** The real tables, in {@code $LETHE_DATA} or {@code shared/data} beside the checkout; tests are skipped without them. */
public final class RealData {
    private RealData() {}

    /** The folders, or a visible skip. */
    public static DataFolders folders() {
        Optional<Path> found = Stream.of(
                        Optional.ofNullable(System.getenv("LETHE_DATA")).orElse(""),
                        "../shared/data",
                        "../../shared/data")
                .filter(s -> !s.isBlank())
                .map(Path::of)
                .filter(p -> Files.isDirectory(p.resolve("tabular")))
                .findFirst();
        Assumptions.assumeTrue(found.isPresent(), "real tables are not here: set LETHE_DATA to their folder");
        return new DataFolders(List.of(found.orElseThrow()));
    }
}
