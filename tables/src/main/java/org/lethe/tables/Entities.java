package org.lethe.tables;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.lethe.Check;
import org.lethe.LetheException;

/**
 * The users, or the items, of a data set: the publisher's ids beside our dense numbers, and attributes.
 *
 * <p>Ids that are whole numbers are kept as such, eight bytes each. Without ids, an entity's id is its number, and
 * nothing is stored. Immutable and safe for use by many threads.
 */
public final class Entities {
    private final int size;
    private final long @Nullable [] numbers;
    private final String @Nullable [] names;
    private final Map<String, Attribute> attributes;
    private volatile @Nullable Map<String, Integer> index;

    /** An attribute: one value for each entity. */
    public sealed interface Attribute {
        /** How many values there are. */
        int size();

        /** The values of some entities, in the order given. */
        Attribute select(int[] chosen);
    }

    /**
     * One of a few labels for each entity, as a gender or an occupation.
     *
     * @param codes position in {@code labels}, or −1 where nothing is known
     * @param labels what the codes stand for, without repeats
     */
    public record Categorical(int[] codes, List<String> labels) implements Attribute {
        public Categorical {
            labels = List.copyOf(labels);
        }

        /** From one label each; the labels are sorted, and an empty one is not known. */
        public static Categorical of(String[] values) {
            List<String> labels = Arrays.stream(values)
                    .filter(v -> !v.isEmpty())
                    .distinct()
                    .sorted()
                    .toList();
            int[] codes = new int[values.length];
            for (int n = 0; n < values.length; n++) {
                codes[n] = values[n].isEmpty() ? -1 : Collections.binarySearch(labels, values[n]);
            }
            return new Categorical(codes, labels);
        }

        @Override
        public int size() {
            return codes.length;
        }

        @Override
        public Categorical select(int[] chosen) {
            int[] selected = new int[chosen.length];
            Arrays.setAll(selected, n -> codes[chosen[n]]);
            return new Categorical(selected, labels);
        }
    }

    /**
     * A number for each entity, as an age.
     *
     * @param values not-a-number where nothing is known
     */
    public record Numeric(double[] values) implements Attribute {
        @Override
        public int size() {
            return values.length;
        }

        @Override
        public Numeric select(int[] chosen) {
            double[] selected = new double[chosen.length];
            Arrays.setAll(selected, n -> values[chosen[n]]);
            return new Numeric(selected);
        }
    }

    private Entities(
            int size, long @Nullable [] numbers, String @Nullable [] names, Map<String, Attribute> attributes) {
        this.size = size;
        this.numbers = numbers;
        this.names = names;
        this.attributes = attributes;
    }

    /** Entities whose ids are their numbers, 0 to {@code size − 1}. */
    public static Entities numbered(int size) {
        return new Entities(size, null, null, Map.of());
    }

    /** Entities with whole numbers as ids, without repeats. */
    public static Entities ofNumbers(long[] ids) {
        return new Entities(ids.length, ids, null, Map.of());
    }

    /** Entities with ids that are text, without repeats. */
    public static Entities ofNames(String[] ids) {
        return new Entities(ids.length, null, ids, Map.of());
    }

    /** The same with one attribute more, or another one under that name. */
    public Entities with(String name, Attribute attribute) {
        Check.require(attribute.size() == size, "size of attribute " + name, attribute.size(), "" + size);
        Map<String, Attribute> more = new LinkedHashMap<>(attributes);
        more.put(name, attribute);
        return new Entities(size, numbers, names, Collections.unmodifiableMap(more));
    }

    /** Whether ids were given; otherwise each one's id is its number. */
    public boolean haveIds() {
        return numbers != null || names != null;
    }

    /** How many there are. */
    public int size() {
        return size;
    }

    /** The publisher's id of an entity. */
    public String id(int entity) {
        if (names != null) {
            return names[entity];
        }
        return Long.toString(numbers != null ? numbers[entity] : entity);
    }

    /** The entity with a publisher's id; the index over all ids is made when first asked for. */
    public OptionalInt find(String id) {
        Map<String, Integer> known = index;
        if (known == null) {
            known = new HashMap<>(size * 2);
            for (int n = 0; n < size; n++) {
                known.put(id(n), n);
            }
            index = known;
        }
        Integer entity = known.get(id);
        return entity == null ? OptionalInt.empty() : OptionalInt.of(entity);
    }

    /** All attributes, by name. */
    public Map<String, Attribute> attributes() {
        return attributes;
    }

    /** An attribute of labels; a {@code LetheException} that lists the attributes there are where it is not one. */
    public Categorical categorical(String name) {
        if (attributes.get(name) instanceof Categorical c) {
            return c;
        }
        List<String> known = attributes.entrySet().stream()
                .filter(e -> e.getValue() instanceof Categorical)
                .map(Map.Entry::getKey)
                .toList();
        throw new LetheException(
                LetheException.Code.DATA,
                "the data has no labels called \"" + name + "\", expected "
                        + (known.isEmpty() ? "a data set with attributes" : "one of " + String.join(", ", known)));
    }

    /** Some of the entities, in the order given, with their ids and attributes; costs those entities only. */
    public Entities select(int[] chosen) {
        Map<String, Attribute> selected = new LinkedHashMap<>();
        attributes.forEach((name, attribute) -> selected.put(name, attribute.select(chosen)));
        if (names != null) {
            String[] all = names;
            String[] some = new String[chosen.length];
            Arrays.setAll(some, n -> all[chosen[n]]);
            return new Entities(chosen.length, null, some, Collections.unmodifiableMap(selected));
        }
        long[] all = numbers;
        long[] some = new long[chosen.length];
        Arrays.setAll(some, n -> all != null ? all[chosen[n]] : chosen[n]);
        return new Entities(chosen.length, some, null, Collections.unmodifiableMap(selected));
    }
}
