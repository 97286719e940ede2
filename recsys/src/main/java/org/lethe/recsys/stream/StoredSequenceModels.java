package org.lethe.recsys.stream;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.sequence.SequenceModels;
import org.lethe.recsys.stream.Streamed.Point;

/** Models of sessions and baskets in files, alone or at the points of a stream. */
public final class StoredSequenceModels {
    private static final String MODEL = "lethe.model";
    private static final String KIND = "lethe.kind"; // of the models of a stream

    private StoredSequenceModels() {}

    /** Writes a model, with its provenance in the header. */
    public static void save(NextItems model, Map<String, String> provenance, Path file) throws IOException {
        Map<String, String> metadata = new TreeMap<>(provenance);
        metadata.put(MODEL, model.kind());
        if (model instanceof StreamedSequences streamed) {
            metadata.put(KIND, streamed.last().kind());
        }
        Safetensors.write(file, model.tensors(), metadata);
    }

    /** Reads a model that {@link #save} wrote. */
    public static NextItems load(Path file) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            String kind = read.metadata().getOrDefault(MODEL, "");
            if (!kind.equals("streamed")) {
                return model(kind, read, file, "");
            }
            String inside = read.metadata().getOrDefault(KIND, "");
            long[] at = read.longs("points");
            long[] others = read.longs("others");
            List<Point<NextItems>> points = new ArrayList<>();
            for (int p = 0; p < at.length; p++) {
                List<NextItems> again = new ArrayList<>();
                for (int n = 0; n < others[p]; n++) {
                    again.add(model(inside, read, file, at[p] + "/other" + n + "/"));
                }
                points.add(new Point<>((int) at[p], model(inside, read, file, at[p] + "/"), again));
            }
            return new StreamedSequences(points);
        }
    }

    private static NextItems model(String kind, Safetensors read, Path file, String prefix) {
        return SequenceModels.read(kind, read, prefix)
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.DATA,
                        file + " holds a model of kind \"" + kind + "\", expected " + SequenceModels.KINDS
                                + ", or streamed"));
    }
}
