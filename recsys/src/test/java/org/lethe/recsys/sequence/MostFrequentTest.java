package org.lethe.recsys.sequence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.recsys.sequence.Events.Part;

class MostFrequentTest {
    private static final DataFolders NONE = new DataFolders(List.of());

    /** What is left of each session is what it was without the rare items, in the same order and the same parts. */
    @Test
    void onlyRareItemsAreMissing() {
        for (DataSource<Events> of : List.of(new PlantedSessions(80, 3), new PlantedBaskets(60, 5))) {
            Events all = of.load(NONE);
            Events few = new MostFrequent(of, 100).load(NONE);
            assertEquals(100, few.itemCount());
            int[] counts = counts(all);
            int least = IntStream.of(counts(few)).min().orElse(0);
            int[] kept = kept(few);
            long frequent = Arrays.stream(counts).filter(c -> c > least).count();
            assertTrue(frequent <= 100, "an item that is more frequent than the rarest kept one was left out");
            IntPredicate isKept = i -> Arrays.binarySearch(kept, i) >= 0;
            assertEquals(rows(all, isKept, i -> i), rows(few, _ -> true, i -> kept[i]));
        }
    }

    private static int[] kept(Events few) {
        return IntStream.range(0, few.itemCount())
                .map(i -> Integer.parseInt(few.items().id(i)))
                .toArray();
    }

    private static int[] counts(Events data) {
        int[] counts = new int[data.itemCount()];
        for (int e = 0; e < data.size(); e++) {
            counts[data.item(e)] += data.part(e) == Part.TRAIN ? 1 : 0;
        }
        return counts;
    }

    private interface Numbered {
        int of(int item);
    }

    private static List<String> rows(Events data, IntPredicate which, Numbered number) {
        List<String> rows = new ArrayList<>();
        for (int u = 0; u < data.userCount(); u++) {
            for (int g = data.firstGroup(u); g < data.endOfGroups(u); g++) {
                for (int e = data.from(g); e < data.to(g); e++) {
                    assertEquals(u, data.user(e));
                    if (which.test(data.item(e))) {
                        rows.add(u + " " + data.groups().id(g) + " " + number.of(data.item(e)) + " " + data.time(e)
                                + " " + data.part(e));
                    }
                }
            }
        }
        return rows;
    }
}
