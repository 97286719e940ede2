package org.lethe.recsys.sequence;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;

/**
 * Your own baskets: a CSV, TSV or Parquet file with one item of one basket a row.
 *
 * <p>Rows may stand in any order; baskets are sorted by time. An item that a basket has twice counts once. The last basket of
 * each user with enough of them is the test, the one before it the validation part.
 *
 * @param path of the file, or its name in a data folder
 * @param user column of users
 * @param basket column of baskets
 * @param item column of items
 * @param time column of times: seconds or thousandths of them, told apart by size, or a date and time
 * @param categories file with the columns item and category; empty for none. An item that it lacks has no category
 * @param fewest baskets of a user that is tested
 */
@Named("basket-file")
public record BasketFile(
        String path, String user, String basket, String item, String time, String categories, int fewest)
        implements DataSource<Events> {
    public BasketFile {
        Check.require(!user.isEmpty(), "user", "\"\"", "the column of users");
        Check.require(fewest >= 3, "fewest", fewest, "at least 3");
    }

    /** Columns called user, basket, item and time; users with four baskets or more are tested. */
    public BasketFile() {
        this("", "user", "basket", "item", "time", "", 4);
    }

    @Override
    public Events load(DataFolders folders) {
        return SequenceSplits.leaveLastOut(all(folders), fewest);
    }

    private Events all(DataFolders folders) {
        List<Path> files = files(folders);
        Events events = EventFile.read(files.getFirst(), Events.Task.BASKETS, user, basket, item, time);
        return files.size() == 1 ? events : EventFile.described(events, files.get(1));
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return EventFile.files(path, categories, "basket-file", folders);
    }

    /** What is in the file, and how many items have no category. */
    @Override
    public Map<String, String> facts(DataFolders folders) {
        Events all = all(folders);
        return categories.isEmpty()
                ? Map.of("all", all.toString())
                : Map.of("all", all.toString(), "unknown", EventFile.unknown(all) + " items without a category");
    }
}
