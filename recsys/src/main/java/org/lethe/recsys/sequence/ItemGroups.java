package org.lethe.recsys.sequence;

import java.util.Map;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.tables.Entities;
import org.lethe.tables.Entities.Categorical;

/** The items of a category that people may want to be forgotten. */
public final class ItemGroups {
    /** The attribute of items that names their category. */
    public static final String CATEGORY = "category";

    private static final int GROUPS = 20; // where the data has no categories (erase, section 7)

    private ItemGroups() {}

    /**
     * Which items are in a category.
     *
     * @param category its label; empty for the first one, or, where the data has none, for one item in twenty by a hash
     */
    public static boolean[] of(Entities items, String category) {
        boolean[] in = new boolean[items.size()];
        if (!items.attributes().containsKey(CATEGORY)) {
            if (!category.isEmpty()) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "stream.category is \"" + category
                                + "\", expected nothing, as this data has no categories of items");
            }
            Keyed hash = Keyed.seed(0).of("item group");
            for (int i = 0; i < in.length; i++) {
                in[i] = Keyed.below(hash.of(items.id(i)).at(0), GROUPS) == 0;
            }
            return in;
        }
        Categorical categories = items.categorical(CATEGORY);
        int code = category.isEmpty() ? 0 : categories.labels().indexOf(category);
        if (code < 0) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "stream.category is \"" + category + "\", expected one of the "
                            + categories.labels().size()
                            + " categories of this data, as "
                            + String.join(
                                    ", ",
                                    categories
                                            .labels()
                                            .subList(
                                                    0,
                                                    Math.min(
                                                            5,
                                                            categories.labels().size()))));
        }
        for (int i = 0; i < in.length; i++) {
            in[i] = categories.codes()[i] == code;
        }
        return in;
    }

    /** Items with the categories of a table, by id; an item that the table lacks has none. */
    static Entities described(Entities items, Map<String, String> categoryOf) {
        String[] labels = new String[items.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = categoryOf.getOrDefault(items.id(i), "");
        }
        return items.with(CATEGORY, Categorical.of(labels));
    }
}
