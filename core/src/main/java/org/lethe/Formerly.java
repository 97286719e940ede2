package org.lethe;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The key that a setting had before: {@code @Formerly("most") int maxPerClass}. Studies may still use it; a note names
 * the new key.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Formerly {
    /** The old keys. */
    String[] value();
}
