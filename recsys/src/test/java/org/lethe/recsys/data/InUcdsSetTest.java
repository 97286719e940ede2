package org.lethe.recsys.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.balance.Balance;
import org.lethe.recsys.balance.Groups;
import org.lethe.tables.Entities;

class InUcdsSetTest {
    private static final Balance PUBLISHED = Balance.by("group", "advantaged");

    @TempDir
    Path data;

    /** A set of 4 users and 5 items, as In-UCDS writes it: a blank ends every line. */
    @BeforeEach
    void write() throws IOException {
        write("MovieLens_train.txt", "0\t0\t5 \n0\t1\t3 \n1\t2\t1 \n2\t3\t4 \n2\t0\t4 \n3\t1\t2 \n");
        write("MovieLens_tune.txt", "0\t2\t4 \n1\t0\t5 \n");
        write("MovieLens_test.txt", "0\t4\t2 \n2\t1\t1 \n");
        write("active_ids.txt", "2\n");
        write("inactive_ids.txt", "1\n0\n");
    }

    private void write(String name, String text) throws IOException {
        Path file = data.resolve("recsys/inucds/movielens").resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private DataFolders folders() {
        return new DataFolders(List.of(data));
    }

    private Split load() {
        return new InUcdsMovieLens().load(folders());
    }

    @Test
    void thePartsArePublishedAndValuesAreKept() {
        Split split = load();
        assertEquals(4, split.users());
        assertEquals(5, split.items());
        assertEquals(6, split.train().size());
        assertTrue(split.validation().contains(0, 2) && split.validation().contains(1, 0));
        assertTrue(split.test().contains(0, 4) && split.test().contains(2, 1));
        assertArrayEquals(new float[] {5, 3, 1, 4, 4, 2}, split.train().values().orElseThrow());
    }

    @Test
    void balanceAsksForThePublishedGroupsAndUsersInNoListAreInNeither() {
        Split split = load();
        Groups groups = PUBLISHED.of(split.train());
        assertArrayEquals(new int[] {2}, groups.advantaged());
        assertArrayEquals(new int[] {0, 1}, groups.disadvantaged());
        assertEquals(-1, split.train().userEntities().categorical("group").codes()[3]);
    }

    @Test
    void withoutAValidationPartItsPairsAreTrainedOn() {
        Split none = new InUcdsMovieLens().withStopOn(Splits.StopOn.NONE).load(folders());
        assertEquals(8, none.train().size());
        assertEquals(0, none.validation().size());
        Split test = new InUcdsMovieLens().withStopOn(Splits.StopOn.TEST).load(folders());
        assertEquals(none.train(), test.train());
        assertEquals(test.test(), test.validation());
    }

    @Test
    void anotherSplitHasTheSamePairs() {
        Split split = new InUcdsMovieLens().withSplit(Splits.By.LEAVE_ONE_OUT).load(folders());
        Split given = load();
        assertEquals(
                given.train().and(given.validation()).and(given.test()),
                split.train().and(split.validation()).and(split.test()));
        assertThrows(IllegalArgumentException.class, () -> new InUcdsMovieLens().withSplit(Splits.By.TEMPORAL));
    }

    @Test
    void theMapsGiveIdsByWhichUsersAreDescribed() throws IOException {
        assertEquals("2", load().train().userEntities().id(2));
        write("user_map.tsv", "user\tUserID\n0\t30\n1\t10\n2\t40\n3\t20\n");
        write("item_map.tsv", "item\tmovie_id\n0\t9\n1\t8\n2\t7\n3\t6\n4\t5\n");
        String without = new InUcdsMovieLens().digest(folders());
        assertEquals("40", load().train().userEntities().id(2));
        assertEquals("5", load().test().itemEntities().id(4));
        Path people = data.resolve("recsys/ml-100k/u.user");
        Files.createDirectories(people.getParent());
        Files.writeString(people, "10|24|M|artist|1\n20|53|F|other|2\n30|23|F|writer|3\n");
        Entities users = load().train().userEntities();
        assertArrayEquals(new int[] {0, 1, -1, 0}, users.categorical("gender").codes());
        assertEquals(
                "artist",
                users.categorical("occupation")
                        .labels()
                        .get(users.categorical("occupation").codes()[1]));
        assertTrue(users.attributes().get("age") instanceof Entities.Numeric age && age.values()[3] == 53);
        assertArrayEquals(new int[] {2}, PUBLISHED.of(load().train()).advantaged());
        assertNotEquals(without, new InUcdsMovieLens().digest(folders()));
    }

    @Test
    void theDigestCoversEveryFile() throws IOException {
        String before = new InUcdsMovieLens().digest(folders());
        assertEquals(before, new InUcdsMovieLens().digest(folders()));
        write("active_ids.txt", "3\n");
        assertNotEquals(before, new InUcdsMovieLens().digest(folders()));
    }

    @Test
    void wrongGroupsAreRefused() throws IOException {
        refuses("inactive_ids.txt", "1\n2\n", "inactive_ids.txt:2: user is 2, which is listed before as advantaged");
        refuses("inactive_ids.txt", "1\n1\n", "inactive_ids.txt:2: user is 1, which is listed before");
        refuses("inactive_ids.txt", "4\n", "inactive_ids.txt:1: user is 4, expected one of the data, below 4");
        refuses("inactive_ids.txt", "x\n", "inactive_ids.txt:1: expected a whole number in field 1 (user)");
        refuses("inactive_ids.txt", "-1\n", "inactive_ids.txt:1: expected a number from 0 to 2147483646");
    }

    @Test
    void aPairInTwoPartsIsRefused() throws IOException {
        refuses("MovieLens_test.txt", "0\t1\t2 \n2\t1\t1 \n", "MovieLens_test.txt: 1 of its pairs are also in");
        refuses("MovieLens_tune.txt", "0\t4\t2 \n", "1 of its pairs are also in MovieLens_tune.txt");
    }

    @Test
    void brokenPartsAreRefusedByNameAndLine() throws IOException {
        refuses("MovieLens_tune.txt", "0\t2\n", "MovieLens_tune.txt:1: expected 3 fields");
        refuses(
                "MovieLens_tune.txt",
                "0\t2\tx \n",
                "MovieLens_tune.txt:1: expected a finite number in field 3 (value)");
        refuses(
                "MovieLens_tune.txt",
                "0\t-2\t1 \n",
                "MovieLens_tune.txt:1: expected a number from 0 to 2147483646 in field 2 (item)");
        refuses("MovieLens_tune.txt", "", "MovieLens_tune.txt: expected interactions, found none");
        refuses("MovieLens_tune.txt", "2147483646\t2\t1 \n", "numbers of users go up to 2147483646 in");
        refuses("MovieLens_tune.txt", "0\t2147483645\t1 \n", "numbers of items go up to 2147483645 in");
    }

    @Test
    void brokenMapsAreRefused() throws IOException {
        refuses("user_map.tsv", "user\tUserID\n0\t1\n1\t2\n2\t3\n", "expected an id for user 3, found none");
        refuses("user_map.tsv", "user\tUserID\n0\t1\n1\t2\n2\t3\n3\t3\n", "expected an id of its own for every user");
        refuses("user_map.tsv", "user\tUserID\n4\t1\n", "user_map.tsv:2: user is 4, expected below 4");
    }

    @Test
    void missingFilesSayWhichAndWhere() throws IOException {
        Files.delete(data.resolve("recsys/inucds/movielens/MovieLens_tune.txt"));
        LetheException e = assertThrows(LetheException.class, this::load);
        assertTrue(e.getMessage().contains("MovieLens_tune.txt"), e.getMessage());
        LetheException nowhere = assertThrows(LetheException.class, () -> new InUcdsGowalla().load(folders()));
        assertTrue(nowhere.getMessage().contains("inucds/gowalla"), nowhere.getMessage());
    }

    private void refuses(String name, String text, String message) throws IOException {
        write(name, text);
        LetheException e = assertThrows(LetheException.class, this::load);
        assertEquals(LetheException.Code.DATA, e.code());
        assertTrue(e.getMessage().contains(message), e.getMessage());
        write();
    }

    @Test
    @Tag("slow")
    void theRealSetsHaveThePublishedCounts() {
        DataFolders real = RealData.folders();
        Split films = new InUcdsMovieLens().load(real);
        counts(films, 943, 1349, 69_500, 9_929, 19_858, 47);
        counts(new InUcdsEpinions().load(real), 2677, 2060, 72_496, 10_357, 20_714, 134);
        counts(new InUcdsGowalla().load(real), 1130, 1189, 46_371, 6_625, 13_249, 56);
        Entities users = films.train().userEntities();
        assertEquals(List.of("F", "M"), users.categorical("gender").labels());
        assertEquals("826", users.id(0));
        Split rated = new Ml100k()
                .withSplit(Splits.By.RANDOM)
                .withStopOn(Splits.StopOn.NONE)
                .load(real);
        Interactions all = rated.train().and(rated.test());
        Interactions same = films.train()
                .where((u, i) -> all.contains(
                        all.userEntities().find(users.id(u)).orElseThrow(),
                        all.itemEntities()
                                .find(films.train().itemEntities().id(i))
                                .orElseThrow()));
        assertEquals(69_500, same.size());
    }

    private static void counts(Split split, int users, int items, int train, int tune, int test, int advantaged) {
        assertEquals(users, split.users());
        assertEquals(items, split.items());
        assertEquals(train, split.train().size());
        assertEquals(tune, split.validation().size());
        assertEquals(test, split.test().size());
        Groups groups = PUBLISHED.of(split.train());
        assertEquals(advantaged, groups.advantaged().length);
        assertEquals(users - advantaged, groups.disadvantaged().length);
    }
}
