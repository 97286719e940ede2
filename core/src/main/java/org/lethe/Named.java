package org.lethe;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.List;

/** The name of a record in study files, in the command's help and in reports: {@code @Named("receraser")}. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Named {
    /** Lower case, words joined by hyphens; of a tool, the words of its command with a blank between them. */
    String value();

    /** Names it had before. Studies may still use them; a note gives the new name. */
    String[] formerly() default {};

    /** The name of an entry of a catalogue. */
    final class Of {
        private Of() {}

        /** The names that an entry had before. */
        public static List<String> formerly(Object entry) {
            Named named = entry.getClass().getAnnotation(Named.class);
            return named == null ? List.of() : List.of(named.formerly());
        }

        /** The name on the record's type. */
        public static String name(Object entry) {
            Named named = entry.getClass().getAnnotation(Named.class);
            if (named == null) {
                throw new IllegalArgumentException(entry.getClass().getName() + " has no @Named");
            }
            return named.value();
        }
    }
}
