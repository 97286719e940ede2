package org.lethe.recsys.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.Chain;
import org.lethe.LetheException;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.hide.Hide;
import org.lethe.tables.Entities;

class BalanceTest {
    /** Users with a number of interactions each. */
    private static Interactions degrees(Entities users, int... degrees) {
        int[] userOf = IntStream.range(0, degrees.length)
                .flatMap(u -> IntStream.range(0, degrees[u]).map(n -> u))
                .toArray();
        int[] itemOf =
                Arrays.stream(degrees).flatMap(d -> IntStream.range(0, d)).toArray();
        return Interactions.of(users, Entities.numbered(20), userOf, itemOf, Optional.empty(), Optional.empty());
    }

    private static Interactions degrees(int... degrees) {
        return degrees(Entities.numbered(degrees.length), degrees);
    }

    private static Balance activity(double share) {
        return new Balance("activity", List.of(), share);
    }

    private static String refused(Balance balance, Interactions train) {
        LetheException e = assertThrows(LetheException.class, () -> balance.of(train));
        assertEquals(LetheException.Code.DATA, e.code());
        return e.getMessage();
    }

    private static String refused(String groups, List<String> advantaged, double share) {
        return String.valueOf(assertThrows(IllegalArgumentException.class, () -> new Balance(groups, advantaged, share))
                .getMessage());
    }

    @Test
    void theMostActiveAreAdvantagedTiesByNumber() {
        Groups groups = activity(0.4).of(degrees(3, 5, 3, 3, 1));
        assertArrayEquals(new int[] {0, 1}, groups.advantaged());
        assertArrayEquals(new int[] {2, 3, 4}, groups.disadvantaged());
        assertEquals("activity", groups.name());
    }

    @Test
    void theShareIsRoundedAndNeverNobody() {
        int[] equal = new int[20];
        Arrays.fill(equal, 2);
        assertEquals(1, activity(0.01).of(degrees(equal)).advantaged().length);
        assertEquals(1, activity(0.07).of(degrees(equal)).advantaged().length); // 1.4
        assertEquals(2, activity(0.08).of(degrees(equal)).advantaged().length); // 1.6
        int[] movieLens = new int[943];
        Arrays.fill(movieLens, 1);
        Groups groups = new Balance().of(degrees(movieLens)); // 47.15: the published 47 and 896
        assertEquals(47, groups.advantaged().length);
        assertEquals(896, groups.disadvantaged().length);
    }

    @Test
    void usersWithoutTrainingInteractionsAreInNeitherGroup() {
        Interactions train = degrees(0, 4, 2, 0, 2);
        Groups groups = activity(0.3).of(train);
        assertArrayEquals(new int[] {1}, groups.advantaged());
        assertArrayEquals(new int[] {2, 4}, groups.disadvantaged());
        assertArrayEquals(new boolean[] {false, true, false, false, false}, groups.isAdvantaged(5));
        assertArrayEquals(new boolean[] {false, false, true, false, true}, groups.isDisadvantaged(5));
        Groups left = activity(0.3).of(train.withoutUsers(u -> u == 1));
        assertArrayEquals(new int[] {2}, left.advantaged());
        assertArrayEquals(new int[] {4}, left.disadvantaged());
        Balance listed = new Balance("listed", List.of("0", "2"), 0.05);
        assertArrayEquals(new int[] {2}, listed.of(train).advantaged());
        assertArrayEquals(new int[] {1, 4}, listed.of(train).disadvantaged());
    }

    private static final Entities LABELLED = Entities.ofNames(new String[] {"ann", "bob", "cem", "dee", "eve"})
            .with("gender", Entities.Categorical.of(new String[] {"f", "m", "m", "", "x"}))
            .with("age", new Entities.Numeric(new double[] {20, 30, 40, 50, 60}));

    @Test
    void labelsMakeGroupsAndUnknownOnesNone() {
        Interactions train = degrees(LABELLED, 1, 5, 3, 9, 2);
        Groups groups = Balance.by("gender", "m").of(train);
        assertArrayEquals(new int[] {1, 2}, groups.advantaged());
        assertArrayEquals(new int[] {0, 4}, groups.disadvantaged());
        assertEquals("gender", groups.name());
        assertArrayEquals(
                new int[] {0, 1, 2}, Balance.by("gender", "m", "f").of(train).advantaged());
    }

    @Test
    void withoutLabelsTheBusiestLabelIsAdvantagedTiesToTheFirst() {
        assertArrayEquals(
                new int[] {1, 2},
                Balance.by("gender").of(degrees(LABELLED, 1, 5, 3, 9, 2)).advantaged());
        assertArrayEquals(
                new int[] {0},
                Balance.by("gender").of(degrees(LABELLED, 4, 5, 3, 9, 2)).advantaged());
    }

    @Test
    void listedIdsAreThePublishers() {
        Groups groups = new Balance("listed", List.of("eve", "bob"), 0.05).of(degrees(LABELLED, 1, 1, 1, 1, 1));
        assertArrayEquals(new int[] {1, 4}, groups.advantaged());
        assertArrayEquals(new int[] {0, 2, 3}, groups.disadvantaged());
    }

    @Test
    void whatTheDataLackIsNamed() {
        Interactions train = degrees(LABELLED, 1, 1, 1, 1, 1);
        assertEquals(
                "balance.advantaged[1] is no user of the data, expected ids as these have them, letter by letter",
                refused(new Balance("listed", List.of("ann", "zoe"), 0.05), train));
        assertEquals(
                "balance.groups is \"country\", expected activity, listed or one of gender",
                refused(Balance.by("country"), train));
        assertEquals(
                "balance.groups is \"age\", expected activity, listed or one of gender",
                refused(Balance.by("age"), train));
        assertEquals(
                "balance.groups is \"gender\", expected activity, listed; the users of this data have no labels",
                refused(Balance.by("gender"), degrees(1, 2)));
        assertEquals(
                "balance.advantaged holds \"q\", expected labels of gender: f, m, x",
                refused(Balance.by("gender", "m", "q"), train));
    }

    @Test
    void anEmptyGroupIsSaidWithItsSizes() {
        Interactions train = degrees(LABELLED, 0, 1, 1, 1, 0);
        String expected = " disadvantaged users with interactions, expected at least 1 of each";
        assertEquals("balance by gender: 2 advantaged and 0" + expected, refused(Balance.by("gender", "m"), train));
        assertEquals("balance by gender: 0 advantaged and 2" + expected, refused(Balance.by("gender", "f"), train));
        assertEquals(
                "balance by listed: 0 advantaged and 3" + expected,
                refused(new Balance("listed", List.of("ann"), 0.05), train));
        assertEquals("balance by activity: 1 advantaged and 0" + expected, refused(new Balance(), degrees(3, 0)));
        assertEquals(1, activity(0.9).of(degrees(3, 2)).disadvantaged().length, "not all are advantaged");
        assertEquals("balance by activity: 0 advantaged and 0" + expected, refused(new Balance(), degrees(0, 0)));
    }

    @Test
    void settingsAreChecked() {
        assertEquals("groups is \" \", expected activity, listed or an attribute", refused(" ", List.of(), 0.05));
        assertEquals("activeShare is 1.0, expected between 0 and 1", refused("activity", List.of(), 1));
        assertEquals("activeShare is NaN, expected between 0 and 1", refused("activity", List.of(), Double.NaN));
        assertEquals(
                "advantaged is [ann], expected nothing, as activity decides",
                refused("activity", List.of("ann"), 0.05));
        assertEquals("advantaged is [], expected ids of at least one user", refused("listed", List.of(), 0.05));
        assertEquals("advantaged is [m, m], expected different names", refused("gender", List.of("m", "m"), 0.05));
    }

    @Test
    void theLastStepThatBalancesIsTheRequest() {
        Balance first = new Balance();
        Balance last = Balance.by("gender");
        assertEquals(Optional.of(first), Balance.in(first));
        assertEquals(
                Optional.of(last), Balance.in(new Chain(List.of(first, new ForgetUsers(), last, new Hide("gender")))));
        assertTrue(Balance.in(new Hide("gender")).isEmpty());
    }
}
