package org.lethe.text.align;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.LetheException;
import org.lethe.Request;
import org.lethe.text.Corpus;
import org.lethe.text.Preference;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;

class AlignTest {
    private static final List<Sample> SAMPLES = IntStream.range(0, 100)
            .mapToObj(s -> new Sample("p" + s, "a" + s, "").unwanted(s % 2 == 1))
            .toList();

    @Test
    void candidatesAreTheirShareOfTheUnwanted() {
        int[] chosen = new Align(List.of(), 60, 8, 1).candidates(SAMPLES);
        assertEquals(30, chosen.length);
        assertTrue(Arrays.stream(chosen).allMatch(s -> SAMPLES.get(s).unwanted()));
        assertArrayEquals(Arrays.stream(chosen).sorted().distinct().toArray(), chosen);
        assertArrayEquals(chosen, new Align(List.of(), 60, 8, 1).candidates(SAMPLES));
        assertNotEquals(Arrays.toString(chosen), Arrays.toString(new Align(List.of(), 60, 8, 2).candidates(SAMPLES)));
        assertEquals(50, new Align(List.of(), 100, 8, 1).candidates(SAMPLES).length);
    }

    @Test
    void groupsNarrowTheChoice() {
        List<Sample> grouped = IntStream.range(0, 40)
                .mapToObj(s -> new Sample("p" + s, "a", s < 20 ? "rude" : "wrong").unwanted(s % 2 == 0))
                .toList();
        int[] chosen = new Align(List.of("rude"), 100, 8, 1).candidates(grouped);
        assertEquals(10, chosen.length);
        assertTrue(Arrays.stream(chosen).allMatch(s -> s < 20 && s % 2 == 0));
        assertEquals(0, new Align(List.of("kind"), 100, 8, 1).candidates(grouped).length);
    }

    @Test
    void moreCandidatesContainFewer() {
        List<Integer> more = Arrays.stream(new Align(List.of(), 80, 8, 1).candidates(SAMPLES))
                .boxed()
                .toList();
        assertTrue(Arrays.stream(new Align(List.of(), 40, 8, 1).candidates(SAMPLES))
                .allMatch(more::contains));
    }

    @Test
    void pairsAreAsManyAsAskedForOrAllThatThereAre() {
        List<Preference> all = IntStream.range(0, 20)
                .mapToObj(p -> new Preference("p" + p, "good", "bad"))
                .toList();
        assertEquals(8, new Align(List.of(), 60, 8, 1).pairs(all).size());
        assertEquals(Set.copyOf(all), Set.copyOf(new Align(List.of(), 60, 64, 1).pairs(all)));
        assertEquals(20, new Align(List.of(), 60, 64, 1).pairs(all).size());
    }

    @Test
    void noPairByWhichAMethodChoosesJudgesIt() {
        List<Preference> all = IntStream.range(0, 21)
                .mapToObj(p -> new Preference("p" + p, "good", "bad"))
                .toList();
        Align request = new Align(List.of(), 60, 8, 1);
        List<Preference> choosing = request.choosing(all);
        List<Preference> judging = request.judging(corpus(List.of(), all));
        assertEquals(11, choosing.size());
        assertEquals(10, judging.size());
        assertTrue(judging.stream().noneMatch(choosing::contains));
        List<Preference> left = request.judging(corpus(all, List.of()));
        assertEquals(13, left.size());
        assertTrue(left.stream().noneMatch(request.pairs(all)::contains));
    }

    /** A corpus of which the pairs alone matter. */
    @SuppressWarnings("NullAway") // no tokenizer is needed to divide pairs
    private static Corpus corpus(List<Preference> pairs, List<Preference> heldOut) {
        return new Corpus(
                "pairs",
                null,
                PromptFormat.PLAIN,
                List.of(),
                List.of(),
                pairs,
                heldOut,
                List.of(),
                Optional.empty(),
                List.of());
    }

    @Test
    void otherRequestsAndSettingsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Align(List.of(), 0, 8, 1));
        assertThrows(IllegalArgumentException.class, () -> new Align(List.of(), 50, 0, 1));
        record Other() implements Request {}
        assertThrows(IllegalArgumentException.class, () -> Align.of(new Other(), "u2a")); // it has no name either
        assertTrue(assertThrows(LetheException.class, () -> Align.of(new Named(), "u2a"))
                .getMessage()
                .contains("not something-else"));
        assertThrows(
                IllegalArgumentException.class,
                () -> new U2a(
                        Base.GA,
                        Goal.PREFERENCES,
                        25,
                        0,
                        false,
                        true,
                        InverseHessian.Form.CG,
                        false,
                        false,
                        0,
                        1,
                        1e-3,
                        3,
                        16,
                        0.1,
                        2));
    }

    @org.lethe.Named("something-else")
    private record Named() implements Request {}
}
