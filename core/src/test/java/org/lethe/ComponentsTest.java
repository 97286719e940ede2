package org.lethe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class ComponentsTest {
    /** Settings with a check. */
    public record Settings(int dims, double rate, List<String> names) {
        public Settings {
            Check.require(dims >= 1, "dims", dims, "at least 1");
        }
    }

    private static final Settings SETTINGS = new Settings(8, 0.5, List.of("a"));

    @Test
    void oneComponentChangesAndTheOthersStay() {
        assertEquals(new Settings(9, 0.5, List.of("a")), Components.with(SETTINGS, "dims", 9));
        assertEquals(new Settings(8, 0.5, List.of()), Components.with(SETTINGS, "names", List.of()));
        assertEquals(new Settings(8, 0.5, List.of("a")), SETTINGS);
    }

    @Test
    void theConstructorsChecksHoldAndNamesMustExist() {
        assertEquals(
                "dims is 0, expected at least 1",
                assertThrows(IllegalArgumentException.class, () -> Components.with(SETTINGS, "dims", 0))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> Components.with(SETTINGS, "Dims", 1));
    }

    /** A setting that is read by rules of its own. */
    public record Condition(String where) {
        public Condition {
            if (where.endsWith("<")) {
                throw new LetheException(LetheException.Code.STUDY, "character " + where.length() + ": found the end");
            }
        }
    }

    @Test
    void aConstructorsOwnSentenceComesThrough() {
        LetheException refused =
                assertThrows(LetheException.class, () -> Components.with(new Condition("a < 3"), "where", "a <"));
        assertEquals("character 3: found the end", refused.getMessage());
    }
}
