package org.lethe.recsys.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.tables.Entities;

class MovieLensTest {
    @TempDir
    Path folder;

    @Test
    void a1_ml100kHasTheCountsOfCure4rec() {
        DataFolders folders = RealData.folders();
        Split split = new Ml100k().withStopOn(Splits.StopOn.NONE).load(folders);
        assertEquals(943, split.users());
        assertEquals(1349, split.items());
        assertEquals(79_045, split.train().size());
        assertEquals(20_242, split.test().size());
        assertEquals(0, split.validation().size());
        assertEquals(0, split.train().where(split.test()::contains).size());
        assertEquals(92.195, 100 - 100 * 99_287 / (943.0 * 1349), 0.001);
    }

    @Test
    void a1_theUnionOfTheDivisionIsTheFiveCoreOfTheRatings() {
        DataFolders folders = RealData.folders();
        Split given = new Ml100k().withStopOn(Splits.StopOn.NONE).load(folders);
        Split random = new Ml100k()
                .withSplit(Splits.By.RANDOM)
                .withStopOn(Splits.StopOn.NONE)
                .load(folders);
        assertEquals(99_287, random.train().size() + random.test().size());
        Entities users = random.train().userEntities();
        Entities items = random.train().itemEntities();
        Interactions.PairPredicate here = (u, i) -> {
            int user = users.find(given.train().userEntities().id(u)).orElseThrow();
            int item = items.find(given.train().itemEntities().id(i)).orElseThrow();
            return random.train().contains(user, item) || random.test().contains(user, item);
        };
        assertEquals(79_045, given.train().where(here).size());
        assertEquals(20_242, given.test().where(here).size());
    }

    @Test
    void theValidationPartIsATenthOfEachUsersTraining() {
        Split split = new Ml100k().load(RealData.folders());
        assertEquals(79_045, split.train().size() + split.validation().size());
        assertEquals(0, split.train().where(split.validation()::contains).size());
        for (int u = 0; u < split.users(); u++) {
            int all = split.train().degree(u) + split.validation().degree(u);
            assertEquals(Math.max(1, Math.round(0.1 * all)), split.validation().degree(u));
        }
    }

    @Test
    void stoppingOnTheTestPartIsThePublishedProtocol() {
        Split split = new Ml100k().withStopOn(Splits.StopOn.TEST).load(RealData.folders());
        assertEquals(split.test(), split.validation());
        assertEquals(79_045, split.train().size());
    }

    @Test
    void usersHaveGenderAgeAndOccupation() {
        Entities users = new Ml100k().load(RealData.folders()).train().userEntities();
        Entities.Categorical gender = users.categorical("gender");
        assertEquals(List.of("F", "M"), gender.labels());
        int women = 0;
        for (int code : gender.codes()) {
            women += code == 0 ? 1 : 0;
        }
        assertEquals(273, women);
        assertEquals(21, users.categorical("occupation").labels().size());
        assertTrue(users.attributes().get("age") instanceof Entities.Numeric age && age.values()[0] == 24);
        LetheException e = assertThrows(LetheException.class, () -> users.categorical("sex"));
        assertTrue(e.getMessage().contains("gender"), e.getMessage());
    }

    @Test
    void theLastPairIsLaterThanEveryOther() {
        Split split = new Ml100k().withSplit(Splits.By.LEAVE_ONE_OUT).load(RealData.folders());
        assertEquals(943, split.test().size());
        assertEquals(943, split.validation().size());
        long[] train = split.train().times().orElseThrow();
        long[] validation = split.validation().times().orElseThrow();
        long[] test = split.test().times().orElseThrow();
        for (int u = 0; u < split.users(); u++) {
            assertTrue(
                    validation[split.validation().from(u)] <= test[split.test().from(u)]);
            for (int k = split.train().from(u); k < split.train().to(u); k++) {
                assertTrue(train[k] <= validation[split.validation().from(u)]);
            }
        }
    }

    @Test
    void ml1mHasTheCountsOfCure4rec() {
        DataFolders folders = RealData.folders();
        Split split = new Ml1m().withStopOn(Splits.StopOn.NONE).load(folders);
        assertEquals(6040, split.users());
        assertEquals(3416, split.items());
        assertEquals(797_275, split.train().size());
        assertEquals(202_336, split.test().size());
        Split random = new Ml1m()
                .withSplit(Splits.By.RANDOM)
                .withStopOn(Splits.StopOn.NONE)
                .load(folders);
        assertEquals(999_611, random.train().size() + random.test().size());
        assertEquals(
                2, random.train().userEntities().categorical("gender").labels().size());
    }

    @Test
    void aTemporalSplitOfRatingsWithoutTimesSaysSo() {
        Ml1m temporal = new Ml1m().withSplit(Splits.By.TEMPORAL).withStopOn(Splits.StopOn.NONE);
        DataFolders folders = RealData.folders();
        LetheException e = assertThrows(LetheException.class, () -> temporal.load(folders));
        assertTrue(e.getMessage().contains("no times"), e.getMessage());
    }

    @Test
    void theDigestFollowsWhatIsRead() {
        DataFolders folders = RealData.folders();
        String given = new Ml100k().digest(folders);
        assertEquals(64, given.length());
        assertEquals(given, new Ml100k().digest(folders));
        assertNotEquals(
                given,
                new Ml100k()
                        .withSplit(Splits.By.RANDOM)
                        .withStopOn(Splits.StopOn.NONE)
                        .digest(folders));
    }

    @Test
    void missingDataSaysWhereItLookedAndHowToGetIt() {
        DataFolders nowhere = new DataFolders(List.of(folder));
        LetheException e = assertThrows(LetheException.class, () -> new Ml100k().load(nowhere));
        assertEquals(LetheException.Code.DATA, e.code());
        assertTrue(e.getMessage().contains(folder.toString()), e.getMessage());
        assertTrue(e.getMessage().contains("lethe data fetch ml-100k"), e.getMessage());
    }

    @Test
    void brokenRatingsNameFileAndLine() throws IOException {
        refuses("1::1193::5\n1::661\n", "ratings.dat:2: expected 3 to 4 fields");
        refuses("1::1193::5\n1::661::3::978302109\n", "ratings.dat:2: expected 3 fields");
        refuses("1::1193::five\n", "ratings.dat:1: expected a finite number in field 3 (stars)");
        refuses("1::1193::NaN\n", "ratings.dat:1: expected a finite number in field 3 (stars)");
        refuses("1::x::5\n", "ratings.dat:1: expected a whole number in field 2 (item)");
        refuses("", "ratings.dat: expected ratings");
    }

    private void refuses(String text, String message) throws IOException {
        Path file = folder.resolve("ratings.dat");
        Files.writeString(file, text);
        LetheException e = assertThrows(LetheException.class, () -> MovieLens.ratings(file, "::", 0));
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertFalse(e.getMessage().isBlank());
    }
}
