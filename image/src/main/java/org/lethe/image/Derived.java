package org.lethe.image;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What follows from a value and is wanted again: made by the first who asks, and kept as long as the value. Safe for many threads. */
final class Derived {
    private final Map<Object, Object> known = new HashMap<>();

    /** What the key stands for; it says all that the result depends on beside the value. */
    @SuppressWarnings("unchecked") // a key has one maker
    synchronized <T> T of(Object key, Supplier<T> maker) {
        @Nullable Object found = known.get(key);
        if (found == null) {
            found = maker.get();
            known.put(key, found);
        }
        return (T) found;
    }
}
