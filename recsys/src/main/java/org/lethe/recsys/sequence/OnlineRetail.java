package org.lethe.recsys.sequence;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.tables.DataFiles;
import org.lethe.tables.Entities;
import org.lethe.tables.Ids;
import org.lethe.tables.TextRows;

/**
 * Baskets of a shop for gifts, Online Retail of UCI: 4,335 customers, 18,405 baskets, 3,659 items (CC0). The last basket of each
 * customer with enough of them is the test, the one before it the validation part.
 *
 * @param fewest baskets of a customer that is tested
 */
@Named("online-retail")
public record OnlineRetail(int fewest) implements DataSource<Events> {
    private static final String NAME = "online-retail";
    private static final String REMEDY = "make baskets.tsv from the R package onlineretail: customer, invoice, minute,"
            + " country and the stock codes of each invoice, separated by tabs";

    public OnlineRetail {
        Check.require(fewest >= 3, "fewest", fewest, "at least 3");
    }

    /** Customers with four baskets or more are tested. */
    public OnlineRetail() {
        this(4);
    }

    @Override
    public Events load(DataFolders folders) {
        Path file = files(folders).getFirst();
        EventRows rows = new EventRows();
        Ids items = new Ids();
        List<long[]> baskets = new ArrayList<>();
        try (TextRows read = TextRows.open(file, "\t", StandardCharsets.UTF_8)) {
            read.next(); // the header
            while (read.next()) {
                read.expect(5, 5, "customer, invoice, minute, country, items");
                long[] basket = {read.whole(0, "customer"), read.whole(1, "invoice"), read.whole(2, "minute"), 0};
                for (String item : read.text(4).split(" ", -1)) {
                    items.add(item);
                    basket[3]++;
                }
                baskets.add(basket);
            }
        }
        long[] keys = items.keys();
        int next = 0;
        for (long[] basket : baskets) {
            for (int n = 0; n < basket[3]; n++) {
                rows.add(basket[0], basket[1], keys[next++], basket[2]);
            }
        }
        Events events = rows.events(
                Events.Task.BASKETS, Entities::ofNumbers, Entities::ofNumbers, items::entities, file.toString());
        return SequenceSplits.leaveLastOut(events, fewest);
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of(DataFiles.needed(DataFiles.folder(folders, "recsys", NAME, REMEDY), REMEDY, "baskets.tsv"));
    }
}
