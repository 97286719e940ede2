package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.lethe.Named;

class ExplainedTest {
    /** How loud. */
    public enum Volume {
        VERY_LOUD,
        QUIET
    }

    /**
     * Sings {@code la} to {@link Locale the audience}. Then it bows.
     *
     * <p>A second paragraph: {@code Σ_{k} x_{k,1} / 2} of {@code n}.
     *
     * @param verses how many verses,
     *     at least 1
     * @param volume how loud it is
     */
    @Named("sing")
    public record Sing(int verses, Volume volume) {}

    @Test
    void docCommentsOfARecordAreItsHelp() {
        Explained sing = Explained.of(new Sing(3, Volume.VERY_LOUD));
        assertEquals("sing", sing.name());
        assertEquals("Sings la to the audience.", sing.summary());
        assertTrue(sing.text().endsWith("\n\nA second paragraph: Σ_{k} x_{k,1} / 2 of n."), sing.text());
        assertEquals(
                List.of(
                        new Explained.Setting("verses", "whole number", "3", "how many verses, at least 1"),
                        new Explained.Setting("volume", "very-loud | quiet", "very-loud", "how loud it is")),
                sing.settings());
    }

    /** Follows Feydy et al. 2019 (eq. 3), i.e. without bias, vs. the usual form, e.g. of Cuturi et al. (2013). Then more. */
    @Named("abbreviated")
    public record Abbreviated() {}

    /** Puts the equal (up to one) in a group (of D2D-R.) The rest stays, e.g. here. */
    @Named("bracketed")
    public record Bracketed() {}

    /** No full stop before a space, only in 0.5 */
    @Named("open")
    public record Open() {}

    @Test
    void aSummaryEndsAtTheEndOfASentence() {
        assertEquals(
                "Follows Feydy et al. 2019 (eq. 3), i.e. without bias, vs. the usual form, e.g. of Cuturi et al. (2013).",
                Explained.summary(new Abbreviated()));
        assertEquals("Puts the equal (up to one) in a group (of D2D-R.)", Explained.summary(new Bracketed()));
        assertEquals("No full stop before a space, only in 0.5", Explained.summary(new Open()));
    }
}
