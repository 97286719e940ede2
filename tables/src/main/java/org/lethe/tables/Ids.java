package org.lethe.tables;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The ids of one column, row by row: whole numbers stay numbers, anything else becomes names numbered in the order they
 * come.
 *
 * <p>Whole numbers that a program wrote with a fraction of zero, as {@code 7.0}, are whole numbers if all ids are written so.
 */
public final class Ids {
    private enum Form {
        WHOLE,
        FRACTION_OF_ZERO,
        NAME
    }

    private Form form = Form.WHOLE;
    private long[] keys = new long[1 << 10];
    private int size;
    private final Map<String, Integer> known = new HashMap<>();
    private final List<String> names = new ArrayList<>();

    /** Adds an id that is a number already. */
    public void add(long id) {
        if (size > 0 && form != Form.WHOLE) {
            add(Long.toString(id));
            return;
        }
        form = Form.WHOLE;
        append(id);
    }

    /** Adds an id as it is written. */
    public void add(String id) {
        if (form != Form.NAME || size == 0) {
            boolean fraction = id.endsWith(".0");
            String bare = fraction ? id.substring(0, id.length() - 2) : id;
            Form found = !Numbers.whole(bare) ? Form.NAME : fraction ? Form.FRACTION_OF_ZERO : Form.WHOLE;
            if (size == 0) {
                form = found;
            } else if (form != found) {
                name();
            }
            if (form != Form.NAME) {
                append(Long.parseLong(bare));
                return;
            }
        }
        append(number(id));
    }

    /** The ids so far turn out to be names. */
    private void name() {
        String end = form == Form.FRACTION_OF_ZERO ? ".0" : "";
        for (int k = 0; k < size; k++) {
            keys[k] = number(keys[k] + end);
        }
        form = Form.NAME;
    }

    private int number(String id) {
        Integer number = known.get(id);
        if (number == null) {
            number = names.size();
            known.put(id, number);
            names.add(id);
        }
        return number;
    }

    private void append(long key) {
        if (size == keys.length) {
            keys = Arrays.copyOf(keys, (int) Math.min(Integer.MAX_VALUE - 8, 2L * size));
        }
        keys[size++] = key;
    }

    /** How many were added. */
    public int size() {
        return size;
    }

    /** One number for each id that was added: the id itself, or the number of its name. */
    public long[] keys() {
        return Arrays.copyOf(keys, size);
    }

    /** The entities of some keys. */
    public Entities entities(long[] of) {
        if (form != Form.NAME) {
            return Entities.ofNumbers(of);
        }
        String[] kept = new String[of.length];
        Arrays.setAll(kept, n -> names.get(Math.toIntExact(of[n])));
        return Entities.ofNames(kept);
    }
}
