package org.lethe.recsys.stream;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.Decremental;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItems;

/**
 * A model of sessions or baskets at the end of a stream, with what it was at each measuring point.
 *
 * @param points in order; the last one is the end
 */
public record StreamedSequences(List<Point<NextItems>> points) implements NextItems, Streamed<NextItems> {
    public StreamedSequences {
        points = List.copyOf(points);
    }

    @Override
    public int itemCount() {
        return last().itemCount();
    }

    @Override
    public void scores(Example after, double[] into) {
        last().scores(after, into);
    }

    @Override
    public double probability(double[] scores, int item) {
        return last().probability(scores, item);
    }

    @Override
    public NextItems bare() {
        return last().bare();
    }

    @Override
    public BitSet alsoErased() {
        return last().alsoErased();
    }

    @Override
    public String kind() {
        return "streamed";
    }

    @Override
    public Map<String, Safetensors.Tensor> tensors() {
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        tensors.put(
                "points",
                Decremental.tensor(points.stream().mapToInt(Point::requests).toArray()));
        tensors.put(
                "others",
                Decremental.tensor(
                        points.stream().mapToInt(p -> p.others().size()).toArray()));
        points.forEach(point -> {
            point.model().tensors().forEach((name, tensor) -> tensors.put(point.requests() + "/" + name, tensor));
            for (int n = 0; n < point.others().size(); n++) {
                String prefix = point.requests() + "/other" + n + "/";
                point.others().get(n).tensors().forEach((name, tensor) -> tensors.put(prefix + name, tensor));
            }
        });
        return tensors;
    }
}
