package org.lethe.tables;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.lethe.LetheException;
import org.lethe.Printable;

/**
 * Attributes of entities, from a CSV, TSV or Parquet file with one row for each id.
 *
 * <p>An attribute of more than twenty different numbers is a number; any other one is labels. Words that programs write for a
 * missing value, such as {@code nan}, {@code NA}, {@code null} and {@code None}, count as none. Two different values for one id
 * are refused, and so are one or two words among numbers.
 */
public final class AttributeFile {
    /** With more different values than this, numbers are numbers; with fewer they are labels. */
    private static final int LABELS = 20;

    private final Path file;
    private final Entities told;

    private AttributeFile(Path file, Entities told) {
        this.file = file;
        this.told = told;
    }

    /**
     * Reads one attribute.
     *
     * @param id the column of ids
     */
    static AttributeFile of(Path file, String id, String attribute) {
        return new AttributeFile(file, KeyedColumns.open(file).attributes(id, List.of(attribute), LABELS));
    }

    /**
     * Reads every column but that of ids as an attribute; a column without a name is left alone.
     *
     * @param id the column of ids
     * @param setting the setting that names this column, for messages
     */
    public static AttributeFile all(Path file, String id, String setting) {
        KeyedColumns columns = KeyedColumns.open(file);
        columns.requireId(setting, id);
        List<String> names = columns.besides(id);
        if (names.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": has no column beside \"" + Printable.text(id) + "\", expected at least one attribute");
        }
        return new AttributeFile(file, columns.attributes(id, names, LABELS));
    }

    /**
     * Entities with attributes, and counts of the ids that did not match.
     *
     * @param unknown entities of which the file says nothing
     * @param strangers ids in the file that are those of no entity
     */
    public record Matched(Entities entities, int unknown, int strangers) {}

    /**
     * Some entities with the attributes of this file, matched by id. Nothing is known of entities that are not in it, or whose
     * value is missing. Where entities are numbered from 0, the id 0 must be in it: without it, ids that count from 1 would give
     * each one its neighbour's value.
     *
     * @param what word for one of the entities, for messages
     * @param source where they come from, for messages
     */
    public Matched matched(Entities entities, String what, String source) {
        int[] to = new int[entities.size()];
        boolean[] met = new boolean[told.size()];
        int unknown = 0;
        for (int u = 0; u < to.length; u++) {
            OptionalInt found = told.find(entities.id(u));
            to[u] = found.orElse(-1);
            unknown += found.isEmpty() ? 1 : 0;
            found.ifPresent(t -> met[t] = true);
        }
        if (unknown == to.length) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": none of its " + told.size() + " ids is that of one of the " + to.length + " " + what
                            + "s of "
                            + source + "; expected the same ids in both, and the first are of the forms \""
                            + form(told.id(0)) + "\" and \"" + form(entities.id(0))
                            + "\", with 9 for a digit and a for a letter"
                            + (entities.haveIds() ? "" : " (" + what + "s without ids are numbered from 0)"));
        }
        int strangers = 0;
        for (boolean known : met) {
            strangers += known ? 0 : 1;
        }
        if (!entities.haveIds()) {
            requireCountedFromZero(met, to.length, what, source);
        }
        Entities described = entities;
        for (Map.Entry<String, Entities.Attribute> attribute : told.attributes().entrySet()) {
            described = described.with(attribute.getKey(), select(attribute.getValue(), to));
        }
        return new Matched(described, unknown, strangers);
    }

    /** What an id looks like, without what it says: an id may be that of a person. */
    private static String form(String id) {
        String form = id.replaceAll("\\p{N}", "9").replaceAll("\\p{L}", "a");
        return Printable.text(form.length() > 40 ? form.substring(0, 40) + "…" : form);
    }

    private void requireCountedFromZero(boolean[] met, int size, String what, String source) {
        String numbered = source + ", which has no ids, so that its " + what + "s are numbered from 0 to " + (size - 1);
        int strangers = 0;
        for (boolean known : met) {
            strangers += known ? 0 : 1;
        }
        if (strangers > 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": " + strangers + " of its " + met.length + " ids " + (strangers == 1 ? "is" : "are")
                            + " no "
                            + what + " of " + numbered + "; expected ids that count from 0, or " + what
                            + "s in a file with ids");
        }
        if (told.find("0").isEmpty()) { // ids 1 to n − 1 of n rows would fit as well
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": has no id 0, so its ids may count from 1, unlike the " + what + "s of " + numbered
                            + "; expected ids that count from 0, the id 0 among them with or without a value, or "
                            + what
                            + "s in a file with ids");
        }
    }

    /** The values in the order given; nothing is known at −1. */
    private static Entities.Attribute select(Entities.Attribute values, int[] chosen) {
        return switch (values) {
            case Entities.Categorical(var codes, var labels) ->
                new Entities.Categorical(
                        Arrays.stream(chosen).map(t -> t < 0 ? -1 : codes[t]).toArray(), labels);
            case Entities.Numeric(var numbers) ->
                new Entities.Numeric(Arrays.stream(chosen)
                        .mapToDouble(t -> t < 0 ? Double.NaN : numbers[t])
                        .toArray());
        };
    }
}
