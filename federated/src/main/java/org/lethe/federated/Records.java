package org.lethe.federated;

import static org.lethe.Check.require;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.lethe.LetheException;
import org.lethe.Printable;

/**
 * Records of people as sparse rows of features, with their labels and attributes.
 *
 * <p>Record i has the value {@code values[e]} in feature {@code columns[e]} for {@code e = starts[i] … starts[i+1]−1}, and 0
 * elsewhere. One-hot encoded tables have few values a row (14 of 107 for Adult), which is what makes client steps cheap.
 *
 * @param features number of features
 * @param starts where each record begins, and the end; one more than there are records
 * @param columns feature of each value
 * @param values the values
 * @param labels 0 or 1 for each record
 * @param attributes what is known of the people beside the features, for example sex
 */
public record Records(
        int features, int[] starts, int[] columns, float[] values, byte[] labels, List<Attribute> attributes)
        implements Serializable {
    /**
     * An attribute of people.
     *
     * @param name its name
     * @param labels its labels
     * @param of the number of each record's label, or −1 where it is not known
     */
    public record Attribute(String name, List<String> labels, int[] of) implements Serializable {
        public Attribute {
            labels = List.copyOf(labels);
            for (int label : of) {
                require(label >= -1 && label < labels.size(), "label", label, "-1 to " + (labels.size() - 1));
            }
        }
    }

    public Records {
        attributes = List.copyOf(attributes);
        require(starts.length == labels.length + 1, "starts.length", starts.length, "one more than labels");
        require(columns.length == values.length, "columns.length", columns.length, "as many as values");
        require(starts[labels.length] == values.length, "last start", starts[labels.length], "the number of values");
        for (int column : columns) {
            require(column >= 0 && column < features, "column", column, "0 to " + (features - 1));
        }
        for (byte label : labels) {
            require(label == 0 || label == 1, "label", label, "0 or 1");
        }
        for (Attribute attribute : attributes) {
            require(
                    attribute.of.length == labels.length,
                    "attribute " + attribute.name,
                    attribute.of.length,
                    "one label a record, " + labels.length);
        }
    }

    /** Some of the records, in this order. */
    public Records of(int[] some) {
        int[] from = new int[some.length + 1];
        for (int i = 0; i < some.length; i++) {
            from[i + 1] = from[i] + starts[some[i] + 1] - starts[some[i]];
        }
        int[] ofFeatures = new int[from[some.length]];
        float[] ofValues = new float[from[some.length]];
        byte[] ofLabels = new byte[some.length];
        for (int i = 0; i < some.length; i++) {
            System.arraycopy(columns, starts[some[i]], ofFeatures, from[i], from[i + 1] - from[i]);
            System.arraycopy(values, starts[some[i]], ofValues, from[i], from[i + 1] - from[i]);
            ofLabels[i] = labels[some[i]];
        }
        List<Attribute> others = attributes.stream()
                .map(a -> new Attribute(
                        a.name, a.labels, Arrays.stream(some).map(i -> a.of[i]).toArray()))
                .toList();
        return new Records(features, from, ofFeatures, ofValues, ofLabels, others);
    }

    /** How many records there are. */
    public int size() {
        return labels.length;
    }

    /** An attribute by its name; a {@code LetheException} names those that there are. */
    public Attribute attribute(String name) {
        return attributes.stream()
                .filter(a -> a.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.STUDY,
                        "there is no attribute \"" + Printable.text(name) + "\" of people, expected one of "
                                + attributes.stream()
                                        .map(a -> Printable.text(a.name))
                                        .collect(Collectors.joining(", "))));
    }
}
