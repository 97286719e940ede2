package org.lethe;

import java.nio.file.Path;
import java.util.List;
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

    /** The files that are read, none where the settings alone decide the data; a {@code LetheException} without one. */
    List<Path> files(DataFolders folders);

    /** Whether every file is there and not empty; reads none of them. */
    default boolean present(DataFolders folders) {
        try {
            return files(folders).stream().allMatch(file -> file.toFile().length() > 0);
        } catch (LetheException missing) {
            return false;
        }
    }

    /** SHA-256 over the files, in hex, or an empty string where the settings alone decide the data. */
    default String digest(DataFolders folders) {
        List<Path> files = files(folders);
        return files.isEmpty() ? "" : FileDigest.of(files);
    }

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
