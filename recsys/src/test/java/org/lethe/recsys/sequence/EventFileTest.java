package org.lethe.recsys.sequence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.recsys.data.RealData;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.SequenceSplits.Protocol;

class EventFileTest {
    private static final DataFolders NONE = new DataFolders(List.of());

    @TempDir
    Path folder;

    private String file(String name, String... lines) throws IOException {
        Path file = folder.resolve(name);
        Files.write(file, List.of(lines));
        return file.toString();
    }

    private static SessionFile sessions(String path, String user, String categories) {
        return new SessionFile(path, user, "session", "item", "time", categories, Protocol.EACH_USER);
    }

    @Test
    void timesOutOfOrderAreSorted() throws IOException {
        Events events = sessions(file("a.csv", "session,item,time", "s,c,30", "s,a,10", "s,b,20"), "", "")
                .load(NONE);
        assertEquals("a", events.items().id(events.item(0)));
        assertEquals("c", events.items().id(events.item(2)));
        assertEquals(Part.TEST, events.part(2));
    }

    /** A day is a day, however fine the times are written. */
    @Test
    void theLastDayIsTheSameInEveryUnitOfTime() throws IOException {
        for (String form : List.of("%d", "%d.25", "%d000", "%d000000", "%d000000000")) {
            List<String> lines = new ArrayList<>(List.of("session,item,time"));
            for (int day = 0; day < 5; day++) {
                for (int n = 0; n < 3; n++) {
                    long second = 1_500_000_000L / 86_400 * 86_400 + 86_400L * day + 20_000L * n;
                    lines.add("s%d-%d,a,%s".formatted(day, n, form.formatted(second)));
                    lines.add("s%d-%d,b,%s".formatted(day, n, form.formatted(second + 60)));
                }
            }
            Events events = new SessionFile(
                            file("days.csv", lines.toArray(String[]::new)),
                            "",
                            "session",
                            "item",
                            "time",
                            "",
                            Protocol.LAST_DAY)
                    .load(NONE);
            assertEquals(18, events.count(Part.TRAIN), form);
            assertEquals(6, events.count(Part.VALIDATION), form);
            assertEquals(6, events.count(Part.TEST), form);
        }
    }

    @Test
    void aSessionOfOneClickHasNothingToPredict() throws IOException {
        Events events =
                sessions(file("a.csv", "session,item,time", "s,a,10"), "", "").load(NONE);
        assertEquals(1, events.count(Part.TRAIN));
        assertEquals(List.of(), events.examples(Part.TRAIN));
    }

    @Test
    void aSessionOfTwoUsersIsRefused() throws IOException {
        String path = file("a.csv", "user,session,item,time", "u,s,a,10", "v,s,b,20");
        LetheException refused = assertThrows(
                LetheException.class, () -> sessions(path, "user", "").load(NONE));
        assertEquals(
                path + ", row 2: the session has another user in an earlier row, expected one user for each",
                refused.getMessage());
    }

    @Test
    void anItemWithoutACategoryHasNone() throws IOException {
        String path = file("a.csv", "session,item,time", "s,a,10", "s,b,20");
        SessionFile source = sessions(path, "", file("c.csv", "item,category", "a,meat", "z,wine"));
        Events events = source.load(NONE);
        assertArrayEquals(new boolean[] {true, false}, ItemGroups.of(events.items(), "meat"));
        assertEquals("1 items without a category", source.facts(NONE).get("unknown"));
        SessionFile others = sessions(path, "", file("d.csv", "item,category", "y,meat"));
        assertTrue(assertThrows(LetheException.class, () -> others.load(NONE))
                .getMessage()
                .contains("expected items of the events, found none of them among its 1 items"));
    }

    @Test
    void aTimeThatIsNoneIsRefusedWithItsLine() throws IOException {
        String path = file("a.csv", "session,item,time", "s,a,soon");
        assertTrue(
                assertThrows(LetheException.class, () -> sessions(path, "", "").load(NONE))
                        .getMessage()
                        .startsWith(path + ":2"));
    }

    @Test
    void anItemTwiceInABasketCountsOnce() throws IOException {
        String path = file("b.csv", "user,basket,item,time", "u,1,a,10", "u,1,a,10", "u,2,b,20");
        Events events = new BasketFile(path, "user", "basket", "item", "time", "", 4).load(NONE);
        assertEquals(2, events.size());
    }

    @Test
    void tmallHasItsParts() {
        Events events = new TmallCoder().load(RealData.folders());
        assertEquals(35_005, events.groupCount());
        assertEquals(44_693, events.count(Part.TEST));
        assertEquals(172_927, events.count(Part.TRAIN) + events.count(Part.VALIDATION));
        assertEquals(.1, events.count(Part.VALIDATION) / 172_927.0, .01);
        assertEquals(
                649, events.items().categorical(ItemGroups.CATEGORY).labels().size());
    }
}
