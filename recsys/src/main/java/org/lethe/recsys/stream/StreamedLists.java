package org.lethe.recsys.stream;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.recsys.Delegating;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Ease;
import org.lethe.recsys.backbone.ItemKnn;
import org.lethe.recsys.sequence.Decremental;

/**
 * A recommender at the end of a stream, with what it was at each measuring point.
 *
 * @param points in order; the last one is the end
 */
public record StreamedLists(List<Point<Recommender>> points) implements Delegating, Streamed<Recommender> {
    /** The kind of model, as the header of a file names it. */
    public static final String KIND = "streamed";

    public StreamedLists {
        points = List.copyOf(points);
    }

    /** Whether models of a learner depend on their seed. */
    static boolean seeded(Learner<Split, Recommender> learner) {
        return !(learner instanceof ItemKnn || learner instanceof Ease);
    }

    @Override
    public Recommender served() {
        return last().served();
    }

    /** Writes one model to a file. */
    @FunctionalInterface
    public interface Save {
        /** Writes it. */
        void save(Recommender model, Map<String, String> provenance, Path file) throws IOException;
    }

    /** Reads one model from a file. */
    @FunctionalInterface
    public interface Load {
        /** Reads it. */
        Recommender load(Path file) throws IOException;
    }

    /**
     * Writes all models to one file, in which each is the bytes of a file of its own, so that any kind of model can be kept.
     *
     * @param each writes one of them
     */
    public void save(Map<String, String> provenance, Path file, Save each) throws IOException {
        Map<String, String> metadata = new TreeMap<>(provenance);
        metadata.put("lethe.model", KIND);
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        tensors.put(
                "points",
                Decremental.tensor(points.stream().mapToInt(Point::requests).toArray()));
        tensors.put(
                "others",
                Decremental.tensor(
                        points.stream().mapToInt(p -> p.others().size()).toArray()));
        for (Point<Recommender> point : points) {
            tensors.put(name(point.requests(), 0), bytes(point.model(), file, each));
            for (int n = 0; n < point.others().size(); n++) {
                tensors.put(name(point.requests(), n + 1), bytes(point.others().get(n), file, each));
            }
        }
        Safetensors.write(file, tensors, metadata);
    }

    private static String name(int requests, int which) {
        return requests + "/" + which;
    }

    private static Safetensors.Tensor bytes(Recommender model, Path beside, Save each) throws IOException {
        Path one = beside.resolveSibling(beside.getFileName() + ".point");
        try {
            each.save(model, Map.of(), one);
            byte[] bytes = Files.readAllBytes(one);
            return new Safetensors.Tensor(
                    Safetensors.Dtype.U8, List.of((long) bytes.length), MemorySegment.ofArray(bytes));
        } finally {
            Files.deleteIfExists(one);
        }
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @param each reads one model
     */
    public static StreamedLists load(Safetensors read, Path file, Load each) throws IOException {
        long[] at = read.longs("points");
        long[] others = read.longs("others");
        if (at.length == 0 || others.length != at.length) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + " has " + at.length + " measuring points and " + others.length
                            + " numbers of other seeds, expected as many, at least 1");
        }
        List<Point<Recommender>> points = new ArrayList<>();
        for (int p = 0; p < at.length; p++) {
            List<Recommender> again = new ArrayList<>();
            for (int n = 0; n < others[p]; n++) {
                again.add(model(read, name((int) at[p], n + 1), each));
            }
            points.add(new Point<>((int) at[p], model(read, name((int) at[p], 0), each), again));
        }
        return new StreamedLists(points);
    }

    private static Recommender model(Safetensors read, String name, Load each) throws IOException {
        Path one = Files.createTempFile("lethe", ".safetensors");
        try {
            Files.write(one, read.bytes(name).toArray(ValueLayout.JAVA_BYTE));
            return each.load(one);
        } finally {
            Files.deleteIfExists(one);
        }
    }
}
