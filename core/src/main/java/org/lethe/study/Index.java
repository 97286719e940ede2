package org.lethe.study;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lethe.LetheException;

/**
 * The cells of a run folder, in {@code index.json}. Format 1 had {@code cells.txt} in its place, with a digest a line.
 *
 * @param format the version of the folder's files
 * @param cells of the study, in its order
 * @param leftOut the pairs that the study's product left out
 */
record Index(int format, List<RunFolder.Listed> cells, List<LeftOut> leftOut) {
    private static final String NAME = "index.json";

    /** Writes it into a run folder. */
    void write(Path folder) {
        Storage.write(folder.resolve(NAME), RecordFile.json(this).getBytes(StandardCharsets.UTF_8));
    }

    /** Reads that of a run folder. */
    static Index read(Path folder) {
        Path file = folder.resolve(NAME);
        if (!Files.exists(file)) {
            return former(folder.resolve("cells.txt"));
        }
        Index index = RecordFile.plain(folder, file, Index.class);
        for (RunFolder.Listed cell : index.cells()) {
            require(cell.digest(), file.toString());
            cell.audits().forEach(audit -> require(audit, file.toString()));
        }
        return index;
    }

    private static Index former(Path file) {
        try {
            List<RunFolder.Listed> cells = new ArrayList<>();
            for (String digest : Files.readAllLines(file)) {
                require(digest, file + ":" + (cells.size() + 1));
                cells.add(new RunFolder.Listed(digest, List.of()));
            }
            return new Index(1, List.copyOf(cells), List.of());
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be read", e);
        }
    }

    /** A digest becomes the name of a file, so it must be nothing else. */
    private static void require(String digest, String place) {
        if (!digest.matches("[0-9a-f]{64}")) {
            throw new LetheException(
                    LetheException.Code.STORAGE, place + ": \"" + digest + "\", expected a SHA-256 in hex");
        }
    }
}
