package org.lethe;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Optional;

/** Reads the components of records, and makes records from them: entries of a study are records, and so are options. */
public final class Components {
    private Components() {}

    /** The value of one component. */
    public static Object value(Object record, RecordComponent component) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(record);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("the accessor of " + component + " does not work", e);
        }
    }

    /** A record with its usual settings: what its constructor without parameters makes; empty where it has none. */
    public static Optional<Object> usual(Class<?> type) {
        try {
            Constructor<?> constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            return Optional.of(constructor.newInstance());
        } catch (ReflectiveOperationException none) {
            return Optional.empty();
        }
    }

    /**
     * A record like the prototype, with a value for each component in their order.
     *
     * @throws IllegalArgumentException where the constructor refuses a value
     * @throws LetheException where it does so with a sentence of its own
     */
    public static <T> T made(T prototype, Object[] values) {
        try {
            @SuppressWarnings("unchecked") // a record's own class
            Constructor<T> constructor = (Constructor<T>) prototype
                    .getClass()
                    .getDeclaredConstructor(Arrays.stream(prototype.getClass().getRecordComponents())
                            .map(RecordComponent::getType)
                            .toArray(Class<?>[]::new));
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refused) {
                throw refused;
            }
            if (e.getCause() instanceof LetheException refused) {
                throw refused;
            }
            throw new IllegalStateException("the constructor of " + prototype.getClass() + " failed", e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(prototype.getClass() + " cannot be made", e);
        }
    }

    /**
     * The same record with another value of one component: what the {@code with…} methods of entries with many settings
     * share.
     *
     * @param name name of the component
     * @throws IllegalArgumentException where there is no such component, or the constructor refuses the value
     */
    public static <R extends Record> R with(R record, String name, Object value) {
        RecordComponent[] components = record.getClass().getRecordComponents();
        Check.require(
                Arrays.stream(components).anyMatch(c -> c.getName().equals(name)),
                "name",
                name,
                "a component of " + record.getClass().getSimpleName());
        Object[] values = Arrays.stream(components)
                .map(c -> c.getName().equals(name) ? value : value(record, c))
                .toArray();
        return made(record, values);
    }
}
