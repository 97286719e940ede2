package org.lethe.tables;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.BitSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The times of one column, in microseconds since 1970: numbers, or a date and time with or without an offset from UTC.
 *
 * <p>Numbers are seconds; where the largest is beyond the year 5138, all are milliseconds, and so on by factors of a thousand for
 * microseconds and nanoseconds. Digits below a microsecond are cut.
 */
public final class Times {
    private static final Pattern DATE = Pattern.compile(
            "(\\d{4})[-/](\\d{1,2})[-/](\\d{1,2})"
                    + "(?:[T ]\\s*(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9})\\d*)?)?\\s*(Z|UTC|[+-]\\d{2}(?::?\\d{2})?)?)?");

    /** A second in the unit of the times. */
    public static final long SECOND = 1_000_000;

    private static final long MOST_SECONDS =
            100_000_000_000L; // a larger number counts thousandths, in the year 1973 or later

    private long[] seconds = new long[1 << 10];
    private int[] nanoseconds = {}; // none while all are whole seconds
    private final BitSet dates = new BitSet();
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
        if (!Double.isFinite(Numbers.decimal(text)) || Math.abs(Numbers.decimal(text)) >= 9e18) {
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
            dates.set(size);
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

    /** All times, in microseconds. */
    public long[] all() {
        long most = 0;
        for (int k = 0; k < size; k++) {
            most = Math.max(most, dates.get(k) ? 0 : Math.abs(seconds[k]));
        }
        int unit = 1; // in a second, of the numbers
        while (unit < 1_000_000_000 && most / unit >= MOST_SECONDS) {
            unit *= 1000;
        }
        long[] all = new long[size];
        for (int k = 0; k < size; k++) {
            int per = dates.get(k) ? 1 : unit;
            int part = nanoseconds.length == 0 ? 0 : nanoseconds[k];
            all[k] = per <= 1_000_000
                    ? seconds[k] * (1_000_000 / per) + part / (1000 * per)
                    : Math.floorDiv(seconds[k], per / 1_000_000);
        }
        return all;
    }
}
