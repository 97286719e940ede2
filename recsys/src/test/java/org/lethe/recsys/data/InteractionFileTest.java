package org.lethe.recsys.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.balance.Balance;
import org.lethe.recsys.balance.Groups;
import org.lethe.recsys.hide.Classes;
import org.lethe.recsys.hide.Hide;
import org.lethe.study.Study;
import org.lethe.study.Words;
import org.lethe.tables.Entities;

class InteractionFileTest {
    @TempDir
    Path folder;

    private Interactions read(String name, String text, String value, String time, double threshold)
            throws IOException {
        Path file = folder.resolve(name);
        Files.writeString(file, text);
        return file(file, InteractionFile.Format.AUTO, value, time, threshold).read(new DataFolders(List.of()));
    }

    private static InteractionFile file(
            Path file, InteractionFile.Format format, String value, String time, double threshold) {
        return new InteractionFile(file.toString())
                .withFormat(format)
                .withValue(value)
                .withTime(time)
                .withThreshold(threshold)
                .withStopOn(Splits.StopOn.NONE);
    }

    @Test
    void namedColumnsGiveIdsValuesAndTimes() throws IOException {
        String csv = "when,item,user,stars\n2020-01-01 00:00:10,b,7,4.5\n20,a,7,1\n30,\"c, d\",9,5\n";
        Interactions all = read("own.csv", csv, "stars", "when", 2);
        assertEquals(2, all.size());
        assertEquals("7", all.userEntities().id(0));
        assertEquals("9", all.userEntities().id(1));
        assertEquals("b", all.itemEntities().id(all.item(0)));
        assertEquals("c, d", all.itemEntities().id(all.item(1)));
        assertArrayEquals(new float[] {4.5f, 5}, all.values().orElseThrow());
        assertArrayEquals(
                new long[] {1_577_836_810_000_000L, 30_000_000}, all.times().orElseThrow());
    }

    @Test
    void tabsAndGzipAreReadToo() throws IOException {
        Path file = folder.resolve("own.tsv.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write("user\titem\n1\t10\n1\t11\n2\t10\n".getBytes(StandardCharsets.UTF_8));
        }
        Interactions all = new InteractionFile(file.toString()).read(new DataFolders(List.of()));
        assertEquals("2 users, 2 items, 3 interactions", all.toString());
        assertEquals("11", all.itemEntities().id(1));
    }

    @Test
    void parquetGivesTheSameAsText() throws IOException, SQLException {
        Path file = folder.resolve("own.parquet");
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            statement.execute("COPY (SELECT * FROM (VALUES (1, 10), (1, 11), (2, 10)) t(\"user\", item)) TO '" + file
                    + "' (FORMAT parquet)");
        }
        Interactions all = new InteractionFile(file.toString()).read(new DataFolders(List.of()));
        assertEquals(read("same.csv", "user,item\n1,10\n1,11\n2,10\n", "", "", 0), all);
    }

    @Test
    void listsOfItemsAreRead() throws IOException {
        Path file = folder.resolve("train.txt");
        Files.writeString(file, "0 3 1\n1 \n2 0 0\n");
        Interactions all = file(file, InteractionFile.Format.LISTS, "", "", 0).read(new DataFolders(List.of()));
        assertEquals("3 users, 4 items, 3 interactions", all.toString());
        assertEquals(0, all.degree(1));
    }

    @Test
    void badFilesSayWhereAndWhatWasExpected() throws IOException {
        refuses("a.csv", "user,thing\n1,2\n", "", "has no column \"item\", expected one of user, thing");
        refuses("b.csv", "user,item,stars\n1,2,3\n1,3,many\n", "stars", "b.csv:3: expected a finite number");
        refuses("c.csv", "user,item\n1,2\n,3\n", "", "c.csv:3: expected an id in column \"user\"");
        refuses("d.csv", "user,item\n", "", "expected interactions, found none");
        refuses("e.csv", "", "", "e.csv: expected a header");
        refuses("f.csv", "user,item\n1,2\n1,2,3,4\n", "", "f.csv:3");
        refuses("g.what", "user,item\n1,2\n", "", "the name does not say what the file is");
        LetheException none = assertThrows(
                LetheException.class, () -> new InteractionFile("nowhere.csv").read(new DataFolders(List.of())));
        assertTrue(none.getMessage().contains("nowhere.csv: there is no such file"), none.getMessage());
    }

    private void refuses(String name, String text, String value, String message) {
        LetheException e = assertThrows(LetheException.class, () -> read(name, text, value, "", 0));
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    /** Six interactions for each of eight users, their times in the order of {@code items}. */
    private String timed(String[] times) {
        int[] items = {3, 1, 6, 2, 5, 4};
        StringBuilder csv = new StringBuilder("user,item,ts\n");
        for (int u = 1; u <= 8; u++) {
            for (int k = 0; k < 6; k++) {
                csv.append(u)
                        .append(',')
                        .append(items[k])
                        .append(',')
                        .append(times[k])
                        .append('\n');
            }
        }
        return csv.toString();
    }

    private void lastTwo(String[] times, String last, String lastButOne) throws IOException {
        Split split = Splits.leaveOneOut(read("timed.csv", timed(times), "", "ts", 0), true, 1);
        for (int u = 0; u < 8; u++) {
            assertEquals(last, split.test().itemEntities().id(split.test().item(u)));
            assertEquals(
                    lastButOne,
                    split.validation().itemEntities().id(split.validation().item(u)));
        }
    }

    @Test
    void timesWithinOneSecondAndOffsetsKeepTheirOrder() throws IOException {
        String[] seconds = new String[6];
        String[] iso = new String[6];
        String[] offsets = new String[6];
        for (int k = 0; k < 6; k++) {
            seconds[k] = "1500000000.0" + k;
            iso[k] = "2020-09-01 11:27:43." + (100 + 50 * k);
            offsets[k] = "2009-05-01T1" + (2 + k / 2) + ":" + (k % 2 == 0 ? "00" : "30") + ":00+0" + k + ":00";
        }
        lastTwo(seconds, "4", "5");
        lastTwo(iso, "4", "5");
        lastTwo(offsets, "3", "1"); // the clocks rise, the moments fall
        Split temporal = Splits.temporal(read("iso.csv", timed(iso), "", "ts", 0), 0.2, 0.1);
        assertTrue(temporal.test().size() > 0);
    }

    @Test
    void theSeparatorOfMovieLensComesFromTheLines() throws IOException {
        Files.createDirectories(folder.resolve("x.data"));
        for (String name : new String[] {"u.data", "ratings.dat", "x.data/u.data"}) {
            for (String separator : new String[] {"\t", "::"}) {
                String lines = "1\t3\t1\t880\n1\t1\t2\t881\n2\t3\t5\t882\n".replace("\t", separator);
                assertEquals(
                        "2 users, 2 items, 3 interactions",
                        read(name, lines, "", "", 0).toString());
            }
        }
    }

    @Test
    void blanksAroundIdsAndAnUnnamedIndexDoNotCount() throws IOException {
        Interactions all = read("blank.csv", ",user,item\n0,a, i3 \n1, a,i4\n2,b,i3\n", "", "", 0);
        assertEquals("2 users, 2 items, 3 interactions", all.toString());
        assertTrue(all.itemEntities().find("i3").isPresent());
        assertEquals(
                "1 users, 2 items, 2 interactions",
                read("toy.inter", "user\titem\n1\t2\n1\t3\n", "", "", 0).toString());
    }

    @Test
    void rowsThatDoNotCountAreCounted() throws IOException {
        Path file = folder.resolve("seen.csv");
        Files.writeString(file, "user,item,stars\n1,1,-1\n1,2,3\n1,2,4\n2,1,0\n2,2,-1\n");
        Map<String, String> facts =
                file(file, InteractionFile.Format.AUTO, "stars", "", 0).facts(new DataFolders(List.of()));
        assertEquals(
                Map.of(
                        "rows", "5",
                        "all", "2 users, 2 items, 2 interactions",
                        "dropped", "2 rows with stars below the threshold of 0.0",
                        "repeated", "1 rows whose user and item stand in another row"),
                facts);
        Path ratings = Files.writeString(folder.resolve("seen.data"), "1\t1\t-1\n1\t2\t3\n2\t1\t0\n");
        assertEquals(
                "1 rows with stars below the threshold of 0.0",
                file(ratings, InteractionFile.Format.AUTO, "", "", 0)
                        .facts(new DataFolders(List.of()))
                        .get("dropped"));
    }

    @Test
    void idsThatAreNotDenseAskForNoMemory() throws IOException {
        Path file = folder.resolve("wide.txt");
        Files.writeString(file, "0 1\n2147483646 1\n");
        LetheException e = assertThrows(LetheException.class, () -> InteractionFile.lists(file));
        assertTrue(
                e.getMessage().contains("wide.txt:2: the number of the user is too large, expected dense"),
                e.getMessage());
    }

    @Test
    void namesMixedWithNumbersAreAllNames() throws IOException {
        Interactions all = read("mixed.csv", "user,item\n7,1\nx,1\n7,2\n", "", "", 0);
        assertEquals("2 users, 2 items, 3 interactions", all.toString());
        assertEquals("7", all.userEntities().id(0)); // in the order they come
    }

    @Test
    void aGzipFileThatIsCutOffSaysWhere() throws IOException {
        Path whole = folder.resolve("whole.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(whole))) {
            for (int k = 0; k < 20_000; k++) {
                out.write(("1::" + k * 31 % 9973 + "::4\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        byte[] bytes = Files.readAllBytes(whole);
        Path cut = folder.resolve("ratings.dat.gz");
        Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));
        LetheException e = assertThrows(LetheException.class, () -> MovieLens.ratings(cut, "::", 0));
        assertTrue(e.getMessage().contains("cut off"), e.getMessage());
        Files.writeString(cut, "1::2::3\n");
        LetheException no = assertThrows(LetheException.class, () -> MovieLens.ratings(cut, "::", 0));
        assertTrue(no.getMessage().contains("expected a gzip file"), no.getMessage());
    }

    @Test
    void gowallaAndLastfmHaveTheirPublishedCounts() {
        DataFolders folders = RealData.folders();
        Split gowalla = new Gowalla(Splits.StopOn.NONE, 0.1, 1).load(folders);
        assertEquals(
                "29858 users, 40981 items, 810128 interactions", gowalla.train().toString());
        assertEquals(217_242, gowalla.test().size());
        Interactions lastfm = new LastfmGender().all(folders);
        assertEquals("10056 users, 1004 items, 194914 interactions", lastfm.toString());
        int women = 0;
        for (int code : lastfm.userEntities().categorical("gender").codes()) {
            women += code == 0 ? 1 : 0;
        }
        assertEquals(2_565, women);
    }

    @Test
    void aCoreHasNobodyBelowItsBoundAndIsTheLargest() {
        Interactions all = new Planted(300, 200, 12, 2).all();
        Interactions core = Splits.core(all, 9);
        assertTrue(core.size() > 0 && core.size() < all.size());
        for (int u = 0; u < core.users(); u++) {
            assertTrue(core.degree(u) >= 9);
        }
        int[] starts = core.byItem().starts();
        for (int i = 0; i < core.items(); i++) {
            assertTrue(starts[i + 1] - starts[i] >= 9);
        }
        assertEquals(core, Splits.core(core, 9));
        Interactions slow = all; // drop everybody below the bound, again and again
        for (int size = -1; size != slow.size(); ) {
            size = slow.size();
            Interactions now = slow;
            int[] byItem = now.byItem().starts();
            slow = now.where((u, i) -> now.degree(u) >= 9 && byItem[i + 1] - byItem[i] >= 9);
        }
        assertEquals(slow.size(), core.size());
    }

    @Test
    void whatHappensToOneUsersPairsDependsOnNobodyElse() {
        Interactions all = new Planted(100, 100, 12, 2).all();
        Split whole = Splits.random(all, 0.2, 0.1, 7);
        Split without = Splits.random(all.withoutUsers(u -> u < 50), 0.2, 0.1, 7);
        assertEquals(whole.withoutUsers(u -> u < 50), without);
    }

    private static final DataFolders NO_FOLDERS = new DataFolders(List.of());

    /** Users 1 to 4 with an item each, and a file of people. */
    private InteractionFile fourUsers(String name, String people) throws IOException {
        Path own = Files.writeString(folder.resolve("four.csv"), "user,item\n1,1\n2,1\n3,2\n4,2\n");
        Path file = Files.writeString(folder.resolve(name), people);
        return new InteractionFile(own.toString()).withPeople(file.toString(), "id");
    }

    @Test
    void columnsOfTheFileOfPeopleAreAttributesOfUsers() throws IOException {
        InteractionFile data = fourUsers(
                "people.csv", "gender,id,item,user,\nf,3,x,9,0\nm,1,y,9,0\nNA,2,,9,0\nf,99,x,9,0\nf,3,x,9,1\n");
        Entities users = data.read(NO_FOLDERS).userEntities();
        assertEquals(
                List.of("gender", "item", "user"),
                List.copyOf(users.attributes().keySet()));
        assertEquals(List.of("f", "m"), users.categorical("gender").labels());
        assertArrayEquals(new int[] {1, -1, 0, -1}, users.categorical("gender").codes());
        assertArrayEquals(new int[] {1, -1, 0, -1}, users.categorical("item").codes());
        assertArrayEquals(new int[] {0, 0, 0, -1}, users.categorical("user").codes());
        Map<String, String> facts = data.facts(NO_FOLDERS);
        assertEquals("4 users, 2 items, 4 interactions", facts.get("all"));
        assertEquals("gender (2 labels), item (2 labels), user (1 labels)", facts.get("people"));
        assertEquals("1 users without a row in the file of people", facts.get("unknown"));
        assertEquals("1 ids in the file of people without interactions", facts.get("strangers"));
        String before = data.digest(NO_FOLDERS);
        assertEquals(2, data.files(NO_FOLDERS).size());
        assertNotEquals(before, fourUsers("people.csv", "id,gender\n3,m\n").digest(NO_FOLDERS));
    }

    @Test
    void peopleInParquetAndTabsGiveTheSame() throws IOException, SQLException {
        Path parquet = folder.resolve("people.parquet");
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            statement.execute("COPY (SELECT * FROM (VALUES (1, 'f'), (2, NULL), (4, 'm')) t(id, gender)) TO '" + parquet
                    + "' (FORMAT parquet)");
        }
        InteractionFile tabs = fourUsers("people.tsv", "id\tgender\n1\tf\n2\t\n4\tm\n");
        assertArrayEquals(
                new int[] {0, -1, -1, 1},
                tabs.read(NO_FOLDERS).userEntities().categorical("gender").codes());
        assertArrayEquals(
                new int[] {0, -1, -1, 1},
                tabs.withPeople(parquet.toString(), "id")
                        .read(NO_FOLDERS)
                        .userEntities()
                        .categorical("gender")
                        .codes());
    }

    @Test
    void manyNumbersOfPeopleAreANumberAndCodesAreLabels() throws IOException {
        StringBuilder own = new StringBuilder("user,item\n");
        StringBuilder people = new StringBuilder("id,age,sex\n");
        for (int u = 0; u < 30; u++) {
            own.append(u).append(",1\n");
            people.append(u)
                    .append(',')
                    .append(u == 7 ? "nan" : "" + (20 + u))
                    .append(',')
                    .append(u % 2)
                    .append('\n');
        }
        InteractionFile data = new InteractionFile(
                        Files.writeString(folder.resolve("thirty.csv"), own).toString())
                .withPeople(
                        Files.writeString(folder.resolve("ages.csv"), people).toString(), "id");
        Map<String, Entities.Attribute> attributes =
                data.read(NO_FOLDERS).userEntities().attributes();
        assertTrue(attributes.get("age") instanceof Entities.Numeric age
                && Double.isNaN(age.values()[7])
                && age.values()[8] == 28);
        assertTrue(attributes.get("sex") instanceof Entities.Categorical sex && sex.codes()[9] == 1);
        assertEquals("age (numbers), sex (2 labels)", data.facts(NO_FOLDERS).get("people"));
    }

    /** Users of odd number are women with six items each, the others are men with ten; user 8 is below the core. */
    private Study<?, ?> byGender() throws IOException {
        StringBuilder own = new StringBuilder("user,item\n8,0\n");
        StringBuilder people = new StringBuilder("user,gender\n8,m\n");
        for (int n = 0; n < 8; n++) {
            int u = n < 4 ? n : n + 5; // 0 to 3 and 9 to 12
            for (int i = 0; i < (u % 2 == 1 ? 6 : 10); i++) {
                own.append(u).append(',').append(i).append('\n');
            }
            people.append(u).append(',').append(u % 2 == 1 ? "f" : "m").append('\n');
        }
        return Study.parse(
                "own.yaml",
                """
                study: own
                subject: recsys
                data: [{file: {path: "%s", people: "%s", personId: user, core: 3}}]
                model: [bpr]
                request: [{balance: {groups: gender}}, {hide: {attribute: gender, minClassSize: 2}}]
                method: [in-ucds, d2d-r]
                audit: [user-group-fairness, attribute-inference]
                seeds: [1]
                """.formatted(
                                Files.writeString(folder.resolve("rows.csv"), own),
                                Files.writeString(folder.resolve("people.csv"), people)),
                List.of(new Recsys()));
    }

    @Test
    void aStudyHidesAndBalancesByAnAttributeOfPeople() throws IOException {
        Study<?, ?> study = byGender();
        Interactions train = ((Split) study.data().getFirst().load(NO_FOLDERS)).train();
        assertEquals(8, train.users());
        Groups groups = ((Balance) study.requests().get(0)).of(train);
        Classes classes = ((Hide) study.requests().get(1)).each(train).getFirst();
        assertEquals(List.of("f", "m"), classes.labels());
        for (int u = 0; u < 8; u++) {
            boolean man = Integer.parseInt(train.userEntities().id(u)) % 2 == 0;
            assertEquals(man, groups.isAdvantaged(8)[u]); // they have the most interactions
            assertEquals(!man, groups.isDisadvantaged(8)[u]);
            assertEquals(man ? 1 : 0, classes.of()[u]);
        }
    }

    @Test
    void wordsFromBeforePeopleAreStillRead() {
        String former =
                "file {path: x.csv, format: auto, users: user, items: item, value: \"\", time: \"\", threshold: 0.0,"
                        + " core: 0, split: random, stopOn: validation, validation: 0.1, test: 0.2, seed: 1}";
        assertEquals(new InteractionFile("x.csv"), Words.read(former, List.of(new InteractionFile()), List.of()));
    }

    private static String refused(InteractionFile data) {
        return assertThrows(LetheException.class, () -> data.read(NO_FOLDERS)).getMessage();
    }

    private void refusesPeople(String people, String... parts) throws IOException {
        String message = refused(fourUsers("people.csv", people));
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void badFilesOfPeopleSayWhereAndWhatWasExpected() throws IOException {
        refusesPeople(
                "user,gender\n1,f\n", "people.csv: has no column \"id\" (personId), expected one of user, gender");
        refusesPeople("id\n1\n", "people.csv: has no column beside \"id\", expected at least one attribute");
        refusesPeople("id,gender\n", "people.csv: has no rows");
        refusesPeople("id,gender,gender\n1,f,m\n", "people.csv: two columns are called \"gender\"");
        refusesPeople("id,gender\n1,f\n,m\n", "people.csv:3: expected an id in column \"id\"");
        refusesPeople("id,gender\n1,f\n2\n", "people.csv:3: expected 2 fields");
        refusesPeople(
                "id,town,gender\n1,x,f\n2,x,f\n1,x,m\n",
                "people.csv:4: column \"gender\" is \"m\" for the same id for which it is \"f\" in ",
                "people.csv:2");
        refusesPeople("id,gender\n7,f\n", "none of its 1 ids is that of one of the 4 users of ", "four.csv");
        StringBuilder ages = new StringBuilder("id,age\n1,unknown\n");
        for (int n = 2; n < 40; n++) {
            ages.append(n).append(',').append(20 + n).append('\n');
        }
        refusesPeople(ages.toString(), "people.csv:2: column \"age\" is \"unknown\", expected a number");
        InteractionFile data = fourUsers("people.txt", "id,gender\n1,f\n");
        assertTrue(refused(data).contains("people.txt: the name does not say what the file is"), refused(data));
        String nowhere = refused(data.withPeople("nowhere.csv", "id"));
        assertTrue(nowhere.startsWith("people: nowhere.csv: there is no such file"), nowhere);
        assertEquals(
                "personId is uid, expected people, the file with this column, too",
                assertThrows(IllegalArgumentException.class, () -> data.withPeople("", "uid"))
                        .getMessage());
    }

    /** Users of lists count from 0; people that count from 1 would give each user the neighbour's label. */
    @Test
    void peopleThatCountFromOneDoNotFitLists() throws IOException {
        Path lists = Files.writeString(folder.resolve("train.txt"), "0 1\n1 2\n2 1\n");
        InteractionFile data = file(lists, InteractionFile.Format.LISTS, "", "", 0);
        Path one = Files.writeString(folder.resolve("one.csv"), "id,gender\n1,f\n2,m\n");
        String message = refused(data.withPeople(one.toString(), "id"));
        assertTrue(
                message.contains("one.csv: has no id 0, so its ids may count from 1, unlike the users of "), message);
        Path zero = Files.writeString(folder.resolve("zero.csv"), "id,gender\n0,f\n2,m\n");
        assertArrayEquals(
                new int[] {0, -1, 1},
                data.withPeople(zero.toString(), "id")
                        .read(NO_FOLDERS)
                        .userEntities()
                        .categorical("gender")
                        .codes());
    }

    @Test
    void aThresholdOfNoColumnIsRefused() throws IOException {
        InteractionFile data = fourUsers("people.csv", "id,gender\n1,f\n").withThreshold(4);
        assertEquals("data file: threshold is 4.0, expected value, the column it applies to, too", refused(data));
    }
}
