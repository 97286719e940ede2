package org.lethe.tables;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The times of one column: seconds, or a date and time with or without an offset from UTC.
 *
 * <p>The result is in whole seconds where all are whole; otherwise in the largest decimal unit, down to a nanosecond,
 * in which all are whole. Only the order and the differences of the times have a meaning.
 */
public final class Times {
    private static final Pattern DATE = Pattern.compile(
            "(\\d{4})[-/](\\d{1,2})[-/](\\d{1,2})"
                    + "(?:[T ]\\s*(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9})\\d*)?)?\\s*(Z|UTC|[+-]\\d{2}(?::?\\d{2})?)?)?");

    private long[] seconds = new long[1 << 10];
    private int[] nanoseconds = {}; // none while all are whole seconds
    private int size;

    /** Adds a time as it is written; false where it is none. */
    public boolean add(String text) {
        String bare = text.strip();
        if (Numbers.whole(bare)) {
            append(Long.parseLong(bare), 0);
            return true;
        }
        return decimal(bare) || date(bare);
    }

    private boolean decimal(String text) {
        if (!Double.isFinite(Numbers.decimal(text)) || Math.abs(Numbers.decimal(text)) >= 1e18) {
            return false;
        }
        BigDecimal exact = new BigDecimal(text).setScale(9, RoundingMode.HALF_EVEN);
        BigDecimal whole = exact.setScale(0, RoundingMode.FLOOR);
        append(whole.longValueExact(), exact.subtract(whole).movePointRight(9).intValueExact());
        return true;
    }

    private boolean date(String text) {
        Matcher parts = DATE.matcher(text);
        if (!parts.matches()) {
            return false;
        }
        try {
            long day = LocalDate.of(number(parts, 1), number(parts, 2), number(parts, 3))
                    .toEpochDay();
            int hour = number(parts, 4);
            int minute = number(parts, 5);
            int second = number(parts, 6);
            if (hour > 23 || minute > 59 || second > 59) {
                return false;
            }
            String fraction = parts.group(7) == null ? "" : parts.group(7);
            append(
                    86_400 * day + 3600 * hour + 60 * minute + second - offset(parts.group(8)),
                    Integer.parseInt((fraction + "000000000").substring(0, 9)));
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static int number(Matcher parts, int group) {
        return parts.group(group) == null ? 0 : Integer.parseInt(parts.group(group));
    }

    private static int offset(@Nullable String text) {
        if (text == null || text.equals("Z") || text.equals("UTC")) {
            return 0;
        }
        String digits = text.substring(1).replace(":", "");
        int offset = 3600 * Integer.parseInt(digits.substring(0, 2))
                + (digits.length() > 2 ? 60 * Integer.parseInt(digits.substring(2)) : 0);
        return text.startsWith("-") ? -offset : offset;
    }

    private void append(long whole, int fraction) {
        if (size == seconds.length) {
            seconds = Arrays.copyOf(seconds, (int) Math.min(Integer.MAX_VALUE - 8, 2L * size));
        }
        if ((fraction != 0 || nanoseconds.length > 0) && nanoseconds.length <= size) {
            nanoseconds = Arrays.copyOf(nanoseconds, seconds.length);
        }
        seconds[size] = whole;
        if (nanoseconds.length > 0) {
            nanoseconds[size] = fraction;
        }
        size++;
    }

    /** All times, in seconds or in the largest decimal unit in which all are whole and which a long can hold. */
    public long[] all() {
        long[] all = Arrays.copyOf(seconds, size);
        if (nanoseconds.length == 0) {
            return all;
        }
        int unit = 1_000_000_000; // nanoseconds in the unit
        for (int k = 0; k < size; k++) {
            while (nanoseconds[k] % unit != 0) {
                unit /= 10;
            }
        }
        long most = Arrays.stream(all).map(Math::abs).max().orElse(0) + 1;
        while (most > Long.MAX_VALUE / (1_000_000_000 / unit)) {
            unit *= 10; // digits beyond what a long holds are cut
        }
        for (int k = 0; k < size; k++) {
            all[k] = all[k] * (1_000_000_000 / unit) + nanoseconds[k] / unit;
        }
        return all;
    }
}
