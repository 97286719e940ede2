package org.lethe.federated;

import static org.lethe.Check.require;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.lethe.LetheException;
import org.lethe.Safetensors;

/**
 * Groups of people by one attribute, or by the intersections of several.
 *
 * <p>Groups with few training records over all clients are put together as "other", so that no statistic is of a handful of
 * people; if that is still too few, they are in no group, as are people of whom an attribute is not known.
 *
 * @param attributes names of the attributes
 * @param labels labels of each attribute
 * @param cells the group of each combination of labels, the last attribute running fastest; −1 for none
 * @param names names of the groups
 */
public record Grouping(List<String> attributes, List<List<String>> labels, int[] cells, List<String> names)
        implements Serializable {
    public Grouping {
        attributes = List.copyOf(attributes);
        labels = labels.stream().map(List::copyOf).toList();
        names = List.copyOf(names);
        require(!attributes.isEmpty(), "attributes", "empty", "at least one");
        require(labels.size() == attributes.size(), "labels", labels.size(), "as many as attributes");
        long product = labels.stream().mapToLong(List::size).reduce(1, Math::multiplyExact);
        require(cells.length == product, "cells", cells.length, "one per combination of labels, " + product);
        for (int cell : cells) {
            require(cell >= -1 && cell < names.size(), "group", cell, "-1 to " + (names.size() - 1));
        }
    }

    /**
     * The groups in training records.
     *
     * @param smallest fewest records of a group that is not put together with others
     * @throws LetheException where there is no such attribute, or fewer than two groups are left
     */
    public static Grouping of(Records train, List<String> attributes, int smallest) {
        List<List<String>> labels =
                attributes.stream().map(a -> train.attribute(a).labels()).toList();
        long product = 1;
        for (List<String> l : labels) {
            product *= Math.max(1, l.size());
            if (product > 10_000) {
                throw new LetheException(
                        LetheException.Code.STUDY, "groups by " + attributes + " are more than 10,000, expected fewer");
            }
        }
        long[] counts = new long[(int) product];
        for (int cell : cells(train, attributes, labels)) {
            if (cell >= 0) {
                counts[cell]++;
            }
        }
        return of(attributes, labels, counts, smallest);
    }

    /**
     * The groups by counts that clients have told.
     *
     * @param counts training records of each combination of labels, the last attribute running fastest
     * @param smallest fewest records of a group that is not put together with others
     */
    static Grouping of(List<String> attributes, List<List<String>> labels, long[] counts, int smallest) {
        int[] groups = new int[counts.length];
        Arrays.fill(groups, -1);
        List<String> names = new ArrayList<>();
        List<String> merged = new ArrayList<>();
        long others = 0;
        for (int cell = 0; cell < counts.length; cell++) {
            if (counts[cell] >= Math.max(1, smallest)) {
                groups[cell] = names.size();
                names.add(name(cell, labels));
            } else if (counts[cell] > 0) {
                merged.add(name(cell, labels));
                others += counts[cell];
            }
        }
        if (!merged.isEmpty() && others >= smallest) {
            for (int cell = 0; cell < counts.length; cell++) {
                if (counts[cell] > 0 && groups[cell] < 0) {
                    groups[cell] = names.size();
                }
            }
            names.add(merged.size() == 1 ? merged.getFirst() : "other (" + String.join(", ", merged) + ")");
        }
        if (names.size() < 2) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "groups by " + String.join(" and ", attributes) + ": expected at least two with " + smallest
                            + " training records or more, found "
                            + (names.isEmpty() ? "none" : "only " + names.getFirst())
                            + (merged.isEmpty() ? "" : "; too small are " + String.join(", ", merged)));
        }
        return new Grouping(attributes, labels, groups, names);
    }

    /** How many groups there are. */
    public int count() {
        return names.size();
    }

    /** The group of each record, or −1. */
    public int[] of(Records records) {
        int[] groups = cells(records, attributes, labels);
        for (int i = 0; i < groups.length; i++) {
            groups[i] = groups[i] < 0 ? -1 : cells[groups[i]];
        }
        return groups;
    }

    private static int[] cells(Records records, List<String> attributes, List<List<String>> labels) {
        int[] cells = new int[records.size()];
        for (int a = 0; a < attributes.size(); a++) {
            Records.Attribute attribute = records.attribute(attributes.get(a));
            List<String> known = labels.get(a);
            int[] code = attribute.labels().stream().mapToInt(known::indexOf).toArray();
            for (int i = 0; i < cells.length; i++) {
                int label = attribute.of()[i] < 0 ? -1 : code[attribute.of()[i]];
                cells[i] = label < 0 || cells[i] < 0 ? -1 : cells[i] * known.size() + label;
            }
        }
        return cells;
    }

    private static String name(int cell, List<List<String>> labels) {
        List<String> parts = new ArrayList<>();
        for (int a = labels.size() - 1; a >= 0; a--) {
            parts.addFirst(labels.get(a).get(cell % labels.get(a).size()));
            cell /= labels.get(a).size();
        }
        return String.join(" x ", parts);
    }

    /** Adds what {@link #read} needs to the header and tensors of a file. */
    void write(Map<String, Safetensors.Tensor> tensors, Map<String, String> header) {
        put(header, "attribute", attributes);
        for (int a = 0; a < labels.size(); a++) {
            put(header, "attribute." + a + ".label", labels.get(a));
        }
        put(header, "group", names);
        tensors.put(
                "groups",
                Safetensors.Tensor.of(Arrays.stream(cells).asLongStream().toArray(), cells.length));
    }

    /** The grouping in a file. */
    static Grouping read(Safetensors file) {
        Map<String, String> header = file.metadata();
        List<String> attributes = list(header, "attribute");
        List<List<String>> labels = new ArrayList<>();
        for (int a = 0; a < attributes.size(); a++) {
            labels.add(list(header, "attribute." + a + ".label"));
        }
        int[] cells =
                Arrays.stream(file.longs("groups")).mapToInt(Math::toIntExact).toArray();
        return new Grouping(attributes, labels, cells, list(header, "group"));
    }

    private static void put(Map<String, String> header, String key, List<String> texts) {
        for (int i = 0; i < texts.size(); i++) {
            header.put("lethe." + key + "." + i, texts.get(i));
        }
    }

    private static List<String> list(Map<String, String> header, String key) {
        List<String> texts = new ArrayList<>();
        for (String text; (text = header.get("lethe." + key + "." + texts.size())) != null; ) {
            texts.add(text);
        }
        return texts;
    }

    /** The number of records of each group. */
    public Map<String, Long> sizes(Records records) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        int[] of = of(records);
        for (int g = 0; g < count(); g++) {
            int group = g;
            sizes.put(names.get(g), Arrays.stream(of).filter(x -> x == group).count());
        }
        return sizes;
    }

    @Override
    public String toString() {
        return names.stream().collect(Collectors.joining(", ", String.join(" x ", attributes) + ": ", ""));
    }
}
