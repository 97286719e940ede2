package org.lethe.recsys.sequence;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;

/**
 * A data set with its most frequent items alone, so that networks with a softmax over all items train in minutes.
 *
 * <p>Frequent is what has most training events; ties go to the smaller number. The events of the other items are left out of every
 * part, and with them the sessions or baskets in which nothing is left.
 *
 * @param of the data that is reduced
 * @param items how many items are kept
 */
@Named("most-frequent")
public record MostFrequent(DataSource<Events> of, int items) implements DataSource<Events> {
    public MostFrequent {
        Check.require(items >= 2, "items", items, "at least 2");
    }

    /** Planted sessions with 200 of their 300 items. */
    public MostFrequent() {
        this(new PlantedSessions(), 200);
    }

    @Override
    public Events load(DataFolders folders) {
        Events all = of.load(folders);
        int[] count = new int[all.itemCount()];
        for (int e = 0; e < all.size(); e++) {
            count[all.item(e)] += all.trains(e) ? 1 : 0;
        }
        return all.ofItems(IntStream.range(0, count.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(i -> -count[i]).thenComparing(i -> i))
                .limit(items)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray());
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return of.files(folders);
    }
}
