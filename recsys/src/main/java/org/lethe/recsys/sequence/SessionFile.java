package org.lethe.recsys.sequence;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.recsys.sequence.SequenceSplits.Protocol;
import org.lethe.tables.Times;

/**
 * Your own clicks: a CSV, TSV or Parquet file with one click a row.
 *
 * <p>Rows may stand in any order; clicks are sorted by time, and those of one time stay in the order of the file. A session of
 * one click is kept, but there is nothing to predict in it, and no model learns from it.
 *
 * @param path of the file, or its name in a data folder
 * @param user column of users; empty where each session is a user of its own
 * @param session column of sessions
 * @param item column of items
 * @param time column of times: seconds or thousandths of them, told apart by size, or a date and time
 * @param categories file with the columns item and category; empty for none. An item that it lacks has no category
 * @param protocol of the split
 */
@Named("session-file")
public record SessionFile(
        String path, String user, String session, String item, String time, String categories, Protocol protocol)
        implements DataSource<Events> {
    /** Columns called session, item and time. */
    public SessionFile() {
        this("", "", "session", "item", "time", "", Protocol.LAST_DAY);
    }

    @Override
    public Events load(DataFolders folders) {
        return SequenceSplits.by(protocol, all(folders), Times.SECOND);
    }

    private Events all(DataFolders folders) {
        List<Path> files = files(folders);
        Events events = EventFile.read(files.getFirst(), Events.Task.SESSIONS, user, session, item, time);
        return files.size() == 1 ? events : EventFile.described(events, files.get(1));
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return EventFile.files(path, categories, "session-file", folders);
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
