package org.lethe;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The folders that are searched for data files; the first match counts.
 *
 * @param folders in order: the {@code --data} option, {@code $LETHE_DATA}, the user's cache
 */
public record DataFolders(List<Path> folders) {
    public DataFolders {
        folders = List.copyOf(folders);
    }

    /** The usual order; {@code option} is the value of {@code --data}, if it is given. */
    public static DataFolders usual(Optional<Path> option) {
        List<Path> folders = new ArrayList<>();
        option.ifPresent(folders::add);
        String variable = System.getenv("LETHE_DATA");
        if (variable != null && !variable.isBlank()) {
            folders.add(Path.of(variable));
        }
        folders.add(cache());
        return new DataFolders(folders);
    }

    /** Where fetched files are kept: {@code $XDG_CACHE_HOME/lethe}, else {@code ~/.cache/lethe}. */
    public static Path cache() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path base = xdg == null || xdg.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(xdg);
        return base.resolve("lethe");
    }

    /** The first existing file or folder among {@code candidates}, in each folder in turn. */
    public Optional<Path> find(String... candidates) {
        for (Path folder : folders) {
            for (String candidate : candidates) {
                Path path = folder.resolve(candidate);
                if (Files.exists(path)) {
                    return Optional.of(path);
                }
            }
        }
        return Optional.empty();
    }
}
