package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.lethe.LetheException;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.data.RealData;
import org.lethe.tables.Entities;

class ForgetRequestTest {
    private final Split data = Blocks.split(40, 30, 3, 1);

    @Test
    void coreTakesTheMostActiveAndEdgeTheLeastWithTiesBySmallerNumber() {
        // degrees 2, 3, 3, 1, 1 of users 0 … 4, and user 5 has nothing
        Interactions train = Interactions.of(
                6, 3, new int[] {0, 0, 1, 1, 1, 2, 2, 2, 3, 4}, new int[] {0, 1, 0, 1, 2, 0, 1, 2, 0, 0});
        Interactions none = train.where((u, i) -> false);
        Split small = new Split(train, none, none);
        assertArrayEquals(
                new int[] {1}, new ForgetUsers(Choice.CORE, 20).resolve(small).users());
        assertArrayEquals(
                new int[] {1, 2},
                new ForgetUsers(Choice.CORE, 59).resolve(small).users());
        assertArrayEquals(
                new int[] {3}, new ForgetUsers(Choice.EDGE, 20).resolve(small).users());
        assertArrayEquals(
                new int[] {0, 3, 4},
                new ForgetUsers(Choice.EDGE, 60).resolve(small).users());
    }

    @Test
    void whatGoesAndWhatRemainsMakeUpTheData() {
        for (ForgetRequest request : List.of(
                new ForgetUsers(Choice.RANDOM, 20),
                ForgetUsers.listed("3", "17", "3"),
                new ForgetItems(Choice.CORE, 20),
                ForgetItems.listed("0", "29"),
                new ForgetInteractions(10))) {
            ForgetRequest.Forgotten forgotten = request.resolve(data);
            Interactions goes = forgotten.interactions();
            Interactions stays = forgotten.remaining().train();
            assertTrue(goes.size() > 0, request.toString());
            assertEquals(data.train().size(), goes.size() + stays.size());
            assertEquals(goes, data.train().where((u, i) -> !stays.contains(u, i)));
            for (int u : forgotten.users()) {
                assertEquals(0, forgotten.remaining().validation().degree(u));
                assertEquals(0, forgotten.remaining().test().degree(u));
            }
            int[] some = {5, 3, 20};
            assertEquals(forgotten.remaining().each(part -> part.ofUsers(some)), forgotten.remainingOf(some));
        }
    }

    @Test
    void zeroPercentIsNothing() {
        assertTrue(new ForgetUsers(Choice.CORE, 0).resolve(data).nothing());
        assertTrue(new ForgetItems(Choice.RANDOM, 0).resolve(data).nothing());
        assertTrue(new ForgetInteractions(0).resolve(data).nothing());
    }

    @Test
    void impossibleRequestsNameKeyValueAndExpectation() {
        refused("percent is -1.0", () -> new ForgetUsers(Choice.CORE, -1));
        refused("percent is 101.0", () -> new ForgetInteractions(101));
        refused("users is []", () -> new ForgetUsers(Choice.LISTED, 5));
        refused("users is 1 ids", () -> new ForgetUsers(Choice.CORE, 5, List.of("1"), 42));
        refused("forget-users.percent is 0.1", () -> new ForgetUsers(Choice.RANDOM, 0.1).resolve(data));
        refused("forget-users.percent is 100.0", () -> new ForgetUsers(Choice.RANDOM, 100).resolve(data));
        refused(
                "forget-users.users[0] is unknown, expected one of the 40 ids",
                () -> ForgetUsers.listed("40").resolve(data));
        refused(
                "forget-users.users[1] is unknown",
                () -> ForgetUsers.listed("3", "-3").resolve(data));
        refused(
                "forget-users.users[0] is unknown",
                () -> ForgetUsers.listed("99999999999").resolve(data));
        refused(
                "forget-items.items[0] is unknown",
                () -> ForgetItems.listed("Alien").resolve(data));
        refused(
                "forget-interactions.pairs[0] is another text, expected user:item",
                () -> ForgetInteractions.listed("1").resolve(data));
        refused("forget-interactions.percent is 100.0", () -> new ForgetInteractions(100).resolve(data));
        Split after = ForgetUsers.listed("7").resolve(data).remaining();
        refused("nothing is left to forget", () -> ForgetUsers.listed("7").resolve(after));
    }

    @Test
    void aListedPairGoesFromWhicheverPartHoldsIt() {
        Interactions held = data.validation();
        int user = 0;
        while (held.degree(user) == 0) {
            user++;
        }
        int item = held.item(held.from(user));
        Split left = ForgetInteractions.listed(user + ":" + item).resolve(data).remaining();
        assertEquals(data.train(), left.train());
        assertEquals(held.size() - 1, left.validation().size());
        assertTrue(!left.validation().contains(user, item));
    }

    @Test
    void idsWithColonsNameAPairIfOneDivisionFits() {
        Entities users = Entities.ofNames(new String[] {"app:u", "app"});
        Entities items = Entities.ofNames(new String[] {"t:3", "u:t:3", "t"});
        Interactions train = Interactions.of(
                users, items, new int[] {0, 0, 1}, new int[] {0, 2, 2}, Optional.empty(), Optional.empty());
        Interactions none = train.where((u, i) -> false);
        Split split = new Split(train, none, none);
        Interactions gone =
                ForgetInteractions.listed("app:u:t:3", "app:t").resolve(split).interactions();
        assertEquals(2, gone.size());
        assertTrue(gone.contains(0, 0) && gone.contains(1, 2));
        Interactions both =
                Interactions.of(users, items, new int[] {0, 1}, new int[] {0, 1}, Optional.empty(), Optional.empty());
        refused(
                "names one interaction only",
                () -> ForgetInteractions.listed("app:u:t:3").resolve(new Split(both, none, none)));
        refused(
                "expected an interaction of this data",
                () -> ForgetInteractions.listed("app:u:x").resolve(split));
    }

    private static void refused(String message, Runnable request) {
        RuntimeException e = assertThrows(RuntimeException.class, request::run);
        assertTrue(e instanceof LetheException || e instanceof IllegalArgumentException, e.toString());
        assertTrue(String.valueOf(e.getMessage()).contains(message), e.getMessage());
    }

    @Test
    void aRandomChoiceIsTheSeedsAlone() {
        ForgetUsers request = new ForgetUsers(Choice.RANDOM, 20);
        int[] chosen = request.resolve(data).users();
        assertArrayEquals(chosen, request.resolve(data).users());
        assertEquals(8, chosen.length);
        // Once a user that was not chosen is gone, the same others are.
        int other = chosen[0] == 0 ? chosen[1] == 1 ? 2 : 1 : 0;
        Split less = data.withoutUsers(u -> u == other);
        int[] again = new ForgetUsers(Choice.RANDOM, 20.6).resolve(less).users();
        assertArrayEquals(chosen, again);
    }

    @Test
    void fivePercentOfMovieLensAreFortySevenUsers() throws IOException {
        Path folder = RealData.folders().find("recsys/ml-100k/cure4rec").orElseThrow();
        Interactions train = pairs(folder.resolve("train.csv"));
        Interactions test = pairs(folder.resolve("test.csv"));
        Split split = new Split(train, train.where((u, i) -> false), test);
        ForgetRequest.Forgotten core = new ForgetUsers(Choice.CORE, 5).resolve(split);
        ForgetRequest.Forgotten edge = new ForgetUsers(Choice.EDGE, 5).resolve(split);
        assertEquals(47, core.users().length);
        assertEquals(47, edge.users().length);
        int all = train.size() + test.size();
        assertEquals(0.187, share(core, split) / all, 0.0005);
        assertEquals(0.0096, share(edge, split) / all, 0.0005);
    }

    private static double share(ForgetRequest.Forgotten forgotten, Split split) {
        double sum = 0;
        for (int u : forgotten.users()) {
            sum += split.train().degree(u) + split.test().degree(u);
        }
        return sum;
    }

    static Interactions pairs(Path file) throws IOException {
        int[][] rows = Files.readAllLines(file).stream()
                .skip(1)
                .map(line -> line.split(",", -1))
                .map(f -> new int[] {Integer.parseInt(f[0]), Integer.parseInt(f[1])})
                .toArray(int[][]::new);
        int[] users = new int[rows.length];
        int[] items = new int[rows.length];
        for (int n = 0; n < rows.length; n++) {
            users[n] = rows[n][0];
            items[n] = rows[n][1];
        }
        return Interactions.of(943, 1349, users, items);
    }
}
