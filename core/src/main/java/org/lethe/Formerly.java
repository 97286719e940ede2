package org.lethe;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The key that a setting, or the word that a constant, had before: {@code @Formerly("most") int maxPerClass}. Studies may still
 * use it, and are told the new one.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.RECORD_COMPONENT, ElementType.FIELD})
public @interface Formerly {
    /** The old keys, or the old words. */
    String[] value();
}
