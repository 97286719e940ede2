package org.lethe;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A key that the settings of a record no longer have. Studies may still use it: it has no effect, and a note says what does. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Gone {
    /** The old key. */
    String key();

    /** What takes its place, as a sentence without its full stop. */
    String remedy();
}
