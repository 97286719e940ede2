package org.lethe;

import java.util.Map;
import java.util.Optional;

/**
 * A data set that a study can name, and the way it is split: {@code ml-100k {validation: 0.1}}.
 *
 * @param <D> the data a subject trains on
 */
public interface DataSource<D> {
    /** Reads, or generates, the data. */
    D load(DataFolders folders);

    /** SHA-256 over what is read, in hex, or an empty string where the settings alone decide the data. */
    String digest(DataFolders folders);

    /**
     * Further facts about the files, by name, such as how many rows do not count and why; none by default. Reads the files
     * once more.
     */
    default Map<String, String> facts(DataFolders folders) {
        return Map.of();
    }

    /** The publisher's address of one file or a zip of files; empty where there is none. */
    default Optional<Fetch> publisher() {
        return Optional.empty();
    }
}
