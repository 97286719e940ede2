package org.lethe.federated;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.LetheException;

class GroupingTest {
    /** Four women of which one has no race, three men; two small races. */
    private static final Records PEOPLE = new Records(
            1,
            new int[8],
            new int[0],
            new float[0],
            new byte[7],
            List.of(
                    new Records.Attribute("sex", List.of("f", "m"), new int[] {0, 0, 0, 0, 1, 1, 1}),
                    new Records.Attribute("race", List.of("x", "y", "z"), new int[] {0, 0, 0, -1, 0, 1, 2})));

    @Test
    void intersectionsAreGroupsAndSmallOnesAreOneGroup() {
        Grouping grouping = Grouping.of(PEOPLE, List.of("sex", "race"), 2);
        assertEquals(List.of("f x x", "other (m x x, m x y, m x z)"), grouping.names());
        assertArrayEquals(new int[] {0, 0, 0, -1, 1, 1, 1}, grouping.of(PEOPLE));
    }

    @Test
    void aLabelThatTrainingNeverShowedIsInNoGroup() {
        Grouping grouping = Grouping.of(PEOPLE, List.of("sex"), 1);
        Records other = new Records(
                1,
                new int[3],
                new int[0],
                new float[0],
                new byte[2],
                List.of(new Records.Attribute("sex", List.of("d", "m"), new int[] {0, 1})));
        assertArrayEquals(new int[] {-1, 1}, grouping.of(other));
    }

    @Test
    void oneGroupAloneIsRefused() {
        LetheException refused = assertThrows(LetheException.class, () -> Grouping.of(PEOPLE, List.of("sex"), 4));
        assertTrue(refused.getMessage().contains("only f"), refused.getMessage());
        LetheException unknown = assertThrows(LetheException.class, () -> Grouping.of(PEOPLE, List.of("age"), 4));
        assertTrue(
                unknown.getMessage().contains("\"age\"") && unknown.getMessage().contains("sex, race"),
                unknown.getMessage());
    }
}
