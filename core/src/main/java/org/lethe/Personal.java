package org.lethe;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a list setting whose values are ids of persons. Records, reports, logs and messages of a run show how many they are,
 * and a keyed digest: {@code 2 listed users (digest 1f2e3d4c5b6a7988)}. The ids themselves stand in one file of the run
 * folder, which its owner alone can read and which can be deleted.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Personal {
    /** The word for several of them. */
    String value() default "users";

    /** The value of another setting with which they are ids, as {@code groups: listed}; empty where they always are. */
    String with() default "";
}
